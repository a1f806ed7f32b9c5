//! One attempt among those that a dial took.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{ErrorKind, Outcome, Vendor};

/// One attempt among those that a dial took, in short.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Attempt {
    /// The vendor that was asked.
    pub vendor: Vendor,
    /// What the attempt proves.
    pub outcome: Outcome,
    /// What kind of failure it was, if it was one.
    pub kind: Option<ErrorKind>,
    /// The HTTP status, where a reply arrived.
    pub status: Option<u16>,
    /// The vendor's id of the request, where it sent one.
    pub request_id: Option<String>,
    /// How long it took; serialised in milliseconds.
    #[serde(rename = "took_ms", with = "milliseconds")]
    #[schemars(with = "u64")]
    pub took: Duration,
}

mod milliseconds {
    use std::time::Duration;

    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(
        took: &Duration,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(u64::try_from(took.as_millis()).unwrap_or(u64::MAX))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Duration, D::Error> {
        u64::deserialize(deserializer).map(Duration::from_millis)
    }
}
