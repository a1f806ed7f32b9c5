//! `refresh`: takes over what a vendor publishes now.

use std::io::Write;

use anyhow::{Context as _, Result, ensure};
use jiff::civil::Date;
use serde_json::Value;

use crate::{
    document, expand,
    extract::extract,
    fetch::fetch,
    generate,
    sources::{Lock, Repository, Source, derived_path, fingerprint, spec_path},
};

/// Takes the vendor's document over: into `specs/`, and what is derived from
/// it. Says what changed.
///
/// Nothing is written unless the generator takes the document; and nothing at
/// all when every file is already as it should be. The date in the lock moves
/// only when the document does.
///
/// # Errors
///
/// When the page cannot be read, embeds no document or another one than
/// `sources.toml` names, or the document cannot be derived from or generated
/// from.
pub fn refresh(
    repository: &Repository,
    vendor: &str,
    source: &Source,
    from: Option<&str>,
    today: Date,
    out: &mut dyn Write,
) -> Result<()> {
    let published = published(source, from)?;
    let derived = generate::derive(repository, vendor, source, &published.document)?;
    expand::try_all(&derived)?;
    let version = published
        .document
        .pointer("/info/version")
        .and_then(Value::as_str);
    let sha256 = fingerprint(&published.text);
    let lock = Lock {
        version: version.context("/info/version: missing")?.to_owned(),
        taken: if sha256 == source.lock.sha256 {
            source.lock.taken
        } else {
            today
        },
        sha256,
    };
    let sources = repository.read("specs/sources.toml")?;
    let mut files = vec![
        (spec_path(vendor), published.text),
        (derived_path(vendor), generate::print(&derived)?),
        (
            "specs/sources.toml".to_owned(),
            Repository::with_lock(&sources, vendor, &lock)?,
        ),
    ];
    files.retain(|(path, text)| !repository.holds(path, text));
    if files.is_empty() {
        writeln!(
            out,
            "{vendor}: nothing to do, version {} is published and vendored",
            lock.version
        )?;
        return Ok(());
    }
    repository.write(&files)?;
    writeln!(
        out,
        "{vendor}: version {} replaces {}",
        lock.version, source.lock.version
    )?;
    for (path, _) in &files {
        writeln!(out, "  wrote {path}")?;
    }
    writeln!(
        out,
        "next: `cargo test --workspace`, then review and commit"
    )?;
    Ok(())
}

/// A vendor's document, as published.
pub(crate) struct Published {
    pub(crate) text: String,
    pub(crate) document: Value,
}

/// What the vendor's page, or `from` in its place, embeds.
pub(crate) fn published(source: &Source, from: Option<&str>) -> Result<Published> {
    let address = from.unwrap_or(&source.page);
    let page = fetch(address)?;
    let embedded = extract(&page).with_context(|| address.to_owned())?;
    if let Some(path) = embedded.path {
        ensure!(
            path == source.document,
            "{address}: the page embeds {path}, and specs/sources.toml names {}",
            source.document
        );
    }
    Ok(Published {
        text: embedded.text.to_owned(),
        document: document::parse(embedded.text).with_context(|| address.to_owned())?,
    })
}
