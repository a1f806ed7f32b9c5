//! The generated types against the document.
#![allow(clippy::expect_used, clippy::indexing_slicing)]

use feather_api::{SERVERS, VERSION, types};
use serde_json::{Value, json};

fn document() -> Value {
    serde_json::from_str(include_str!("../openapi.json")).expect("JSON")
}

const ID: &str = "550e8400-e29b-41d4-a716-446655440000";

#[test]
fn the_constants_are_the_documents() {
    let document = document();
    assert_eq!(document["info"]["version"], VERSION);
    let urls: Vec<_> = SERVERS.iter().map(|server| server.url).collect();
    assert_eq!(
        urls,
        ["https://api-sandbox.featherhq.com", "http://localhost:8000"]
    );
    assert_eq!(
        document["servers"].as_array().map(Vec::len),
        Some(SERVERS.len())
    );
}

#[test]
fn a_request_round_trips_and_null_is_nothing() {
    let full = json!({
        "from_phone_number_id": ID, "to_phone_number": "+15555550123", "agent_id": ID,
        "context_variables": {"a": 1, "b": [null]},
    });
    let request: types::OutboundRequest = serde_json::from_value(full.clone()).expect("documented");
    assert_eq!(serde_json::to_value(&request).expect("JSON"), full);

    let nulls = json!({
        "from_phone_number_id": ID, "to_phone_number": "+15555550123",
        "agent_id": null, "team_id": null, "context_variables": null,
    });
    let request: types::OutboundRequest = serde_json::from_value(nulls).expect("documented");
    assert_eq!(
        (request.agent_id, request.team_id, request.context_variables),
        (None, None, None)
    );
}

#[test]
fn the_pattern_of_the_number_is_held_to() {
    for (number, good) in [
        ("+1234567", true),
        ("+123456789012345", true),
        ("+123456", false),
        ("+1234567890123456", false),
        ("+0234567", false),
        ("1234567", false),
        ("+1234567\n", false),
        ("+\u{661}234567", false),
    ] {
        assert_eq!(
            number.parse::<types::ToPhoneNumber>().is_ok(),
            good,
            "{number:?}"
        );
    }
}

#[test]
fn a_reply_keeps_what_the_document_does_not_know() {
    let sent = json!({
        "room_name": "r", "dispatch_id": "d", "agent_name": "a", "session_id": ID,
        "queued": true, "revision": {"source": "pin"},
    });
    let reply: types::OutboundResponse =
        serde_json::from_value(sent.clone()).expect("documented, and more");
    assert_eq!(reply.extra["queued"], true);
    assert_eq!(serde_json::to_value(&reply).expect("JSON"), sent);
}

#[test]
fn types_have_json_schemas() {
    let schema = schemars::schema_for!(types::OutboundRequest);
    assert_eq!(
        schema.get("title").and_then(Value::as_str),
        Some("OutboundRequest")
    );
    let required = schema
        .get("required")
        .and_then(Value::as_array)
        .expect("a list");
    assert!(required.contains(&json!("to_phone_number")) && !required.contains(&json!("agent_id")));
}
