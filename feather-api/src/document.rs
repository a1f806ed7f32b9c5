//! What the crate takes from the vendor's document besides the client.

include!(concat!(env!("OUT_DIR"), "/document.rs"));

/// A server that the vendor's document lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Server {
    /// The base URL.
    pub url: &'static str,
    /// What the document says of it; empty when it says nothing.
    pub description: &'static str,
}
