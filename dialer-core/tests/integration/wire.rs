//! What goes over the wire, to the byte.

use dialer_core::{Call, Dialer, ErrorKind, Outcome, Transport, Vendor};
use serde_json::json;

use crate::vendor::{AGENT, FROM, KEY, Loopback, NUMBER, Request, call, dialer};

async fn sent(vendor: Vendor) -> Request {
    let server = Loopback::replying(200, "{}").await;
    dialer(vendor, &server.url(), Transport::new())
        .dial(&call())
        .await
        .expect("200");
    let [request] = &server.received()[..] else {
        panic!("one dial is one request");
    };
    assert!(
        request
            .headers
            .contains(&("host".into(), server.address.to_string()))
    );
    request.clone()
}

/// Names and values of the headers, in order of name, `host` left out.
fn headers(request: &Request) -> Vec<(&str, &str)> {
    let mut headers: Vec<_> = request
        .headers
        .iter()
        .map(|(name, value)| (&**name, &**value))
        .collect();
    headers.retain(|(name, _)| *name != "host");
    headers.sort_unstable();
    headers
}

fn times_the_key_is_in(request: &Request) -> usize {
    let body = String::from_utf8_lossy(&request.body);
    format!("{} {:?} {body}", request.line, request.headers)
        .matches(KEY)
        .count()
}

#[tokio::test]
async fn feather_is_asked_as_its_document_says() {
    let request = sent(Vendor::Feather).await;
    assert_eq!(request.line, "POST /v1/voice/outbound HTTP/1.1");
    assert_eq!(
        headers(&request),
        [
            ("accept", "application/json"),
            ("content-length", &*request.body.len().to_string()),
            ("content-type", "application/json"),
            (
                "user-agent",
                concat!("dialer-core/", env!("CARGO_PKG_VERSION"))
            ),
            ("x-api-key", KEY),
        ]
    );
    assert_eq!(
        request.json(),
        json!({
            "from_phone_number_id": FROM,
            "to_phone_number": NUMBER,
            "agent_id": AGENT,
            "context_variables": {"patient_name": "Maria"},
        })
    );
    assert_eq!(times_the_key_is_in(&request), 1);
}

#[tokio::test]
async fn slng_is_asked_as_its_document_says() {
    let request = sent(Vendor::Slng).await;
    assert_eq!(
        request.line,
        format!("POST /v1/agents/{AGENT}/calls HTTP/1.1")
    );
    assert_eq!(
        headers(&request),
        [
            ("accept", "application/json"),
            ("authorization", &*format!("Bearer {KEY}")),
            ("content-length", &*request.body.len().to_string()),
            ("content-type", "application/json"),
            (
                "user-agent",
                concat!("dialer-core/", env!("CARGO_PKG_VERSION"))
            ),
        ]
    );
    assert_eq!(
        request.json(),
        json!({"phone_number": NUMBER, "arguments": {"patient_name": "Maria"}})
    );
    assert_eq!(times_the_key_is_in(&request), 1);
}

#[tokio::test]
async fn what_is_not_set_is_not_sent() {
    let server = Loopback::replying(200, "{}").await;
    let number = NUMBER.parse().expect("a number");
    let feather = Dialer::feather()
        .api_key(KEY)
        .from_phone_number_id(FROM.parse().expect("a UUID"))
        .base_url(server.url() + "/")
        .build()
        .expect("all is set");
    feather.dial(&Call::to(number)).await.expect("200");
    let [request] = &server.received()[..] else {
        panic!("one dial is one request");
    };
    assert_eq!(
        request.line, "POST /v1/voice/outbound HTTP/1.1",
        "the slash is not doubled"
    );
    assert_eq!(
        request.json(),
        json!({"from_phone_number_id": FROM, "to_phone_number": NUMBER})
    );
}

