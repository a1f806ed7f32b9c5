//! Keeps of a document what the operations that we call reach.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result, bail, ensure};
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
    pending.extend(security_schemes(root));
    while let Some(reference) = pending.pop() {
        let (group, name) = component(&reference)?;
        if reached.insert((group.clone(), name.clone())) {
            let target = components
                .as_ref()
                .and_then(|all| all.get(&group)?.get(&name));
            let target =
                target.with_context(|| format!("{reference}: the reference leads nowhere"))?;
            references(target, &mut pending);
        }
    }
    if let Some(Value::Object(mut groups)) = components {
        for (group, members) in &mut groups {
            if let Value::Object(members) = members {
                members.retain(|name, _| reached.contains(&(group.clone(), name.clone())));
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
/// them may be called `default` or `enum` and be none.
pub(crate) const NAMED: [&str; 12] = [
    "$defs",
    "callbacks",
    "content",
    "definitions",
    "dependentSchemas",
    "encoding",
    "headers",
    "links",
    "patternProperties",
    "paths",
    "properties",
    "responses",
];

/// Every `$ref`, and every schema that a discriminator maps to.
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
                    ("examples", Value::Object(examples)) => {
                        let shared = examples
                            .values()
                            .filter_map(|example| example.get("$ref")?.as_str());
                        found.extend(shared.map(str::to_owned));
                    }
                    ("example" | "examples" | "default" | "enum" | "const", _) => {}
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

/// The schemes that the document's or an operation's `security` names.
fn security_schemes(root: &Map<String, Value>) -> Vec<String> {
    let items = root
        .get("paths")
        .and_then(Value::as_object)
        .into_iter()
        .flat_map(Map::values);
    let operations = items.filter_map(Value::as_object).flat_map(Map::values);
    let own = operations.filter_map(|operation| operation.get("security"));
    let requirements = own
        .chain(root.get("security"))
        .filter_map(Value::as_array)
        .flatten();
    let names = requirements
        .filter_map(Value::as_object)
        .flat_map(Map::keys);
    names
        .map(|name| format!("#/components/securitySchemes/{}", escape(name)))
        .collect()
}

fn escape(token: &str) -> String {
    token.replace('~', "~0").replace('/', "~1")
}

/// Group and name of the component that a reference leads to, or into.
fn component(reference: &str) -> Result<(String, String)> {
    let rest = reference.strip_prefix('#').with_context(|| {
        format!("{reference}: the reference leads out of the document, which is not supported")
    })?;
    let mut tokens = rest
        .split('/')
        .skip(1)
        .map(|token| token.replace("~1", "/").replace("~0", "~"));
    ensure!(
        tokens.next().as_deref() == Some("components"),
        "{reference}: the reference does not lead to a component, which is not supported"
    );
    match (tokens.next(), tokens.next()) {
        (Some(group), Some(name)) => Ok((group, name)),
        _ => bail!("{reference}: the reference does not lead to a component"),
    }
}
