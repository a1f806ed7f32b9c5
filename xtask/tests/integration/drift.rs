use serde_json::{Value, json};
use xtask::{
    document::parse,
    drift::{Verdict, compare},
};

use crate::support::read;

fn found(ours: &Value, theirs: &Value) -> Vec<String> {
    compare(ours, theirs)
        .iter()
        .map(ToString::to_string)
        .collect()
}

#[test]
fn a_document_does_not_differ_from_itself_reordered() {
    fn reversed(value: &Value) -> Value {
        match value {
            Value::Object(members) => Value::Object(
                members
                    .iter()
                    .rev()
                    .map(|(key, member)| (key.clone(), reversed(member)))
                    .collect(),
            ),
            Value::Array(items) => Value::Array(items.iter().map(reversed).collect()),
            other => other.clone(),
        }
    }
    for vendor in ["feather", "slng"] {
        let document = parse(&read(&format!("specs/{vendor}.yaml"))).expect("a document");
        assert_eq!(found(&document, &reversed(&document)), [""; 0]);
    }
}

#[test]
fn differences_are_named_by_place_and_value_and_only_words_are_harmless() {
    let ours = json!({"info": {"version": "1"}, "properties": {
        "a": {"type": "string", "description": "x"}, "b": {}, "description": {"type": "string"},
    }});
    let theirs = json!({"info": {"version": "2"}, "properties": {
        "a": {"type": "integer", "description": "y"}, "c": {}, "description": {"type": "integer"},
    }});
    assert_eq!(
        found(&ours, &theirs),
        [
            r#"docs     /info: {"version":"1"} became {"version":"2"}"#,
            r#"unknown  /properties/a/type: "string" became "integer""#,
            r#"docs     /properties/a/description: "x" became "y""#,
            "unknown  /properties/b: gone, was {}",
            r#"unknown  /properties/description/type: "string" became "integer""#,
            "unknown  /properties/c: new, {}",
        ]
    );
    assert!(
        Verdict::Unknown > Verdict::Docs,
        "the worst is the greatest"
    );
}

/// One fault at a time, anywhere: never taken for no difference.
#[test]
fn no_single_change_of_a_value_passes_unseen() {
    fn leaves(value: &Value, at: String, found: &mut Vec<String>) {
        match value {
            Value::Object(members) => members.iter().for_each(|(key, member)| {
                leaves(
                    member,
                    format!("{at}/{}", key.replace('~', "~0").replace('/', "~1")),
                    found,
                );
            }),
            Value::Array(items) => items
                .iter()
                .enumerate()
                .for_each(|(n, item)| leaves(item, format!("{at}/{n}"), found)),
            _ => found.push(at),
        }
    }
    for vendor in ["feather", "slng"] {
        let document = parse(&read(&format!("specs/{vendor}.yaml"))).expect("a document");
        let mut places = Vec::new();
        leaves(&document, String::new(), &mut places);
        assert!(places.len() > 80, "{vendor}");
        for place in places {
            let mut changed = document.clone();
            *changed.pointer_mut(&place).expect("there") = json!("changed");
            assert_eq!(compare(&document, &changed).len(), 1, "{place}");
        }
    }
}
