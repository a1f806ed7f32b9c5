//! Typed client of the Feather voice API.
//!
//! The client, its types and, with feature `mock`, a typed mock server are
//! generated at build time from the vendor's OpenAPI document.
#![cfg_attr(not(test), warn(unused_crate_dependencies))]

mod document;
mod generated;
mod hooks;
#[cfg(feature = "mock")]
pub mod mock;

pub use document::{SERVERS, Server, VERSION};
pub use generated::{ByteStream, Client, ClientInfo, Error, ResponseValue, builder, types};
pub use hooks::{CallContext, Recording, Reply};
