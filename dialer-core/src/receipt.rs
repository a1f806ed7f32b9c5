//! What the vendor answered to a call that it took.

use std::fmt;

use bytes::Bytes;
use serde::{
    Deserializer as _, Serialize,
    de::{MapAccess, Visitor},
};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::{Vendor, attempt::Exchange};

/// Proof that a vendor took a call: any 2xx, whatever its body.
///
/// A reply that is not as documented (a field missing, null or of another
/// type, not JSON, cut short) is a receipt all the same: [`reply`](Self::reply)
/// is `None` then, and [`id`](Self::id) and [`fields`](Self::fields) hold what
/// could be read.
///
/// `Debug` shows the names of the fields, not their values; serialised, it
/// shows them all.
#[derive(Clone, PartialEq, Serialize)]
pub struct Receipt {
    vendor: Vendor,
    id: Option<String>,
    status: u16,
    request_id: Option<String>,
    fields: Map<String, Value>,
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
    pub(crate) fn new(vendor: Vendor, exchange: Exchange, reply: Option<Reply>) -> Self {
        let fields = fields(&exchange.body);
        let id = match fields.get(id_field(vendor)) {
            Some(Value::String(id)) => Some(id.clone()),
            Some(Value::Number(id)) => Some(id.to_string()),
            _ => None,
        };
        Self {
            vendor,
            id,
            status: exchange.status.as_u16(),
            request_id: exchange.request_id(),
            fields,
            reply,
            body: exchange.body,
        }
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

/// Feather: `/components/schemas/OutboundResponse/properties/session_id`;
/// SLNG: `/components/schemas/AgentCallResponse/properties/call_id`.
fn id_field(vendor: Vendor) -> &'static str {
    match vendor {
        Vendor::Feather => "session_id",
        Vendor::Slng => "call_id",
    }
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
            (b"\xef\xbb\xbf{}", json!({})),
        ];
        for (body, expected) in cases {
            let shown = String::from_utf8_lossy(body);
            assert_eq!(Value::Object(fields(body)), expected, "{shown}");
        }
    }
}
