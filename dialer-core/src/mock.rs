//! Vendors to test against (feature `mock`): a server that behaves as a test
//! needs it in one line, and results without a server.
//!
//! ```
//! use dialer_core::{Call, Outcome, mock::MockVendor};
//!
//! # #[tokio::main(flavor = "multi_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let vendor = MockVendor::slng().await;
//! let mock = vendor.refuses(402);
//! let call = Call::to("+14155551234".parse()?);
//! let error = vendor.dialer().dial(&call).await.unwrap_err();
//! assert_eq!(error.outcome(), Outcome::NotPlaced);
//! mock.assert();
//! # Ok(())
//! # }
//! ```
//!
//! What it takes beyond that, the typed mocks of the generated crates have:
//! [`feather_api::mock`], [`slng_api::mock`] and, below them,
//! [`MockVendor::server`].

use std::{
    fmt,
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use httpmock::{Method, Mock, MockServer};
use reqwest::{
    StatusCode,
    header::{HeaderMap, HeaderName, HeaderValue},
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    DialError, Dialer, Receipt, Transport, Vendor,
    exchange::{Answer, Exchange, Failure},
    outcome::{Evidence, Trust, judge},
};

pub use httpmock;

/// The id of every call that [`MockVendor::places`] places.
pub const CALL_ID: Uuid = Uuid::from_u128(0x550e_8400_e29b_41d4_a716_4466_5544_0000);

/// A vendor in this process, over real HTTP on loopback.
pub struct MockVendor {
    vendor: Vendor,
    server: MockServer,
}

impl fmt::Debug for MockVendor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MockVendor")
            .field("vendor", &self.vendor)
            .field("address", self.server.address())
            .finish()
    }
}

#[allow(clippy::must_use_candidate)] // A mock that nobody asks stands all the same.
impl MockVendor {
    /// A mock of Feather that does nothing yet: it answers 404.
    pub async fn feather() -> Self {
        Self::of(Vendor::Feather).await
    }

    /// A mock of SLNG that does nothing yet: it answers 404.
    pub async fn slng() -> Self {
        Self::of(Vendor::Slng).await
    }

    async fn of(vendor: Vendor) -> Self {
        let server = MockServer::start_async().await;
        Self { vendor, server }
    }

    /// A dialer for it, whose dials take no longer than a second.
    ///
    /// # Panics
    ///
    /// When no HTTP client can be set up on this machine.
    #[must_use]
    pub fn dialer(&self) -> Dialer {
        let transport = Transport::new()
            .connect_timeout(Duration::from_millis(500))
            .timeout(Duration::from_secs(1));
        let url = self.server.base_url();
        let dialer = match self.vendor {
            Vendor::Feather => {
                let builder = Dialer::feather()
                    .api_key("mock-key")
                    .from_phone_number_id(CALL_ID);
                builder.base_url(url).transport(transport).build()
            }
            Vendor::Slng => {
                let builder = Dialer::slng().api_key("mock-key").agent_id(CALL_ID);
                builder.base_url(url).transport(transport).build()
            }
        };
        dialer.unwrap_or_else(|error| unreachable!("all that is required is set: {error}"))
    }

