use serde_json::{Value, json};
use xtask::overlay::apply;

fn overlay(action: &Value) -> Value {
    json!({"overlay": "1.0.0", "info": {"title": "t", "version": "1"}, "actions": [action]})
}

fn document() -> Value {
    json!({"a": {"b": {"c": 1}, "list": [1, {"d": 2}, 3]}, "e~/f": {"c": 3}})
}

#[test]
fn actions_update_append_and_remove() {
    let cases = [
        (
            json!({"target": "$.a.b", "description": "r", "update": {"c": {"x": 1}, "n": null}}),
            json!({"a": {"b": {"c": {"x": 1}, "n": null}, "list": [1, {"d": 2}, 3]}, "e~/f": {"c": 3}}),
        ),
        (
            json!({"target": "$.a", "description": "r", "update": {"b": {"z": 1}, "list": [4]}}),
            json!({"a": {"b": {"c": 1, "z": 1}, "list": [1, {"d": 2}, 3, 4]}, "e~/f": {"c": 3}}),
        ),
        (
            json!({"target": "$.a.list", "description": "r", "update": {"new": 1}}),
            json!({"a": {"b": {"c": 1}, "list": [1, {"d": 2}, 3, {"new": 1}]}, "e~/f": {"c": 3}}),
        ),
        (
            json!({"target": "$.a.list[2,0,2]", "description": "r", "remove": true}),
            json!({"a": {"b": {"c": 1}, "list": [{"d": 2}]}, "e~/f": {"c": 3}}),
        ),
        (
            json!({"target": "$..c", "description": "r", "remove": true}),
            json!({"a": {"b": {}, "list": [1, {"d": 2}, 3]}, "e~/f": {}}),
        ),
        (
            json!({"target": "$['e~/f']", "description": "r", "update": {"c": 4}, "remove": true}),
            json!({"a": {"b": {"c": 1}, "list": [1, {"d": 2}, 3]}}),
        ),
    ];
    for (action, expected) in cases {
        assert_eq!(
            apply(document(), overlay(&action)).expect("applied"),
            expected,
            "{action}"
        );
    }
}

#[test]
fn an_action_that_does_nothing_is_an_error() {
    for (action, expected) in [
        (
            json!({"target": "$.nope", "description": "r", "remove": true}),
            "action 1 ($.nope): the target matches nothing",
        ),
        (
            json!({"target": "$.a.b", "description": "r", "update": {"c": 1}}),
            "it changes nothing",
        ),
        (
            json!({"target": "$.a.b", "description": "r"}),
            "it neither updates nor removes",
        ),
        (
            json!({"target": "$.a.b", "description": " ", "remove": true}),
            "it gives no reason",
        ),
        (
            json!({"target": "$.a.b.c", "description": "r", "update": {}}),
            "must be an object",
        ),
        (
            json!({"target": "a", "description": "r", "remove": true}),
            "the target is not a JSONPath",
        ),
        (
            json!({"target": "$", "description": "r", "remove": true}),
            "the document itself",
        ),
        (
            json!({"target": "$.a", "description": "r", "updat": {}}),
            "unknown field `updat`",
        ),
        (
            json!({"target": "$.a", "remove": true}),
            "missing field `description`",
        ),
    ] {
        let error = apply(document(), overlay(&action)).expect_err(&action.to_string());
        assert!(
            format!("{error:#}").contains(expected),
            "{action}: {error:#}"
        );
    }
    let newer = json!({"overlay": "1.1.0", "info": {}, "actions": []});
    assert!(
        apply(document(), newer)
            .expect_err("1.1")
            .to_string()
            .contains("Overlay 1.1.0 is not supported")
    );
}
