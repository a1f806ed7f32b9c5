//! Tests over real sockets on loopback.
#![allow(
    clippy::expect_used,
    clippy::format_push_string,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    missing_docs
)]

mod batch;
mod composition;
mod example;
mod mock;
mod outcomes;
mod policies;
mod recording;
mod replies;
mod vendor;
mod wire;
