//! The examples, run as a user would.

use std::{env, process::Output};

use serde_json::{Value, json};
use tokio::process::Command;

use crate::vendor::{AGENT, FROM, KEY, Loopback, NUMBER};

/// The example `dial`, with an empty environment.
pub(crate) fn dial(args: &[&str]) -> Command {
    example("dial", args)
}

fn example(name: &str, args: &[&str]) -> Command {
    let mut folder = env::current_exe().expect("a path");
    folder.pop();
    folder.pop();
    let program = folder
        .join("examples")
        .join(format!("{name}{}", env::consts::EXE_SUFFIX));
    assert!(
        program.exists(),
        "{} is missing: `cargo test` builds it",
        program.display()
    );
    let mut command = Command::new(program);
    command.args(args).env_clear();
    command
}

#[tokio::test]
async fn the_tool_for_a_language_model_has_the_schema_of_a_call() {
    let (code, stdout, stderr) = run(example("tool_schema", &[])).await;
    assert_eq!(code, Some(0), "{stderr}");
    let tool: Value = serde_json::from_str(&stdout).expect("JSON");
    assert_eq!(tool["input_schema"]["required"], json!(["to"]));
    assert_eq!(
        tool["input_schema"]["properties"]["to"]["pattern"],
        "^\\+[1-9][0-9]{1,14}$"
    );
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}

async fn run(mut command: Command) -> (Option<i32>, String, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().await.expect("the example runs");
    (status.code(), text(&stdout), text(&stderr))
}

#[tokio::test]
async fn with_nothing_set_it_dials_a_mock_and_says_so() {
    for vendor in [&["--vendor", "slng"][..], &["--vendor", "feather"], &[]] {
        let args = [&["--to", NUMBER, "--var", "patient_name=Maria"], vendor].concat();
        let (code, stdout, stderr) = run(dial(&args)).await;
        assert_eq!((code, &*stdout), (Some(0), ""), "{stderr}");
        assert!(stderr.starts_with("MOCK: no phone will ring."), "{stderr}");
        assert!(stderr.contains(&format!(
            "PLACED by {}",
            if vendor.contains(&"slng") {
                "SLNG"
            } else {
                "Feather"
            }
        )));
    }
}

#[tokio::test]
async fn json_goes_to_standard_output_and_nothing_else_does() {
    let (code, stdout, stderr) = run(dial(&["--to", NUMBER, "--json"])).await;
    assert_eq!(code, Some(0), "{stderr}");
    let json: Value = serde_json::from_str(&stdout).expect("JSON");
    assert_eq!(
        (&json["mock"], &json["outcome"]),
        (&json!(true), &json!("placed"))
    );
    assert_eq!(json["receipt"]["vendor"], "feather");
}

#[tokio::test]
async fn with_the_environment_set_it_dials_for_real_and_exits_by_the_outcome() {
    for (status, code, outcome) in [
        (200, 0, "placed"),
        (402, 3, "not_placed"),
        (502, 4, "unknown"),
    ] {
        let server = Loopback::replying(status, r#"{"detail": "the vendor's words"}"#).await;
        let mut command = dial(&["--vendor", "feather", "--to", NUMBER, "--json"]);
        command
            .env("FEATHER_API_KEY", KEY)
            .env("FEATHER_FROM_PHONE_NUMBER_ID", FROM)
            .env("FEATHER_TEAM_ID", AGENT)
            .env("FEATHER_AGENT_ID", "")
            .env("FEATHER_BASE_URL", server.url());
        let (found, stdout, stderr) = run(command).await;
        assert_eq!(found, Some(code), "{stderr}");
        assert!(
            !stderr.contains("MOCK") && !stderr.contains(KEY),
            "{stderr}"
        );
        assert_eq!(
            stderr.contains("the vendor says: the vendor's words"),
            status != 200,
            "{stderr}"
        );
        let json: Value = serde_json::from_str(&stdout).expect("JSON");
        assert_eq!(
            (&json["mock"], &json["outcome"]),
            (&json!(false), &json!(outcome))
        );
        let [request] = &server.received()[..] else {
            panic!("one dial is one request");
        };
        assert_eq!(request.json()["team_id"], AGENT);
    }
}

#[tokio::test]
async fn bad_usage_and_bad_configuration_exit_with_2() {
    let cases = [
        (dial(&[]), "--to"),
        (dial(&["--to", "4155551234"]), "not an E.164 phone number"),
        (dial(&["--to", NUMBER, "--var", "=x"]), "NAME=VALUE"),
        (
            dial(&["--to", NUMBER, "--vendor", "acme"]),
            "possible values: feather, slng",
        ),
    ];
    for (command, expected) in cases {
        let (code, stdout, stderr) = run(command).await;
        assert_eq!((code, &*stdout), (Some(2), ""));
        assert!(stderr.contains(expected), "{stderr}");
    }
    let mut command = dial(&["--to", NUMBER, "--vendor", "slng"]);
    command
        .env("SLNG_API_KEY", "sk secret")
        .env("SLNG_AGENT_ID", "nonsense")
        .env("SLNG_BASE_URL", "http://example.com");
    let (code, _, stderr) = run(command).await;
    assert_eq!(code, Some(2), "{stderr}");
    for expected in [
        "`agent_id` (SLNG_AGENT_ID) is not a UUID (8 characters)",
        "`api_key` (SLNG_API_KEY) holds white space",
        "`base_url` (SLNG_BASE_URL) is http, which would send the key unprotected",
    ] {
        assert!(stderr.contains(expected), "{stderr}");
    }
    assert!(
        !stderr.contains("secret") && !stderr.contains("nonsense"),
        "{stderr}"
    );
}
