use serde_json::{Value, json};
use xtask::{document::parse, slice::slice};

use crate::support::read;

fn operations(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// Two operations; what the first reaches, by every kind of way, is named `in`.
fn document() -> Value {
    let to = |name: &str| json!({"$ref": format!("#/components/schemas/{name}")});
    json!({
        "openapi": "3.1.0",
        "security": [{"in/scheme": []}],
        "tags": [{"name": "in"}, {"name": "out"}],
        "webhooks": {"hook": {"post": {"requestBody": to("out")}}},
        "paths": {
            "/a": {
                "parameters": [{"$ref": "#/components/parameters/in"}],
                "post": {
                    "tags": ["in"],
                    "requestBody": {"content": {"application/json": {
                        "schema": to("in-union"),
                        "examples": {"e": {"$ref": "#/components/examples/in"}},
                    }}},
                    "responses": {"default": {
                        "content": {"application/json": {"schema": to("in-list")}},
                        "links": {"next": {"$ref": "#/components/links/out"}},
                    }},
                    "callbacks": {"done": {"$ref": "#/components/callbacks/in"}},
                },
                "get": {"responses": {"200": {"$ref": "#/components/responses/out"}}},
            },
            "/b": {"get": {"tags": ["out"], "security": [{"out": []}], "responses": {}}},
        },
        "components": {
            "schemas": {
                "out": {},
                "in-union": {
                    "oneOf": [to("in-cat")],
                    "discriminator": {"propertyName": "kind", "mapping": {"dog": "in-dog", "cow": "#/components/schemas/in-cow"}},
                    "example": to("out"),
                    "default": to("out"),
                },
                "in-list": {"properties": {"default": to("in-default"), "enum": to("in-enum"), "$ref": {"type": "string"}}},
                "in-cat": {"items": to("in-cat"), "x-any": to("out")}, "in-dog": {}, "in-cow": {}, "in-default": {}, "in-enum": {},
            },
            "parameters": {"in": to("in-enum")},
            "examples": {"in": {"value": to("out")}, "out": {}},
            "responses": {"out": {}},
            "links": {"out": {"operationId": "b"}},
            "callbacks": {"in": {"{$url}": {"post": {"security": [{"in-hook": []}], "responses": {}}}}},
            "securitySchemes": {"out": {}, "in/scheme": {}, "in-hook": {}},
        },
    })
}

#[test]
fn what_the_operation_reaches_is_kept_and_nothing_else() {
    let sliced = slice(&document(), &operations(&["POST /a"])).expect("sliced");
    let keys = |pointer: &str| -> Vec<String> {
        let members = sliced.pointer(pointer).and_then(Value::as_object);
        members.expect(pointer).keys().cloned().collect()
    };
    assert_eq!(
        keys(""),
        ["openapi", "security", "tags", "paths", "components"]
    );
    assert_eq!(keys("/paths/~1a"), ["parameters", "post"]);
    assert_eq!(
        keys("/components"),
        [
            "schemas",
            "parameters",
            "examples",
            "callbacks",
            "securitySchemes"
        ]
    );
    let schemas = [
        "in-union",
        "in-list",
        "in-cat",
        "in-dog",
        "in-cow",
        "in-default",
        "in-enum",
    ];
    assert_eq!(keys("/components/schemas"), schemas);
    assert_eq!(keys("/components/examples"), ["in"]);
    assert_eq!(
        keys("/components/securitySchemes"),
        ["in/scheme", "in-hook"]
    );
    assert_eq!(
        keys("/paths/~1a/post/responses/default"),
        ["content"],
        "links name other operations"
    );
    assert_eq!(sliced["tags"], json!([{"name": "in"}]));
}

#[test]
fn the_vendored_documents_are_slices_but_for_their_tags() {
    for (vendor, operation) in [
        ("feather", "POST /v1/voice/outbound"),
        ("slng", "POST /v1/agents/{agent_id}/calls"),
    ] {
        let mut document = parse(&read(&format!("specs/{vendor}.yaml"))).expect("a document");
        let sliced = slice(&document, &operations(&[operation])).expect("sliced");
        if let Some(tags) = document.get_mut("tags").and_then(Value::as_array_mut) {
            tags.retain(|tag| tag["name"] == "Calls");
        }
        assert_eq!(sliced, document, "{vendor}");
    }
}

#[test]
fn what_is_not_there_is_an_error() {
    let dangling = json!({"paths": {"/a": {"get": {"x": {"$ref": "#/components/schemas/gone"}}}}});
    let external = json!({"paths": {"/a": {"get": {"x": {"$ref": "other.yaml#/a"}}}}});
    let deep = json!({"paths": {"/a": {"get": {"x": {"$ref": "#/components/schemas/A/items"}}}}, "components": {"schemas": {"A": {"items": {}}}}});
    let inward = json!({"paths": {"/a": {"get": {"x": {"$ref": "#/paths/~1b"}}}}});
    for (document, operation, expected) in [
        (
            document(),
            "PUT /a",
            "PUT /a: not in the document, which has GET /a, POST /a, GET /b",
        ),
        (document(), "put /a", "is not an operation"),
        (
            dangling,
            "GET /a",
            "#/components/schemas/gone: the reference leads nowhere",
        ),
        (
            external,
            "GET /a",
            "other.yaml#/a: the reference leads out of the document",
        ),
        (inward, "GET /a", "does not lead to a component itself"),
        (
            deep,
            "GET /a",
            "#/components/schemas/A/items: the reference does not lead to a component itself",
        ),
    ] {
        let error = slice(&document, &operations(&[operation]))
            .expect_err(operation)
            .to_string();
        assert!(error.contains(expected), "{error}");
    }
}
