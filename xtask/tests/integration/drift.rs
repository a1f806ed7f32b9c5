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

/// Where words stand: under these keys, unless the key is a name.
fn is_words(place: &str) -> bool {
    let tokens: Vec<_> = place.split('/').skip(1).collect();
    tokens[0] == "info"
        || tokens.iter().enumerate().any(|(at, token)| {
            let named = at > 0
                && ["properties", "schemas", "responses", "parameters"].contains(&tokens[at - 1]);
            !named && ["description", "summary", "example", "examples"].contains(token)
        })
}

/// One fault at a time, anywhere: never taken for no difference, nor for words.
#[test]
fn no_single_change_of_a_value_passes_unseen() {
    fn leaves(value: &Value, at: &str, found: &mut Vec<String>) {
        match value {
            Value::Object(members) => members.iter().for_each(|(key, member)| {
                let key = key.replace('~', "~0").replace('/', "~1");
                leaves(member, &format!("{at}/{key}"), found);
            }),
            Value::Array(items) => {
                let items = items.iter().enumerate();
                items.for_each(|(n, item)| leaves(item, &format!("{at}/{n}"), found));
            }
            _ => found.push(at.to_owned()),
        }
    }
    for vendor in ["feather", "slng"] {
        let document = parse(&read(&format!("specs/{vendor}.yaml"))).expect("a document");
        let mut places = Vec::new();
        leaves(&document, "", &mut places);
        assert!(places.len() > 80, "{vendor}");
        for place in places {
            let verdict = if is_words(&place) {
                Verdict::Docs
            } else {
                Verdict::Unknown
            };
            let mut changed = document.clone();
            *changed.pointer_mut(&place).expect("there") = json!("changed");
            let (parent, key) = place.rsplit_once('/').expect("a pointer");
            let mut removed = document.clone();
            match removed.pointer_mut(parent).expect("there") {
                Value::Object(members) => drop(members.remove(&key.replace("~1", "/"))),
                Value::Array(items) => drop(items.remove(key.parse().expect("a number"))),
                _ => panic!("{place}"),
            }
            for (ours, theirs) in [
                (&document, &changed),
                (&document, &removed),
                (&removed, &document),
            ] {
                let [finding] = &compare(ours, theirs)[..] else {
                    panic!("{place}: one difference");
                };
                assert_eq!(finding.verdict, verdict, "{place}");
            }
        }
    }
}

#[test]
fn what_only_looks_like_words_is_none() {
    for pointer in [
        "/components/schemas/info/type",
        "/components/parameters/summary/required",
        "/components/securitySchemes/description/name",
        "/components/schemas/A/default/description",
        "/components/schemas/A/const/summary",
        "/components/schemas/A/discriminator/mapping/example",
        "/components/schemas/A/dependentRequired/description/0",
        "/paths/~1a/get/responses/200/headers/description/required",
        "/servers/0/variables/info/default",
        "/paths/~1a/get/security/0/summary",
    ] {
        let of = |leaf: &str| {
            let tokens: Vec<_> = pointer.split('/').skip(1).collect();
            tokens
                .iter()
                .rev()
                .fold(json!(leaf), |inner, token| match *token {
                    "0" => json!([inner]),
                    token => json!({token.replace("~1", "/"): inner}),
                })
        };
        let [finding] = &compare(&of("old"), &of("new"))[..] else {
            panic!("{pointer}: one difference");
        };
        assert_eq!(finding.verdict, Verdict::Unknown, "{pointer}");
    }
}
