//! `specs/sources.toml`: where each vendor's document comes from.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use toml_edit::{DocumentMut, value};

use crate::document::staged;

/// A vendor, as `sources.toml` has it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// The docs page that embeds the document.
    pub page: String,
    /// The document's own path, as the page's fence names it.
    pub document: String,
    /// The operations that we call, such as `POST /v1/calls`.
    pub operations: Vec<String>,
    /// What is vendored.
    pub lock: Lock,
}

/// What is vendored of a document.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Lock {
    /// The document's `/info/version`.
    pub version: String,
    /// The SHA-256 of the vendored file, in hexadecimal.
    pub sha256: String,
    /// The day it was taken, as `2026-11-21`.
    pub taken: jiff::civil::Date,
}

/// The repository: where its files are.
#[derive(Clone, Debug)]
pub struct Repository(PathBuf);

impl Repository {
    /// The one that this program was built in.
    #[must_use]
    pub fn here() -> Self {
        Self(
            Path::new(env!("CARGO_MANIFEST_DIR"))
                .parent()
                .unwrap_or(Path::new("."))
                .to_owned(),
        )
    }

    /// The one at `root`.
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self(root.into())
    }

    /// The vendors, by name.
    ///
    /// # Errors
    ///
    /// When `sources.toml` cannot be read or is not as it should be.
    pub fn sources(&self) -> Result<BTreeMap<String, Source>> {
        let text = self.read("specs/sources.toml")?;
        let sources: BTreeMap<String, Source> =
            toml_edit::de::from_str(&text).context("specs/sources.toml")?;
        for (name, source) in &sources {
            ensure!(
                !source.operations.is_empty(),
                "specs/sources.toml: {name} has no operations"
            );
        }
        Ok(sources)
    }

    /// The vendors that were asked for; all of them where none was.
    ///
    /// # Errors
    ///
    /// As [`sources`](Self::sources), and when a name is not in it.
    pub fn chosen(&self, names: &[String]) -> Result<BTreeMap<String, Source>> {
        let mut sources = self.sources()?;
        let known = sources.keys().cloned().collect::<Vec<_>>().join(", ");
        for name in names {
            ensure!(
                sources.contains_key(name),
                "{name}: no such vendor in specs/sources.toml, which has {known}"
            );
        }
        sources.retain(|name, _| names.is_empty() || names.contains(name));
        Ok(sources)
    }

    /// The vendored document, as text.
    ///
    /// # Errors
    ///
    /// When it cannot be read, or is not what the lock says: it was edited by
    /// hand.
    pub fn vendored(&self, vendor: &str, lock: &Lock) -> Result<String> {
        let path = spec_path(vendor);
        let text = self.read(&path)?;
        ensure!(
            fingerprint(&text) == lock.sha256,
            "{path} is not the document that was vendored (its SHA-256 is not the one in specs/sources.toml); \
             edits go into specs/{vendor}.overlay.yaml, a new document in by `cargo xtask refresh {vendor}`"
        );
        Ok(text)
    }

    /// Whether a file is there and its text is this.
    #[must_use]
    pub fn holds(&self, path: &str, text: &str) -> bool {
        self.read(path).is_ok_and(|found| found == text)
    }

    /// A file, as text.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub fn read(&self, path: &str) -> Result<String> {
        fs::read_to_string(self.0.join(path)).with_context(|| path.to_owned())
    }

    /// Writes files, in order, so that each is there whole or as it was before:
    /// all are written beside their places before the first is moved there.
    ///
    /// # Errors
    ///
    /// When one cannot be written.
    pub fn write(&self, files: &[(String, String)]) -> Result<()> {
        let mut ready = Vec::new();
        for (path, text) in files {
            let place = self.0.join(path);
            ready.push((staged(&place, text)?, place));
        }
        for (file, place) in ready {
            file.persist(&place)
                .with_context(|| place.display().to_string())?;
        }
        Ok(())
    }

    /// `sources.toml` with another lock for a vendor; comments stay.
    ///
    /// # Errors
    ///
    /// When `text` is not TOML with that vendor.
    pub fn with_lock(text: &str, vendor: &str, lock: &Lock) -> Result<String> {
        let mut document: DocumentMut = text.parse().context("specs/sources.toml")?;
        let table = document
            .get_mut(vendor)
            .and_then(|entry| entry.get_mut("lock"));
        let table = table.and_then(|lock| lock.as_table_like_mut());
        let table = table.with_context(|| format!("specs/sources.toml has no [{vendor}.lock]"))?;
        for (key, text) in [
            ("version", &lock.version),
            ("sha256", &lock.sha256),
            ("taken", &lock.taken.to_string()),
        ] {
            table.insert(key, value(text));
        }
        Ok(document.to_string())
    }
}

/// Where a vendor's document is.
#[must_use]
pub fn spec_path(vendor: &str) -> String {
    format!("specs/{vendor}.yaml")
}

/// Where a vendor's derived document is.
#[must_use]
pub fn derived_path(vendor: &str) -> String {
    format!("{vendor}-api/openapi.json")
}

/// The SHA-256 of a text, in hexadecimal.
#[must_use]
pub fn fingerprint(text: &str) -> String {
    Sha256::digest(text)
        .iter()
        .fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        })
}