#[tokio::test]
async fn feather_takes_a_team_and_values_of_any_type() {
    let server = Loopback::replying(200, "{}").await;
    let feather = Dialer::feather()
        .api_key(KEY)
        .from_phone_number_id(FROM.parse().expect("a UUID"))
        .team_id(AGENT.parse().expect("a UUID"))
        .base_url(server.url())
        .build()
        .expect("all is set");
    let call = Call::to(NUMBER.parse().expect("a number"))
        .variable("visits", 3)
        .variable("member", true)
        .variable("plan", json!({"name": "x", "until": null}));
    feather.dial(&call).await.expect("200");
    assert_eq!(
        server.received()[0].json(),
        json!({
            "from_phone_number_id": FROM,
            "to_phone_number": NUMBER,
            "team_id": AGENT,
            "context_variables": {"visits": 3, "member": true, "plan": {"name": "x", "until": null}},
        })
    );
}

#[tokio::test]
async fn an_invalid_call_is_not_sent_and_names_all_that_is_wrong() {
    let server = Loopback::replying(200, "{}").await;
    let slng = dialer(Vendor::Slng, &server.url(), Transport::new());
    let call = Call::to(NUMBER.parse().expect("a number"))
        .variable("age", 42)
        .variable("name", "x".repeat(1025))
        .variable("ok", "x".repeat(1024));
    let error = slng.dial(&call).await.expect_err("invalid");
    assert_eq!(
        (error.outcome(), error.kind()),
        (Outcome::NotPlaced, ErrorKind::InvalidCall)
    );
    assert!(!error.is_transient());
    assert_eq!(
        error.to_string(),
        "SLNG: the call is invalid: arguments.age: SLNG takes text only, and this is a number (2 characters); \
         arguments.name: longer than 1024 characters (1025 given); no call was placed"
    );
    assert_eq!(error.field_errors()[0].loc, ["arguments", "age"]);

    let many = (0..33).fold(self::call(), |call, n| {
        call.variable(format!("v{n}"), "x".repeat(256))
    });
    let error = slng.dial(&many).await.expect_err("invalid").to_string();
    assert!(
        error.contains("34 variables, and SLNG takes at most 32"),
        "{error}"
    );
    assert!(
        error.contains("8453 characters in all, and SLNG takes at most 8192"),
        "{error}"
    );

    let feather = dialer(Vendor::Feather, &server.url(), Transport::new());
    let short = Call::to("+12345".parse().expect("E.164"));
    let error = feather.dial(&short).await.expect_err("invalid");
    assert_eq!(error.field_errors()[0].loc, ["to_phone_number"]);
    assert!(error.to_string().contains("(6 characters)"), "{error}");
    assert!(!error.to_string().contains("12345"), "{error}");

    let template = Call::to_template("{{phone}}");
    let error = feather.dial(&template).await.expect_err("invalid");
    assert!(
        error
            .to_string()
            .contains("to_phone_number: Feather takes a number, not a template"),
        "{error}"
    );

    let odd = self::call()
        .variable("a\nb", 1)
        .variable("x".repeat(5000), 1);
    let odd = (0..9).fold(odd, |call, n| call.variable(format!("v{n}"), n));
    let error = slng.dial(&odd).await.expect_err("invalid");
    let shown = error.to_string();
    assert!(!shown.contains('\n') && shown.len() < 1200, "{shown}");
    assert!(
        shown.ends_with("and 6 more; no call was placed")
            || shown.ends_with("and 7 more; no call was placed"),
        "{shown}"
    );
    assert!(error.field_errors().len() >= 11);

    assert_eq!(server.received().len(), 0);
}

#[tokio::test]
async fn the_limits_themselves_are_taken() {
    let server = Loopback::replying(200, "{}").await;
    let slng = dialer(Vendor::Slng, &server.url(), Transport::new());
    let number = NUMBER.parse().expect("a number");
    let most = (0..32).fold(Call::to(number), |call, n| {
        call.variable(format!("v{n}"), "é".repeat(256))
    });
    slng.dial(&most)
        .await
        .expect("32 variables, 8192 characters");
    assert_eq!(server.received().len(), 1);
}
