//! Typed client of the Feather voice API.
//!
//! The client, its types and, with feature `mock`, a typed mock server are
//! generated at build time from the vendor's OpenAPI document. It sends one
//! request for each call and judges nothing: `dialer-core` is the facade that
//! says what a failure proves.
//!
//! - [`Client`]: the operations, as builders
//! - [`types`]: requests and replies
//! - [`CallContext`]: the key, and how much of a reply is read
//! - [`Client::recorded`], [`Recording`]: status, headers and body of a reply,
//!   whatever the generated code makes of it
//! - [`SERVERS`], [`VERSION`]: what the document says of itself
//!
//! The HTTP client is yours to set up. Switch redirects off, lest one carries
//! the key to another host:
//!
//! ```
//! use feather_api::{CallContext, Client, SERVERS};
//! use reqwest::redirect::Policy;
//!
//! let http = reqwest::Client::builder().redirect(Policy::none()).build()?;
//! let client = Client::new_with_client(SERVERS[0].url, http, CallContext::new("key")?);
//! let (recorded, recording) = client.recorded();
//! // ... send a request with `recorded`, then:
//! assert!(recording.take().is_none(), "nothing was sent");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Features
//!
//! `rustls` (default) or `native-tls`: the TLS implementation. `mock`: the typed
//! mock, over `httpmock`.
#![cfg_attr(not(test), warn(unused_crate_dependencies))]

mod document;
mod generated;
mod hooks;
#[cfg(feature = "mock")]
pub mod mock;

pub use document::{SERVERS, Server, VERSION};
pub use generated::{ByteStream, Client, ClientInfo, Error, ResponseValue, builder, types};
pub use hooks::{CallContext, Recording, Reply};
