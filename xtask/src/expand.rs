//! `expand`: the Rust that a document becomes.

use std::panic::{AssertUnwindSafe, catch_unwind};

use anyhow::{Context as _, Result, anyhow};
use openapiv3::OpenAPI;
use serde_json::Value;

// The very file that builds the API crates, so that what is printed here is
// what is built there.
#[allow(dead_code, clippy::print_stdout)]
#[path = "../../feather-api/build.rs"]
mod build;

/// Which part of the generated code is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The client with its types.
    Client,
    /// The typed mock.
    Mock,
}

/// The generated Rust of an OpenAPI 3.0 document, formatted.
///
/// # Errors
///
/// When the document is not one, or the generator refuses it or panics on it.
pub fn expand(document: &Value, part: Part) -> Result<String> {
    let spec: OpenAPI =
        serde_json::from_value(document.clone()).context("not an OpenAPI 3.0 document")?;
    let generate = || match part {
        Part::Client => build::client(&spec),
        Part::Mock => build::mock(&spec),
    };
    match catch_unwind(AssertUnwindSafe(generate)) {
        Ok(Ok(code)) => Ok(code),
        Ok(Err(error)) => Err(anyhow!("the generator refuses the document: {error}")),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text
                .or_else(|| panic.downcast_ref::<&str>().copied())
                .unwrap_or("no message");
            Err(anyhow!("the generator panics on the document: {text}"))
        }
    }
}

/// As [`expand`], and what the build adds to it, so that all of it is known to
/// generate.
///
/// # Errors
///
/// As [`expand`], and when the document's security is not supported.
pub fn try_all(document: &Value) -> Result<()> {
    expand(document, Part::Client)?;
    expand(document, Part::Mock)?;
    let spec: OpenAPI = serde_json::from_value(document.clone())?;
    build::constants(&spec).map_err(|error| anyhow!("{error}"))?;
    Ok(())
}
