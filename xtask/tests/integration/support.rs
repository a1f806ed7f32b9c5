//! A copy of the repository's derived state, to be changed at will.

use std::{fs, path::Path};

use tempfile::TempDir;
use xtask::sources::Repository;

/// The files that the pipeline reads and writes.
const FILES: [&str; 7] = [
    "specs/sources.toml",
    "specs/feather.yaml",
    "specs/feather.overlay.yaml",
    "specs/slng.yaml",
    "specs/slng.overlay.yaml",
    "feather-api/openapi.json",
    "slng-api/openapi.json",
];

/// The vendored document of Feather, published anew: on a page, with a later
/// version, and an optional field more in the reply.
pub(crate) fn later_feather() -> String {
    let text = read("specs/feather.yaml").replace("version: 1.21.0", "version: 1.22.0").replace(
        "        agent_name:\n",
        "        queued:\n          type: boolean\n          title: Queued\n        agent_name:\n",
    );
    page(&text, "/api-reference/openapi.json post /v1/voice/outbound")
}

pub(crate) fn page(document: &str, info: &str) -> String {
    format!("# A page\n\nWords.\n\n````yaml {info}\n{document}````\n")
}

pub(crate) fn read(path: &str) -> String {
    Repository::here().read(path).expect("in the repository")
}

pub(crate) struct Copy(TempDir);

impl Copy {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        for path in FILES {
            let place = folder.path().join(path);
            fs::create_dir_all(place.parent().expect("a folder")).expect("a folder");
            fs::write(place, read(path)).expect("a file");
        }
        Self(folder)
    }

    pub(crate) fn repository(&self) -> Repository {
        Repository::at(self.0.path())
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        fs::write(self.0.path().join(path), text).expect("a file");
    }

    /// Every file, by path, sorted.
    pub(crate) fn state(&self) -> Vec<(String, String)> {
        let mut state = Vec::new();
        for folder in ["specs", "feather-api", "slng-api"] {
            for entry in fs::read_dir(self.0.path().join(folder)).expect("a folder") {
                let path = entry.expect("an entry").path();
                let text = fs::read_to_string(&path).expect("a file");
                state.push((path.display().to_string(), text));
            }
        }
        state.sort();
        state
    }
}
