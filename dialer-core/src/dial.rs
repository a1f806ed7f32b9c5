//! The trait behind which anything can dial.

use std::{pin::Pin, sync::Arc};

use crate::{Call, DialError, Dialer, Receipt};

/// A dial under way.
pub type Dialing<'a> = Pin<Box<dyn Future<Output = Result<Receipt, DialError>> + Send + 'a>>;

/// Whatever dials: a [`Dialer`], one wrapped in [`Retry`](crate::Retry) or
/// [`Failover`](crate::Failover), or a test's own.
///
/// A test's own makes its results with the functions of `mock` (feature
/// `mock`), which judge as a [`Dialer`] would.
pub trait Dial: Send + Sync {
    /// Places a call; as [`Dialer::dial`].
    fn dial<'a>(&'a self, call: &'a Call) -> Dialing<'a>;
}

impl Dial for Dialer {
    fn dial<'a>(&'a self, call: &'a Call) -> Dialing<'a> {
        Box::pin(Dialer::dial(self, call))
    }
}

macro_rules! dial_through {
    ($($pointer:ty),*) => {$(
        impl<D: Dial + ?Sized> Dial for $pointer {
            fn dial<'a>(&'a self, call: &'a Call) -> Dialing<'a> {
                (**self).dial(call)
            }
        }
    )*};
}
dial_through!(&D, Box<D>, Arc<D>);
