//! Keeps of a document what the operations that we call reach.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result, bail};
use serde_json::{Map, Value};

use crate::extract::METHODS;

/// The document with only `operations` (`POST /v1/calls`) and the components
/// that they reach. Order is kept.
///
/// # Errors
///
/// When an operation is not in the document, or a reference on its way leads
/// out of the document or nowhere.
pub fn slice(document: &Value, operations: &[String]) -> Result<Value> {
    let mut sliced = document.clone();
    let root = sliced
        .as_object_mut()
        .context("the document is not an object")?;
    root.shift_remove("webhooks");
    let paths = document.get("paths").and_then(Value::as_object);
    let paths = paths.context("/paths: missing")?;
    let kept = keep_operations(paths, operations)?;
    keep_tags(root, &kept);
    root.insert("paths".into(), Value::Object(kept));

    let components = root.shift_remove("components");
    let mut reached = BTreeSet::new();
    let mut pending = Vec::new();
    references(&Value::Object(root.clone()), &mut pending);
    while let Some(reference) = pending.pop() {
        let (group, name) = component(&reference)?;
        if reached.insert((group.clone(), name.clone())) {
            let target = components
                .as_ref()
                .and_then(|all| all.get(&group)?.get(&name));
            let target =
                target.with_context(|| format!("{reference}: the reference leads nowhere"))?;
            if group != "examples" {
                references(target, &mut pending);
            }
        }
    }
    if let Some(Value::Object(mut groups)) = components {
        for (group, members) in &mut groups {
            if let Value::Object(members) = members {
                members.retain(|name, _| reached.contains(&(group.clone(), name.clone())));
                if group == "responses" {
                    members.values_mut().for_each(drop_links);
                }
            }
        }
        groups.retain(|_, members| {
            members
                .as_object()
                .is_none_or(|members| !members.is_empty())
        });
        if !groups.is_empty() {
            root.insert("components".into(), Value::Object(groups));
        }
    }
    Ok(sliced)
}

/// Every reference of the document leads to a component that is there.
///
/// # Errors
///
/// Names the first that does not.
pub fn check_references(document: &Value) -> Result<()> {
    let mut found = Vec::new();
    references(document, &mut found);
    for reference in found {
        let (group, name) = component(&reference)?;
        let target = document
            .get("components")
            .and_then(|all| all.get(&group)?.get(&name));
        target.with_context(|| format!("{reference}: the reference leads nowhere"))?;
    }
    Ok(())
}

/// Links name other operations, which may not be kept, and nothing here
/// follows them.
fn drop_links(response: &mut Value) {
    if let Value::Object(members) = response {
        members.shift_remove("links");
    }
}

/// Whether an operation (`POST /v1/calls`) is in the document.
pub(crate) fn has_operation(document: &Value, operation: &str) -> bool {
    let Some((method, path)) = operation.split_once(' ') else {
        return false;
    };
    let item = document.get("paths").and_then(|paths| paths.get(path));
    item.is_some_and(|item| item.get(method.to_ascii_lowercase()).is_some())
}

fn keep_operations(
    paths: &Map<String, Value>,
    operations: &[String],
) -> Result<Map<String, Value>> {
    let mut wanted = BTreeSet::new();
    for operation in operations {
        let (method, path) = operation
            .split_once(' ')
            .filter(|(method, _)| METHODS.contains(method))
            .with_context(|| {
                format!("{operation:?} is not an operation such as \"POST /v1/calls\"")
            })?;
        let method = method.to_ascii_lowercase();
        if paths.get(path).and_then(|item| item.get(&method)).is_none() {
            bail!(
                "{operation}: not in the document, which has {}",
                all_operations(paths)
            );
        }
        wanted.insert((path, method));
    }
    let mut kept = Map::new();
    for (path, item) in paths {
        let mut item = item.clone();
        if let Value::Object(members) = &mut item {
            members.retain(|key, _| {
                let is_method = METHODS.contains(&key.to_ascii_uppercase().as_str());
                !is_method || wanted.contains(&(path.as_str(), key.clone()))
            });
        }
        if wanted.iter().any(|(wanted, _)| wanted == path) {
            let operations = item.as_object_mut().into_iter().flat_map(Map::values_mut);
            let responses =
                operations.filter_map(|operation| operation.get_mut("responses")?.as_object_mut());
            responses.flat_map(Map::values_mut).for_each(drop_links);
            kept.insert(path.clone(), item);
        }
    }
    Ok(kept)
}

