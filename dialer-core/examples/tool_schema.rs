//! Prints a tool with which a language model places calls: its parameters are
//! the JSON Schema of [`Call`], and what the model sends is read as one.

use dialer_core::Call;
use serde_json::json;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let tool = json!({
        "name": "place_call",
        "description": "Calls a person with the voice agent. A call cannot be taken back.",
        "input_schema": schemars::schema_for!(Call),
    });
    serde_json::to_writer_pretty(std::io::stdout(), &tool)?;

    let from_the_model = r#"{"to": "+14155551234", "variables": {"patient_name": "Maria"}}"#;
    let call: Call = serde_json::from_str(from_the_model)?;
    assert_eq!(call.destination().as_str(), "+14155551234");
    Ok(())
}
