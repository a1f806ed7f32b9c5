//! The generated clients themselves: what they keep of a reply.

use dialer_core::{
    Transport, Vendor,
    feather_api::{self, Error},
};

use crate::vendor::{Does, FROM, KEY, Loopback, NUMBER, dialer, response};

fn client(base_url: &str, limit: usize) -> feather_api::Client {
    let context = feather_api::CallContext::new(KEY)
        .expect("a header value")
        .max_reply_bytes(limit);
    feather_api::Client::new_with_client(base_url, reqwest::Client::new(), context)
}

fn request() -> feather_api::types::OutboundRequest {
    let request = feather_api::types::OutboundRequest::builder()
        .from_phone_number_id(FROM.parse::<uuid::Uuid>().expect("a UUID"))
        .to_phone_number(NUMBER);
    request.try_into().expect("both required fields are set")
}

#[tokio::test]
async fn status_headers_and_body_survive_whatever_the_generated_code_makes_of_them() {
    let headers = [
        ("retry-after", "7"),
        ("x-request-id", "r1"),
        ("x-request-id", "r2"),
    ];
    for (status, body) in [
        (200, "{}"),
        (422, "<html>"),
        (418, "tea"),
        (429, ""),
        (500, "\u{0}"),
    ] {
        let server =
            Loopback::that(Does::Replies(response(status, &headers, body.as_bytes()))).await;
        let (client, recording) = client(&server.url(), 100).recorded();
        client
            .outbound()
            .body(request())
            .send()
            .await
            .expect_err("not as documented");
        let reply = recording.take().expect("recorded");
        assert_eq!(reply.status.as_u16(), status);
        assert_eq!(reply.headers["retry-after"], "7");
        assert_eq!(reply.headers.get_all("x-request-id").iter().count(), 2);
        assert_eq!(reply.body, body);
        assert!(reply.complete && reply.direct);
        assert!(recording.take().is_none(), "taken");
    }
}

#[tokio::test]
async fn a_body_over_the_limit_is_an_error_and_its_start_is_kept() {
    let server = Loopback::replying(200, &"x".repeat(101)).await;
    let (client, recording) = client(&server.url(), 100).recorded();
    let error = client
        .outbound()
        .body(request())
        .send()
        .await
        .expect_err("too long");
    assert!(matches!(error, Error::ResponseBodyError(_)), "{error}");
    assert!(
        format!("{error:#}").contains("the body is longer than 100 bytes"),
        "{error:#}"
    );
    let reply = recording.take().expect("recorded");
    assert_eq!((reply.body.len(), reply.complete), (100, false));
}

#[tokio::test]
async fn a_body_at_the_limit_is_whole() {
    let server = Loopback::replying(422, &"x".repeat(100)).await;
    let (client, recording) = client(&server.url(), 100).recorded();
    client
        .outbound()
        .body(request())
        .send()
        .await
        .expect_err("422");
    assert!(recording.take().expect("recorded").complete);
}

#[tokio::test]
async fn each_recording_belongs_to_its_own_request() {
    let (one, two) = (
        Loopback::replying(401, "").await,
        Loopback::replying(403, "").await,
    );
    let (client_one, recording_one) = client(&one.url(), 100).recorded();
    let (client_two, recording_two) = client(&two.url(), 100).recorded();
    let (_, _) = tokio::join!(
        client_one.outbound().body(request()).send(),
        client_two.outbound().body(request()).send(),
    );
    assert_eq!(recording_one.take().expect("recorded").status, 401);
    assert_eq!(recording_two.take().expect("recorded").status, 403);
}

#[test]
fn debug_shows_no_key() {
    for vendor in [Vendor::Feather, Vendor::Slng] {
        let shown = format!(
            "{:?}",
            dialer(vendor, "https://api.example.com", Transport::new())
        );
        assert!(!shown.contains(KEY), "{shown}");
    }
    let shown = format!("{:?}", dialer_core::Dialer::slng().api_key(KEY));
    assert!(!shown.contains(KEY), "{shown}");
}

#[test]
fn the_way_down_is_the_client_of_its_vendor() {
    use feather_api::ClientInfo as _;
    let feather = dialer(
        Vendor::Feather,
        "https://api.example.com/",
        Transport::new(),
    );
    let client = feather.feather_client().expect("Feather's");
    assert_eq!(client.baseurl(), "https://api.example.com");
    assert!(feather.slng_client().is_none());
    let slng = dialer(Vendor::Slng, "https://api.example.com", Transport::new());
    assert!(slng.slng_client().is_some() && slng.feather_client().is_none());
}

#[test]
fn a_dial_can_move_between_threads() {
    fn is_send<T: Send>(value: T) -> T {
        value
    }
    let dialer = dialer(Vendor::Slng, "https://api.example.com", Transport::new());
    let call = crate::vendor::call();
    drop(is_send(dialer.dial(&call)));
}
