//! The generated types against the document's own examples.
#![allow(clippy::expect_used, clippy::indexing_slicing)]

use serde_json::Value;
use slng_api::{SERVERS, VERSION, types};

fn document() -> Value {
    serde_json::from_str(include_str!("../openapi.json")).expect("JSON")
}

#[test]
fn every_example_of_an_error_reply_is_decoded_and_loses_nothing() {
    let document = document();
    let responses =
        document["paths"]["/v1/agents/{agent_id}/calls"]["post"]["responses"].as_object();
    let mut seen = 0;
    for (status, response) in responses.expect("an object") {
        let response = match response["$ref"].as_str() {
            Some(reference) => {
                let pointer = reference.strip_prefix('#').expect("local");
                document.pointer(pointer).expect("there")
            }
            None => response,
        };
        let Some(examples) = response["content"]["application/json"]["examples"].as_object() else {
            continue;
        };
        for (name, example) in examples {
            let decoded: types::ErrorResponse = serde_json::from_value(example["value"].clone())
                .unwrap_or_else(|e| panic!("{status} {name}: {e}"));
            assert_eq!(
                serde_json::to_value(&decoded).expect("JSON"),
                example["value"],
                "{status} {name}"
            );
            seen += 1;
        }
    }
    assert_eq!(seen, 8, "each of the eight error statuses has an example");
}

#[test]
fn the_examples_of_the_reply_are_decoded() {
    let schemas = &document()["components"]["schemas"];
    let reply = serde_json::json!({
        "call_id": schemas["UUID"]["example"],
        "message": schemas["AgentCallResponse"]["properties"]["message"]["example"],
    });
    let decoded: types::AgentCallResponse = serde_json::from_value(reply).expect("documented");
    assert_eq!(decoded.message, "Call dispatched successfully");
    assert!(decoded.extra.is_empty());
}

#[test]
fn the_constants_are_the_documents() {
    let document = document();
    assert_eq!(document["info"]["version"], VERSION);
    assert_eq!(document["servers"][0]["url"], SERVERS[0].url);
    assert_eq!(
        document["servers"][0]["description"],
        SERVERS[0].description
    );
    assert_eq!(
        document["servers"].as_array().map(Vec::len),
        Some(SERVERS.len())
    );
}
