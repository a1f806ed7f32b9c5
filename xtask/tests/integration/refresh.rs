use jiff::civil::date;
use xtask::{
    refresh::refresh,
    sources::{Repository, Source},
};

use crate::support::{Copy, later_feather, page, read};

fn source(repository: &Repository, vendor: &str) -> Source {
    repository
        .sources()
        .expect("sources")
        .remove(vendor)
        .expect("a vendor")
}

/// Refreshes Feather from a page in a file.
fn from(copy: &Copy, page: &str) -> anyhow::Result<String> {
    let repository = copy.repository();
    let file = copy.path().join("page.md");
    std::fs::write(&file, page).expect("a file");
    let mut out = Vec::new();
    let today = date(2027, 1, 2);
    refresh(
        &repository,
        "feather",
        &source(&repository, "feather"),
        file.to_str(),
        today,
        &mut out,
    )?;
    Ok(String::from_utf8(out).expect("UTF-8"))
}

#[test]
fn the_vendored_document_is_nothing_to_do() {
    let copy = Copy::new();
    let before = copy.state();
    let page = page(
        &read("specs/feather.yaml"),
        "/api-reference/openapi.json post /v1/voice/outbound",
    );
    let said = from(&copy, &page).expect("refreshed");
    assert_eq!(
        said,
        "feather: nothing to do, version 1.21.0 is published and vendored\n"
    );
    assert_eq!(copy.state(), before);
}

#[test]
fn what_is_damaged_is_mended_and_the_date_stays() {
    let page = page(
        &read("specs/feather.yaml"),
        "/api-reference/openapi.json post /v1/voice/outbound",
    );
    for (path, damage) in [
        ("specs/feather.yaml", Some("# edited by hand\n")),
        ("specs/feather.yaml", None),
        ("feather-api/openapi.json", Some("{}")),
        ("feather-api/openapi.json", None),
    ] {
        let copy = Copy::new();
        let before = copy.state();
        match damage {
            Some(text) => copy.write(path, text),
            None => std::fs::remove_file(copy.path().join(path)).expect("removed"),
        }
        let said = from(&copy, &page).expect("refreshed");
        assert!(said.contains(&format!("  wrote {path}\n")), "{said}");
        assert_eq!(copy.state(), before);
    }
}

#[cfg(unix)]
#[test]
fn what_is_written_has_the_permissions_of_any_new_file() {
    use std::os::unix::fs::PermissionsExt as _;
    let copy = Copy::new();
    let mode = |path: &str| {
        let metadata = std::fs::metadata(copy.path().join(path)).expect("there");
        metadata.permissions().mode() & 0o777
    };
    let before = mode("feather-api/openapi.json");
    from(&copy, &later_feather()).expect("refreshed");
    for path in [
        "specs/feather.yaml",
        "specs/sources.toml",
        "feather-api/openapi.json",
    ] {
        assert_eq!(mode(path), before, "{path}");
    }
}

#[test]
fn a_later_document_is_taken_over_and_the_second_time_is_nothing_to_do() {
    let copy = Copy::new();
    let said = from(&copy, &later_feather()).expect("refreshed");
    assert!(
        said.starts_with("feather: version 1.22.0 replaces 1.21.0\n"),
        "{said}"
    );
    let repository = copy.repository();
    let lock = source(&repository, "feather").lock;
    assert_eq!((&*lock.version, lock.taken), ("1.22.0", date(2027, 1, 2)));
    assert!(
        repository
            .vendored("feather", &lock)
            .expect("as locked")
            .contains("queued:")
    );
    assert!(
        repository
            .read("feather-api/openapi.json")
            .expect("derived")
            .contains("\"queued\"")
    );
    let sources = repository.read("specs/sources.toml").expect("sources");
    assert!(
        sources.starts_with("# Where each vendor's document comes from"),
        "comments stay"
    );

    let after = copy.state();
    let said = from(&copy, &later_feather()).expect("refreshed");
    assert_eq!(
        said,
        "feather: nothing to do, version 1.22.0 is published and vendored\n"
    );
    assert_eq!(copy.state(), after);
}

#[test]
fn what_cannot_be_taken_over_leaves_everything_as_it_was() {
    let later = later_feather();
    for (page, expected) in [
        (String::from("# Words"), "embeds no OpenAPI document"),
        (
            later.replace("/api-reference/openapi.json", "/other.json"),
            "the page embeds /other.json, and",
        ),
        (
            later.replace("/v1/voice/outbound:", "/v2/voice/outbound:"),
            "POST /v1/voice/outbound: not in the document",
        ),
        (
            later.replace("type: boolean", "if: {}"),
            "/components/schemas/OutboundResponse/properties/queued/if",
        ),
        (
            later.replace("type: boolean", "enum: [asc, ASC]"),
            "the generator panics",
        ),
        (
            later.replace("in: header", "in: query"),
            "only a key in a header and HTTP bearer are supported",
        ),
        (
            later.replace("OutboundResponse", "OutboundReply"),
            "action 2",
        ),
        (
            later.replace("openapi: 3.1.0", "openapi: 2.0"),
            "not an OpenAPI document",
        ),
    ] {
        let copy = Copy::new();
        let before = copy.state();
        let error = format!("{:#}", from(&copy, &page).expect_err(expected));
        assert!(error.contains(expected), "{expected}: {error}");
        assert_eq!(copy.state(), before, "{expected}");
    }
}
