//! Dialling through another account, only where it is proven that nothing was
//! placed.

use std::{fmt, sync::Arc};

use crate::{Call, Dial, dial::Dialing};

/// Dials through the first of several dialers, and through the next where that
/// one could not: where it is proven that no call was placed, for reasons of
/// the vendor or of the account with it.
///
/// Those are: no connection, a key that is refused, no permission, no credit,
/// an agent without an outbound connection, too many requests. Where the vendor
/// refused the number or the request, the next one is not asked; nor where the
/// outcome is unknown.
///
/// ```
/// # use dialer_core::{Dialer, Failover, Retry, RetryPolicy};
/// # fn example(feather: Dialer, slng: Dialer) {
/// let dialer = Failover::new(feather).then(Retry::new(slng, RetryPolicy::new()));
/// # }
/// ```
#[derive(Clone)]
pub struct Failover {
    first: Arc<dyn Dial>,
    rest: Vec<Arc<dyn Dial>>,
}

impl Failover {
    /// Dials through `first`.
    pub fn new(first: impl Dial + 'static) -> Self {
        Self {
            first: Arc::new(first),
            rest: Vec::new(),
        }
    }

    /// Adds a dialer to ask after those that are there.
    #[must_use]
    pub fn then(mut self, next: impl Dial + 'static) -> Self {
        self.rest.push(Arc::new(next));
        self
    }
}

impl fmt::Debug for Failover {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let dialers = self.rest.len() + 1;
        f.debug_struct("Failover")
            .field("dialers", &dialers)
            .finish_non_exhaustive()
    }
}

impl Dial for Failover {
    fn dial<'a>(&'a self, call: &'a Call) -> Dialing<'a> {
        Box::pin(async move {
            let mut earlier = Vec::new();
            let mut dialer = &self.first;
            for next in &self.rest {
                match dialer.dial(call).await {
                    Err(error) if error.may_fail_over() => {
                        earlier.extend_from_slice(error.attempts());
                    }
                    Err(error) => return Err(error.after(earlier)),
                    Ok(receipt) => return Ok(receipt.after(earlier)),
                }
                dialer = next;
            }
            match dialer.dial(call).await {
                Ok(receipt) => Ok(receipt.after(earlier)),
                Err(error) => Err(error.after(earlier)),
            }
        })
    }
}
