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
    /// How long it took.
    pub took: Duration,
}
