//! A typed mock of the vendor: an extension of [`httpmock::MockServer`] with
//! one method for each operation, whose requests and replies are the
//! document's own types.
#![allow(
    clippy::all,
    clippy::pedantic,
    clippy::unwrap_used,
    missing_debug_implementations,
    missing_docs,
    unused_qualifications
)]

include!(concat!(env!("OUT_DIR"), "/mock.rs"));
