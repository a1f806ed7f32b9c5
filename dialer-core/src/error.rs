//! Why a dial gave no receipt.

use std::{
    fmt,
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use reqwest::header::HeaderMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, Serializer};

use crate::{
    Attempt, ErrorReply, FieldError, Outcome, Vendor,
    exchange::{Exchange, Failure},
    outcome::Verdict,
    rejection,
};

/// Why a dial gave no receipt, and what that proves.
///
/// Ask [`outcome`](Self::outcome) first: [`Outcome::Unknown`] means that a
/// phone may be ringing, and dialling again may ring it twice.
///
#[cfg_attr(feature = "mock", doc = "```")]
#[cfg_attr(not(feature = "mock"), doc = "```ignore")]
/// use dialer_core::{ErrorKind, Outcome, Vendor, mock};
///
/// let error = mock::reply(Vendor::Slng, 429, &[("retry-after", "7")], "").unwrap_err();
/// assert_eq!((error.outcome(), error.kind()), (Outcome::NotPlaced, ErrorKind::RateLimited));
/// assert!(error.is_transient() && error.may_fail_over());
/// assert_eq!(error.retry_after().map(|wait| wait.as_secs()), Some(7));
/// assert_eq!(mock::no_reply(Vendor::Slng).outcome(), Outcome::Unknown);
/// ```
///
/// `Display` is one line. Neither it nor `Debug` shows the number, the key or
/// the vendor's body. Serialised, it shows the vendor's words too, which may
/// quote the request.
pub struct DialError(Box<Inner>);

struct Inner {
    vendor: Vendor,
    kind: ErrorKind,
    verdict: Verdict,
    attempts: Vec<Attempt>,
    status: Option<u16>,
    retry_after: Option<Duration>,
    request_id: Option<String>,
    message: Option<String>,
    fields: Vec<FieldError>,
    reply: Option<ErrorReply>,
    headers: HeaderMap,
    body: Bytes,
    source: Option<reqwest::Error>,
}

/// What kind of failure a [`DialError`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ErrorKind {
    /// The call breaks a rule of the vendor's document; nothing was sent.
    InvalidCall,
    /// No connection, or it failed before a reply arrived.
    Transport,
    /// 401: the key is missing, wrong or revoked.
    Authentication,
    /// 402: the account has no credit left.
    InsufficientCredit,
    /// 403: the key may not do this.
    Permission,
    /// 404: no such agent or number.
    NotFound,
    /// 400, 405, 413, 415 or 422: the vendor refused the request.
    Rejected,
    /// 400, where the vendor says that the agent or the number has no outbound
    /// connection.
    NotConfiguredForOutbound,
    /// 429: too many requests; see [`DialError::retry_after`].
    RateLimited,
    /// 5xx: the vendor or a proxy before it failed.
    VendorFault,
    /// Any other status, redirects included.
    UnexpectedStatus,
}

impl ErrorKind {
    fn of_status(status: u16) -> Self {
        match status {
            401 => Self::Authentication,
            402 => Self::InsufficientCredit,
            403 => Self::Permission,
            404 => Self::NotFound,
            400 | 405 | 413 | 415 | 422 => Self::Rejected,
            429 => Self::RateLimited,
            500..=599 => Self::VendorFault,
            _ => Self::UnexpectedStatus,
        }
    }

    /// The name that it is serialised and traced by, such as `rate_limited`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvalidCall => "invalid_call",
            Self::Transport => "transport",
            Self::Authentication => "authentication",
            Self::InsufficientCredit => "insufficient_credit",
            Self::Permission => "permission",
            Self::NotFound => "not_found",
            Self::Rejected => "rejected",
            Self::NotConfiguredForOutbound => "not_configured_for_outbound",
            Self::RateLimited => "rate_limited",
            Self::VendorFault => "vendor_fault",
            Self::UnexpectedStatus => "unexpected_status",
        }
    }

    /// Whether every other call of the same account will meet it too: the key
    /// is refused, has no permission, or there is no credit left.
    #[must_use]
    pub fn is_account_level(self) -> bool {
        matches!(
            self,
            Self::Authentication | Self::Permission | Self::InsufficientCredit
        )
    }
}

