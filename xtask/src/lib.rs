//! From a vendor's docs page to what the API crates are generated from.
//!
//! One module a command: [`extract`], [`lower`], [`generate`], [`expand`],
//! [`refresh`], [`drift`]. The rest is what they share: [`document`] reads,
//! [`slice`](mod@slice) keeps what we call, [`overlay`] edits on purpose,
//! [`fetch`] reads the network, and [`sources`] knows the vendors.

pub mod document;
pub mod drift;
pub mod expand;
pub mod extract;
pub mod fetch;
pub mod generate;
pub mod lower;
pub mod overlay;
pub mod refresh;
pub mod slice;
pub mod sources;

/// The README's programs, compiled as doc tests.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
