//! The trait behind which anything can dial.

use std::{pin::Pin, sync::Arc};

use crate::{Call, DialError, Dialer, Receipt};

/// A dial under way.
pub type Dialing<'a> = Pin<Box<dyn Future<Output = Result<Receipt, DialError>> + Send + 'a>>;

/// Whatever dials: a [`Dialer`], one wrapped in [`Retry`](crate::Retry) or
/// [`Failover`](crate::Failover), or a test's own.
///
/// A test's own makes its results with the functions of `mock` (feature
/// `mock`), which judge as a [`Dialer`] would:
///
#[cfg_attr(feature = "mock", doc = "```")]
#[cfg_attr(not(feature = "mock"), doc = "```ignore")]
/// use dialer_core::{Call, Dial, Dialing, Vendor, mock};
///
/// /// Takes every call and dials none.
/// struct Fake;
///
/// impl Dial for Fake {
///     fn dial<'a>(&'a self, _: &'a Call) -> Dialing<'a> {
///         Box::pin(async { mock::reply(Vendor::Slng, 200, &[], r#"{"call_id": "c1"}"#) })
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let dialer: Box<dyn Dial> = Box::new(Fake);
/// let receipt = dialer.dial(&Call::to("+14155551234".parse()?)).await?;
/// assert_eq!(receipt.id(), Some("c1"));
/// # Ok(())
/// # }
/// ```
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
