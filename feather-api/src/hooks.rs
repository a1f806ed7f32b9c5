//! What every exchange with the vendor passes through: it adds the key, reads
//! the reply up to a limit, and keeps status, headers and body of that reply
//! whatever the generated code makes of it.
//!
//! The same file serves every API crate.

use std::{
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use progenitor_client::{ClientHooks, ClientInfo, Error, OperationInfo};
use reqwest::{
    Request, Response, ResponseBuilderExt as _, StatusCode, Url,
    header::{HeaderMap, HeaderValue, InvalidHeaderValue},
};

use crate::{
    Client,
    document::{CREDENTIAL_HEADER, CREDENTIAL_PREFIX},
};

/// What a [`Client`] carries beside its connection: the key, and how much of a
/// reply it reads.
///
/// The key never shows in `Debug`.
#[derive(Clone, Debug)]
pub struct CallContext {
    credential: HeaderValue,
    max_reply_bytes: usize,
    timeout: Option<Duration>,
    recording: Option<Recording>,
}

impl CallContext {
    /// How much of a reply's body is read unless
    /// [`max_reply_bytes`](Self::max_reply_bytes) says otherwise: 1 MiB.
    pub const DEFAULT_MAX_REPLY_BYTES: usize = 1 << 20;

    /// A context that authenticates with `api_key`, sent as the document's
    /// security scheme asks.
    ///
    /// # Errors
    ///
    /// When the key holds a character that a header cannot carry, such as a
    /// line break.
    pub fn new(api_key: &str) -> Result<Self, InvalidHeaderValue> {
        let mut credential = HeaderValue::try_from(format!("{CREDENTIAL_PREFIX}{api_key}"))?;
        credential.set_sensitive(true);
        Ok(Self {
            credential,
            max_reply_bytes: Self::DEFAULT_MAX_REPLY_BYTES,
            timeout: None,
            recording: None,
        })
    }

    /// Reads at most `limit` bytes of a reply's body; a longer one is an
    /// [`Error::ResponseBodyError`], and [`Reply::body`] is its start.
    #[must_use]
    pub fn max_reply_bytes(mut self, limit: usize) -> Self {
        self.max_reply_bytes = limit;
        self
    }

    /// Requests take no longer than `limit`, the reply's body included, whatever
    /// the HTTP client's own timeout is.
    #[must_use]
    pub fn within(mut self, limit: Duration) -> Self {
        self.timeout = Some(limit);
        self
    }
}

impl Client {
    /// A clone of this client whose requests take no longer than `limit`,
    /// whatever the connection's own timeout is.
    #[must_use]
    pub fn within(&self, limit: Duration) -> Self {
        let mut client = self.clone();
        client.inner.timeout = Some(limit);
        client
    }

    /// A clone of this client, and the place where it keeps the reply to the
    /// request that it sends next.
    ///
    /// The clone shares this client's connections. Use one for each request:
    /// a second request overwrites the reply to the first.
    #[must_use]
    pub fn recorded(&self) -> (Self, Recording) {
        let recording = Recording::default();
        let mut client = self.clone();
        client.inner.recording = Some(recording.clone());
        (client, recording)
    }
}

/// Where a client made by [`Client::recorded`] keeps the vendor's reply.
#[derive(Clone, Debug, Default)]
pub struct Recording(Arc<Recorded>);

#[derive(Debug, Default)]
struct Recorded {
    sent: AtomicBool,
    reply: Mutex<Option<Reply>>,
}

impl Recording {
    /// Whether the request was handed to the HTTP client. `false` proves that
    /// nothing left this process; the kind of an error does not, as a redirect
    /// that cannot be followed is reported like a request that cannot be built.
    #[must_use]
    pub fn was_sent(&self) -> bool {
        self.0.sent.load(Ordering::Acquire)
    }

    /// The reply, if its status line and headers arrived. Taken: a second call
    /// finds none.
    #[must_use]
    pub fn take(&self) -> Option<Reply> {
        let mut reply = self.0.reply.lock().unwrap_or_else(PoisonError::into_inner);
        reply.take()
    }

    fn keep(&self, reply: Reply) {
        *self.0.reply.lock().unwrap_or_else(PoisonError::into_inner) = Some(reply);
    }
}

/// What the vendor replied, as it came over the wire.
///
/// `Debug` shows neither headers nor body: both may hold what a log must not.
#[derive(Clone)]
#[non_exhaustive]
pub struct Reply {
    /// The status.
    pub status: StatusCode,
    /// All headers.
    pub headers: HeaderMap,
    /// The body, or as much of it as was read.
    pub body: Bytes,
    /// Whether [`body`](Self::body) is all of the body.
    pub complete: bool,
    /// Whether the address that was asked is the one that replied. `false`
    /// only when the client followed a redirect.
    pub direct: bool,
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply")
            .field("status", &self.status)
            .field("body_bytes", &self.body.len())
            .field("complete", &self.complete)
            .field("direct", &self.direct)
            .finish_non_exhaustive()
    }
}

impl ClientHooks<CallContext> for Client {
    async fn pre<E>(&self, request: &mut Request, _: &OperationInfo) -> Result<(), Error<E>> {
        let headers = request.headers_mut();
        // The generator's own idea: no vendor's document asks for it.
        headers.remove("api-version");
        headers.insert(CREDENTIAL_HEADER, self.inner().credential.clone());
        if let Some(limit) = self.inner().timeout {
            *request.timeout_mut() = Some(limit);
        }
        Ok(())
    }

    async fn exec(&self, request: Request, _: &OperationInfo) -> reqwest::Result<Response> {
        let asked = request.url().clone();
        if let Some(recording) = &self.inner().recording {
            recording.0.sent.store(true, Ordering::Release);
        }
        let mut response = self.client().execute(request).await?;
        let (body, cut) = read(&mut response, self.inner().max_reply_bytes).await;
        if let Some(recording) = &self.inner().recording {
            recording.keep(Reply {
                status: response.status(),
                headers: response.headers().clone(),
                body: body.clone(),
                complete: cut.is_none(),
                direct: *response.url() == asked,
            });
        }
        Ok(rebuild(response, body, cut))
    }
}

/// Why a body ends before its end.
type Cut = Box<dyn std::error::Error + Send + Sync>;

async fn read(response: &mut Response, limit: usize) -> (Bytes, Option<Cut>) {
    let mut body = Vec::new();
    let cut = loop {
        match response.chunk().await {
            Ok(None) => break None,
            Ok(Some(chunk)) => {
                let room = limit - body.len();
                body.extend_from_slice(chunk.get(..room).unwrap_or(&chunk));
                if chunk.len() > room {
                    break Some(format!("the body is longer than {limit} bytes").into());
                }
            }
            Err(error) => break Some(error.into()),
        }
    };
    (body.into(), cut)
}

/// The response as it was, its body replaced by what was read of it: a body
/// that was cut ends in the error that cut it.
fn rebuild(response: Response, body: Bytes, cut: Option<Cut>) -> Response {
    let url: Url = response.url().clone();
    let (mut parts, _) = http::Response::<reqwest::Body>::from(response).into_parts();
    if let Ok((carrier, ())) = http::Response::builder()
        .url(url)
        .body(())
        .map(http::Response::into_parts)
    {
        parts.extensions.extend(carrier.extensions);
    }
    let body = match cut {
        None => body.into(),
        Some(cut) => reqwest::Body::wrap_stream(futures_util::stream::iter([Ok(body), Err(cut)])),
    };
    http::Response::from_parts(parts, body).into()
}
