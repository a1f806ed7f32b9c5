//! What vendors reply, and what becomes of it.

use std::time::Duration;

use dialer_core::{
    DialError, ErrorKind, ErrorReply, FieldError, Outcome, Reply, Transport, Vendor, slng_api,
};
use serde_json::{Value, json};

use crate::vendor::{AGENT, Does, Loopback, NUMBER, call, dial, dialer, response};

async fn refused(vendor: Vendor, status: u16, headers: &[(&str, &str)], body: &str) -> DialError {
    dial(vendor, status, headers, body.as_bytes())
        .await
        .expect_err("not a 2xx")
}

#[tokio::test]
async fn feathers_documented_reply_is_a_typed_receipt() {
    let body =
        json!({"room_name": "r", "dispatch_id": "d", "agent_name": "a", "session_id": AGENT});
    let receipt = dial(
        Vendor::Feather,
        200,
        &[("x-request-id", "req-1")],
        body.to_string().as_bytes(),
    )
    .await
    .expect("placed");
    assert_eq!(receipt.id(), Some(AGENT));
    assert_eq!(receipt.uuid(), AGENT.parse().ok());
    assert_eq!(receipt.request_id(), Some("req-1"));
    let Some(Reply::Feather(reply)) = receipt.reply() else {
        panic!("documented");
    };
    assert_eq!((&*reply.room_name, &*reply.agent_name), ("r", "a"));
    assert_eq!(Value::Object(receipt.fields().clone()), body);
}

#[tokio::test]
async fn slngs_documented_reply_is_a_typed_receipt_and_its_new_fields_are_kept() {
    let body = json!({"call_id": AGENT, "message": "Call dispatched successfully", "region": "eu"});
    let receipt = dial(Vendor::Slng, 200, &[], body.to_string().as_bytes())
        .await
        .expect("placed");
    assert_eq!(receipt.id(), Some(AGENT));
    let Some(Reply::Slng(reply)) = receipt.reply() else {
        panic!("documented, and one field more");
    };
    assert_eq!(reply.extra["region"], "eu");
    assert_eq!(Value::Object(receipt.fields().clone()), body);
}

#[tokio::test]
async fn a_later_feather_reply_is_placed_with_its_session() {
    let body = json!({
        "room_name": null, "dispatch_id": null, "agent_name": "a", "session_id": AGENT,
        "queued": true, "agent_revision_id": null, "revision_source": "pin",
    });
    let receipt = dial(Vendor::Feather, 200, &[], body.to_string().as_bytes())
        .await
        .expect("placed");
    assert_eq!(receipt.id(), Some(AGENT));
    assert_eq!(receipt.reply(), None, "the document knows no null there");
    assert_eq!(Value::Object(receipt.fields().clone()), body);
    let json = serde_json::to_value(&receipt).expect("JSON");
    assert_eq!(json["fields"]["queued"], true);
    assert_eq!(
        (&json["vendor"], &json["id"]),
        (&json!("feather"), &json!(AGENT))
    );
}

