use serde_json::{Value, json};
use xtask::{document::parse, lower::lower};

use crate::support::read;

/// A 3.1 document with one schema.
fn with(schema: &Value) -> Value {
    json!({"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": {}, "components": {"schemas": {"S": schema}}})
}

/// The schema lowered, its keys in order.
fn lowered(schema: &Value) -> String {
    let document = lower(with(schema)).unwrap_or_else(|error| panic!("{schema}: {error}"));
    assert_eq!(document["openapi"], "3.0.3");
    document["components"]["schemas"]["S"].to_string()
}

#[test]
fn each_construct_becomes_what_3_0_says_for_it() {
    let cases = [
        // Null.
        (
            json!({"type": ["string", "null"], "maxLength": 3}),
            r#"{"type":"string","maxLength":3,"nullable":true}"#,
        ),
        (json!({"type": ["string"]}), r#"{"type":"string"}"#),
        (
            json!({"type": ["string", "null"], "enum": ["a", null]}),
            r#"{"type":"string","enum":["a",null],"nullable":true}"#,
        ),
        (
            json!({"title": "T", "anyOf": [{"type": "string", "format": "uuid", "title": "inner"}, {"type": "null"}], "description": "D"}),
            r#"{"title":"T","type":"string","format":"uuid","nullable":true,"description":"D"}"#,
        ),
        (
            json!({"oneOf": [{"type": "null", "title": "none"}, {"type": "array", "items": {"type": ["integer", "null"]}}]}),
            r#"{"type":"array","items":{"type":"integer","nullable":true},"nullable":true}"#,
        ),
        (json!({"type": "null"}), r#"{"enum":[null]}"#),
        // Constants.
        (json!({"const": "a"}), r#"{"enum":["a"],"type":"string"}"#),
        (json!({"const": ""}), r#"{"enum":[""],"type":"string"}"#),
        (
            json!({"const": false}),
            r#"{"enum":[false],"type":"boolean"}"#,
        ),
        (json!({"const": 0}), r#"{"enum":[0],"type":"integer"}"#),
        (
            json!({"const": 0.5, "title": "T"}),
            r#"{"enum":[0.5],"title":"T","type":"number"}"#,
        ),
        (
            json!({"type": "string", "const": "a"}),
            r#"{"type":"string","enum":["a"]}"#,
        ),
        (json!({"const": null}), r#"{"enum":[null]}"#),
        (json!({"const": null, "type": "null"}), r#"{"enum":[null]}"#),
        (json!({"type": ["null"]}), r#"{"enum":[null]}"#),
        // Bounds.
        (
            json!({"exclusiveMinimum": 0}),
            r#"{"exclusiveMinimum":true,"minimum":0}"#,
        ),
        (
            json!({"minimum": 1, "exclusiveMinimum": 0}),
            r#"{"minimum":1}"#,
        ),
        (
            json!({"minimum": 0, "exclusiveMinimum": 0}),
            r#"{"minimum":0,"exclusiveMinimum":true}"#,
        ),
        (
            json!({"maximum": 9, "exclusiveMaximum": 5}),
            r#"{"maximum":5,"exclusiveMaximum":true}"#,
        ),
        (
            json!({"maximum": 5, "exclusiveMaximum": 9}),
            r#"{"maximum":5}"#,
        ),
        (
            json!({"minimum": 1_152_921_504_606_847_076_i64, "exclusiveMinimum": 1_152_921_504_606_846_976_i64}),
            r#"{"minimum":1152921504606847076}"#,
        ),
        (
            json!({"minimum": 0, "exclusiveMinimum": 0.5}),
            r#"{"minimum":0.5,"exclusiveMinimum":true}"#,
        ),
        // References.
        (
            json!({"$ref": "#/components/schemas/S"}),
            r##"{"$ref":"#/components/schemas/S"}"##,
        ),
        (
            json!({"description": "D", "$ref": "#/components/schemas/S"}),
            r##"{"description":"D","allOf":[{"$ref":"#/components/schemas/S"}]}"##,
        ),
        // Booleans, examples, extensions.
        (
            json!({"items": true, "additionalProperties": false}),
            r#"{"items":{},"additionalProperties":false}"#,
        ),
        (json!({"not": false}), r#"{"not":{"not":{}}}"#),
        (
            json!({"examples": ["a", "b"], "type": "string"}),
            r#"{"type":"string","example":"a"}"#,
        ),
        (json!({"examples": []}), "{}"),
        (json!({"x-any": {"$defs": 1}}), r#"{"x-any":{"$defs":1}}"#),
        // Names that look like keywords.
        (
            json!({"properties": {"const": {"type": "string"}, "$ref": {"type": ["integer", "null"]}, "examples": true}}),
            r#"{"properties":{"const":{"type":"string"},"$ref":{"type":"integer","nullable":true},"examples":{}}}"#,
        ),
        // Values that look like schemas.
        (
            json!({"default": {"const": 1}, "enum": [{"type": ["a"]}]}),
            r#"{"default":{"const":1},"enum":[{"type":["a"]}]}"#,
        ),
    ];
    for (schema, expected) in cases {
        assert_eq!(lowered(&schema), expected, "{schema}");
    }
}

#[test]
fn what_is_not_known_is_refused_where_it_stands() {
    let schemas = [
        (
            json!({"properties": {"a/b": {"if": {}}}}),
            "/properties/a~1b: `if` in a schema".replace(": `if`", "/if: `if`"),
        ),
        (
            json!({"type": ["string", "integer"]}),
            ": a `type` of more than one type".into(),
        ),
        (
            json!({"anyOf": [{"$ref": "#/x"}, {"type": "null"}]}),
            ": `anyOf` of null and a schema that is not plainly typed".into(),
        ),
        (
            json!({"anyOf": [{"type": "string"}, {"type": "integer"}, {"type": "null"}]}),
            ": `anyOf` of null and more than one".into(),
        ),
        (
            json!({"anyOf": [{"type": "string", "enum": ["a"]}, {"type": "null"}]}),
            ": `anyOf` of null and a schema that is not plainly".into(),
        ),
        (
            json!({"anyOf": [{"type": "string"}, {"type": "null"}], "maxLength": 3}),
            ": `anyOf` with null and `maxLength` beside it".into(),
        ),
        (
            json!({"nullable": true, "type": "string"}),
            ": `nullable` has no meaning in 3.1".into(),
        ),
        (
            json!({"const": 1, "enum": [1]}),
            ": `const` with `enum` beside it".into(),
        ),
        (
            json!({"$ref": "#/x", "maxLength": 3}),
            ": `$ref` with `maxLength` beside it".into(),
        ),
        (
            json!({"exclusiveMinimum": true, "minimum": 1}),
            ": `exclusiveMinimum` must be a number".into(),
        ),
        (
            json!({"prefixItems": []}),
            "/prefixItems: `prefixItems` in a schema".into(),
        ),
        (
            json!({"allOf": [{"$defs": {}}]}),
            "/allOf/0/$defs: `$defs` in a schema".into(),
        ),
        (
            json!({"items": 3}),
            "/items: a schema must be an object, true or false".into(),
        ),
    ];
    let more = [
        (
            json!({"anyOf": [{"type": "object", "allOf": [{"$ref": "#/components/schemas/S"}]}, {"type": "null"}]}),
            ": `anyOf` of null",
        ),
        (
            json!({"oneOf": [{"type": "string", "not": {"type": "null"}}, {"type": "null"}]}),
            ": `oneOf` of null",
        ),
        (
            json!({"type": "null", "enum": ["a"]}),
            ": `type: null` with another `enum`",
        ),
        (
            json!({"type": "null", "enum": []}),
            ": `type: null` with another `enum`",
        ),
        (
            json!({"minimum": "5", "exclusiveMinimum": 1}),
            ": `minimum` must be a number",
        ),
        (json!({"$ref": 5}), ": `$ref` must be text"),
        (json!({"allOf": {}}), "/allOf: a list is expected here"),
        (
            json!({"properties": []}),
            "/properties: an object is expected here",
        ),
        (json!({"enum": "a"}), "/enum: a list is expected here"),
        (
            json!({"required": "a"}),
            "/required: a list is expected here",
        ),
        (json!({"type": 5}), "/type: a type's name is expected here"),
    ];
    let more = more.map(|(schema, expected)| (schema, expected.to_owned()));
    for (schema, expected) in schemas.into_iter().chain(more) {
        let error = lower(with(&schema))
            .expect_err(&schema.to_string())
            .to_string();
        let expected = format!("\n  /components/schemas/S{expected}");
        assert!(error.contains(&expected), "{schema}: {error}");
    }
}

#[test]
fn constructs_outside_of_schemas_are_refused_too_and_all_together() {
    let document = json!({
        "openapi": "3.1.0", "jsonSchemaDialect": "x",
        "info": {"title": "t", "version": "1", "summary": "s", "license": {"name": "l", "identifier": "MIT"}},
        "webhooks": {},
        "paths": {"/a": {
            "$ref": "#/components/pathItems/x",
            "get": {
                "parameters": [{"name": "p", "in": "query", "schema": {"contains": {}}}],
                "responses": {"200": {"$ref": "#/components/responses/r", "description": "d"}},
            },
        }},
        "components": {"pathItems": {}, "securitySchemes": {"m": {"type": "mutualTLS"}}},
    });
    let error = lower(document).expect_err("refused").to_string();
    let places: Vec<_> = error
        .lines()
        .skip(1)
        .map(|line| line.trim().split(": ").next().unwrap())
        .collect();
    assert_eq!(
        places,
        [
            "/jsonSchemaDialect",
            "/info/summary",
            "/info/license/identifier",
            "/webhooks",
            "/paths/~1a/$ref",
            "/paths/~1a/get/parameters/0/schema/contains",
            "/paths/~1a/get/responses/200",
            "/components/pathItems",
            "/components/securitySchemes/m",
        ]
    );
}

#[test]
fn what_3_0_requires_is_not_left_out() {
    let without_paths = json!({"openapi": "3.1.0", "info": {}});
    let error = lower(without_paths).expect_err("refused").to_string();
    assert!(
        error.contains("the document: 3.0 requires `paths` here"),
        "{error}"
    );
    let document = json!({"openapi": "3.1.0", "info": {}, "paths": {"x-a": 1, "/a": {
        "get": {"requestBody": {"content": {}}, "responses": {"x-b": 1}},
        "post": {},
    }}, "components": {"schemas": {"A[B]": {}}}});
    let error = lower(document).expect_err("refused").to_string();
    for expected in [
        "/paths/~1a/get: 3.0 ignores the request body of this method",
        "/paths/~1a/post: 3.0 requires `responses` here",
        "/components/schemas/A[B]: a component's name may hold only",
    ] {
        assert!(error.contains(expected), "{expected}: {error}");
    }
    assert_eq!(
        error.lines().count(),
        4,
        "extensions are none of them: {error}"
    );
}

#[test]
fn a_reference_that_leads_nowhere_or_into_a_component_is_refused() {
    for reference in [
        "#/components/schemas/Gone",
        "#/components/schemas/S/anyOf/0",
        "#foo",
        "#",
        "other.yaml#/a",
    ] {
        for version in ["3.0.3", "3.1.0"] {
            let mut document = with(&json!({"items": {"$ref": reference}}));
            document["openapi"] = json!(version);
            let error = lower(document).expect_err(reference).to_string();
            assert!(
                error.starts_with(&format!("{reference}: the reference")),
                "{error}"
            );
        }
    }
}

#[test]
fn a_3_0_document_passes_as_it_is() {
    let mut document = parse(&read("specs/slng.yaml")).expect("a document");
    assert_eq!(lower(document.clone()).expect("lowered"), document);
    document["openapi"] = json!("3.0.0");
    assert_eq!(lower(document).expect("lowered")["openapi"], "3.0.3");
    assert!(lower(json!({"openapi": "3.2.0"})).is_err());
}
