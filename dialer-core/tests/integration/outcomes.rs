//! The table of outcomes, each row over a socket. What the vendor received is
//! the truth that the verdict is held against.

use std::time::Duration;

use dialer_core::{DialError, Dialer, ErrorKind, Outcome, Transport, Vendor};
use tokio::net::TcpListener;

use crate::vendor::{AGENT, Does, KEY, Loopback, NUMBER, call, dial, dialer, response};

fn hasty() -> Transport {
    Transport::new()
        .connect_timeout(Duration::from_millis(300))
        .timeout(Duration::from_millis(900))
}

/// Fails at `url`; checks that neither the key nor the number shows.
async fn fails(vendor: Vendor, url: &str) -> DialError {
    let error = dialer(vendor, url, hasty())
        .dial(&call())
        .await
        .expect_err("no 2xx");
    let mut shown = format!("{error} {error:?}");
    let mut source = std::error::Error::source(&error);
    while let Some(cause) = source {
        shown += &format!(" {cause} {cause:?}");
        source = cause.source();
    }
    assert!(!shown.contains(KEY) && !shown.contains(NUMBER), "{shown}");
    error
}

const BOTH: [Vendor; 2] = [Vendor::Feather, Vendor::Slng];

#[tokio::test]
async fn without_a_connection_no_call_was_placed() {
    let closed = TcpListener::bind(("127.0.0.1", 0)).await.expect("loopback");
    let port = closed.local_addr().expect("bound").port();
    drop(closed);
    for vendor in BOTH {
        for url in [
            format!("http://127.0.0.1:{port}"),
            "http://dialer.invalid.localhost:1".into(),
        ] {
            let error = fails(vendor, &url).await;
            assert_eq!(
                (error.outcome(), error.kind()),
                (Outcome::NotPlaced, ErrorKind::Transport),
                "{url}"
            );
            assert!(error.is_transient() && !error.is_timeout());
            assert_eq!(
                error.to_string(),
                format!("{vendor}: no connection; no call was placed")
            );
        }
    }
}

#[tokio::test]
async fn a_name_that_does_not_resolve_is_no_connection() {
    let error = fails(Vendor::Slng, "https://dialer.invalid").await;
    assert_eq!(
        (error.outcome(), error.is_transient()),
        (Outcome::NotPlaced, true)
    );
}

#[cfg(any(feature = "rustls", feature = "native-tls"))]
#[tokio::test]
async fn a_tls_handshake_that_is_refused_or_stalls_is_no_connection() {
    let plain = Loopback::that(Does::Closes).await;
    let error = fails(Vendor::Slng, &format!("https://{}", plain.address)).await;
    assert_eq!(
        (error.outcome(), error.is_transient()),
        (Outcome::NotPlaced, true)
    );
    assert_eq!(plain.received().len(), 0);

    let silent = TcpListener::bind(("127.0.0.1", 0)).await.expect("loopback");
    let error = fails(
        Vendor::Slng,
        &format!("https://{}", silent.local_addr().expect("bound")),
    )
    .await;
    assert_eq!(
        (error.outcome(), error.is_transient()),
        (Outcome::NotPlaced, true)
    );
    assert!(error.is_timeout());
    assert_eq!(
        error.to_string(),
        "SLNG: connecting took too long; no call was placed"
    );
}

#[tokio::test]
async fn once_connected_a_failure_leaves_it_unknown() {
    let faults = [
        ("closed at once", Does::ClosesAtOnce, 0),
        (
            "closed in the middle of the request",
            Does::ClosesMidRequest,
            0,
        ),
        ("closed after the request", Does::Closes, 1),
        ("reset after the request", Does::Resets, 1),
        ("no reply", Does::Stalls(Vec::new()), 1),
        (
            "half a status line",
            Does::Replies(b"HTTP/1.1 20".to_vec()),
            1,
        ),
        (
            "headers without end",
            Does::Stalls(b"HTTP/1.1 200 OK\r\na: b\r\n".to_vec()),
            1,
        ),
        (
            "garbage",
            Does::Replies(b"220 smtp.example.com ESMTP\r\n".to_vec()),
            1,
        ),
        (
            "only 100 Continue",
            Does::Stalls(b"HTTP/1.1 100 Continue\r\n\r\n".to_vec()),
            1,
        ),
    ];
    for vendor in BOTH {
        for (name, does, received) in faults.clone() {
            let server = Loopback::that(does).await;
            let error = fails(vendor, &server.url()).await;
            assert_eq!(
                (error.outcome(), error.kind()),
                (Outcome::Unknown, ErrorKind::Transport),
                "{name}"
            );
            assert!(!error.is_transient(), "{name}");
            assert_eq!(
                server.received().len(),
                received,
                "{name}: sent once, or never whole"
            );
        }
    }
}

