//! The program, run as a user would; pages come over HTTP from loopback.

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpListener},
    process::{Command, Output, Stdio},
    thread,
};

use crate::support::{Copy, later_feather, page, read};

fn xtask(args: &[&str], input: &str) -> (Option<i32>, String, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it runs");
    let mut stdin = child.stdin.take().expect("piped");
    let input = input.to_owned();
    // It may end without reading its input.
    let writer = thread::spawn(move || drop(stdin.write_all(input.as_bytes())));
    let Output {
        status,
        stdout,
        stderr,
    } = child.wait_with_output().expect("it ends");
    writer.join().expect("written");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (status.code(), text(stdout), text(stderr))
}

/// A server on loopback that gives the same reply to every request.
fn serving(status: &str, body: &str) -> SocketAddr {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("loopback");
    let address = listener.local_addr().expect("bound");
    let reply = format!(
        "HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection");
            let mut request = Vec::new();
            let mut byte = [0];
            while !request.ends_with(b"\r\n\r\n") && stream.read(&mut byte).expect("a request") > 0
            {
                request.push(byte[0]);
            }
            stream.write_all(reply.as_bytes()).expect("a reply");
        }
    });
    address
}

#[test]
fn generate_check_exits_with_4_when_one_is_stale_and_writes_nothing() {
    let copy = Copy::new();
    let root = copy.path().to_str().expect("UTF-8");
    let check = ["generate", "--check", "--root", root];
    assert_eq!(xtask(&check, "").0, Some(0));
    copy.write("slng-api/openapi.json", "{}\n");
    let before = copy.state();
    let (code, stdout, _) = xtask(&check, "");
    assert_eq!((code, copy.state() == before), (Some(4), true));
    assert!(
        stdout.contains("-{}\n+{\n+  \"openapi\": \"3.0.3\",\n"),
        "{stdout}"
    );
    assert_eq!(xtask(&["generate", "--root", root], "").0, Some(0));
    assert_eq!(xtask(&check, "").0, Some(0));
}

fn seed() -> String {
    page(
        &read("specs/feather.yaml"),
        "/api-reference/openapi.json post /v1/voice/outbound",
    )
}

#[test]
fn extract_lower_and_expand_read_standard_input() {
    let (code, document, _) = xtask(&["extract", "-"], &seed());
    assert_eq!((code, &document), (Some(0), &read("specs/feather.yaml")));
    let (code, lowered, _) = xtask(&["lower", "-"], &document);
    assert_eq!(code, Some(0));
    assert!(
        lowered.starts_with("{\n  \"openapi\": \"3.0.3\",\n"),
        "{lowered}"
    );
    let (code, from_3_1, _) = xtask(&["expand", "--spec", "-"], &document);
    assert_eq!(code, Some(0));
    let (_, from_3_0, _) = xtask(&["expand", "--spec", "-"], &lowered);
    assert_eq!(from_3_1, from_3_0, "lowered first, if need be");
    assert!(
        from_3_0.contains("pub fn outbound_v1_voice_outbound_post"),
        "without the overlay"
    );
}

#[test]
fn lower_writes_to_a_file_when_asked() {
    let folder = tempfile::tempdir().expect("a folder");
    let place = folder.path().join("out.json");
    let (code, stdout, _) = xtask(
        &["lower", "-", "-o", place.to_str().expect("UTF-8")],
        &read("specs/slng.yaml"),
    );
    assert_eq!((code, &*stdout), (Some(0), ""));
    assert!(
        std::fs::read_to_string(place)
            .expect("written")
            .ends_with("}\n")
    );
}

#[test]
fn expand_prints_a_vendors_client_and_mock() {
    for (args, expected) in [
        (&["expand", "feather"][..], "pub fn outbound(&self)"),
        (&["expand", "slng", "--mock"], "pub trait MockServerExt"),
    ] {
        let (code, stdout, stderr) = xtask(args, "");
        assert_eq!(code, Some(0), "{stderr}");
        assert!(stdout.contains(expected));
    }
    let (code, _, stderr) = xtask(&["expand", "acme"], "");
    assert_eq!(code, Some(1));
    assert_eq!(
        stderr,
        "error: acme: no such vendor in specs/sources.toml, which has feather, slng\n"
    );
}

