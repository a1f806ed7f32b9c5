//! The span of a dial: OpenTelemetry's names for an HTTP client, and ours. No
//! key, no body, of the number its last two digits.

use tracing::{Span, field::Empty};

use crate::{Call, DialError, Receipt, Vendor};

/// Where the requests of a dialer go.
#[derive(Clone, Debug)]
pub(crate) struct Peer {
    pub(crate) host: String,
    pub(crate) port: u16,
}

pub(crate) fn span(vendor: Vendor, peer: &Peer, call: &Call) -> Span {
    let template = match vendor {
        Vendor::Feather => "/v1/voice/outbound",
        Vendor::Slng => "/v1/agents/{agent_id}/calls",
    };
    tracing::info_span!(
        "dial",
        otel.name = format_args!("POST {template}"),
        otel.kind = "client",
        otel.status_code = Empty,
        http.request.method = "POST",
        http.response.status_code = Empty,
        url.template = template,
        server.address = peer.host,
        server.port = peer.port,
        error.type = Empty,
        dialer.vendor = %vendor,
        dialer.to = ?call.destination(),
        dialer.outcome = Empty,
        dialer.call_id = Empty,
        dialer.request_id = Empty,
    )
}

/// Writes what came of the dial into its span, and a warning where a phone may
/// be ringing without a receipt.
pub(crate) fn record(span: &Span, result: &Result<Receipt, DialError>) {
    let (status, request_id) = match result {
        Ok(receipt) => {
            span.record("dialer.outcome", "placed");
            span.record("dialer.call_id", receipt.id().map(short));
            (Some(receipt.status()), receipt.request_id())
        }
        Err(error) => {
            let outcome = error.outcome();
            span.record("dialer.outcome", outcome.as_str());
            span.record("otel.status_code", "ERROR");
            span.record("error.type", error.kind().as_str());
            (error.status(), error.request_id())
        }
    };
    span.record("http.response.status_code", status);
    span.record("dialer.request_id", request_id.map(short));
    if let Err(error) = result
        && error.outcome() == crate::Outcome::Unknown
    {
        span.in_scope(|| tracing::warn!("a call may have been placed"));
    }
}

/// An id that a vendor sent, no longer than an id is.
pub(crate) fn short(id: &str) -> String {
    id.chars().filter(|c| !c.is_control()).take(128).collect()
}
