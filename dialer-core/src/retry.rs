//! Dialling again, only where it is proven that nothing was placed.

use std::{mem, time::Duration};

use backon::{BackoffBuilder as _, ExponentialBackoff, ExponentialBuilder};
use tokio::time::{Instant, sleep};

use tracing::{Instrument as _, Span};

use crate::{Attempt, Call, Dial, DialError, Receipt, dial::Dialing};

/// How often and for how long to dial again.
///
/// The wait doubles from the first to the longest, plus up to as much again at
/// random; a `Retry-After` that is longer counts instead. Where the next wait
/// would end after the time is over, the last error is given at once.
///
/// ```
/// # use std::time::Duration;
/// # use dialer_core::RetryPolicy;
/// let policy = RetryPolicy::new()
///     .tries(5)
///     .within(Duration::from_secs(120))
///     .waits(Duration::from_secs(1), Duration::from_secs(20));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct RetryPolicy {
    tries: usize,
    within: Duration,
    first_wait: Duration,
    longest_wait: Duration,
}

impl RetryPolicy {
    /// Three tries in all, within a minute, waiting 0.5 to 10 seconds between.
    pub const fn new() -> Self {
        Self {
            tries: 3,
            within: Duration::from_secs(60),
            first_wait: Duration::from_millis(500),
            longest_wait: Duration::from_secs(10),
        }
    }

    /// At most so many tries in all, the first included; 0 counts as 1.
    pub const fn tries(mut self, tries: usize) -> Self {
        self.tries = tries;
        self
    }

    /// No try begins later than this after the first began.
    pub const fn within(mut self, limit: Duration) -> Self {
        self.within = limit;
        self
    }

    /// The first wait, and what it doubles up to; both before the random part.
    pub const fn waits(mut self, first: Duration, longest: Duration) -> Self {
        self.first_wait = first;
        self.longest_wait = longest;
        self
    }
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self::new()
    }
}

/// Dials again where an error is [transient](crate::DialError::is_transient), which
/// only an error is that proves that no call was placed.
///
/// In a batch, use `Batch::retry` instead, so that every try keeps the batch's
/// pace, its pauses and its stop.
///
/// ```
/// # use dialer_core::{Dialer, Retry, RetryPolicy};
/// # fn example(dialer: Dialer) {
/// let dialer = Retry::new(dialer, RetryPolicy::new().tries(5));
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Retry<D> {
    dialer: D,
    policy: RetryPolicy,
}

impl<D: Dial> Retry<D> {
    /// `dialer`, dialling again by `policy`.
    pub fn new(dialer: D, policy: RetryPolicy) -> Self {
        Self { dialer, policy }
    }
}

impl<D: Dial> Dial for Retry<D> {
    fn dial<'a>(&'a self, call: &'a Call) -> Dialing<'a> {
        Box::pin(async move {
            let mut tries = Tries::new(self.policy);
            loop {
                let result = self.dialer.dial(call).instrument(tries.span()).await;
                match tries.next(result) {
                    Next::Again(_, wait) => sleep(wait).await,
                    Next::End(result) => return result,
                }
            }
        })
    }
}

/// The tries of one call: how many there were, and what came of them.
pub(crate) struct Tries {
    policy: RetryPolicy,
    waits: ExponentialBackoff,
    began: Instant,
    earlier: Vec<Attempt>,
    number: usize,
}

/// What follows a try.
#[allow(clippy::large_enum_variant)] // It lives for a moment.
pub(crate) enum Next {
    /// Another one, after this time; until then, this error is the last.
    Again(
        #[cfg_attr(not(feature = "batch"), allow(dead_code))] // Only a batch stops a wait.
        DialError,
        Duration,
    ),
    /// None; the result, with every attempt before it.
    End(Result<Receipt, DialError>),
}

impl Tries {
    pub(crate) fn new(policy: RetryPolicy) -> Self {
        let waits = ExponentialBuilder::new()
            .with_jitter()
            .with_min_delay(policy.first_wait)
            .with_max_delay(policy.longest_wait)
            .with_max_times(policy.tries.saturating_sub(1))
            .build();
        Self {
            policy,
            waits,
            began: Instant::now(),
            earlier: Vec::new(),
            number: 0,
        }
    }

    /// The span of the next try.
    pub(crate) fn span(&mut self) -> Span {
        self.number += 1;
        tracing::info_span!("attempt", number = self.number)
    }

    pub(crate) fn next(&mut self, result: Result<Receipt, DialError>) -> Next {
        let error = match result {
            Ok(receipt) => return Next::End(Ok(receipt.after(mem::take(&mut self.earlier)))),
            Err(error) => error,
        };
        let wait = if error.is_transient() {
            self.waits.next()
        } else {
            None
        };
        let wait = wait.map(|wait| wait.max(error.retry_after().unwrap_or_default()));
        match wait {
            Some(wait) if self.began.elapsed().saturating_add(wait) <= self.policy.within => {
                let earlier = mem::take(&mut self.earlier);
                let error = error.after(earlier);
                self.earlier = error.attempts().to_vec();
                Next::Again(error, wait)
            }
            _ => Next::End(Err(error.after(mem::take(&mut self.earlier)))),
        }
    }
}
