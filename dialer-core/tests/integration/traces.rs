//! What is traced, and what never is.

use std::{
    cell::RefCell,
    io::{self, Write},
    sync::{Arc, Once},
    time::Duration,
};

use dialer_core::{Batch, Call, Dial, Failover, Retry, RetryPolicy, Transport, Vendor};
use futures_util::{StreamExt as _, stream};
use tracing_subscriber::{filter::LevelFilter, fmt::format::FmtSpan};

use crate::{
    outcomes::faults,
    vendor::{AGENT, Does, KEY, Loopback, NUMBER, call, dialer, response},
};

thread_local! {
    /// What is traced on this thread, while a test asks for it.
    static SINK: RefCell<Option<Vec<u8>>> = const { RefCell::new(None) };
}

/// Writes to [`SINK`]. One subscriber serves all tests: which of several is
/// asked for an event is decided once, by whichever thread comes first.
struct Sink;

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        SINK.with_borrow_mut(|sink| {
            if let Some(sink) = sink {
                sink.extend_from_slice(bytes);
            }
        });
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Everything that is traced or logged while `dials` runs, at every level, by
/// every crate. It and all that it spawns runs on this thread.
async fn traced(dials: impl Future<Output = ()>) -> String {
    static SUBSCRIBER: Once = Once::new();
    SUBSCRIBER.call_once(|| {
        // reqwest and rustls write to `log`.
        tracing_log::LogTracer::init().expect("no other logger");
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(LevelFilter::TRACE)
            .with_span_events(FmtSpan::FULL)
            .with_ansi(false)
            .with_writer(|| Sink)
            .finish();
        tracing::subscriber::set_global_default(subscriber).expect("no other subscriber");
    });
    SINK.set(Some(Vec::new()));
    dials.await;
    let bytes = SINK.take().expect("set above");
    String::from_utf8(bytes).expect("UTF-8")
}

fn hasty() -> Transport {
    Transport::new()
        .connect_timeout(Duration::from_millis(300))
        .timeout(Duration::from_millis(600))
}

/// A value of a variable, and words of a body.
const VALUE: &str = "Maria-of-the-variables";
const WORDS: &str = "words-of-the-body";

fn secret_call() -> Call {
    call().variable("patient_name", VALUE)
}

#[tokio::test]
async fn no_key_no_number_no_value_and_no_body_is_ever_traced() {
    let traced = traced(async {
        for vendor in [Vendor::Feather, Vendor::Slng] {
            for (_, does, _) in faults() {
                let server = Loopback::that(does).await;
                let _ = dialer(vendor, &server.url(), hasty())
                    .dial(&secret_call())
                    .await;
            }
            for status in [
                200, 201, 302, 307, 400, 401, 402, 404, 408, 422, 429, 500, 502,
            ] {
                let body = format!("{{\"detail\": \"{WORDS} {NUMBER}\", \"call_id\": 5}}");
                let location = [("location", "http://127.0.0.1:1/"), ("retry-after", "0")];
                let server =
                    Loopback::that(Does::Replies(response(status, &location, body.as_bytes())))
                        .await;
                let direct = dialer(vendor, &server.url(), hasty());
                let policy =
                    RetryPolicy::new().waits(Duration::from_millis(1), Duration::from_millis(1));
                let through =
                    Arc::new(Failover::new(Retry::new(direct.clone(), policy)).then(direct));
                let _ = through.dial(&secret_call()).await;
                let calls = stream::iter([(1, secret_call()), (2, secret_call())]);
                let _ = Batch::new().run(through, calls).collect::<Vec<_>>().await;
            }
            let (server, transport) =
                Loopback::over_tls(Does::Replies(response(200, &[], b"{}")), hasty()).await;
            dialer(vendor, &server.tls_url(), transport)
                .dial(&secret_call())
                .await
                .expect("200");
            let _ = dialer(vendor, "http://127.0.0.1:1", hasty())
                .dial(&secret_call())
                .await;
            let _ = dialer(vendor, "https://dialer.invalid", hasty())
                .dial(&secret_call())
                .await;
        }
    })
    .await;
    for (what, seen) in [
        ("ours", "dialer_core"),
        ("hyper-util's", "hyper_util"),
        ("reqwest's", "reqwest"),
        ("rustls's", "rustls"),
    ] {
        assert!(traced.contains(seen), "{what} events are captured");
    }
    let digits = NUMBER.trim_start_matches('+');
    for secret in [KEY, NUMBER, digits, VALUE, WORDS] {
        let at = traced.lines().find(|line| line.contains(secret));
        assert_eq!(at, None, "{secret}");
    }
    assert!(
        traced.contains("+*********34"),
        "the masked number is there"
    );
}

