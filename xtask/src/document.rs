//! Reading a document: YAML or JSON to a JSON value.

use std::{fmt, fs, io::Read as _, path::Path};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;

/// The largest document that is read: 64 MiB.
pub const MAX_BYTES: usize = 64 << 20;

/// The text of a file, or of standard input where `path` is `-`.
///
/// # Errors
///
/// When it cannot be read, is longer than [`MAX_BYTES`] or is not UTF-8.
pub fn read(path: &str) -> Result<String> {
    let limit = MAX_BYTES as u64 + 1;
    let mut text = String::new();
    if path == "-" {
        std::io::stdin()
            .take(limit)
            .read_to_string(&mut text)
            .context("standard input")?;
    } else {
        let file = fs::File::open(Path::new(path)).with_context(|| path.to_owned())?;
        file.take(limit)
            .read_to_string(&mut text)
            .with_context(|| path.to_owned())?;
    }
    ensure!(
        text.len() <= MAX_BYTES,
        "{path}: longer than {MAX_BYTES} bytes"
    );
    Ok(text)
}

/// An OpenAPI 3.x document as a JSON value, the order of its keys kept.
///
/// JSON is read as the YAML that it is, so that both refuse duplicate keys by
/// their line. Scalars are YAML 1.2's: `no` is text.
///
/// # Errors
///
/// When the text is neither, repeats a key, exceeds a limit (64 levels, 5
/// million nodes, alias expansion), or is not an OpenAPI 3.x document.
pub fn parse(text: &str) -> Result<Value> {
    let value = parse_yaml(text)?;
    match value.get("openapi").and_then(Value::as_str) {
        Some(version) if version.starts_with("3.") => Ok(value),
        Some(version) => bail!("/openapi: OpenAPI {version} is not supported; 3.0 and 3.1 are"),
        None if value.get("swagger").is_some() => {
            bail!("/swagger: Swagger 2.0 is not supported; OpenAPI 3.0 and 3.1 are")
        }
        None if value.get("asyncapi").is_some() => {
            bail!("/asyncapi: this is an AsyncAPI document, not an OpenAPI one")
        }
        None => bail!("not an OpenAPI document: it has no `openapi` key with a version in quotes"),
    }
}

/// Any YAML or JSON text as a JSON value; see [`parse`].
///
/// # Errors
///
/// As [`parse`], but for what an OpenAPI document is.
pub fn parse_yaml(text: &str) -> Result<Value> {
    let options = serde_saphyr::options! {
        strict_booleans: true,
        merge_keys: serde_saphyr::MergeKeyPolicy::AsOrdinary,
        budget: serde_saphyr::budget! {
            max_events: 20_000_000,
            max_nodes: 5_000_000,
            max_documents: 1,
        },
    };
    let value = serde_saphyr::from_str_with_options(text, options)?;
    exact(&value, &mut Pointer::default())?;
    Ok(value)
}

/// Refuses an integer that a 64-bit number cannot hold, which the parser has
/// rounded.
fn exact(value: &Value, at: &mut Pointer) -> Result<()> {
    // 2^63: any float from here on was written as, or stands for, an integer.
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    let mut inner = |token: &dyn ToString, value| {
        at.push(token.to_string());
        exact(value, at)?;
        at.pop();
        Ok(())
    };
    match value {
        Value::Number(number)
            if number.is_f64() && number.as_f64().is_some_and(|f| f.abs() >= LIMIT) =>
        {
            bail!("{at}: the number {number} does not fit in 64 bits")
        }
        Value::Array(items) => items
            .iter()
            .enumerate()
            .try_for_each(|(index, item)| inner(&index, item)),
        Value::Object(members) => members
            .iter()
            .try_for_each(|(name, member)| inner(name, member)),
        _ => Ok(()),
    }
}

/// Where in a document something stands: a JSON pointer (RFC 6901) that grows
/// and shrinks with the walk.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pointer(Vec<String>);

impl Pointer {
    /// Goes one level down.
    pub fn push(&mut self, token: impl Into<String>) {
        self.0.push(token.into());
    }

    /// Goes one level up.
    pub fn pop(&mut self) {
        self.0.pop();
    }
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("the document");
        }
        self.0
            .iter()
            .try_for_each(|token| write!(f, "/{}", token.replace('~', "~0").replace('/', "~1")))
    }
}