impl DialError {
    pub(crate) fn new(
        vendor: Vendor,
        verdict: Verdict,
        exchange: Option<Exchange>,
        failure: Failure,
        took: Duration,
        now: SystemTime,
    ) -> Self {
        let kind = match &failure {
            Failure::Invalid(_) => ErrorKind::InvalidCall,
            Failure::Transport(_) | Failure::Reply(_) => ErrorKind::Transport,
        };
        let (fields, reply, source) = match failure {
            Failure::Invalid(fields) => (fields, None, None),
            Failure::Transport(error) => (Vec::new(), None, error),
            Failure::Reply(reply) => (Vec::new(), reply, None),
        };
        let mut inner = Inner {
            vendor,
            kind,
            verdict,
            attempts: Vec::new(),
            status: None,
            retry_after: None,
            request_id: None,
            message: None,
            fields,
            reply,
            headers: HeaderMap::new(),
            body: Bytes::new(),
            source,
        };
        if let Some(exchange) = exchange {
            let json = exchange.json();
            inner.kind = match ErrorKind::of_status(exchange.status.as_u16()) {
                ErrorKind::Rejected if rejection::is_not_configured(&json) => {
                    ErrorKind::NotConfiguredForOutbound
                }
                kind => kind,
            };
            inner.status = Some(exchange.status.as_u16());
            inner.retry_after = exchange.retry_after(&json, now);
            inner.request_id = exchange.request_id(&json);
            inner.message = rejection::message(&json).map(str::to_owned);
            inner.fields = rejection::field_errors(&json);
            inner.headers = exchange.headers;
            inner.body = exchange.body;
        }
        inner.attempts.push(Attempt {
            vendor,
            outcome: verdict.outcome,
            kind: Some(inner.kind),
            status: inner.status,
            request_id: inner.request_id.clone(),
            took,
        });
        Self(Box::new(inner))
    }

    /// The error with the attempts before it.
    pub(crate) fn after(mut self, earlier: Vec<Attempt>) -> Self {
        self.0.attempts.splice(..0, earlier);
        self
    }

    /// What the failure proves: [`Outcome::NotPlaced`] or [`Outcome::Unknown`],
    /// never [`Outcome::Placed`].
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        self.0.verdict.outcome
    }

    /// Whether the same call may succeed a little later. Only ever true where
    /// the outcome is [`Outcome::NotPlaced`].
    #[must_use]
    pub fn is_transient(&self) -> bool {
        self.0.verdict.transient
    }

    /// Whether the same call may succeed through another account: it is proven
    /// that no call was placed, for a reason of the vendor (no connection, too
    /// many requests) or of the account with it (the key, its permissions, its
    /// credit, its outbound connection), not of the number or the request.
    #[must_use]
    pub fn may_fail_over(&self) -> bool {
        let kind = self.0.kind;
        let elsewhere = matches!(
            kind,
            ErrorKind::Transport | ErrorKind::RateLimited | ErrorKind::NotConfiguredForOutbound
        );
        self.outcome() == Outcome::NotPlaced && (elsewhere || kind.is_account_level())
    }

    /// Every attempt, in order; the last one is the one that this error is of.
    #[must_use]
    pub fn attempts(&self) -> &[Attempt] {
        &self.0.attempts
    }

    /// Whether time ran out, to connect or to reply.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        self.0
            .source
            .as_ref()
            .is_some_and(reqwest::Error::is_timeout)
    }

    /// What kind of failure this is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The vendor that was asked.
    #[must_use]
    pub fn vendor(&self) -> Vendor {
        self.0.vendor
    }

    /// The HTTP status, where a reply arrived.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// How long the vendor asks to wait (`Retry-After`, in seconds or as a
    /// date, else `retry_after` in the body, in seconds), counted from when the
    /// reply arrived.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// The vendor's id of the request, for its support, where it sent one.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// The vendor's own sentence, where it sent one. It may quote the request,
    /// the number included.
    #[must_use]
    pub fn vendor_message(&self) -> Option<&str> {
        self.0.message.as_deref()
    }

    /// What is wrong with the call, field by field, as we or the vendor found.
    /// The vendor's sentences may quote the request, the number included.
    #[must_use]
    pub fn field_errors(&self) -> &[FieldError] {
        &self.0.fields
    }

    /// The vendor's typed error reply, where it is as documented.
    #[must_use]
    pub fn reply(&self) -> Option<&ErrorReply> {
        self.0.reply.as_ref()
    }

    /// The reply's headers; none where no reply arrived.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.0.headers
    }

    /// The reply's body as it came, up to the transport's limit; empty where no
    /// reply arrived.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.0.body
    }
}

