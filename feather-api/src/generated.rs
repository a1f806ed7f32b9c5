//! The generated client. Its lints are the generator's business.
#![allow(
    clippy::all,
    clippy::pedantic,
    clippy::unwrap_used,
    missing_docs,
    unreachable_pub,
    unused_imports,
    unused_qualifications
)]

include!(concat!(env!("OUT_DIR"), "/client.rs"));
