//! One attempt, from the generated client to the verdict.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use feather_api::{Error as ClientError, ResponseValue};
use reqwest::{
    StatusCode,
    header::{HeaderMap, RETRY_AFTER},
};
use serde_json::Value;

use crate::{
    DialError, ErrorReply, FieldError, Outcome, Receipt, Reply, Vendor,
    outcome::{Evidence, Trust, judge},
    receipt, rejection,
};

/// What came over the wire.
#[derive(Debug)]
pub(crate) struct Exchange {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) complete: bool,
    pub(crate) direct: bool,
}

macro_rules! exchange_from {
    ($($reply:ty),*) => {$(
        impl From<$reply> for Exchange {
            fn from(reply: $reply) -> Self {
                Self {
                    status: reply.status,
                    headers: reply.headers,
                    body: reply.body,
                    complete: reply.complete,
                    direct: reply.direct,
                }
            }
        }
    )*};
}
exchange_from!(feather_api::Reply, slng_api::Reply);

impl Exchange {
    /// The request id: from the vendor's headers, else from the body, else from
    /// the header of the edge before it.
    pub(crate) fn request_id(&self, json: &Value) -> Option<String> {
        let header = |name: &&str| self.headers.get(*name)?.to_str().ok().map(str::to_owned);
        let vendors = ["x-request-id", "request-id", "x-correlation-id"];
        vendors
            .iter()
            .find_map(header)
            .or_else(|| rejection::request_id(json).map(str::to_owned))
            .or_else(|| header(&"cf-ray"))
    }

    /// `Retry-After`, in seconds or as a date, counted from `now`; else the
    /// seconds that the body names. At most a year, so that it can be added to
    /// any time.
    pub(crate) fn retry_after(&self, json: &Value, now: SystemTime) -> Option<Duration> {
        const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);
        let header = self.headers.get(RETRY_AFTER).and_then(|value| {
            let text = value.to_str().ok()?.trim();
            if let Ok(seconds) = text.parse() {
                return Some(Duration::from_secs(seconds));
            }
            let date = httpdate::parse_http_date(text).ok()?;
            Some(date.duration_since(now).unwrap_or_default())
        });
        let wait = header.or_else(|| rejection::retry_after(json))?;
        Some(wait.min(YEAR))
    }

    /// The body as JSON, or null.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

/// How an attempt failed, as far as the generated client says.
#[derive(Debug)]
pub(crate) enum Failure {
    Invalid(Vec<FieldError>),
    /// The error is there but in a test.
    Transport(Option<reqwest::Error>),
    Reply(Option<ErrorReply>),
}

/// What an attempt came to.
#[derive(Debug)]
pub(crate) struct Answer {
    /// Whether the request was handed to the HTTP client.
    sent: bool,
    exchange: Option<Exchange>,
    result: Result<Reply, Failure>,
}

impl Answer {
    /// Nothing was sent.
    pub(crate) fn invalid(problems: Vec<FieldError>) -> Self {
        Self {
            sent: false,
            exchange: None,
            result: Err(Failure::Invalid(problems)),
        }
    }

    /// A reply, and no word of the generated client on it.
    #[cfg(feature = "mock")]
    pub(crate) fn replied(exchange: Exchange) -> Self {
        Self {
            sent: true,
            exchange: Some(exchange),
            result: Err(Failure::Reply(None)),
        }
    }

    pub(crate) fn new<T, E>(
        result: Result<ResponseValue<T>, ClientError<E>>,
        sent: bool,
        exchange: Option<impl Into<Exchange>>,
    ) -> Self
    where
        T: Into<Reply>,
        E: Into<ErrorReply>,
    {
        let result = result
            .map(|reply| reply.into_inner().into())
            .map_err(Failure::from);
        Self {
            sent,
            exchange: exchange.map(Into::into),
            result: match result {
                // A request that could not be built.
                Err(Failure::Transport(Some(error))) if !sent => {
                    Err(Failure::Invalid(vec![FieldError::ours(
                        &[],
                        error.to_string(),
                    )]))
                }
                result => result,
            },
        }
    }

    pub(crate) fn conclude(
        self,
        vendor: Vendor,
        trust: Trust,
        took: Duration,
        now: SystemTime,
    ) -> Result<Receipt, DialError> {
        let evidence = self.evidence();
        let Some(exchange) = self.exchange else {
            let failure = self.result.err().unwrap_or(Failure::Reply(None));
            return Err(DialError::new(
                vendor,
                judge(evidence, trust),
                None,
                failure,
                took,
                now,
            ));
        };
        let (reply, failure) = match self.result {
            Ok(reply) => (Some(reply), Failure::Reply(None)),
            Err(failure) => (None, failure),
        };
        // A reply from where a redirect led speaks of the call only if it names it.
        let counts =
            exchange.direct || reply.is_some() || receipt::id(vendor, &exchange.body).is_some();
        let trust = if counts { trust } else { Trust::Elsewhere };
        let verdict = judge(evidence, trust);
        if verdict.outcome == Outcome::Placed {
            return Ok(Receipt::new(vendor, exchange, reply, took));
        }
        Err(DialError::new(
            vendor,
            verdict,
            Some(exchange),
            failure,
            took,
            now,
        ))
    }

    /// What was recorded goes before what the generated client made of it.
    fn evidence(&self) -> Evidence {
        match (&self.exchange, &self.result) {
            (Some(exchange), _) => Evidence::Status(exchange.status.as_u16()),
            (None, _) if !self.sent => Evidence::Unsent,
            // Before the timeout: a connect timeout is both.
            (None, Err(Failure::Transport(Some(error)))) if error.is_connect() => {
                Evidence::NoConnection
            }
            (None, _) => Evidence::NoReply,
        }
    }
}

impl<E: Into<ErrorReply>> From<ClientError<E>> for Failure {
    fn from(error: ClientError<E>) -> Self {
        match error {
            ClientError::InvalidRequest(problem) => {
                Self::Invalid(vec![FieldError::ours(&[], problem)])
            }
            ClientError::CommunicationError(error) => Self::Transport(Some(error)),
            ClientError::ErrorResponse(reply) => Self::Reply(Some(reply.into_inner().into())),
            // The reply was recorded. What it failed by is not passed on: it
            // may quote the body.
            ClientError::InvalidUpgrade(_)
            | ClientError::ResponseBodyError(_)
            | ClientError::InvalidResponsePayload(..)
            | ClientError::UnexpectedResponse(_)
            | ClientError::Custom(_) => Self::Reply(None),
        }
    }
}
