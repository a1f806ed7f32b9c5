//! What the vendor answered to a call that it took.

use std::{fmt, time::Duration};

use bytes::Bytes;
use reqwest::header::HeaderMap;
use schemars::JsonSchema;
use serde::{
    Deserialize, Deserializer as _, Serialize,
    de::{MapAccess, Visitor},
};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::{Attempt, Outcome, Vendor, exchange::Exchange};

/// Proof that a vendor took a call: any 2xx, whatever its body.
///
/// A reply that is not as documented (a field missing, null or of another
/// type, not JSON, cut short) is a receipt all the same: [`reply`](Self::reply)
/// is `None` then, and [`id`](Self::id) and [`fields`](Self::fields) hold what
/// could be read.
///
///
#[cfg_attr(feature = "mock", doc = "```")]
#[cfg_attr(not(feature = "mock"), doc = "```ignore")]
/// use dialer_core::{Vendor, mock};
///
/// let body = r#"{"session_id": "s1", "room_name": null, "queued": true}"#;
/// let receipt = mock::reply(Vendor::Feather, 200, &[], body)?;
/// assert_eq!(receipt.id(), Some("s1"));
/// assert_eq!(receipt.fields()["queued"], true);
/// assert!(receipt.reply().is_none(), "the document has no null there");
/// # Ok::<(), dialer_core::DialError>(())
/// ```
///
/// `Debug` shows the names of the fields, not their values; serialised, it
/// shows them all. What was serialised comes back without [`reply`](Self::reply),
/// [`headers`](Self::headers) and [`body`](Self::body).
#[derive(Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Receipt {
    /// The vendor that took the call.
    vendor: Vendor,
    /// The vendor's id of the call.
    id: Option<String>,
    /// The HTTP status.
    status: u16,
    /// The vendor's id of the request.
    request_id: Option<String>,
    /// Every field that the vendor sent.
    fields: Map<String, Value>,
    /// Whether all of the reply's body was read.
    complete: bool,
    /// Every attempt, in order.
    attempts: Vec<Attempt>,
    #[serde(skip)]
    headers: HeaderMap,
    #[serde(skip)]
    reply: Option<Reply>,
    #[serde(skip)]
    body: Bytes,
}

/// A vendor's typed reply to a call that it took.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Reply {
    /// Feather's.
    Feather(feather_api::types::OutboundResponse),
    /// SLNG's.
    Slng(slng_api::types::AgentCallResponse),
}

impl From<feather_api::types::OutboundResponse> for Reply {
    fn from(reply: feather_api::types::OutboundResponse) -> Self {
        Self::Feather(reply)
    }
}

impl From<slng_api::types::AgentCallResponse> for Reply {
    fn from(reply: slng_api::types::AgentCallResponse) -> Self {
        Self::Slng(reply)
    }
}

impl Receipt {
    pub(crate) fn new(
        vendor: Vendor,
        exchange: Exchange,
        reply: Option<Reply>,
        took: Duration,
    ) -> Self {
        let fields = fields(&exchange.body);
        let id = id(vendor, &exchange.body);
        let status = exchange.status.as_u16();
        let request_id = exchange.request_id(&exchange.json());
        let attempt = Attempt {
            vendor,
            outcome: Outcome::Placed,
            kind: None,
            status: Some(status),
            request_id: request_id.clone(),
            took,
        };
        Self {
            vendor,
            id,
            status,
            request_id,
            fields,
            complete: exchange.complete,
            attempts: vec![attempt],
            headers: exchange.headers,
            reply,
            body: exchange.body,
        }
    }

    /// The receipt with the attempts before it.
    pub(crate) fn after(mut self, earlier: Vec<Attempt>) -> Self {
        self.attempts.splice(..0, earlier);
        self
    }

    /// The vendor that took the call.
    #[must_use]
    pub fn vendor(&self) -> Vendor {
        self.vendor
    }

    /// The vendor's id of the call, as it wrote it: Feather's `session_id`,
    /// SLNG's `call_id`. `None` only where the reply holds none that can be
    /// read.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// [`id`](Self::id) as the UUID that both vendors document it to be.
    #[must_use]
    pub fn uuid(&self) -> Option<Uuid> {
        self.id()?.parse().ok()
    }

    /// The HTTP status: 200 as documented, or another 2xx.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The vendor's id of the request, for its support, where it sent one.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }

    /// The vendor's typed reply, where it is as documented.
    #[must_use]
    pub fn reply(&self) -> Option<&Reply> {
        self.reply.as_ref()
    }

    /// Every field that the vendor sent, undocumented ones included; of a
    /// reply that was cut short, those before the cut.
    #[must_use]
    pub fn fields(&self) -> &Map<String, Value> {
        &self.fields
    }

