//! Tests over real sockets on loopback.
#![allow(
    clippy::expect_used,
    clippy::format_push_string,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    missing_docs
)]

mod batch;
mod composition;
mod example;
mod lab;
mod mock;
mod outcomes;
mod policies;
mod properties;
mod recording;
mod replies;
mod traces;
mod vendor;
mod wire;
