//! The mock, services, schemas: what a dialer is used with.

use std::{sync::Arc, time::Duration};

use dialer_core::{
    Call, Destination, Dial, ErrorKind, Outcome, PhoneNumber, Receipt, Vendor,
    mock::{self, CALL_ID, MockVendor},
};
use serde_json::json;
use tower::{Service as _, ServiceBuilder, ServiceExt as _};

use crate::vendor::call;

#[tokio::test]
async fn each_helper_of_the_mock_does_what_it_says() {
    for vendor in [MockVendor::feather().await, MockVendor::slng().await] {
        let dialer = vendor.dialer();
        let mut mock = vendor.places();
        let receipt = dialer.dial(&call()).await.expect("placed");
        assert_eq!(receipt.uuid(), Some(CALL_ID));
        assert!(receipt.reply().is_some(), "as documented");
        mock.delete();

        for (status, outcome) in [
            (402, Outcome::NotPlaced),
            (422, Outcome::NotPlaced),
            (500, Outcome::Unknown),
        ] {
            let mut mock = vendor.refuses(status);
            let error = dialer.dial(&call()).await.expect_err("refused");
            assert_eq!((error.status(), error.outcome()), (Some(status), outcome));
            assert!(error.vendor_message().is_some() || !error.field_errors().is_empty());
            mock.delete();
        }

        let mut mock = vendor.answers_html(502);
        let error = dialer.dial(&call()).await.expect_err("502");
        assert_eq!(error.outcome(), Outcome::Unknown);
        assert!(error.body().starts_with(b"<html>"));
        mock.delete();

        let mock = vendor.hangs();
        let error = dialer
            .within(Duration::from_millis(200))
            .dial(&call())
            .await
            .expect_err("no reply");
        assert_eq!(
            (error.outcome(), error.is_timeout()),
            (Outcome::Unknown, true)
        );
        mock.assert();
    }
}

#[test]
fn results_without_a_server_are_judged_as_a_dialers_are() {
    assert_eq!(
        mock::no_connection(Vendor::Slng).outcome(),
        Outcome::NotPlaced
    );
    assert!(mock::no_connection(Vendor::Slng).is_transient());
    assert_eq!(mock::no_reply(Vendor::Slng).outcome(), Outcome::Unknown);
    assert_eq!(mock::no_reply(Vendor::Slng).kind(), ErrorKind::Transport);
    assert!(mock::reply(Vendor::Feather, 204, &[], "").is_ok());
}

#[tokio::test]
async fn a_dialer_is_a_service_and_takes_layers() {
    let vendor = MockVendor::slng().await;
    let mock = vendor.places();
    let mut service = ServiceBuilder::new()
        .concurrency_limit(2)
        .service(vendor.dialer());
    let receipt = service
        .ready()
        .await
        .expect("ready")
        .call(call())
        .await
        .expect("placed");
    assert_eq!(receipt.uuid(), Some(CALL_ID));

    let any: Arc<dyn Dial> = Arc::new(vendor.dialer());
    let receipt = any.oneshot(call()).await.expect("placed");
    assert_eq!(receipt.uuid(), Some(CALL_ID));
    mock.assert_calls(2);
}

#[test]
fn a_call_and_a_receipt_survive_json() {
    let json = json!({"to": "+14155551234", "variables": {"patient_name": "Maria"}});
    assert_eq!(serde_json::to_value(call()).expect("JSON"), json);
    assert_eq!(
        serde_json::from_value::<Call>(json).expect("a call"),
        call()
    );

    let bare: Call = serde_json::from_value(json!({"to": "+14155551234"})).expect("a call");
    assert!(bare.variables().is_empty());
    let template = Call::to_template("{{phone}}");
    let json = serde_json::to_value(&template).expect("JSON");
    assert_eq!(json, json!({"to": {"template": "{{phone}}"}}));
    assert_eq!(
        serde_json::from_value::<Call>(json).expect("a call"),
        template
    );

    for wrong in [
        json!({"to": "{{phone}}"}),
        json!({"to": "4155551234"}),
        json!({}),
        json!({"to": "+12", "x": 1}),
    ] {
        assert!(
            serde_json::from_value::<Call>(wrong.clone()).is_err(),
            "{wrong}"
        );
    }

    let receipt = mock::reply(
        Vendor::Slng,
        200,
        &[("x-request-id", "r")],
        r#"{"call_id": "c", "x": [null]}"#,
    );
    let receipt = receipt.expect("placed");
    let json = serde_json::to_value(&receipt).expect("JSON");
    let back: Receipt = serde_json::from_value(json.clone()).expect("a receipt");
    assert_eq!(serde_json::to_value(&back).expect("JSON"), json);
    assert_eq!(
        (back.id(), back.request_id(), back.attempts()),
        (Some("c"), Some("r"), receipt.attempts())
    );
}

#[test]
fn a_national_number_needs_its_region() {
    for (text, region, expected) in [
        ("(415) 555-2671", "US", Some("+14155552671")),
        ("030 123456", "DE", Some("+4930123456")),
        ("+44 20 7946 0018", "US", Some("+442079460018")),
        ("030 123456", "US", None),
        ("415-555-2671", "XX", None),
        ("", "US", None),
        ("911", "US", None),
    ] {
        let number = PhoneNumber::national(text, region).ok();
        assert_eq!(
            number.as_ref().map(PhoneNumber::as_str),
            expected,
            "{text} in {region}"
        );
    }
}

#[test]
fn a_template_is_a_destination_by_name_only() {
    assert!(matches!(
        Call::to_template("+14155551234").destination(),
        Destination::Template { .. }
    ));
    assert!(!format!("{:?}", Call::to_template("{{secret}}")).contains("secret"));
}
