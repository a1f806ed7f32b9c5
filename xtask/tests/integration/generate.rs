use xtask::{
    document::parse,
    expand::{self, Part},
    generate::{Freshness, check, write},
    sources::Repository,
};

use crate::support::{Copy, read};

fn checked(repository: &Repository) -> (Freshness, String) {
    let mut out = Vec::new();
    let freshness = check(repository, &mut out).expect("checked");
    (freshness, String::from_utf8(out).expect("UTF-8"))
}

#[test]
fn the_committed_documents_are_fresh() {
    assert_eq!(checked(&Repository::here()).0, Freshness::Fresh);
}

#[test]
fn a_stale_document_is_shown_as_a_diff_and_left_alone_until_it_is_written() {
    let copy = Copy::new();
    let stale = read("slng-api/openapi.json").replace("\"3.0.3\"", "\"3.0.2\"");
    copy.write("slng-api/openapi.json", &stale);
    let before = copy.state();
    let (freshness, diff) = checked(&copy.repository());
    assert_eq!(freshness, Freshness::Stale);
    assert!(
        diff.contains("--- slng-api/openapi.json (as it is)"),
        "{diff}"
    );
    assert!(
        diff.contains("\n-  \"openapi\": \"3.0.2\",\n+  \"openapi\": \"3.0.3\",\n"),
        "{diff}"
    );
    assert!(
        diff.ends_with("stale: run `cargo xtask generate` and commit what it writes\n"),
        "{diff}"
    );
    assert_eq!(copy.state(), before, "nothing is written");

    let mut out = Vec::new();
    write(&copy.repository(), &mut out).expect("written");
    assert_eq!(
        String::from_utf8_lossy(&out),
        "wrote slng-api/openapi.json\n"
    );
    assert_eq!(checked(&copy.repository()).0, Freshness::Fresh);

    std::fs::remove_file(copy.path().join("feather-api/openapi.json")).expect("removed");
    assert_eq!(
        checked(&copy.repository()).0,
        Freshness::Stale,
        "a missing one is stale"
    );
    write(&copy.repository(), &mut out).expect("written");
    assert_eq!(checked(&copy.repository()).0, Freshness::Fresh);
}

#[test]
fn a_hand_edit_of_a_vendored_document_is_refused() {
    let copy = Copy::new();
    copy.write("specs/feather.yaml", &(read("specs/feather.yaml") + "\n"));
    let before = copy.state();
    let error = write(&copy.repository(), &mut Vec::new())
        .expect_err("edited")
        .to_string();
    assert!(
        error.contains("specs/feather.yaml is not the document that was vendored"),
        "{error}"
    );
    assert_eq!(copy.state(), before);
}

#[test]
fn an_overlay_that_no_longer_fits_is_named() {
    let copy = Copy::new();
    let overlay =
        read("specs/feather.overlay.yaml").replace("OutboundResponse\n", "OutboundReply\n");
    copy.write("specs/feather.overlay.yaml", &overlay);
    let error = format!(
        "{:#}",
        write(&copy.repository(), &mut Vec::new()).expect_err("stale")
    );
    assert_eq!(
        error,
        "specs/feather.overlay.yaml: action 2 ($.components.schemas.OutboundReply): the target matches nothing"
    );
}

#[test]
fn the_generated_code_of_both_vendors_is_what_it_should_be() {
    for (vendor, items) in [
        (
            "feather",
            [
                "pub fn outbound(&self)",
                "pub struct OutboundRequest",
                "pub session_id: ::uuid::Uuid",
            ],
        ),
        (
            "slng",
            [
                "pub fn dispatch_call(&self)",
                "pub struct AgentCallCreate",
                "pub struct Uuid(pub ::uuid::Uuid)",
            ],
        ),
    ] {
        let document = parse(&read(&format!("{vendor}-api/openapi.json"))).expect("a document");
        expand::try_all(&document).expect("generates");
        let code = expand::expand(&document, Part::Client).expect("generates");
        for item in items {
            assert!(code.contains(item), "{vendor}: {item}");
        }
        let mock = expand::expand(&document, Part::Mock).expect("generates");
        assert!(mock.contains("pub trait MockServerExt"));
    }
}

#[test]
fn a_schema_made_of_itself_is_an_error_and_no_overflow() {
    for (schemas, expected) in [
        ("A: {allOf: [{$ref: '#/components/schemas/A'}]}", "A -> A"),
        (
            "A: {allOf: [{$ref: '#/components/schemas/B'}]}, B: {$ref: '#/components/schemas/A'}",
            "A -> B -> A",
        ),
        (
            "C: {items: {$ref: '#/components/schemas/A'}}, A: {allOf: [{allOf: [{$ref: '#/components/schemas/A'}]}]}",
            "A -> A",
        ),
    ] {
        let document = format!(
            "{{openapi: 3.0.3, info: {{title: t, version: '1'}}, paths: {{}}, components: {{schemas: {{{schemas}}}}}}}"
        );
        let error = expand::expand(&parse(&document).expect("a document"), Part::Client)
            .expect_err("a cycle");
        assert!(error.to_string().ends_with(expected), "{error}");
    }
    let tree = "{openapi: 3.0.3, info: {title: t, version: '1'}, paths: {}, components: {schemas: {\
                A: {type: object, properties: {a: {$ref: '#/components/schemas/A'}, b: {$ref: '#/components/schemas/B'}}}, \
                B: {allOf: [{$ref: '#/components/schemas/A'}, {$ref: '#/components/schemas/A'}]}}}}";
    expand::expand(&parse(tree).expect("a document"), Part::Client)
        .expect("holding itself is no cycle");
}

#[test]
fn what_the_generator_cannot_take_is_an_error_and_no_panic() {
    let document = parse(
        "{openapi: 3.0.3, info: {title: t, version: '1'}, paths: {}, \
         components: {schemas: {A: {type: string, enum: [asc, ASC]}}}}",
    );
    let error = expand::expand(&document.expect("a document"), Part::Client).expect_err("panics");
    assert!(
        error
            .to_string()
            .contains("Failed to make unique variant names"),
        "{error}"
    );
}
