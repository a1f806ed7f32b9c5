//! One attempt, between the generated client and the verdict.

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
    rejection,
};

/// What came over the wire.
#[derive(Debug)]
pub(crate) struct Exchange {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
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
                    direct: reply.direct,
                }
            }
        }
    )*};
}
exchange_from!(feather_api::Reply, slng_api::Reply);

impl Exchange {
    /// The request id, from the headers that vendors and their edges use, else
    /// from the body.
    pub(crate) fn request_id(&self) -> Option<String> {
        let names = ["x-request-id", "request-id", "x-correlation-id", "cf-ray"];
        let header = names
            .iter()
            .find_map(|name| self.headers.get(*name)?.to_str().ok());
        header
            .map(str::to_owned)
            .or_else(|| rejection::request_id(&self.json()).map(str::to_owned))
    }

    /// `Retry-After`, in seconds or as a date, counted from `now`.
    pub(crate) fn retry_after(&self, now: SystemTime) -> Option<Duration> {
        let text = self.headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
        if let Ok(seconds) = text.parse() {
            return Some(Duration::from_secs(seconds));
        }
        let date = httpdate::parse_http_date(text).ok()?;
        Some(date.duration_since(now).unwrap_or_default())
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
    Transport(reqwest::Error),
    Reply(Option<ErrorReply>),
}

/// An attempt that is over.
#[derive(Debug)]
pub(crate) struct Attempt {
    exchange: Option<Exchange>,
    result: Result<Reply, Failure>,
}

impl Attempt {
    /// An attempt that ended before anything was sent.
    pub(crate) fn invalid(problems: Vec<FieldError>) -> Self {
        Self {
            exchange: None,
            result: Err(Failure::Invalid(problems)),
        }
    }

    pub(crate) fn sent<T, E>(
        result: Result<ResponseValue<T>, ClientError<E>>,
        exchange: Option<impl Into<Exchange>>,
    ) -> Self
    where
        T: Into<Reply>,
        E: Into<ErrorReply>,
    {
        Self {
            exchange: exchange.map(Into::into),
            result: result
                .map(|reply| reply.into_inner().into())
                .map_err(Failure::from),
        }
    }

    pub(crate) fn conclude(
        self,
        vendor: Vendor,
        trust: Trust,
        now: SystemTime,
    ) -> Result<Receipt, DialError> {
        let trust = match &self.exchange {
            Some(exchange) if !exchange.direct => Trust::Elsewhere,
            _ => trust,
        };
        let verdict = judge(self.evidence(), trust);
        match (self.exchange, self.result) {
            (Some(exchange), result) if verdict.outcome == Outcome::Placed => {
                Ok(Receipt::new(vendor, exchange, result.ok()))
            }
            (exchange, result) => {
                let failure = result.err().unwrap_or(Failure::Reply(None));
                Err(DialError::new(vendor, verdict, exchange, failure, now))
            }
        }
    }

    /// What was recorded goes before what the generated client made of it.
    fn evidence(&self) -> Evidence {
        match (&self.exchange, &self.result) {
            (Some(exchange), _) => Evidence::Status(exchange.status.as_u16()),
            (None, Err(Failure::Invalid(_))) => Evidence::Unsent,
            (None, Err(Failure::Transport(error))) if error.is_builder() => Evidence::Unsent,
            // Before the timeout: a connect timeout is both.
            (None, Err(Failure::Transport(error))) if error.is_connect() => Evidence::NoConnection,
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
            ClientError::CommunicationError(error) => Self::Transport(error),
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
