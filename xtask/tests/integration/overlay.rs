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
            json!({"target": "$.a.list[1,1]", "description": "r", "remove": true}),
            json!({"a": {"b": {"c": 1}, "list": [1, 3]}, "e~/f": {"c": 3}}),
        ),
        (
            json!({"target": "$.*", "description": "r", "remove": true, "x-why": 1}),
            json!({}),
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
            "a target must be an object or an array, and /a/b/c is neither",
        ),
        (
            json!({"target": "$.a.b.c", "description": "r", "remove": true}),
            "/a/b/c is neither",
        ),
        (
            json!({"target": "$.a.b", "description": "r", "update": 3}),
            "an update's target must be an object",
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
    for (overlay, expected) in [
        (
            json!({"overlay": "1.1.0", "info": {"title": "t", "version": "1"}, "actions": [{}]}),
            "target",
        ),
        (
            json!({"overlay": "1.1.0", "info": {"title": "t", "version": "1"}, "actions": []}),
            "Overlay 1.1.0 is not supported",
        ),
        (
            json!({"overlay": "1.0.x", "info": {"title": "t", "version": "1"}, "actions": []}),
            "Overlay 1.0.x is not supported",
        ),
        (
            json!({"overlay": "1.0.0", "info": {"title": "t", "version": "1"}, "actions": []}),
            "/actions: at least one",
        ),
        (
            json!({"overlay": "1.0.0", "info": {"title": "", "version": "1"}, "actions": []}),
            "/info: a title",
        ),
        (
            json!({"overlay": "1.0.0", "info": 5, "actions": []}),
            "not an OpenAPI Overlay",
        ),
    ] {
        let error = format!(
            "{:#}",
            apply(document(), overlay.clone()).expect_err("refused")
        );
        assert!(error.contains(expected), "{overlay}: {error}");
    }
    let extends = json!({
        "overlay": "1.0.1", "info": {"title": "t", "version": "1"}, "extends": "o.yaml", "x-a": 1,
        "actions": [{"target": "$.a", "description": "r", "remove": true}],
    });
    assert!(apply(document(), extends).is_ok());
}

#[test]
fn items_are_removed_from_the_last_on() {
    let document = json!({"list": [{"n": 0}, {"n": 1}, {"n": 2}, {"n": 3}, {"n": 4}, {"n": 5}, {"n": 6}, {"n": 7}, {"n": 8}, {"n": 9}, {"n": 10}]});
    let action = json!({"target": "$.list[10,2,0,9]", "description": "r", "remove": true});
    let applied = apply(document, overlay(&action)).expect("applied");
    assert_eq!(
        applied,
        json!({"list": [{"n": 1}, {"n": 3}, {"n": 4}, {"n": 5}, {"n": 6}, {"n": 7}, {"n": 8}]})
    );
}
