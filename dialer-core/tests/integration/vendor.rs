//! A vendor on loopback: it counts the requests that reach it whole, and
//! replies with any bytes, or misbehaves.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use dialer_core::{Call, DialError, Dialer, Receipt, Transport, Vendor};
use serde_json::Value;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
    time::sleep,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{ServerConfig, pki_types::PrivateKeyDer},
    server::TlsStream,
};

pub(crate) const KEY: &str = "key-0123456789-secret";
pub(crate) const FROM: &str = "7d9f2c1e-6b1d-4f5a-9c3e-2a8b7d6e5f40";
pub(crate) const AGENT: &str = "550e8400-e29b-41d4-a716-446655440000";
pub(crate) const NUMBER: &str = "+14155551234";

/// What the vendor does once a connection is there.
#[derive(Clone)]
pub(crate) enum Does {
    /// Reads the request, writes these bytes and closes.
    Replies(Vec<u8>),
    /// Reads the request, writes these bytes, and leaves the connection open.
    Stalls(Vec<u8>),
    /// Reads the request and writes these bytes, ten a second.
    Drips(Vec<u8>),
    /// Reads the request, writes these bytes, and then the same without end.
    Floods(Vec<u8>),
    /// Closes before it reads anything.
    ClosesAtOnce,
    /// Closes in the middle of the request.
    ClosesMidRequest,
    /// Reads the request and closes without a reply.
    Closes,
    /// Reads the request and resets the connection.
    Resets,
}

pub(crate) struct Loopback {
    pub(crate) address: SocketAddr,
    received: Arc<Mutex<Vec<Request>>>,
    task: JoinHandle<()>,
}

/// A request as it came over the wire.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) line: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("the body is JSON")
    }
}

impl Drop for Loopback {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Loopback {
    pub(crate) async fn that(does: Does) -> Self {
        Self::start(does, None).await
    }

    /// One over TLS, and the transport that trusts it.
    pub(crate) async fn over_tls(does: Does, transport: Transport) -> (Self, Transport) {
        let made =
            rcgen::generate_simple_self_signed(vec!["localhost".into()]).expect("a certificate");
        let trusted = reqwest::Certificate::from_der(made.cert.der()).expect("a certificate");
        let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).expect("a key");
        let config = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .expect("a server");
        let server = Self::start(does, Some(TlsAcceptor::from(Arc::new(config)))).await;
        (server, transport.root_certificate(trusted))
    }

    async fn start(does: Does, tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("loopback");
        let address = listener.local_addr().expect("bound");
        let received = Arc::new(Mutex::new(Vec::new()));
        let requests = received.clone();
        let task = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.expect("accept");
                let (does, requests) = (does.clone(), requests.clone());
                match tls.clone() {
                    None => tokio::spawn(serve(stream, does, requests)),
                    Some(tls) => tokio::spawn(async move {
                        if let Ok(stream) = tls.accept(stream).await {
                            serve(stream, does, requests).await;
                        }
                    }),
                };
            }
        });
        Self {
            address,
            received,
            task,
        }
    }

    /// One that replies with a status and a body.
    pub(crate) async fn replying(status: u16, body: &str) -> Self {
        Self::that(Does::Replies(response(status, &[], body.as_bytes()))).await
    }

    /// The requests that arrived whole.
    pub(crate) fn received(&self) -> Vec<Request> {
        self.received.lock().expect("no test panicked here").clone()
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn tls_url(&self) -> String {
        format!("https://localhost:{}", self.address.port())
    }
}

/// A response with a `Content-Length`.
pub(crate) fn response(status: u16, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n", body.len());
    for (name, value) in headers {
        head += &format!("{name}: {value}\r\n");
    }
    [head.as_bytes(), b"connection: close\r\n\r\n", body].concat()
}

/// A connection that can be reset.
trait Connection: AsyncRead + AsyncWrite + Unpin {
    fn tcp(&self) -> &TcpStream;
}