fn all_operations(paths: &Map<String, Value>) -> String {
    let mut all = Vec::new();
    for (path, item) in paths {
        for method in METHODS {
            if item.get(method.to_ascii_lowercase()).is_some() {
                all.push(format!("{method} {path}"));
            }
        }
    }
    let more = all.len().saturating_sub(20);
    all.truncate(20);
    if more > 0 {
        all.push(format!("{more} more"));
    }
    all.join(", ")
}

/// Drops the descriptions of tags that no kept operation carries.
fn keep_tags(root: &mut Map<String, Value>, paths: &Map<String, Value>) {
    let items = paths
        .values()
        .filter_map(Value::as_object)
        .flat_map(Map::values);
    let tags = items
        .filter_map(|item| item.get("tags")?.as_array())
        .flatten();
    let used: BTreeSet<_> = tags.filter_map(Value::as_str).collect();
    if let Some(Value::Array(tags)) = root.get_mut("tags") {
        tags.retain(|tag| {
            tag.get("name")
                .and_then(Value::as_str)
                .is_some_and(|name| used.contains(name))
        });
    }
}

/// Keys under which an object's keys are names that the vendor chose: one of
/// them may be called `default` or `description` and be neither.
pub(crate) const NAMED: [&str; 21] = [
    "$defs",
    "callbacks",
    "content",
    "definitions",
    "dependentRequired",
    "dependentSchemas",
    "encoding",
    "headers",
    "links",
    "mapping",
    "parameters",
    "pathItems",
    "paths",
    "patternProperties",
    "properties",
    "requestBodies",
    "responses",
    "schemas",
    "scopes",
    "securitySchemes",
    "variables",
];

/// Everything that refers to a component: `$ref`, what a discriminator maps to,
/// and the schemes that `security` names.
fn references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        Value::Object(members) => {
            for (key, member) in members {
                match (key.as_str(), member) {
                    ("$ref", Value::String(reference)) => found.push(reference.clone()),
                    ("mapping", Value::Object(mapping)) if members.contains_key("propertyName") => {
                        found.extend(mapping.values().filter_map(Value::as_str).map(mapped));
                    }
                    ("security", Value::Array(requirements)) => {
                        let names = requirements
                            .iter()
                            .filter_map(Value::as_object)
                            .flat_map(Map::keys);
                        found.extend(
                            names.map(|name| {
                                format!("#/components/securitySchemes/{}", escape(name))
                            }),
                        );
                    }
                    ("examples", Value::Object(examples)) => {
                        let shared = examples
                            .values()
                            .filter_map(|example| example.get("$ref")?.as_str());
                        found.extend(shared.map(str::to_owned));
                    }
                    ("example" | "examples" | "default" | "enum" | "const" | "links", _) => {}
                    (key, _) if key.starts_with("x-") => {}
                    (key, Value::Object(named)) if NAMED.contains(&key) => {
                        named.values().for_each(|member| references(member, found));
                    }
                    _ => references(member, found),
                }
            }
        }
        _ => {}
    }
}

/// What a discriminator's mapping means: a reference, or a schema's bare name.
fn mapped(target: &str) -> String {
    if target.contains(['#', '/']) {
        target.to_owned()
    } else {
        format!("#/components/schemas/{target}")
    }
}

fn escape(token: &str) -> String {
    token.replace('~', "~0").replace('/', "~1")
}

/// Group and name of the component that a reference leads to.
fn component(reference: &str) -> Result<(String, String)> {
    let rest = reference.strip_prefix('#').with_context(|| {
        format!("{reference}: the reference leads out of the document, which is not supported")
    })?;
    let tokens = rest
        .split('/')
        .map(|token| token.replace("~1", "/").replace("~0", "~"));
    match &tokens.collect::<Vec<_>>()[..] {
        [root, components, group, name] if root.is_empty() && components == "components" => {
            Ok((group.clone(), name.clone()))
        }
        _ => bail!(
            "{reference}: the reference does not lead to a component itself, which is not supported"
        ),
    }
}
