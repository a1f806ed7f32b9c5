use xtask::document::{parse, parse_yaml};

#[test]
fn scalars_are_those_of_yaml_1_2() {
    for (yaml, json) in [
        ("a: no", r#"{"a":"no"}"#),
        ("a: on", r#"{"a":"on"}"#),
        ("a: true", r#"{"a":true}"#),
        ("a: 1", r#"{"a":1}"#),
        ("a: 1.0", r#"{"a":1.0}"#),
        ("a: 1.21.0", r#"{"a":"1.21.0"}"#),
        ("a: 2026-11-21", r#"{"a":"2026-11-21"}"#),
        ("a: 18446744073709551615", r#"{"a":18446744073709551615}"#),
        ("200: {<<: x}", r#"{"200":{"<<":"x"}}"#),
        ("{\"b\": 1,\t\"a\": null}", r#"{"b":1,"a":null}"#),
    ] {
        assert_eq!(parse_yaml(yaml).expect(yaml).to_string(), json, "{yaml}");
    }
}

#[test]
fn what_cannot_be_read_exactly_is_refused_by_its_place() {
    for (text, expected) in [
        ("a: 1\nb: 2\na: 3", "line 3"),
        (r#"{"a": 1, "a": 1}"#, "duplicate mapping key: a"),
        (
            "x: [{y: 18446744073709551616}]",
            "/x/0/y: the number 1.8446744073709552e+19 does not fit in 64 bits",
        ),
        ("x: {1: a, \"1\": b}", "duplicate key: 1"),
        ("a: .nan", "non-finite"),
        ("a: 1\n---\nb: 2", "documents"),
        ("a: [", "line 1"),
    ] {
        let error = format!("{:#}", parse_yaml(text).expect_err(text));
        assert!(error.contains(expected), "{text}: {error}");
    }
}

#[test]
fn hostile_input_is_an_error_in_bounded_time() {
    let bomb = (1..30).fold("a0: &a0 [x,x,x,x,x,x,x,x,x]\n".to_owned(), |text, n| {
        let alias = format!("*a{},", n - 1).repeat(9);
        text + &format!("a{n}: &a{n} [{}]\n", alias.trim_end_matches(','))
    });
    assert!(parse_yaml(&bomb).is_err());
    assert!(parse_yaml(&"[".repeat(100_000)).is_err());
}

#[test]
fn what_is_no_openapi_3_document_is_refused_by_what_it_is() {
    for (text, expected) in [
        ("openapi: 4.0.0", "OpenAPI 4.0.0 is not supported"),
        ("openapi: 3.2.0", "OpenAPI 3.2.0 is not supported"),
        ("swagger: '2.0'", "Swagger 2.0 is not supported"),
        ("asyncapi: 3.0.0", "AsyncAPI document"),
        ("openapi: 3.0", "no `openapi` key with a version in quotes"),
        ("[]", "not an OpenAPI document"),
    ] {
        let error = parse(text).expect_err(text).to_string();
        assert!(error.contains(expected), "{text}: {error}");
    }
}
