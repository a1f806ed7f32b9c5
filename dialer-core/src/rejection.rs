//! What a vendor says when it refuses, in all the shapes that were seen.

use std::{fmt, time::Duration};

use serde::Serialize;
use serde_json::Value;

/// A vendor's documented error reply.
///
/// Only as much as the vendor's document describes;
/// [`DialError::body`](crate::DialError::body) is what was really sent.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ErrorReply {
    /// Feather's, documented for 422.
    Feather(feather_api::types::HttpValidationError),
    /// SLNG's, documented for 400, 401, 402, 403, 404, 422, 500 and 502.
    Slng(slng_api::types::ErrorResponse),
}

impl From<feather_api::types::HttpValidationError> for ErrorReply {
    fn from(reply: feather_api::types::HttpValidationError) -> Self {
        Self::Feather(reply)
    }
}

impl From<slng_api::types::ErrorResponse> for ErrorReply {
    fn from(reply: slng_api::types::ErrorResponse) -> Self {
        Self::Slng(reply)
    }
}

/// One thing that is wrong with a call, found by us or by the vendor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct FieldError {
    /// Where: the path into the request, such as `["body", "phone_number"]`.
    pub loc: Vec<String>,
    /// What is wrong, for a person.
    pub msg: String,
    /// What is wrong, for a program, where the vendor says so; such as
    /// `string_pattern_mismatch`.
    #[serde(rename = "type")]
    pub kind: Option<String>,
}

impl FieldError {
    pub(crate) fn ours(loc: &[&str], msg: impl Into<String>) -> Self {
        Self {
            loc: loc.iter().map(|part| (*part).to_owned()).collect(),
            msg: msg.into(),
            kind: None,
        }
    }
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Names are the caller's or the vendor's: one line, and not a long one.
        let short = |text: &str| {
            text.chars()
                .take(200)
                .flat_map(char::escape_debug)
                .collect::<String>()
        };
        if !self.loc.is_empty() {
            write!(f, "{}: ", short(&self.loc.join(".")))?;
        }
        f.write_str(&short(&self.msg))
    }
}

/// The sentence for a person: `error.message`, `message`, `detail` or `error`.
pub(crate) fn message(body: &Value) -> Option<&str> {
    let places = ["/error/message", "/message", "/detail", "/error"];
    places
        .iter()
        .find_map(|place| body.pointer(place)?.as_str())
}

/// The field errors: `detail` as FastAPI writes them, `error.fields` as SLNG's
/// backend does.
pub(crate) fn field_errors(body: &Value) -> Vec<FieldError> {
    let lists = ["/detail", "/error/fields"]
        .iter()
        .filter_map(|place| body.pointer(place)?.as_array());
    lists.flatten().filter_map(field_error).collect()
}

fn field_error(entry: &Value) -> Option<FieldError> {
    let text = |names: [&str; 2]| names.iter().find_map(|name| entry.get(name)?.as_str());
    let loc = match entry.get("loc").or_else(|| entry.get("path")) {
        Some(Value::Array(parts)) => parts.iter().map(plain).collect(),
        Some(part) => vec![plain(part)],
        None => Vec::new(),
    };
    Some(FieldError {
        loc,
        msg: text(["msg", "message"])?.to_owned(),
        kind: text(["type", "code"]).map(str::to_owned),
    })
}

/// The request id that the vendor's support will ask for.
pub(crate) fn request_id(body: &Value) -> Option<&str> {
    let places = ["/slng_request_id", "/error/request_id", "/request_id"];
    places
        .iter()
        .find_map(|place| body.pointer(place)?.as_str())
}

/// How long to wait, as later versions of Feather's API say in the body.
pub(crate) fn retry_after(body: &Value) -> Option<Duration> {
    let seconds = body.get("retry_after")?.as_f64()?;
    Duration::try_from_secs_f64(seconds).ok()
}

/// Whether the vendor says that no outbound connection is there; SLNG's
/// sentence is in its document, at the operation's
/// `/responses/400/content/application~1json/examples/outbound-telephony-not-configured`.
pub(crate) fn is_not_configured(body: &Value) -> bool {
    let says = |text: &str| {
        let text = text.to_ascii_lowercase();
        text.contains("outbound") && text.contains("not configured")
    };
    message(body).is_some_and(says)
}

fn plain(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn entry(loc: &[&str], msg: &str, kind: Option<&str>) -> FieldError {
        FieldError {
            kind: kind.map(str::to_owned),
            ..FieldError::ours(loc, msg)
        }
    }

    #[test]
    fn the_message_is_found_in_every_shape() {
        let cases = [
            (
                json!({"error": "no credit", "slng_request_id": "r1"}),
                Some("no credit"),
                Some("r1"),
            ),
            (json!({"detail": "no credit"}), Some("no credit"), None),
            (
                json!({"detail": "x", "error": {"code": "c", "message": "no credit", "request_id": "r2", "fields": []}}),
                Some("no credit"),
                Some("r2"),
            ),
            (
                json!({"error": "rate_limited", "message": "slow down"}),
                Some("slow down"),
                None,
            ),
            (
                json!({"detail": [{"loc": ["body"], "msg": "m", "type": "t"}]}),
                None,
                None,
            ),
            (json!("no credit"), None, None),
            (json!([1]), None, None),
            (json!({"error": null, "detail": 3}), None, None),
        ];
        for (body, expected, id) in cases {
            assert_eq!(message(&body), expected, "{body}");
            assert_eq!(request_id(&body), id, "{body}");
        }
    }

    #[test]
    fn field_errors_are_found_in_both_shapes() {
        let fastapi = json!({"detail": [
            {"loc": ["body", "to", 0], "msg": "bad", "type": "string_pattern_mismatch", "input": 1},
            {"msg": "worse"},
            {"loc": ["body"]},
            "text",
        ]});
        assert_eq!(
            field_errors(&fastapi),
            [
                entry(&["body", "to", "0"], "bad", Some("string_pattern_mismatch")),
                entry(&[], "worse", None),
            ]
        );
        let slng = json!({"error": {"fields": [{"path": "phone_number", "message": "bad"}]}});
        assert_eq!(field_errors(&slng), [entry(&["phone_number"], "bad", None)]);
    }
}