#[tokio::test]
async fn a_2xx_is_a_receipt_whatever_its_body() {
    let whole = json!({"call_id": AGENT, "message": "m"}).to_string();
    let huge = format!(
        "{{\"call_id\": \"{AGENT}\", \"x\": \"{}\"}}",
        "x".repeat(1 << 20)
    );
    let bodies: [(&[u8], Option<&str>); 9] = [
        (b"", None),
        (b"OK", None),
        (b"<html>", None),
        (b"[]", None),
        (b"null", None),
        (b"\xff\xfe", None),
        (br#"{"call_id": null}"#, None),
        (br#"{"call_id": 7, "message": []}"#, Some("7")),
        (huge.as_bytes(), Some(AGENT)),
    ];
    for (body, id) in bodies {
        let receipt = dial(Vendor::Slng, 200, &[], body).await.expect("placed");
        assert_eq!(receipt.id(), id, "{}", String::from_utf8_lossy(body));
        assert_eq!(receipt.reply(), None);
    }
    for status in [201, 202, 204, 206, 299] {
        let body = if status == 204 { "" } else { &whole };
        let receipt = dial(Vendor::Slng, status, &[], body.as_bytes())
            .await
            .expect("placed");
        assert_eq!(receipt.status(), status);
        assert_eq!(receipt.id().is_some(), status != 204, "{status}");
    }
}

/// The tests build reqwest with `gzip`, as another crate of a user's may.
#[tokio::test]
async fn a_body_that_says_gzip_is_kept_as_it_is() {
    let server = Loopback::that(Does::Replies(response(
        200,
        &[("content-encoding", "gzip")],
        b"\x1f\x8b\x08 not really",
    )))
    .await;
    let receipt = dialer(Vendor::Slng, &server.url(), Transport::new())
        .dial(&call())
        .await
        .expect("placed");
    assert_eq!(receipt.body(), b"\x1f\x8b\x08 not really");
    assert!(receipt.is_complete());
    let asked = server.received();
    assert!(
        asked[0]
            .headers
            .iter()
            .all(|(name, _)| name != "accept-encoding"),
        "{asked:?}"
    );
}

#[tokio::test]
async fn a_2xx_whose_headers_are_not_quite_is_a_receipt() {
    for header in [
        "bad header: x",
        "nocolon",
        "a: b\r\n c",
        "a : b",
        "a: \u{e9}",
    ] {
        let bytes = format!(
            "HTTP/1.1 200 OK\r\n{header}\r\nconnection: close\r\n\r\n{{\"call_id\": \"c\"}}"
        );
        let server = Loopback::that(Does::Replies(bytes.into())).await;
        let receipt = dialer(Vendor::Slng, &server.url(), Transport::new())
            .dial(&call())
            .await
            .expect(header);
        assert_eq!(receipt.id(), Some("c"), "{header}");
    }
}

#[tokio::test]
async fn a_content_length_that_is_wrong_costs_the_body_and_one_that_is_none_the_reply() {
    let replying = async |head: &str| {
        let bytes =
            format!("HTTP/1.1 200 OK\r\n{head}\r\nconnection: close\r\n\r\n{{\"call_id\": \"c\"}}");
        let server = Loopback::that(Does::Replies(bytes.into())).await;
        dialer(Vendor::Slng, &server.url(), Transport::new())
            .dial(&call())
            .await
    };
    for (head, body, complete) in [
        ("content-length: 16", "{\"call_id\": \"c\"}", true),
        ("content-length: 99", "{\"call_id\": \"c\"}", false),
        ("content-length: 3", "{\"c", true),
        ("content-length: 0", "", true),
    ] {
        let receipt = replying(head).await.expect("placed");
        let read = (receipt.body(), receipt.is_complete());
        assert_eq!(read, (body.as_bytes(), complete), "{head}");
    }
    for head in [
        "content-length: abc",
        "content-length: -1",
        "content-length: 2\r\ncontent-length: 3",
    ] {
        let error = replying(head).await.expect_err("not HTTP");
        assert_eq!(
            (error.outcome(), error.status()),
            (Outcome::Unknown, None),
            "{head}"
        );
    }
}

#[tokio::test]
async fn feathers_documented_422_is_decoded() {
    let body = json!({"detail": [{
        "loc": ["body", "to_phone_number"], "msg": "String should match pattern", "type": "string_pattern_mismatch",
        "input": NUMBER, "ctx": {"pattern": "^"}, "url": "https://errors.example.com",
    }]});
    let error = refused(Vendor::Feather, 422, &[], &body.to_string()).await;
    assert_eq!(
        (error.kind(), error.outcome()),
        (ErrorKind::Rejected, Outcome::NotPlaced)
    );
    let [field] = error.field_errors() else {
        panic!("one field error");
    };
    assert_eq!(field.loc, ["body", "to_phone_number"]);
    assert_eq!(field.kind.as_deref(), Some("string_pattern_mismatch"));
    let Some(ErrorReply::Feather(reply)) = error.reply() else {
        panic!("documented");
    };
    assert_eq!(reply.detail[0].msg, "String should match pattern");
    assert_eq!(reply.detail[0].extra["url"], "https://errors.example.com");
    assert!(!format!("{error} {error:?}").contains(NUMBER), "{error:?}");
}

#[tokio::test]
async fn feathers_undocumented_refusals_are_understood() {
    let body = r#"{"error": "authentication_required", "message": "Provide an API key."}"#;
    let error = refused(Vendor::Feather, 401, &[], body).await;
    assert_eq!(
        (error.kind(), error.outcome()),
        (ErrorKind::Authentication, Outcome::NotPlaced)
    );
    assert_eq!(error.vendor_message(), Some("Provide an API key."));
    assert_eq!(error.body(), body.as_bytes());
    assert_eq!(
        error.to_string(),
        "Feather: replied 401 (authentication); no call was placed"
    );

    let body = r#"{"error": "rate_limited", "message": "Slow down.", "retryable": true, "retry_after": 3}"#;
    let error = refused(Vendor::Feather, 429, &[("retry-after", "3")], body).await;
    assert_eq!(
        (error.kind(), error.outcome()),
        (ErrorKind::RateLimited, Outcome::NotPlaced)
    );
    assert!(error.is_transient());
    assert_eq!(error.retry_after(), Some(Duration::from_secs(3)));
}

#[tokio::test]
async fn every_status_that_slng_documents_is_decoded_in_every_shape() {
    let kinds = [
        (400, ErrorKind::Rejected),
        (401, ErrorKind::Authentication),
        (402, ErrorKind::InsufficientCredit),
        (403, ErrorKind::Permission),
        (404, ErrorKind::NotFound),
        (422, ErrorKind::Rejected),
        (500, ErrorKind::VendorFault),
        (502, ErrorKind::VendorFault),
    ];
    let entry = json!({"loc": ["body", "phone_number"], "msg": "bad", "type": "t"});
    let fields = json!([{"path": "phone_number", "message": "bad"}]);
    let bodies = [
        (
            json!({"error": "no", "slng_request_id": "s1"}),
            Some("no"),
            Some("s1"),
            0,
        ),
        (json!({"detail": "no"}), Some("no"), None, 0),
        (json!({"detail": [entry]}), None, None, 1),
        (
            json!({"detail": "x", "error": {"code": "c", "message": "no", "request_id": "s2", "fields": fields}}),
            Some("no"),
            Some("s2"),
            1,
        ),
    ];
    for (status, kind) in kinds {
        for (body, message, request_id, fields) in &bodies {
            let error = refused(Vendor::Slng, status, &[], &body.to_string()).await;
            let outcome = if status < 500 {
                Outcome::NotPlaced
            } else {
                Outcome::Unknown
            };
            assert_eq!(
                (error.kind(), error.outcome()),
                (kind, outcome),
                "{status} {body}"
            );
            assert_eq!(error.status(), Some(status));
            assert_eq!(error.vendor_message(), *message, "{status} {body}");
            assert_eq!(error.request_id(), *request_id, "{status} {body}");
            assert_eq!(error.field_errors().len(), *fields, "{status} {body}");
            let Some(ErrorReply::Slng(reply)) = error.reply() else {
                panic!("{status} {body} is typed");
            };
            assert_eq!(
                &serde_json::to_value(reply).expect("JSON"),
                body,
                "nothing is lost"
            );
        }
    }
}

#[tokio::test]
async fn slngs_error_object_is_typed() {
    let error = refused(
        Vendor::Slng,
        400,
        &[],
        r#"{"error": {"code": "c", "message": "no"}}"#,
    )
    .await;
    let Some(ErrorReply::Slng(reply)) = error.reply() else {
        panic!("typed");
    };
    assert!(
        matches!(&reply.error, Some(slng_api::types::ErrorResponseError::Object(object)) if object["code"] == "c")
    );
}

#[tokio::test]
async fn a_refusal_whose_body_is_no_json_is_understood_by_its_status() {
    let html = "<html><body>502 Bad Gateway</body></html>";
    let error = refused(
        Vendor::Slng,
        502,
        &[("content-type", "text/html"), ("cf-ray", "ray-1")],
        html,
    )
    .await;
    assert_eq!(
        (error.kind(), error.outcome()),
        (ErrorKind::VendorFault, Outcome::Unknown)
    );
    assert_eq!(
        (error.request_id(), error.body()),
        (Some("ray-1"), html.as_bytes())
    );
    assert_eq!(
        error.to_string(),
        "SLNG: replied 502 (vendor fault); a call may have been placed"
    );

    let error = refused(Vendor::Slng, 401, &[], "").await;
    assert_eq!(
        (error.kind(), error.outcome()),
        (ErrorKind::Authentication, Outcome::NotPlaced)
    );
    assert_eq!(error.reply(), None);
    assert_eq!(error.field_errors(), &[] as &[FieldError]);
}

#[tokio::test]
async fn the_vendors_request_id_goes_before_its_edges() {
    let body = r#"{"error": "x", "slng_request_id": "slng-42"}"#;
    let edge = ("cf-ray", "ray-1");
    let error = refused(Vendor::Slng, 502, &[edge], body).await;
    assert_eq!(error.request_id(), Some("slng-42"));
    let error = refused(Vendor::Slng, 502, &[edge, ("x-request-id", "r")], body).await;
    assert_eq!(error.request_id(), Some("r"));
    assert_eq!(error.headers()["cf-ray"], "ray-1", "every header is kept");
    let receipt = dial(Vendor::Slng, 200, &[edge], b"{}")
        .await
        .expect("placed");
    assert_eq!(
        (receipt.request_id(), &receipt.headers()["cf-ray"]),
        (Some("ray-1"), &"ray-1".parse().unwrap())
    );
}

#[tokio::test]
async fn retry_after_is_read_from_the_body_where_no_header_says_it() {
    let body = r#"{"error": "rate_limited", "message": "m", "retry_after": 3.5}"#;
    let error = refused(Vendor::Feather, 429, &[], body).await;
    assert_eq!(error.retry_after(), Some(Duration::from_millis(3500)));
    let error = refused(Vendor::Feather, 429, &[("retry-after", "7")], body).await;
    assert_eq!(error.retry_after(), Some(Duration::from_secs(7)));
    for body in [
        r#"{"retry_after": -1}"#,
        r#"{"retry_after": "soon"}"#,
        r#"{"retry_after": null}"#,
    ] {
        assert_eq!(
            refused(Vendor::Feather, 429, &[], body).await.retry_after(),
            None,
            "{body}"
        );
    }
}

#[tokio::test]
async fn an_error_can_be_written_as_json() {
    let body = r#"{"detail": [{"loc": ["body"], "msg": "bad", "type": "t"}]}"#;
    let error = refused(Vendor::Slng, 422, &[("x-request-id", "r")], body).await;
    let json = serde_json::to_value(&error).expect("JSON");
    let expected = json!({
        "vendor": "slng", "outcome": "not_placed", "kind": "rejected", "transient": false, "timeout": false,
        "message": "SLNG: replied 422 (rejected); no call was placed", "status": 422,
        "retry_after_seconds": null, "request_id": "r", "vendor_message": null,
        "field_errors": [{"loc": ["body"], "msg": "bad", "type": "t"}],
    });
    for (key, value) in expected.as_object().expect("an object") {
        assert_eq!(&json[key], value, "{key}");
    }
    assert_eq!(json["attempts"][0]["status"], 422);
}

#[tokio::test]
async fn retry_after_is_read_in_seconds_and_as_a_date() {
    let never = "Fri, 31 Dec 9999 23:59:59 GMT";
    let past = "Sun, 06 Nov 1994 08:49:37 GMT";
    let ninety = Duration::from_secs(90);
    let cases = [
        ("90", Some(ninety)),
        (" 90 ", Some(ninety)),
        ("0", Some(Duration::ZERO)),
        (past, Some(Duration::ZERO)),
    ];
    for (header, expected) in cases
        .into_iter()
        .chain([("soon", None), ("-1", None), ("", None)])
    {
        let error = refused(Vendor::Slng, 429, &[("retry-after", header)], "").await;
        assert_eq!(error.retry_after(), expected, "{header:?}");
        assert!(error.is_transient());
    }
    let error = refused(Vendor::Slng, 429, &[("retry-after", never)], "").await;
    let year = Duration::from_secs(365 * 24 * 60 * 60);
    assert_eq!(
        error.retry_after(),
        Some(year),
        "no more, so that it can be added to any time"
    );
    let error = refused(
        Vendor::Slng,
        429,
        &[("retry-after", "18446744073709551615")],
        "",
    )
    .await;
    assert_eq!(error.retry_after(), Some(year));
}
