//! The table of outcomes, each row over a socket. What the vendor received is
//! the truth that the verdict is held against.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use dialer_core::{DialError, Dialer, ErrorKind, Outcome, Transport, Vendor};
use reqwest::Proxy;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpSocket, TcpStream},
    task::JoinHandle,
    time::{sleep, timeout},
};

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

/// A vendor that takes no more connections: its queue is full.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_connection_that_is_not_accepted_in_time_is_no_connection() {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket
        .bind("127.0.0.1:0".parse().expect("an address"))
        .expect("loopback");
    let listener = socket.listen(1).expect("listens");
    let address = listener.local_addr().expect("bound");
    let mut queued = Vec::new();
    while let Ok(stream) = timeout(Duration::from_millis(300), TcpStream::connect(address)).await {
        queued.push(stream.expect("a connection"));
    }
    let error = fails(Vendor::Slng, &format!("http://{address}")).await;
    assert_eq!(
        (error.outcome(), error.is_transient()),
        (Outcome::NotPlaced, true)
    );
    assert!(error.is_timeout());
    drop((listener, queued));
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

/// Faults after connecting, and how many whole requests the vendor gets.
pub(crate) fn faults() -> [(&'static str, Does, usize); 12] {
    let drip = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}".to_vec();
    [
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
        ("a status line, ten bytes a second", Does::Drips(drip), 1),
        (
            "headers that stop",
            Does::Stalls(b"HTTP/1.1 200 OK\r\na: b\r\n".to_vec()),
            1,
        ),
        (
            "headers without end",
            Does::Floods(b"HTTP/1.1 200 OK\r\na: b\r\n".to_vec()),
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
        (
            "only 103 Early Hints",
            Does::Replies(b"HTTP/1.1 103 X\r\n\r\n".to_vec()),
            1,
        ),
    ]
}

#[tokio::test]
async fn once_connected_a_failure_leaves_it_unknown() {
    for vendor in BOTH {
        for (name, does, received) in faults() {
            let server = Loopback::that(does).await;
            let error = fails(vendor, &server.url()).await;
            assert_eq!(
                (error.outcome(), error.kind()),
                (Outcome::Unknown, ErrorKind::Transport),
                "{name}"
            );
            assert!(!error.is_transient() && !error.may_fail_over(), "{name}");
            assert_eq!(
                server.received().len(),
                received,
                "{name}: sent once, or never whole"
            );
        }
    }
}

#[tokio::test]
async fn over_tls_it_is_the_same() {
    for (name, does, received) in faults() {
        let (server, transport) = Loopback::over_tls(does, hasty()).await;
        let result = dialer(Vendor::Slng, &server.tls_url(), transport)
            .dial(&call())
            .await;
        let error = result.expect_err(name);
        assert_eq!(
            (error.outcome(), error.kind()),
            (Outcome::Unknown, ErrorKind::Transport),
            "{name}"
        );
        assert_eq!(
            server.received().len(),
            received,
            "{name}: sent once, or never whole"
        );
    }
    let ok = Does::Replies(response(200, &[], b"{}"));
    let (server, transport) = Loopback::over_tls(ok.clone(), hasty()).await;
    let dials = dialer(Vendor::Slng, &server.tls_url(), transport);
    assert!(dials.dial(&call()).await.is_ok());

    let (server, _) = Loopback::over_tls(ok, hasty()).await;
    let error = fails(Vendor::Slng, &server.tls_url()).await;
    assert_eq!(
        error.outcome(),
        Outcome::NotPlaced,
        "a certificate that is not trusted is no connection"
    );
    assert_eq!(server.received().len(), 0);
}

#[tokio::test]
async fn an_interim_reply_does_not_count_and_the_final_one_does() {
    for interim in [100, 102, 103] {
        let mut bytes = format!("HTTP/1.1 {interim} X\r\n\r\n").into_bytes();
        bytes.extend(response(402, &[], b""));
        let server = Loopback::that(Does::Replies(bytes)).await;
        let error = fails(Vendor::Slng, &server.url()).await;
        assert_eq!(
            (error.status(), error.outcome()),
            (Some(402), Outcome::NotPlaced),
            "{interim}"
        );
    }
}

#[tokio::test]
async fn a_body_without_end_is_cut_and_the_receipt_stands() {
    let id = format!("{{\"call_id\": \"{AGENT}\", \"x\": \"");
    for head in [
        "HTTP/1.1 200 OK\r\n\r\n".to_owned(),
        "HTTP/1.1 200 OK\r\ncontent-length: 1073741824\r\n\r\n".to_owned(),
    ] {
        let mut flood = (head + &id).into_bytes();
        flood.resize(64 << 10, b'x');
        let server = Loopback::that(Does::Floods(flood)).await;
        let receipt = dialer(Vendor::Slng, &server.url(), Transport::new())
            .dial(&call())
            .await
            .expect("200");
        assert_eq!((receipt.id(), receipt.body().len()), (Some(AGENT), 1 << 20));
    }
    let drip = b"HTTP/1.1 200 OK\r\n\r\n".iter().copied();
    let slow: Vec<u8> = drip.chain(id.bytes()).collect();
    let server = Loopback::that(Does::Stalls(slow)).await;
    let receipt = dialer(Vendor::Slng, &server.url(), hasty())
        .dial(&call())
        .await
        .expect("200");
    assert_eq!(
        receipt.id(),
        Some(AGENT),
        "what came before the deadline is read"
    );
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
    for status in (200..=599).chain([101, 600, 999]) {
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
        .transport(hasty().max_reply_bytes(1000))
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

    let invalid = call().variable("age", 3);
    let error = with_client_of_callers(&whole.url())
        .dial(&invalid)
        .await
        .expect_err("invalid");
    assert_eq!(
        (error.outcome(), error.kind()),
        (Outcome::NotPlaced, ErrorKind::InvalidCall)
    );
}

#[tokio::test]
async fn a_redirect_that_a_client_of_the_callers_cannot_follow_leaves_it_unknown() {
    for status in [301, 302, 303, 307, 308] {
        let reply = response(status, &[("location", "ftp://example.com/")], b"");
        let server = Loopback::that(Does::Replies(reply)).await;
        let error = with_client_of_callers(&server.url())
            .dial(&call())
            .await
            .expect_err("3xx");
        assert_eq!(
            (error.outcome(), server.received().len()),
            (Outcome::Unknown, 1),
            "{status}"
        );
    }
}

#[tokio::test]
async fn where_a_redirect_led_a_2xx_is_a_receipt_only_if_it_names_a_call() {
    let of = async |status, body: &str| {
        let there = Loopback::replying(200, body).await;
        let location = [("location", &*there.url())];
        let here = Loopback::that(Does::Replies(response(status, &location, b""))).await;
        let result = with_client_of_callers(&here.url()).dial(&call()).await;
        (result, there.received()[0].line.clone())
    };
    let (result, asked) = of(302, "<html>log in</html>").await;
    let error = result.expect_err("a login page");
    assert_eq!(
        (error.outcome(), error.kind()),
        (Outcome::Unknown, ErrorKind::UnexpectedStatus)
    );
    assert_eq!(asked, "GET / HTTP/1.1");
    let (result, asked) = of(307, r#"{"call_id": "c"}"#).await;
    assert_eq!(
        (result.expect("named").id(), &*asked),
        (Some("c"), "POST / HTTP/1.1")
    );
}

#[tokio::test]
async fn the_transports_limits_hold_for_a_client_of_the_callers_too() {
    let long = Loopback::replying(200, &"x".repeat(2000)).await;
    let receipt = with_client_of_callers(&long.url())
        .dial(&call())
        .await
        .expect("200");
    assert_eq!((receipt.body().len(), receipt.is_complete()), (1000, false));

    let silent = Loopback::that(Does::Stalls(Vec::new())).await;
    let error = with_client_of_callers(&silent.url())
        .dial(&call())
        .await
        .expect_err("no reply");
    assert!(error.is_timeout());

    let plain = Dialer::slng()
        .api_key(KEY)
        .agent_id(AGENT.parse().expect("a UUID"))
        .base_url("http://example.com");
    let error = plain
        .unverified_client(reqwest::Client::new())
        .build()
        .expect_err("unprotected");
    assert!(error.to_string().contains("unprotected"), "{error}");
}

#[tokio::test]
async fn a_reply_that_does_not_come_is_waited_for_as_long_as_asked_and_no_longer() {
    let silent = Loopback::that(Does::Stalls(Vec::new())).await;
    let began = Instant::now();
    let error = fails(Vendor::Feather, &silent.url()).await;
    assert!(error.is_timeout());
    assert_eq!(
        error.to_string(),
        "Feather: no reply in time; a call may have been placed"
    );
    // Well below the default of 30 seconds: the limit that was set is the one that counts.
    let took = began.elapsed();
    assert!(
        (Duration::from_millis(890)..Duration::from_secs(15)).contains(&took),
        "{took:?}"
    );

    let began = Instant::now();
    let patient = dialer(Vendor::Feather, &silent.url(), Transport::new());
    let error = patient
        .within(Duration::from_millis(200))
        .dial(&call())
        .await
        .expect_err("no reply");
    assert!(
        error.is_timeout() && began.elapsed() < Duration::from_secs(15),
        "the limit of one call"
    );
}

#[tokio::test]
async fn a_proxy_that_does_not_let_through_is_no_connection() {
    let through = |address| {
        let proxy = Proxy::all(format!("http://user:proxy-secret@{address}")).expect("a proxy");
        dialer(
            Vendor::Slng,
            "https://api.example.com",
            hasty().proxy(proxy),
        )
    };
    for reply in [
        "HTTP/1.1 403 X\r\n\r\n",
        "HTTP/1.1 407 X\r\n\r\n",
        "HTTP/1.1 502 X\r\n\r\n",
        "junk\r\n",
    ] {
        let proxy = Loopback::that(Does::Replies(reply.into())).await;
        let dialer = through(proxy.address);
        let error = dialer.dial(&call()).await.expect_err("refused");
        assert_eq!(
            (error.outcome(), error.is_transient()),
            (Outcome::NotPlaced, true),
            "{reply:?}"
        );
        let asked = &proxy.received()[0];
        assert_eq!(asked.line, "CONNECT api.example.com:443 HTTP/1.1");
        let shown = format!("{dialer:?} {error:?} {asked:?}");
        assert!(
            !format!("{dialer:?} {error:?}").contains("proxy-secret"),
            "{shown}"
        );
        assert!(!shown.contains(KEY), "the proxy does not see the key");
    }
    let silent = Loopback::that(Does::Stalls(Vec::new())).await;
    let error = through(silent.address)
        .dial(&call())
        .await
        .expect_err("no answer");
    assert_eq!(
        (error.outcome(), error.is_timeout()),
        (Outcome::NotPlaced, true)
    );
}

#[tokio::test]
async fn a_proxy_that_is_asked_for_is_used() {
    let proxy = Loopback::replying(200, "{}").await;
    let asked_for = hasty().proxy(Proxy::all(proxy.url()).expect("a proxy"));
    let dialer = dialer(Vendor::Slng, "http://127.0.0.1:1", asked_for);
    assert!(dialer.dial(&call()).await.is_ok());
    assert!(
        proxy.received()[0]
            .line
            .starts_with("POST http://127.0.0.1:1/v1/agents/")
    );
}

/// A vendor that answers the first request on a connection, and then does this
/// with the connection.
async fn after_one_reply(
    closes_after: Option<Duration>,
) -> (TcpListener, SocketAddr, JoinHandle<usize>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("loopback");
    let address = listener.local_addr().expect("bound");
    let socket = listener.into_std().expect("a socket");
    let spare = socket.try_clone().expect("a socket");
    let listener = TcpListener::from_std(socket).expect("a socket");
    let task = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        drop(listener);
        let mut buffer = vec![0; 8192];
        assert!(stream.read(&mut buffer).await.expect("a request") > 0);
        let reply = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";
        stream.write_all(reply).await.expect("a reply");
        if let Some(wait) = closes_after {
            sleep(wait).await;
            let _ = stream.shutdown().await;
        }
        let more = timeout(Duration::from_secs(5), stream.read(&mut buffer)).await;
        let more = more.map_or(0, |read| read.unwrap_or(0));
        if closes_after.is_none() && more > 0 {
            stream.write_all(reply).await.expect("a reply");
        }
        more
    });
    (
        TcpListener::from_std(spare).expect("a socket"),
        address,
        task,
    )
}

#[tokio::test]
async fn a_connection_is_used_again() {
    let (_listener, address, task) = after_one_reply(None).await;
    let dialer = dialer(Vendor::Slng, &format!("http://{address}"), hasty());
    for _ in 0..2 {
        dialer.dial(&call()).await.expect("placed");
    }
    let read = task.await.expect("no panic");
    assert!(
        read > 0,
        "the second request came over the first connection"
    );
}

#[tokio::test]
async fn a_connection_that_was_idle_for_3_seconds_is_not_used_again() {
    let (listener, address, task) = after_one_reply(None).await;
    let dialer = dialer(Vendor::Slng, &format!("http://{address}"), Transport::new());
    dialer.dial(&call()).await.expect("placed");
    sleep(Duration::from_millis(3100)).await;
    let second = tokio::spawn(async move { dialer.dial(&call()).await });
    let (mut stream, _) = listener.accept().await.expect("another connection");
    stream
        .write_all(&response(200, &[], b"{}"))
        .await
        .expect("a reply");
    second.await.expect("no panic").expect("placed");
    assert_eq!(
        task.await.expect("no panic"),
        0,
        "nothing more came over the first"
    );
}

/// The vendor closes an idle connection while the next request is under way,
/// and takes no other: whatever the race, a request that it read is not called
/// not placed.
#[tokio::test]
async fn a_connection_that_closes_under_a_request_proves_nothing_but_what_was_not_sent() {
    for step in 0..60 {
        let (listener, address, task) =
            after_one_reply(Some(Duration::from_micros(step * 30))).await;
        drop(listener);
        let dialer = dialer(Vendor::Slng, &format!("http://{address}"), hasty());
        dialer.dial(&call()).await.expect("the first");
        sleep(Duration::from_micros(900)).await;
        let error = dialer.dial(&call()).await.expect_err("no reply");
        let read = task.await.expect("no panic");
        assert!(
            read == 0 || error.outcome() == Outcome::Unknown,
            "{read} bytes read, and {error}"
        );
    }
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