#[tokio::test]
async fn a_reply_that_is_cut_keeps_the_verdict_of_its_status() {
    let head = |status| {
        format!(
            "HTTP/1.1 {status} X\r\ncontent-length: 1000\r\n\r\n{{\"call_id\": \"{AGENT}\", \"mess"
        )
    };
    let chunked =
        |status| format!("HTTP/1.1 {status} X\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n");
    for bytes in [head(200), chunked(200)] {
        for does in [
            Does::Replies(bytes.clone().into()),
            Does::Stalls(bytes.clone().into()),
        ] {
            let server = Loopback::that(does).await;
            let receipt = dialer(Vendor::Slng, &server.url(), hasty())
                .dial(&call())
                .await
                .expect("200");
            assert_eq!(receipt.id().is_some(), bytes.contains(AGENT));
            assert_eq!(receipt.reply(), None);
        }
    }
    for (bytes, outcome) in [
        (head(402), Outcome::NotPlaced),
        (head(503), Outcome::Unknown),
    ] {
        let server = Loopback::that(Does::Replies(bytes.into())).await;
        let error = fails(Vendor::Slng, &server.url()).await;
        assert_eq!(error.outcome(), outcome);
        assert!(error.body().starts_with(b"{\"call_id\""));
    }
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_cut_and_the_receipt_stands() {
    let body = format!(
        "{{\"call_id\": \"{AGENT}\", \"x\": \"{}\"}}",
        "x".repeat(1000)
    );
    let server = Loopback::replying(200, &body).await;
    let dialer = dialer(
        Vendor::Slng,
        &server.url(),
        Transport::new().max_reply_bytes(100),
    );
    let receipt = dialer.dial(&call()).await.expect("200");
    assert_eq!((receipt.id(), receipt.body().len()), (Some(AGENT), 100));
}

#[tokio::test]
async fn every_status_has_its_outcome() {
    for status in 200..=599 {
        let result = dial(Vendor::Feather, status, &[], b"{}").await;
        let (outcome, transient) = match &result {
            Ok(_) => (Outcome::Placed, false),
            Err(error) => (error.outcome(), error.is_transient()),
        };
        let expected = match status {
            200..=299 => Outcome::Placed,
            307 | 308 | 400..=405 | 413 | 415 | 422 | 429 => Outcome::NotPlaced,
            _ => Outcome::Unknown,
        };
        assert_eq!((outcome, transient), (expected, status == 429), "{status}");
    }
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let elsewhere = Loopback::replying(200, "{}").await;
    for status in [301, 302, 303, 307, 308] {
        for target in [
            elsewhere.url(),
            "http://127.0.0.1:1/".into(),
            "ftp://127.0.0.1/".into(),
            "/same".into(),
        ] {
            let error = dial(Vendor::Feather, status, &[("location", &target)], b"")
                .await
                .expect_err("3xx");
            let expected = if status < 307 {
                Outcome::Unknown
            } else {
                Outcome::NotPlaced
            };
            assert_eq!(
                (error.outcome(), error.is_transient()),
                (expected, false),
                "{status} {target}"
            );
        }
    }
    assert_eq!(elsewhere.received().len(), 0, "the key went nowhere else");
}

fn with_client_of_callers(url: &str) -> Dialer {
    Dialer::slng()
        .api_key(KEY)
        .agent_id(AGENT.parse().expect("a UUID"))
        .base_url(url)
        .unverified_client(reqwest::Client::new())
        .build()
        .expect("all is set")
}

#[tokio::test]
async fn a_client_of_the_callers_proves_only_that_a_call_was_placed() {
    let whole = Loopback::replying(200, "{}").await;
    assert!(
        with_client_of_callers(&whole.url())
            .dial(&call())
            .await
            .is_ok()
    );

    let refuses = Loopback::replying(401, "{}").await;
    let error = with_client_of_callers(&refuses.url())
        .dial(&call())
        .await
        .expect_err("401");
    assert_eq!(
        (error.outcome(), error.kind()),
        (Outcome::Unknown, ErrorKind::Authentication)
    );

    let error = with_client_of_callers("http://127.0.0.1:1")
        .dial(&call())
        .await
        .expect_err("refused");
    assert_eq!(
        (error.outcome(), error.kind()),
        (Outcome::Unknown, ErrorKind::Transport)
    );

    // It follows redirects: the 200 is a login page's, asked with GET.
    let login = Loopback::replying(200, "{}").await;
    let location = [("location", &*login.url())];
    let redirects = Loopback::that(Does::Replies(response(302, &location, b""))).await;
    let error = with_client_of_callers(&redirects.url())
        .dial(&call())
        .await
        .expect_err("not proven");
    assert_eq!(
        (error.outcome(), error.kind()),
        (Outcome::Unknown, ErrorKind::UnexpectedStatus)
    );
    assert_eq!(login.received()[0].line, "GET / HTTP/1.1");
}

#[tokio::test]
async fn no_proxy_is_taken_from_the_environment_unless_asked_for() {
    // The environment is the process's: the example, run as a child, shows it.
    let vendor = Loopback::replying(200, "{}").await;
    let proxy = Loopback::replying(200, "{}").await;
    let output = crate::example::dial(&["--vendor", "slng", "--to", NUMBER])
        .env("SLNG_API_KEY", KEY)
        .env("SLNG_AGENT_ID", AGENT)
        .env("SLNG_BASE_URL", vendor.url())
        .env("HTTP_PROXY", proxy.url())
        .env("http_proxy", proxy.url())
        .output();
    let output = output.await.expect("the example runs");
    assert!(output.status.success(), "{output:?}");
    assert_eq!((vendor.received().len(), proxy.received().len()), (1, 0));
}
