//! Places outbound AI phone calls through Feather or SLNG, and says after each
//! attempt whether a phone is ringing.
//!
//! A [`Dialer`] speaks for one account of one vendor. It takes a [`Call`] and
//! gives a [`Receipt`] or a [`DialError`]:
//!
//! ```no_run
//! use dialer_core::{Call, Dialer, Outcome};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let dialer = Dialer::slng().read_env().build()?;
//! let call = Call::to("+14155551234".parse()?).variable("patient_name", "Maria");
//! match dialer.dial(&call).await {
//!     Ok(receipt) => println!("ringing: {:?}", receipt.id()),
//!     Err(error) if error.outcome() == Outcome::NotPlaced => println!("not dialled: {error}"),
//!     Err(error) => println!("a phone may be ringing: {error}"),
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Dialling needs a Tokio runtime, with I/O and time enabled.
//!
//! # What an error means
//!
//! Neither vendor's document offers an idempotency key, so dialling again can
//! ring a phone twice. [`DialError::outcome`] is therefore [`NotPlaced`] only
//! where that is proven, and [`Unknown`] everywhere else; a 2xx is never an
//! error, whatever its body.
//!
//! | What happened | [`Outcome`] | [transient] |
//! |---|---|---|
//! | the call is invalid, nothing was sent | `NotPlaced` | no |
//! | no connection: DNS, refused, TLS handshake, connect timeout | `NotPlaced` | yes |
//! | the connection broke, or time ran out, after connecting; what came back is not HTTP | `Unknown` | – |
//! | any 2xx | `Placed`: a [`Receipt`] | – |
//! | 307, 308 (redirects are not followed) | `NotPlaced` | no |
//! | 400 401 402 403 404 405 413 415 422 | `NotPlaced` | no |
//! | 429 | `NotPlaced` | yes |
//! | any other status, every 5xx included | `Unknown` | – |
//!
//! [`NotPlaced`]: Outcome::NotPlaced
//! [`Unknown`]: Outcome::Unknown
//! [transient]: DialError::is_transient
//!
//! # Map of the crate
//!
//! - what to dial: [`Call`], [`PhoneNumber`]
//! - with which account: [`Dialer::feather`], [`Dialer::slng`], [`ConfigError`]
//! - over which connection: [`Transport`]
//! - what came of it: [`Receipt`], [`DialError`], [`Outcome`]
//! - again, or elsewhere, on proof: [`Retry`], [`Failover`]; anything that dials
//!   is a [`Dial`]
//! - the way down: [`Dialer::feather_client`], [`Dialer::slng_client`], and the
//!   generated crates, re-exported as [`feather_api`] and [`slng_api`]
//!
//! # Features
//!
//! - `rustls` (default) or `native-tls` choose the TLS implementation; with
//!   neither, only `http://` addresses can be reached.
//! - `batch`: `Batch`, many calls at a pace.
//! - `tower`: a dialer is a `tower::Service<Call>`.
//! - `phonenumber`: [`PhoneNumber`] from a national form, in a region that you
//!   name.
//! - `mock`: vendors to test against, and the typed mocks of the generated
//!   crates.
#![cfg_attr(not(test), warn(unused_crate_dependencies))]

mod attempt;
#[cfg(feature = "batch")]
mod batch;
mod call;
mod config;
mod dial;
mod dialer;
mod error;
mod exchange;
mod failover;
mod feather;
#[cfg(feature = "batch")]
mod gate;
#[cfg(feature = "mock")]
pub mod mock;
mod outcome;
mod phone;
mod receipt;
mod rejection;
mod retry;
#[cfg(feature = "tower")]
mod service;
mod slng;
mod trace;
mod transport;

pub use attempt::Attempt;
#[cfg(feature = "batch")]
pub use batch::{Batch, BatchError, Ended, NotDialled, Spawned};
pub use call::{Call, Destination};
pub use config::ConfigError;
pub use dial::{Dial, Dialing};
pub use dialer::{Dialer, Vendor};
pub use error::{DialError, ErrorKind};
pub use failover::Failover;
pub use feather::FeatherBuilder;
pub use outcome::Outcome;
pub use phone::{PhoneNumber, PhoneNumberError};
pub use receipt::{Receipt, Reply};
pub use rejection::{ErrorReply, FieldError};
pub use retry::{Retry, RetryPolicy};
pub use slng::SlngBuilder;
pub use transport::Transport;

#[cfg(feature = "batch")]
pub use tokio_util::sync::CancellationToken;
pub use {feather_api, reqwest, secrecy::SecretString, slng_api, uuid::Uuid};
