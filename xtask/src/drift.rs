//! `drift`: whether what a vendor publishes now is what we build from.
//!
//! Compares values, not text: the order of keys, quotes and line breaks do not
//! matter. What a difference means for a caller it does not tell yet: whatever
//! is more than words is `unknown`, and so never counts as safe.

use std::{fmt, io::Write};

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::{
    document::{self, Pointer},
    refresh::published,
    slice::{NAMED, has_operation, slice},
    sources::{Repository, Source},
};

/// What a difference does to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Only words changed.
    Docs,
    /// Not judged: it may break us.
    Unknown,
}

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What it does to us.
    pub verdict: Verdict,
    /// Where it is.
    pub pointer: Pointer,
    /// What we build from; `None` where it is new.
    pub old: Option<Value>,
    /// What is published; `None` where it is gone.
    pub new: Option<Value>,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = match self.verdict {
            Verdict::Docs => "docs   ",
            Verdict::Unknown => "unknown",
        };
        write!(f, "{verdict}  {}: ", self.pointer)?;
        match (&self.old, &self.new) {
            (Some(old), Some(new)) => write!(f, "{} became {}", short(old), short(new)),
            (None, Some(new)) => write!(f, "new, {}", short(new)),
            (Some(old), None) => write!(f, "gone, was {}", short(old)),
            (None, None) => Ok(()),
        }
    }
}

/// A value on one line, cut at 120 characters.
fn short(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(120) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

/// Reports how what the vendor publishes differs from what is vendored, in the
/// operations that we call. Gives the worst verdict.
///
/// # Errors
///
/// When either document cannot be read: then nothing was checked.
pub fn drift(
    repository: &Repository,
    vendor: &str,
    source: &Source,
    from: Option<&str>,
    out: &mut dyn Write,
) -> Result<Option<Verdict>> {
    let ours = document::parse(&repository.vendored(vendor, &source.lock)?)?;
    let theirs = published(source, from)?.document;
    let mut findings = Vec::new();
    let mut both = Vec::new();
    for operation in &source.operations {
        if has_operation(&theirs, operation) {
            both.push(operation.clone());
        } else {
            findings.push(gone(operation));
        }
    }
    let ours = slice(&ours, &both).with_context(|| format!("specs/{vendor}.yaml"))?;
    let theirs = slice(&theirs, &both).with_context(|| format!("what {vendor} publishes"))?;
    findings.extend(compare(&ours, &theirs));
    for finding in &findings {
        writeln!(out, "{vendor}  {finding}")?;
    }
    let unknown = findings
        .iter()
        .filter(|finding| finding.verdict == Verdict::Unknown)
        .count();
    match (unknown, findings.len()) {
        (0, 0) => writeln!(out, "{vendor}: no drift")?,
        (0, words) => writeln!(out, "{vendor}: {words} differences, all in words")?,
        (unknown, all) => writeln!(
            out,
            "{vendor}: {all} differences, {unknown} of them more than words; take them over with \
             `cargo xtask refresh {vendor}` and see what no longer compiles"
        )?,
    }
    Ok(findings.iter().map(|finding| finding.verdict).max())
}

/// Every difference of two documents, the deepest place that holds it.
#[must_use]
pub fn compare(ours: &Value, theirs: &Value) -> Vec<Finding> {
    let mut findings = Vec::new();
    walk(
        &mut Pointer::default(),
        false,
        Some(ours),
        Some(theirs),
        &mut findings,
    );
    findings
}

/// `named`: the keys of this object are names that the vendor chose.
fn walk(
    at: &mut Pointer,
    named: bool,
    old: Option<&Value>,
    new: Option<&Value>,
    found: &mut Vec<Finding>,
) {
    match (old, new) {
        (Some(Value::Object(old)), Some(Value::Object(new))) => {
            let added = new.keys().filter(|key| !old.contains_key(*key));
            for key in old.keys().chain(added) {
                let (old, new) = (old.get(key), new.get(key));
                let is_root = at.is_root();
                at.push(key);
                match key.as_str() {
                    _ if old == new => {}
                    _ if named => walk(at, false, old, new, found),
                    "info" if is_root => found.push(finding(Verdict::Docs, at, old, new)),
                    "description" | "example" | "examples" | "summary" => {
                        found.push(finding(Verdict::Docs, at, old, new));
                    }
                    // Values: what looks like a keyword inside of one is none.
                    "const" | "default" | "enum" | "security" => {
                        found.push(finding(Verdict::Unknown, at, old, new));
                    }
                    key => walk(at, NAMED.contains(&key), old, new, found),
                }
                at.pop();
            }
        }
        (Some(Value::Array(old)), Some(Value::Array(new))) if old.len() == new.len() => {
            for (index, (old, new)) in old.iter().zip(new).enumerate() {
                at.push(index.to_string());
                walk(at, false, Some(old), Some(new), found);
                at.pop();
            }
        }
        _ if old == new => {}
        _ => found.push(finding(Verdict::Unknown, at, old, new)),
    }
}

/// An operation that we call and that is no longer published.
fn gone(operation: &str) -> Finding {
    let mut pointer = Pointer::default();
    pointer.push("paths");
    if let Some((method, path)) = operation.split_once(' ') {
        pointer.push(path);
        pointer.push(method.to_ascii_lowercase());
    }
    finding(Verdict::Unknown, &pointer, Some(&operation.into()), None)
}

fn finding(verdict: Verdict, at: &Pointer, old: Option<&Value>, new: Option<&Value>) -> Finding {
    Finding {
        verdict,
        pointer: at.clone(),
        old: old.cloned(),
        new: new.cloned(),
    }
}
