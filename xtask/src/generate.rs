//! `generate`: what the API crates are generated from, derived from `specs/`.

use std::io::Write;

use anyhow::{Context as _, Result};
use serde_json::Value;
use similar::TextDiff;

use crate::{
    document, lower, overlay,
    slice::{check_references, slice},
    sources::{Repository, Source, derived_path},
};

/// What a run of [`check`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// Every derived document is what `specs/` gives.
    Fresh,
    /// At least one is not.
    Stale,
}

/// Writes every vendor's `openapi.json` that is not what `specs/` gives, and
/// says which.
///
/// # Errors
///
/// When a document cannot be derived; nothing is written then.
pub fn write(repository: &Repository, out: &mut dyn Write) -> Result<()> {
    let mut changed = derived(repository)?;
    changed.retain(|(path, text)| !repository.holds(path, text));
    repository.write(&changed)?;
    for (path, _) in &changed {
        writeln!(out, "wrote {path}")?;
    }
    if changed.is_empty() {
        writeln!(
            out,
            "nothing to do: every openapi.json is what specs/ gives"
        )?;
    }
    Ok(())
}

/// Prints a unified diff for every `openapi.json` that is not what `specs/`
/// gives. Writes nothing.
///
/// # Errors
///
/// When a document cannot be derived.
pub fn check(repository: &Repository, out: &mut dyn Write) -> Result<Freshness> {
    let mut freshness = Freshness::Fresh;
    for (path, fresh) in derived(repository)? {
        let stale = repository.read(&path).unwrap_or_default();
        if stale != fresh {
            freshness = Freshness::Stale;
            let diff = TextDiff::from_lines(&stale, &fresh);
            let names = [
                format!("{path} (as it is)"),
                format!("{path} (as specs/ gives it)"),
            ];
            write!(out, "{}", diff.unified_diff().header(&names[0], &names[1]))?;
        }
    }
    match freshness {
        Freshness::Fresh => writeln!(out, "fresh: every openapi.json is what specs/ gives")?,
        Freshness::Stale => writeln!(
            out,
            "stale: run `cargo xtask generate` and commit what it writes"
        )?,
    }
    Ok(freshness)
}

fn derived(repository: &Repository) -> Result<Vec<(String, String)>> {
    let mut files = Vec::new();
    for (vendor, source) in repository.sources()? {
        let text = repository.vendored(&vendor, &source.lock)?;
        let document = document::parse(&text).with_context(|| format!("specs/{vendor}.yaml"))?;
        let document = derive(repository, &vendor, &source, &document)?;
        files.push((derived_path(&vendor), print(&document)?));
    }
    Ok(files)
}

/// A vendor's document sliced, lowered and overlaid.
///
/// # Errors
///
/// When one of these steps refuses the document.
pub fn derive(
    repository: &Repository,
    vendor: &str,
    source: &Source,
    document: &Value,
) -> Result<Value> {
    let spec = format!("specs/{vendor}.yaml");
    let sliced = slice(document, &source.operations).with_context(|| spec.clone())?;
    let lowered = lower::lower(sliced).context(spec)?;
    let path = format!("specs/{vendor}.overlay.yaml");
    let edits = document::parse_yaml(&repository.read(&path)?).with_context(|| path.clone())?;
    let document = overlay::apply(lowered, edits).with_context(|| path.clone())?;
    check_references(&document).with_context(|| format!("after {path}"))?;
    Ok(document)
}

/// A document as it is written to a file.
///
/// # Errors
///
/// None in practice: any JSON value can be printed.
pub fn print(document: &Value) -> Result<String> {
    Ok(serde_json::to_string_pretty(document)? + "\n")
}