#[test]
fn drift_exits_with_0_4_or_100() {
    let same = serving("200 OK", &seed());
    let (code, stdout, stderr) = xtask(
        &["drift", "feather", "--from", &format!("http://{same}/p.md")],
        "",
    );
    assert_eq!(
        (code, &*stdout),
        (Some(0), "feather: no drift\n"),
        "{stderr}"
    );

    let later = serving("200 OK", &later_feather());
    let (code, stdout, _) = xtask(
        &[
            "drift",
            "feather",
            "--from",
            &format!("http://{later}/p.md"),
        ],
        "",
    );
    assert_eq!(code, Some(4));
    assert!(
        stdout.contains(
            "feather  unknown  /components/schemas/OutboundResponse/properties/queued: new,"
        ),
        "{stdout}"
    );
    assert!(stdout.contains("`cargo xtask refresh feather`"), "{stdout}");

    let moved = seed().replace("/v1/voice/outbound:", "/v2/voice/outbound:");
    let (code, stdout, _) = xtask(&["drift", "feather", "--from", "-"], &moved);
    assert_eq!(
        code,
        Some(4),
        "an operation that is gone is drift, and the worst"
    );
    assert!(
        stdout.contains("/paths/~1v1~1voice~1outbound/post: gone"),
        "{stdout}"
    );

    let words = seed().replace("description: Sandbox", "description: Another");
    let (code, stdout, _) = xtask(&["drift", "feather", "--from", "-"], &words);
    assert_eq!(code, Some(0));
    assert!(
        stdout.ends_with("feather: 1 differences, all in words\n"),
        "{stdout}"
    );

    let gone = serving("404 Not Found", "gone");
    let elsewhere = format!("http://{gone}/p.md");
    for (args, expected) in [
        (
            &["drift", "feather", "--from", &*elsewhere][..],
            "the server replied 404 Not Found",
        ),
        (
            &["drift", "feather", "--from", "http://example.com/p.md"],
            "only https is fetched",
        ),
        (
            &["drift", "feather", "--from", "no-such-file.md"],
            "no-such-file.md",
        ),
        (&["drift", "acme"], "no such vendor"),
        (&["drift", "--from", "-"], "--from is one page"),
    ] {
        let (code, _, stderr) = xtask(args, "");
        assert_eq!(code, Some(100), "{args:?}");
        assert!(stderr.contains(expected), "{args:?}: {stderr}");
    }
}

#[test]
fn refresh_from_what_is_vendored_has_nothing_to_do() {
    let copy = Copy::new();
    let root = copy.path().to_str().expect("UTF-8");
    let before = copy.state();
    let (code, stdout, stderr) = xtask(
        &["refresh", "feather", "--from", "-", "--root", root],
        &seed(),
    );
    assert_eq!(copy.state(), before);
    assert_eq!(
        (code, &*stdout),
        (
            Some(0),
            "feather: nothing to do, version 1.21.0 is published and vendored\n"
        ),
        "{stderr}"
    );
}

#[test]
fn errors_say_where() {
    for (args, input, expected) in [
        (
            &["lower", "-"][..],
            "openapi: 3.1.0\nwebhooks: {}",
            "/webhooks: `webhooks` in the document",
        ),
        (
            &["lower", "no-such.yaml"],
            "",
            "error: no-such.yaml: No such file",
        ),
        (&["extract", "-"], "# Words", "embeds no OpenAPI document"),
        (
            &["expand", "--spec", "-"],
            "a: 1\na: 2",
            "duplicate mapping key",
        ),
    ] {
        let (code, _, stderr) = xtask(args, input);
        assert_eq!(code, Some(1), "{args:?}");
        assert!(stderr.contains(expected), "{args:?}: {stderr}");
    }
    assert_eq!(xtask(&["expand"], "").0, Some(2), "bad usage");
}
