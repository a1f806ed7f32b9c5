//! Applies an OpenAPI Overlay 1.0 file: the few edits that we make on purpose.

use std::cmp::Reverse;

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use serde::Deserialize;
use serde_json::{Map, Value};
use serde_json_path::JsonPath;

/// The overlay object. `extends` says for which document it is made; ours are
/// found by their names.
#[derive(Deserialize)]
struct Edits {
    overlay: String,
    info: Info,
    actions: Vec<Action>,
    #[serde(rename = "extends")]
    _extends: Option<String>,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

#[derive(Deserialize)]
struct Info {
    title: String,
    version: String,
}

#[derive(Deserialize)]
struct Action {
    target: String,
    description: String,
    update: Option<Value>,
    #[serde(default)]
    remove: bool,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

/// Only extensions may stand where the specification names nothing.
fn only_extensions(rest: &Map<String, Value>) -> Result<()> {
    match rest.keys().find(|key| !key.starts_with("x-")) {
        Some(key) => bail!("unknown field `{key}`"),
        None => Ok(()),
    }
}

/// The document after every action of the overlay, in order.
///
/// Stricter than the specification: an action whose target matches nothing, or
/// that gives no reason (`description`), or that changes nothing, is an error.
///
/// # Errors
///
/// When the overlay is not one, or an action of it does nothing; the message
/// names the action by its number, from 1, and its target.
pub fn apply(mut document: Value, overlay: Value) -> Result<Value> {
    let overlay: Edits = serde_json::from_value(overlay).context("not an OpenAPI Overlay")?;
    let is_1_0 = overlay
        .overlay
        .strip_prefix("1.0.")
        .is_some_and(|patch| patch.parse::<u32>().is_ok());
    ensure!(
        is_1_0,
        "Overlay {} is not supported; 1.0 is",
        overlay.overlay
    );
    let Info { title, version } = &overlay.info;
    ensure!(
        !title.is_empty() && !version.is_empty(),
        "/info: a title and a version are required"
    );
    ensure!(
        !overlay.actions.is_empty(),
        "/actions: at least one is required"
    );
    only_extensions(&overlay.rest)?;
    for (index, action) in overlay.actions.iter().enumerate() {
        let number = index + 1;
        act(&mut document, action)
            .with_context(|| format!("action {number} ({})", action.target))?;
    }
    Ok(document)
}

fn act(document: &mut Value, action: &Action) -> Result<()> {
    only_extensions(&action.rest)?;
    ensure!(
        !action.description.trim().is_empty(),
        "it gives no reason (`description`)"
    );
    let path = JsonPath::parse(&action.target)
        .map_err(|e| anyhow!("the target is not a JSONPath: {e}"))?;
    let mut pointers: Vec<String> = path
        .query_located(document)
        .locations()
        .map(serde_json_path::NormalizedPath::to_json_pointer)
        .collect();
    ensure!(!pointers.is_empty(), "the target matches nothing");
    // From the last on, so that removing one does not move the next.
    pointers.sort_by_cached_key(|pointer| Reverse(position(pointer)));
    pointers.dedup();
    let before = document.clone();
    for pointer in &pointers {
        let target = document.pointer(pointer);
        ensure!(
            // One that an action removed with what holds it is gone already.
            target.is_none_or(|target| target.is_object() || target.is_array()),
            "a target must be an object or an array, and {pointer} is neither"
        );
        match &action.update {
            _ if action.remove => remove(document, pointer)?,
            Some(update) => {
                let target = document
                    .pointer_mut(pointer)
                    .context("the target is gone")?;
                merge(target, update)?;
            }
            None => bail!("it neither updates nor removes"),
        }
    }
    ensure!(
        *document != before,
        "it changes nothing: the document already is so"
    );
    Ok(())
}

/// The order of a document: an item by its number, not by its digits.
fn position(pointer: &str) -> Vec<(Option<usize>, String)> {
    let tokens = pointer.split('/');
    tokens
        .map(|token| (token.parse().ok(), token.to_owned()))
        .collect()
}

fn remove(document: &mut Value, pointer: &str) -> Result<()> {
    let (parent, token) = pointer
        .rsplit_once('/')
        .context("the document itself cannot be removed")?;
    let token = token.replace("~1", "/").replace("~0", "~");
    match document.pointer_mut(parent) {
        Some(Value::Object(members)) => members.shift_remove(&token).map(drop),
        Some(Value::Array(items)) => {
            token
                .parse()
                .ok()
                .filter(|at| *at < items.len())
                .map(|at: usize| {
                    items.remove(at);
                })
        }
        _ => None,
    }
    .context("the target is gone")
}

/// As the specification has it: an object is merged into, an array appended to.
fn merge(target: &mut Value, update: &Value) -> Result<()> {
    match (target, update) {
        (Value::Object(target), Value::Object(update)) => {
            merge_members(target, update);
            Ok(())
        }
        (Value::Array(target), update) => {
            target.push(update.clone());
            Ok(())
        }
        _ => bail!("an update's target must be an object, updated by an object, or an array"),
    }
}

fn merge_members(target: &mut Map<String, Value>, update: &Map<String, Value>) {
    for (key, update) in update {
        match (target.get_mut(key), update) {
            (Some(Value::Object(target)), Value::Object(update)) => merge_members(target, update),
            (Some(Value::Array(target)), Value::Array(update)) => {
                target.extend(update.iter().cloned());
            }
            _ => {
                target.insert(key.clone(), update.clone());
            }
        }
    }
}