    /// Takes every call, with a documented reply whose id is [`CALL_ID`].
    pub fn places(&self) -> Mock<'_> {
        self.answers(200, &placed(self.vendor).to_string())
    }

    /// Answers every call with a status and a documented body that names it.
    pub fn refuses(&self, status: u16) -> Mock<'_> {
        self.answers(status, &refused(self.vendor, status).to_string())
    }

    /// Answers every call with a status and a page of HTML, as a proxy does.
    pub fn answers_html(&self, status: u16) -> Mock<'_> {
        self.answers(
            status,
            &format!("<html><body><h1>{status}</h1></body></html>"),
        )
    }

    /// Answers every call with a status and any body.
    pub fn answers(&self, status: u16, body: &str) -> Mock<'_> {
        self.server.mock(|when, then| {
            when.method(Method::POST);
            then.status(status).body(body);
        })
    }

    /// Takes every call and does not answer for an hour.
    pub fn hangs(&self) -> Mock<'_> {
        self.server.mock(|when, then| {
            when.method(Method::POST);
            then.status(200).delay(Duration::from_secs(3600));
        })
    }

    /// The server, for [`feather_api::mock::MockServerExt`],
    /// [`slng_api::mock::MockServerExt`] or anything else.
    ///
    /// [`feather_api::mock::MockServerExt`]: crate::feather_api::mock::MockServerExt
    /// [`slng_api::mock::MockServerExt`]: crate::slng_api::mock::MockServerExt
    #[must_use]
    pub fn server(&self) -> &MockServer {
        &self.server
    }
}

/// What a [`Dialer`] gives for a reply: for a test's own
/// [`Dial`](crate::Dial). Headers that are none are left out.
///
/// ```
/// use dialer_core::{Outcome, Vendor, mock};
///
/// let receipt = mock::reply(Vendor::Slng, 202, &[], r#"{"call_id": "c1"}"#).unwrap();
/// assert_eq!(receipt.id(), Some("c1"));
/// let error = mock::reply(Vendor::Slng, 429, &[("retry-after", "7")], "").unwrap_err();
/// assert!(error.is_transient());
/// ```
///
/// # Errors
///
/// What a [`Dialer`] gives for a status that is no 2xx.
///
/// # Panics
///
/// When `status` is not 100 to 999.
pub fn reply(
    vendor: Vendor,
    status: u16,
    headers: &[(&str, &str)],
    body: &str,
) -> Result<Receipt, DialError> {
    let headers = headers.iter().filter_map(|(name, value)| {
        let name = HeaderName::try_from(*name).ok()?;
        Some((name, HeaderValue::try_from(*value).ok()?))
    });
    let exchange = Exchange {
        status: StatusCode::from_u16(status)
            .unwrap_or_else(|_| unreachable!("{status} is no HTTP status")),
        headers: headers.collect::<HeaderMap>(),
        body: Bytes::copy_from_slice(body.as_bytes()),
        complete: true,
        direct: true,
    };
    Answer::replied(exchange).conclude(vendor, Trust::Ours, Duration::ZERO, SystemTime::now())
}

/// The error of a dial that found no connection: not placed, transient.
#[must_use]
pub fn no_connection(vendor: Vendor) -> DialError {
    failed(vendor, Evidence::NoConnection)
}

/// The error of a dial that was sent and never answered: unknown.
#[must_use]
pub fn no_reply(vendor: Vendor) -> DialError {
    failed(vendor, Evidence::NoReply)
}

fn failed(vendor: Vendor, evidence: Evidence) -> DialError {
    let verdict = judge(evidence, Trust::Ours);
    let now = SystemTime::now();
    DialError::new(
        vendor,
        verdict,
        None,
        Failure::Transport(None),
        Duration::ZERO,
        now,
    )
}

/// The documented reply to a call that was placed.
fn placed(vendor: Vendor) -> Value {
    match vendor {
        Vendor::Feather => json!({
            "room_name": "mock-room",
            "dispatch_id": "mock-dispatch",
            "agent_name": "mock-agent",
            "session_id": CALL_ID,
        }),
        Vendor::Slng => json!({"call_id": CALL_ID, "message": "Call dispatched successfully"}),
    }
}

/// A documented refusal.
fn refused(vendor: Vendor, status: u16) -> Value {
    let words = format!("the mock answers {status}");
    match vendor {
        Vendor::Feather if status == 422 => {
            json!({"detail": [{"loc": ["body"], "msg": words, "type": "mock"}]})
        }
        Vendor::Feather => json!({"error": "mock", "message": words}),
        Vendor::Slng => json!({"detail": words}),
    }
}