    /// Every attempt, in order; the last one is the one that placed the call.
    #[must_use]
    pub fn attempts(&self) -> &[Attempt] {
        &self.attempts
    }

    /// Whether all of the reply's body was read: `false` where it was longer
    /// than the transport's limit, or broke off.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.complete
    }

    /// The reply's headers.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The reply's body as it came, up to the transport's limit.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }
}

impl fmt::Debug for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receipt")
            .field("vendor", &self.vendor)
            .field("id", &self.id)
            .field("status", &self.status)
            .field("request_id", &self.request_id)
            .field("fields", &self.fields.keys())
            .field("as_documented", &self.reply.is_some())
            .finish_non_exhaustive()
    }
}

/// The vendor's id of the call, from a body in whatever state. Feather:
/// `/components/schemas/OutboundResponse/properties/session_id`; SLNG:
/// `/components/schemas/AgentCallResponse/properties/call_id`.
pub(crate) fn id(vendor: Vendor, body: &[u8]) -> Option<String> {
    let name = match vendor {
        Vendor::Feather => "session_id",
        Vendor::Slng => "call_id",
    };
    match fields(body).get(name) {
        Some(Value::String(id)) => Some(id.clone()),
        Some(Value::Number(id)) => Some(id.to_string()),
        Some(_) => None,
        None => searched(name, &String::from_utf8_lossy(body)),
    }
}

/// The text beside a name, in what cannot be read as JSON up to there.
fn searched(name: &str, text: &str) -> Option<String> {
    let (_, after) = text.split_once(&format!("\"{name}\""))?;
    let value = after
        .trim_start()
        .strip_prefix(':')?
        .trim_start()
        .strip_prefix('"')?;
    let (id, _) = value.split_once('"')?;
    (!id.is_empty() && !id.contains('\\')).then(|| id.to_owned())
}

/// The members of a JSON object, as far as it can be read.
fn fields(body: &[u8]) -> Map<String, Value> {
    struct Members(Map<String, Value>);

    impl<'de> Visitor<'de> for &mut Members {
        type Value = ();

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
            while let Some((name, value)) = members.next_entry()? {
                self.0.insert(name, value);
            }
            Ok(())
        }
    }

    let mut members = Members(Map::new());
    // What failed to parse is missing; what came before it is there.
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let _ = serde_json::Deserializer::from_slice(body).deserialize_map(&mut members);
    members.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_can_be_read_of_a_body_is_kept() {
        let cases: [(&[u8], Value); 9] = [
            (
                br#"{"id": "a", "n": null, "x": {"y": [1]}}"#,
                json!({"id": "a", "n": null, "x": {"y": [1]}}),
            ),
            (br#"{"id": "a", "room": "cut o"#, json!({"id": "a"})),
            (br#"{"id": "a", "x": {"y": 1, "#, json!({"id": "a"})),
            (b"{\"id\": \"a\", \"x\": \"\xff\"}", json!({"id": "a"})),
            (br#"{"id": "a"} trailing"#, json!({"id": "a"})),
            (br#"["id"]"#, json!({})),
            (b"OK", json!({})),
            (b"", json!({})),
            (b"\xef\xbb\xbf{\"id\": 1}", json!({"id": 1})),
        ];
        for (body, expected) in cases {
            let shown = String::from_utf8_lossy(body);
            assert_eq!(Value::Object(fields(body)), expected, "{shown}");
        }
    }

    #[test]
    fn an_id_is_found_in_what_is_no_json_up_to_there() {
        let deep = format!(
            "{{\"x\": {}{}, \"call_id\": \"c\"}}",
            "[".repeat(200),
            "]".repeat(200)
        );
        let cases: [(&[u8], Option<&str>); 10] = [
            (b"{\"call_id\": \"c\"}", Some("c")),
            (deep.as_bytes(), Some("c")),
            (b"{\"n\": 1e999, \"call_id\" : \"c\"}", Some("c")),
            (b"{\"n\": \"\xe9\", \"call_id\":\"c\"}", Some("c")),
            (b"{\"n\": \"\\ud800\", \"call_id\": \"c\"}", Some("c")),
            (b"[{\"call_id\": \"c\"}]", Some("c")),
            (b"{\"call_id\": null}", None),
            (b"{\"call_id\": \"cut", None),
            (b"{\"call_id\": ", None),
            (b"call_id: c", None),
        ];
        for (body, expected) in cases {
            let shown = String::from_utf8_lossy(body);
            assert_eq!(id(Vendor::Slng, body).as_deref(), expected, "{shown}");
        }
    }
}
