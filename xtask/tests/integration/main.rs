//! Tests of the pipeline, on the vendored documents and on small ones.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    missing_docs
)]

mod cli;
mod document;
mod drift;
mod extract;
mod generate;
mod house;
mod lower;
mod overlay;
mod refresh;
mod schemas;
mod slice;
mod support;