impl Serialize for DialError {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Shown<'a> {
            vendor: Vendor,
            outcome: Outcome,
            kind: ErrorKind,
            transient: bool,
            timeout: bool,
            message: String,
            status: Option<u16>,
            retry_after_seconds: Option<f64>,
            request_id: Option<&'a str>,
            vendor_message: Option<&'a str>,
            field_errors: &'a [FieldError],
            attempts: &'a [Attempt],
        }
        let shown = Shown {
            vendor: self.vendor(),
            outcome: self.outcome(),
            kind: self.kind(),
            transient: self.is_transient(),
            timeout: self.is_timeout(),
            message: self.to_string(),
            status: self.status(),
            retry_after_seconds: self.retry_after().map(|wait| wait.as_secs_f64()),
            request_id: self.request_id(),
            vendor_message: self.vendor_message(),
            field_errors: self.field_errors(),
            attempts: self.attempts(),
        };
        shown.serialize(serializer)
    }
}

/// How many field errors `Display` shows.
const SHOWN: usize = 5;

impl fmt::Display for DialError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &self.0;
        write!(f, "{}: ", inner.vendor)?;
        match (inner.kind, inner.status) {
            (_, Some(status)) => write!(f, "replied {status} ({})", inner.kind)?,
            (ErrorKind::InvalidCall, None) => {
                f.write_str("the call is invalid")?;
                for (at, field) in inner.fields.iter().take(SHOWN).enumerate() {
                    write!(f, "{}{field}", if at == 0 { ": " } else { "; " })?;
                }
                if let Some(more) = inner.fields.len().checked_sub(SHOWN + 1) {
                    write!(f, "; and {} more", more + 1)?;
                }
            }
            (_, None) => f.write_str(match (inner.verdict.transient, self.is_timeout()) {
                (true, true) => "connecting took too long",
                (true, false) => "no connection",
                (false, true) => "no reply in time",
                (false, false) => "the connection failed before a reply",
            })?,
        }
        f.write_str(match inner.verdict.outcome {
            Outcome::NotPlaced => "; no call was placed",
            Outcome::Unknown | Outcome::Placed => "; a call may have been placed",
        })
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.as_str().replace('_', " "))
    }
}

impl fmt::Debug for DialError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &self.0;
        f.debug_struct("DialError")
            .field("vendor", &inner.vendor)
            .field("kind", &inner.kind)
            .field("outcome", &inner.verdict.outcome)
            .field("transient", &inner.verdict.transient)
            .field("status", &inner.status)
            .field("retry_after", &inner.retry_after)
            .field("request_id", &inner.request_id)
            .field("body_bytes", &inner.body.len())
            .field("source", &inner.source)
            .finish_non_exhaustive()
    }
}

impl std::error::Error for DialError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_ref().map(|source| source as _)
    }
}
