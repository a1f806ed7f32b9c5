//! The JSON Schemas of the facade, judged by a validator. Here rather than
//! beside the facade, so that what a user builds first does not wait for one.

use dialer_core::{Call, Receipt, Vendor, mock};
use serde_json::{Value, json};

#[test]
fn the_schemas_say_what_is_taken() {
    let schema = schemars::schema_for!(Call).to_value();
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    for (call, good) in [
        (json!({"to": "+14155551234", "variables": {"a": "b"}}), true),
        (json!({"to": "+14155551234"}), true),
        (json!({"to": "14155551234"}), false),
        (json!({"to": "+04155551234"}), false),
        (json!({"to": "+14155551234", "number": 1}), false),
        (json!({"variables": {}}), false),
    ] {
        assert_eq!(validator.is_valid(&call), good, "{call}");
        assert_eq!(
            serde_json::from_value::<Call>(call.clone()).is_ok(),
            good,
            "{call}"
        );
    }
    for (variables, good) in [(32, true), (33, false)] {
        let variables: Value = (0..variables)
            .map(|n| (format!("v{n}"), json!("x")))
            .collect();
        assert_eq!(
            validator.is_valid(&json!({"to": "+14155551234", "variables": variables})),
            good
        );
    }
    for (characters, good) in [(1024, true), (1025, false)] {
        let variables = json!({"v": "x".repeat(characters)});
        assert_eq!(
            validator.is_valid(&json!({"to": "+14155551234", "variables": variables})),
            good
        );
    }
    let text = schema.to_string();
    assert!(
        !text.contains("$ref"),
        "some models' tools take no references"
    );
    for words in ["E.164", "plus sign", "variables that the agent declares"] {
        assert!(text.contains(words), "{words} in {schema:#}");
    }

    let schema = schemars::schema_for!(Receipt).to_value();
    let receipt = mock::reply(Vendor::Slng, 200, &[], r#"{"call_id": "c"}"#).expect("placed");
    let receipt: Value = serde_json::to_value(receipt).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    assert!(validator.is_valid(&receipt), "{receipt}");
}
