//! `expand`: the Rust that a document becomes.

use std::{
    collections::HashSet,
    panic::{AssertUnwindSafe, catch_unwind},
};

use anyhow::{Context as _, Result, anyhow, bail};
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
    refuse_cycles(document)?;
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

/// Refuses a schema that is made of itself, by `allOf` or by reference alone:
/// it overflows the generator's stack, which nothing can catch.
fn refuse_cycles(document: &Value) -> Result<()> {
    let schemas = document
        .pointer("/components/schemas")
        .and_then(Value::as_object);
    let Some(schemas) = schemas else {
        return Ok(());
    };
    let mut sound = HashSet::new();
    for name in schemas.keys() {
        // Depth first; `None` marks the way back.
        let mut path: Vec<&str> = Vec::new();
        let mut pending = vec![Some(name.as_str())];
        while let Some(next) = pending.pop() {
            let Some(name) = next else {
                sound.extend(path.pop());
                continue;
            };
            if path.contains(&name) {
                bail!(
                    "/components/schemas/{name}: the schema is made of itself: {} -> {name}",
                    path.join(" -> ")
                );
            }
            if !sound.contains(name) {
                path.push(name);
                pending.push(None);
                pending.extend(schemas.get(name).into_iter().flat_map(made_of).map(Some));
            }
        }
    }
    Ok(())
}

/// The components that a schema is made of, rather than holds.
fn made_of(schema: &Value) -> Vec<&str> {
    let mut found = Vec::new();
    let mut pending = vec![schema];
    while let Some(schema) = pending.pop() {
        let name = schema.get("$ref").and_then(Value::as_str);
        found.extend(name.and_then(|name| name.strip_prefix("#/components/schemas/")));
        pending.extend(
            schema
                .get("allOf")
                .and_then(Value::as_array)
                .into_iter()
                .flatten(),
        );
    }
    found
}