#[tokio::test]
async fn what_nobody_reads_of_a_spawned_batch_is_logged_without_the_number() {
    let server = Loopback::that(Does::Replies(response(
        200,
        &[],
        br#"{"call_id": "c-unread"}"#,
    )))
    .await;
    let traced = traced(async {
        let key = NUMBER.to_owned();
        let batch = Batch::new().spawn(
            dialer(Vendor::Slng, &server.url(), hasty()),
            stream::iter([(key, call())]),
        );
        while server.received().is_empty() {
            tokio::task::yield_now().await;
        }
        drop(batch);
        while !SINK.with_borrow(|sink| {
            String::from_utf8_lossy(sink.as_deref().unwrap_or_default()).contains("nobody reads")
        }) {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let warning = traced
        .lines()
        .find(|line| line.contains("nobody reads"))
        .expect("a warning");
    for field in [
        "dialer.outcome=\"placed\"",
        "dialer.call_id=\"c-unread\"",
        "+*********34",
    ] {
        assert!(warning.contains(field), "{field} in {warning}");
    }
    assert!(!traced.contains(NUMBER));
}

#[tokio::test]
async fn an_id_is_traced_no_longer_than_an_id_is() {
    let body = format!("{{\"call_id\": \"{}\"}}", "x".repeat(10_000));
    let server = Loopback::replying(200, &body).await;
    let traced = traced(async {
        dialer(Vendor::Slng, &server.url(), hasty())
            .dial(&call())
            .await
            .expect("200");
    })
    .await;
    assert!(traced.contains(&"x".repeat(128)) && !traced.contains(&"x".repeat(129)));
}

#[tokio::test]
async fn a_dial_is_a_span_with_the_names_of_opentelemetry() {
    let body = format!("{{\"call_id\": \"{AGENT}\", \"message\": \"m\"}}");
    let server = Loopback::that(Does::Replies(response(
        200,
        &[("x-request-id", "r1")],
        body.as_bytes(),
    )))
    .await;
    let port = server.address.port();
    let placed = traced(async {
        dialer(Vendor::Slng, &server.url(), hasty())
            .dial(&call())
            .await
            .expect("200");
    })
    .await;
    let closed = placed
        .lines()
        .find(|line| line.contains("close") && line.contains("dial{"))
        .expect("the span ends");
    for field in [
        "otel.name=POST /v1/agents/{agent_id}/calls",
        "otel.kind=\"client\"",
        "http.request.method=\"POST\"",
        "url.template=\"/v1/agents/{agent_id}/calls\"",
        "server.address=\"127.0.0.1\"",
        &format!("server.port={port}"),
        "http.response.status_code=200",
        "dialer.vendor=SLNG",
        "dialer.outcome=\"placed\"",
        &format!("dialer.call_id=\"{AGENT}\""),
        "dialer.request_id=\"r1\"",
    ] {
        assert!(closed.contains(field), "{field} in {closed}");
    }

    let server = Loopback::replying(502, "").await;
    let unknown = traced(async {
        let dialer = Retry::new(
            dialer(Vendor::Feather, &server.url(), hasty()),
            RetryPolicy::new(),
        );
        dialer.dial(&call()).await.expect_err("502");
    })
    .await;
    let warning = unknown
        .lines()
        .find(|line| line.contains("WARN"))
        .expect("a warning");
    for field in [
        "a call may have been placed",
        "attempt{number=1}",
        "otel.status_code=\"ERROR\"",
        "error.type=\"vendor_fault\"",
        "dialer.outcome=\"unknown\"",
        "http.response.status_code=502",
    ] {
        assert!(warning.contains(field), "{field} in {warning}");
    }
}
