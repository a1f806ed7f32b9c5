//! Reading a document: YAML or JSON to a JSON value.

use std::{
    fmt, fs,
    io::{Read as _, Write as _},
    path::Path,
};

use anyhow::{Context as _, Result, bail, ensure};
use serde::{
    Deserialize, Deserializer,
    de::{Error as _, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Value, map::Entry};
use tempfile::NamedTempFile;

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

/// An OpenAPI 3.0 or 3.1 document as a JSON value, the order of its keys kept.
///
/// JSON is read as the YAML that it is, so that both refuse duplicate keys by
/// their line. `no` is text, as YAML 1.2 has it (but `1_000` and `0b11` are
/// numbers, as it has not).
///
/// # Errors
///
/// When the text is neither, repeats a key, exceeds a limit (64 levels, 5
/// million nodes, alias expansion), or is not an OpenAPI 3.0 or 3.1 document.
pub fn parse(text: &str) -> Result<Value> {
    let value = parse_yaml(text)?;
    match value.get("openapi").and_then(Value::as_str) {
        Some(version)
            if ["3.0.", "3.1."]
                .iter()
                .any(|known| version.starts_with(known)) =>
        {
            Ok(value)
        }
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
        with_snippet: false,
        merge_keys: serde_saphyr::MergeKeyPolicy::AsOrdinary,
        budget: serde_saphyr::budget! {
            max_events: 20_000_000,
            max_nodes: 5_000_000,
            max_documents: 1,
        },
    };
    let Json(value) = serde_saphyr::from_str_with_options(text, options)?;
    exact(&value, &mut Pointer::default())?;
    Ok(value)
}

/// A JSON value whose keys are all different as text: YAML takes `1` and `"1"`
/// for two keys.
struct Json(Value);

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        deserializer.deserialize_any(JsonVisitor).map(Self)
    }
}

struct JsonVisitor;

impl<'de> Visitor<'de> for JsonVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> std::result::Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> std::result::Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> std::result::Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> std::result::Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> std::result::Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> std::result::Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> std::result::Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> std::result::Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> std::result::Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> std::result::Result<Value, A::Error> {
        let mut found = Vec::new();
        while let Some(Json(item)) = items.next_element()? {
            found.push(item);
        }
        Ok(found.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> std::result::Result<Value, A::Error> {
        let mut found = Map::new();
        while let Some((name, Json(member))) = members.next_entry::<String, _>()? {
            match found.entry(name) {
                Entry::Vacant(place) => drop(place.insert(member)),
                Entry::Occupied(place) => {
                    return Err(A::Error::custom(format!("duplicate key: {}", place.key())));
                }
            }
        }
        Ok(found.into())
    }
}

/// A file that appears whole or not at all, with the permissions that any new
/// file gets.
///
/// # Errors
///
/// When it cannot be written beside `place`.
pub fn staged(place: &Path, text: &str) -> Result<NamedTempFile> {
    let folder = place
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666)); // less the umask
    let mut file = builder
        .tempfile_in(folder.unwrap_or(Path::new(".")))
        .with_context(|| place.display().to_string())?;
    file.write_all(text.as_bytes())
        .and_then(|()| file.as_file().sync_all())
        .with_context(|| place.display().to_string())?;
    Ok(file)
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

    /// Whether this is the document itself.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// The last token.
    #[must_use]
    pub fn last(&self) -> Option<&str> {
        self.0.last().map(String::as_str)
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
