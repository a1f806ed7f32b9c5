//! The pace of a batch: its limit, its pauses, its stop, its tries.

use std::{
    num::NonZeroU32,
    sync::{Mutex, OnceLock, PoisonError},
};

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use crate::{
    BatchError, Call, Dial, DialError, ErrorKind, NotDialled, Receipt, RetryPolicy,
    retry::{Next, Tries},
};

/// What each dial of a batch passes before it begins, and reports to after.
pub(crate) struct Gate {
    stop: CancellationToken,
    limiter: Option<DefaultDirectRateLimiter>,
    retry: RetryPolicy,
    account: OnceLock<ErrorKind>,
    paused_until: Mutex<Option<Instant>>,
}

impl Gate {
    pub(crate) fn new(
        per_second: Option<NonZeroU32>,
        retry: RetryPolicy,
        stop: &CancellationToken,
    ) -> Self {
        let limiter = |dials| {
            let quota = Quota::per_second(dials).allow_burst(NonZeroU32::MIN);
            RateLimiter::direct(quota)
        };
        Self {
            stop: stop.child_token(),
            limiter: per_second.map(limiter),
            retry,
            account: OnceLock::new(),
            paused_until: Mutex::new(None),
        }
    }

    /// Dials when it is the call's turn, and again by the policy; or says why
    /// not.
    pub(crate) async fn dial(
        &self,
        dialer: &impl Dial,
        call: &Call,
    ) -> Result<Receipt, BatchError> {
        let mut tries = Tries::new(self.retry);
        let mut last = None;
        loop {
            self.unless_stopped(self.turn()).await;
            if let Some(reason) = self.stopped() {
                // A try that was to be repeated is the last one then.
                return Err(last.map_or(BatchError::NotDialled(reason), BatchError::Dial));
            }
            let result = dialer.dial(call).instrument(tries.span()).await;
            if let Err(error) = &result {
                self.note(error);
            }
            match tries.next(result) {
                Next::End(result) => return result.map_err(BatchError::Dial),
                Next::Again(error, wait) => {
                    last = Some(error);
                    self.unless_stopped(sleep(wait)).await;
                }
            }
        }
    }

    async fn unless_stopped(&self, wait: impl Future<Output = ()>) {
        tokio::select! {
            biased;
            () = self.stop.cancelled() => {}
            () = wait => {}
        }
    }

    fn stopped(&self) -> Option<NotDialled> {
        let account = self.account.get().map(|kind| NotDialled::Account(*kind));
        self.stop
            .is_cancelled()
            .then(|| account.unwrap_or(NotDialled::Stopped))
    }

    /// Waits until a dial may begin.
    async fn turn(&self) {
        loop {
            while let Some(end) = self.pause() {
                sleep_until(end).await;
            }
            if let Some(limiter) = &self.limiter {
                limiter.until_ready().await;
            }
            if self.pause().is_none() {
                return;
            }
        }
    }

    /// When the pause ends, if there is one.
    fn pause(&self) -> Option<Instant> {
        let end = *self
            .paused_until
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        end.filter(|end| *end > Instant::now())
    }

    /// What an error means for the calls that are still to be dialled.
    fn note(&self, error: &DialError) {
        if error.kind().is_account_level() {
            // The first one counts.
            let _ = self.account.set(error.kind());
            self.stop.cancel();
        } else if let Some(wait) = error.retry_after() {
            let mut end = self
                .paused_until
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            *end = (*end).max(Instant::now().checked_add(wait));
            tracing::warn!(
                seconds = wait.as_secs_f64(),
                "the vendor asks the batch to pause"
            );
        }
    }
}
