//! The typed mocks, as a user's tests would use them.

use dialer_core::{Outcome, Transport, Vendor, feather_api, slng_api};
use httpmock::MockServer;

use crate::vendor::{AGENT, FROM, NUMBER, call, dialer};

#[tokio::test]
async fn feathers_mock_checks_the_request_and_replies_typed() {
    use feather_api::{
        mock::MockServerExt as _,
        types::{OutboundRequest, OutboundResponse},
    };
    let server = MockServer::start_async().await;
    let expected: OutboundRequest = serde_json::from_value(serde_json::json!({
        "from_phone_number_id": FROM, "to_phone_number": NUMBER, "agent_id": AGENT,
        "context_variables": {"patient_name": "Maria"},
    }))
    .expect("documented");
    let reply = OutboundResponse::builder()
        .room_name("r")
        .dispatch_id("d")
        .agent_name("a");
    let reply = reply.session_id(AGENT.parse::<uuid::Uuid>().expect("a UUID"));
    let reply: OutboundResponse = reply
        .try_into()
        .expect("the undocumented fields are none unless set");
    let mock = server.outbound(|when, then| {
        when.body(&expected);
        then.ok(&reply);
    });
    let dialer = dialer(Vendor::Feather, &server.base_url(), Transport::new());
    let receipt = dialer.dial(&call()).await.expect("placed");
    assert_eq!(receipt.id(), Some(AGENT));
    mock.assert();
}

#[tokio::test]
async fn slngs_mock_refuses_typed() {
    use slng_api::{mock::MockServerExt as _, types::ErrorResponse};
    let server = MockServer::start_async().await;
    let reply = ErrorResponse::builder().error(slng_api::types::ErrorResponseError::String(
        "no credit".into(),
    ));
    let reply: ErrorResponse = reply.try_into().expect("nothing is required");
    let mock = server.dispatch_call(|when, then| {
        when.agent_id(&AGENT.parse().expect("a UUID"));
        then.payment_required(&reply);
    });
    let error = dialer(Vendor::Slng, &server.base_url(), Transport::new())
        .dial(&call())
        .await
        .expect_err("402");
    assert_eq!(
        (error.outcome(), error.vendor_message()),
        (Outcome::NotPlaced, Some("no credit"))
    );
    mock.assert();
}