impl Connection for TcpStream {
    fn tcp(&self) -> &TcpStream {
        self
    }
}

impl Connection for TlsStream<TcpStream> {
    fn tcp(&self) -> &TcpStream {
        self.get_ref().0
    }
}

async fn serve(mut stream: impl Connection, does: Does, received: Arc<Mutex<Vec<Request>>>) {
    match &does {
        Does::ClosesAtOnce => return,
        Does::ClosesMidRequest => {
            let mut some = [0; 16];
            let _ = stream.read_exact(&mut some).await;
            return;
        }
        _ => {}
    }
    let Some(request) = read(&mut stream).await else {
        return;
    };
    received
        .lock()
        .expect("no test panicked here")
        .push(request);
    match does {
        Does::Replies(bytes) => {
            let _ = stream.write_all(&bytes).await;
            let _ = stream.shutdown().await;
            // Until the client is done: a close with unread data would reset.
            let _ = stream.read_to_end(&mut Vec::new()).await;
        }
        Does::Stalls(bytes) => {
            let _ = stream.write_all(&bytes).await;
            let _ = stream.flush().await;
            let _ = stream.read_to_end(&mut Vec::new()).await;
        }
        Does::Drips(bytes) => {
            for byte in bytes {
                if stream.write_all(&[byte]).await.is_err() || stream.flush().await.is_err() {
                    break;
                }
                sleep(Duration::from_millis(100)).await;
            }
        }
        Does::Floods(bytes) => while stream.write_all(&bytes).await.is_ok() {},
        Does::Resets => {
            let _ = stream.tcp().set_zero_linger();
        }
        Does::Closes | Does::ClosesAtOnce | Does::ClosesMidRequest => {}
    }
}

/// A whole request, or none.
async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Option<Request> {
    let mut bytes = Vec::new();
    loop {
        let head_end = bytes.windows(4).position(|window| window == b"\r\n\r\n");
        if let Some(at) = head_end {
            let head = String::from_utf8(bytes[..at].to_vec()).expect("ASCII");
            let mut lines = head.split("\r\n").map(str::to_owned);
            let line = lines.next()?;
            let headers: Vec<_> = lines
                .map(|line| {
                    line.split_once(": ")
                        .map(|(name, value)| (name.into(), value.into()))
                })
                .collect::<Option<_>>()?;
            let is_length =
                |header: &&(String, String)| header.0.eq_ignore_ascii_case("content-length");
            let length: usize = headers
                .iter()
                .find(is_length)
                .map_or(0, |header| header.1.parse().expect("a length"));
            let body = bytes[at + 4..].to_vec();
            if body.len() >= length {
                return Some(Request {
                    line,
                    headers,
                    body,
                });
            }
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
}

/// A dialer for either vendor, at `url`.
pub(crate) fn dialer(vendor: Vendor, url: &str, transport: Transport) -> Dialer {
    let agent = AGENT.parse().expect("a UUID");
    let built = match vendor {
        Vendor::Feather => Dialer::feather()
            .api_key(KEY)
            .from_phone_number_id(FROM.parse().expect("a UUID"))
            .agent_id(agent)
            .base_url(url)
            .transport(transport)
            .build(),
        Vendor::Slng => Dialer::slng()
            .api_key(KEY)
            .agent_id(agent)
            .base_url(url)
            .transport(transport)
            .build(),
        other => panic!("no dialer for {other}"),
    };
    built.expect("all is set")
}

pub(crate) fn call() -> Call {
    Call::to(NUMBER.parse().expect("a number")).variable("patient_name", "Maria")
}

/// Dials a vendor that replies with a status and a body; checks that it was
/// asked exactly once.
pub(crate) async fn dial(
    vendor: Vendor,
    status: u16,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Result<Receipt, DialError> {
    let server = Loopback::that(Does::Replies(response(status, headers, body))).await;
    let result = dialer(vendor, &server.url(), Transport::new())
        .dial(&call())
        .await;
    assert_eq!(server.received().len(), 1, "one dial is one request");
    result
}
