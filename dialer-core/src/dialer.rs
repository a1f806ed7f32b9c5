//! The one type that dials.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tracing::Instrument as _;

use crate::{
    Call, DialError, FeatherBuilder, Receipt, SlngBuilder,
    exchange::Answer,
    feather::Feather,
    outcome::Trust,
    slng::Slng,
    trace::{self, Peer},
};

/// Dials through one account of one vendor.
///
/// A clone is cheap and shares the connections. `Debug` does not show the key.
#[derive(Clone, Debug)]
pub struct Dialer {
    account: Account,
    trust: Trust,
    peer: Arc<Peer>,
}

#[derive(Clone, Debug)]
pub(crate) enum Account {
    Feather(Feather),
    Slng(Slng),
}

/// A vendor of voice agents.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Vendor {
    /// Feather.
    Feather,
    /// SLNG.
    Slng,
}

impl fmt::Display for Vendor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Feather => "Feather",
            Self::Slng => "SLNG",
        })
    }
}

impl Dialer {
    /// A dialer for Feather, to be set up:
    ///
    /// ```
    /// # use dialer_core::{Dialer, feather_api, Vendor};
    /// let dialer = Dialer::feather()
    ///     .api_key("fk-0123")
    ///     .from_phone_number_id("7d9f2c1e-6b1d-4f5a-9c3e-2a8b7d6e5f40".parse()?)
    ///     .base_url(feather_api::SERVERS[0].url)
    ///     .build()?;
    /// assert_eq!(dialer.vendor(), Vendor::Feather);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn feather() -> FeatherBuilder {
        FeatherBuilder::new()
    }

    /// A dialer for SLNG, to be set up:
    ///
    /// ```
    /// # use dialer_core::{Dialer, Vendor};
    /// let dialer = Dialer::slng()
    ///     .api_key("sk-0123")
    ///     .agent_id("550e8400-e29b-41d4-a716-446655440000".parse()?)
    ///     .build()?;
    /// assert_eq!(dialer.vendor(), Vendor::Slng);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn slng() -> SlngBuilder {
        SlngBuilder::new()
    }

    pub(crate) fn new(account: Account, trust: Trust, peer: Peer) -> Self {
        let peer = Arc::new(peer);
        Self {
            account,
            trust,
            peer,
        }
    }

    /// The vendor that this dials through.
    #[must_use]
    pub fn vendor(&self) -> Vendor {
        match self.account {
            Account::Feather(_) => Vendor::Feather,
            Account::Slng(_) => Vendor::Slng,
        }
    }

    /// Dials once.
    ///
    /// It takes no longer than the transport's timeout. Nothing is retried. It
    /// must run on a Tokio runtime with I/O and time enabled.
    ///
    /// # Errors
    ///
    /// Ask a [`DialError`] for its [`outcome`](DialError::outcome) before you
    /// dial again: only [`NotPlaced`](crate::Outcome::NotPlaced) proves that no
    /// phone rings.
    ///
    /// # Dropping the future
    ///
    /// A future that is dropped before it ends leaves no verdict, and a phone
    /// may ring. Rather than put a timeout around it, set
    /// [`Transport::timeout`](crate::Transport::timeout), which gives one.
    pub async fn dial(&self, call: &Call) -> Result<Receipt, DialError> {
        let span = trace::span(self.vendor(), &self.peer, call);
        let result = self.attempt(call).instrument(span.clone()).await;
        trace::record(&span, &result);
        result
    }

    async fn attempt(&self, call: &Call) -> Result<Receipt, DialError> {
        let began = Instant::now();
        let answer: Answer = match &self.account {
            Account::Feather(feather) => feather.dial(call).await,
            Account::Slng(slng) => slng.dial(call).await,
        };
        answer.conclude(
            self.vendor(),
            self.trust,
            began.elapsed(),
            SystemTime::now(),
        )
    }

    /// The same dialer with another limit on how long a dial may take in all,
    /// for one call or a few. The connections are shared.
    ///
    /// With a limit that is not above the transport's connect timeout, a
    /// connection that stalls cannot be told from a reply that does not come:
    /// the outcome is [`Unknown`](crate::Outcome::Unknown) then.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use dialer_core::{Call, Dialer, DialError, Receipt};
    /// # async fn example(dialer: Dialer, call: Call) -> Result<Receipt, DialError> {
    /// dialer.within(Duration::from_secs(8)).dial(&call).await
    /// # }
    /// ```
    #[must_use]
    pub fn within(&self, limit: Duration) -> Self {
        let account = match &self.account {
            Account::Feather(feather) => Account::Feather(feather.within(limit)),
            Account::Slng(slng) => Account::Slng(slng.within(limit)),
        };
        Self {
            account,
            ..self.clone()
        }
    }

    /// The generated client behind this dialer, where it is Feather's: the way
    /// down to what the facade does not offer. Its errors are the generator's:
    /// they prove nothing, and their text holds headers and bodies.
    ///
    /// ```
    /// # use dialer_core::{Dialer, feather_api::types::OutboundRequest};
    /// # async fn example(dialer: Dialer, request: OutboundRequest) -> Option<()> {
    /// let (client, recording) = dialer.feather_client()?.recorded();
    /// let result = client.outbound().body(request).send().await;
    /// let status = recording.take()?.status;
    /// # Some(())
    /// # }
    /// ```
    #[must_use]
    pub fn feather_client(&self) -> Option<&feather_api::Client> {
        match &self.account {
            Account::Feather(feather) => Some(&feather.client),
            Account::Slng(_) => None,
        }
    }

    /// The generated client behind this dialer, where it is SLNG's.
    #[must_use]
    pub fn slng_client(&self) -> Option<&slng_api::Client> {
        match &self.account {
            Account::Slng(slng) => Some(&slng.client),
            Account::Feather(_) => None,
        }
    }
}
