//! Dialers as `tower` services (feature `tower`).

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use tower_service::Service;

use crate::{Call, Dial, DialError, Dialer, Receipt};

/// A dial under way that owns its call.
type Owned = Pin<Box<dyn Future<Output = Result<Receipt, DialError>> + Send>>;

macro_rules! service {
    ($(#[$doc:meta])* $dialer:ty) => {
        $(#[$doc])*
        impl Service<Call> for $dialer {
            type Response = Receipt;
            type Error = DialError;
            type Future = Owned;

            fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), DialError>> {
                Poll::Ready(Ok(()))
            }

            fn call(&mut self, call: Call) -> Owned {
                let dialer = self.clone();
                Box::pin(async move { dialer.dial(&call).await })
            }
        }
    };
}

service! {
    /// ```
    /// use dialer_core::{Call, Dialer};
    /// use tower::{Service as _, ServiceBuilder, ServiceExt as _};
    ///
    /// # async fn example(dialer: Dialer, call: Call) -> Result<(), dialer_core::DialError> {
    /// let mut service = ServiceBuilder::new().concurrency_limit(8).service(dialer);
    /// let receipt = service.ready().await?.call(call).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Always ready. A layer that drops the future (a timeout) drops the verdict
    /// with it, and one that retries must ask [`DialError::is_transient`]: set
    /// [`Transport::timeout`](crate::Transport::timeout) and wrap the dialer in
    /// [`Retry`](crate::Retry) instead.
    Dialer
}

service! {
    /// Any dialer, wrapped or a test's own.
    Arc<dyn Dial>
}
