//! Schemas: JSON Schema 2020-12 to the schema object of OpenAPI 3.0.
//!
//! One function for each construct; each takes the schema's members and leaves
//! them alone where the construct is not there.

use serde_json::{Map, Value, json};

use super::{Lowering, Rule, put};

type Members = Map<String, Value>;

/// Keywords that say nothing about which values are valid.
const ANNOTATIONS: [&str; 9] = [
    "title",
    "description",
    "default",
    "deprecated",
    "readOnly",
    "writeOnly",
    "example",
    "examples",
    "externalDocs",
];

pub(super) fn lower(lowering: &mut Lowering, value: Value) -> Value {
    let mut members = match value {
        Value::Object(members) => members,
        Value::Bool(all) => return boolean(all),
        other => {
            lowering.refuse("a schema must be an object, true or false");
            return other;
        }
    };
    reference_with_siblings(lowering, &mut members);
    if members.contains_key("$ref") {
        return Value::Object(members);
    }
    foreign_nullable(lowering, &mut members);
    null_branch(lowering, &mut members);
    type_list(lowering, &mut members);
    null_type(&mut members);
    constant(lowering, &mut members);
    examples(&mut members);
    exclusive_bound(
        lowering,
        &mut members,
        ["exclusiveMinimum", "minimum"],
        |bound, limit| bound >= limit,
    );
    exclusive_bound(
        lowering,
        &mut members,
        ["exclusiveMaximum", "maximum"],
        |bound, limit| bound <= limit,
    );
    lowering.object(Value::Object(members), "a schema", rule)
}

/// What is the same in 3.0, and where further schemas are.
fn rule(key: &str) -> Option<Rule> {
    Some(match key {
        "type" | "nullable" | "enum" | "format" | "multipleOf" | "maximum" | "exclusiveMaximum"
        | "minimum" | "exclusiveMinimum" | "maxLength" | "minLength" | "pattern" | "maxItems"
        | "minItems" | "uniqueItems" | "maxProperties" | "minProperties" | "required"
        | "discriminator" | "xml" => Lowering::keep,
        annotation if ANNOTATIONS.contains(&annotation) => Lowering::keep,
        "properties" | "allOf" | "anyOf" | "oneOf" => |this, value| this.each(value, lower),
        "items" | "not" => lower,
        "additionalProperties" => |this, value| match value {
            Value::Bool(_) => value,
            schema => lower(this, schema),
        },
        _ => return None,
    })
}

/// `true` and `false`.
fn boolean(all: bool) -> Value {
    if all { json!({}) } else { json!({"not": {}}) }
}

/// `$ref` with annotations beside it: 3.0 ignores them there, and reads them
/// beside an `allOf` of one.
fn reference_with_siblings(lowering: &mut Lowering, members: &mut Members) {
    if members.len() < 2 || !members.contains_key("$ref") {
        return;
    }
    if let Some(other) = members
        .keys()
        .find(|key| *key != "$ref" && !is_annotation(key))
    {
        lowering.refuse(format!(
            "`$ref` with `{other}` beside it is not supported yet"
        ));
        return;
    }
    let lowered = std::mem::take(members)
        .into_iter()
        .map(|(key, value)| match key.as_str() {
            "$ref" => ("allOf".to_owned(), json!([{"$ref": value}])),
            _ => (key, value),
        });
    *members = lowered.collect();
}

/// `nullable`, which 3.1 does not have: what it should mean is not ours to say.
fn foreign_nullable(lowering: &mut Lowering, members: &mut Members) {
    if members.contains_key("nullable") {
        lowering.refuse("`nullable` has no meaning in 3.1; how it is meant is not supported yet");
    }
}

/// `anyOf` or `oneOf` of one typed schema and null: that schema, nullable.
fn null_branch(lowering: &mut Lowering, members: &mut Members) {
    for union in ["anyOf", "oneOf"] {
        let Some(Value::Array(branches)) = members.get(union) else {
            continue;
        };
        let (nulls, others): (Vec<_>, Vec<_>) = branches.iter().partition(|branch| is_null(branch));
        if nulls.is_empty() {
            continue;
        }
        let [Value::Object(other)] = others[..] else {
            lowering.refuse(format!(
                "`{union}` of null and more than one schema is not supported yet"
            ));
            continue;
        };
        let sound = other.get("type").is_some_and(Value::is_string)
            && !["enum", "const", "$ref"]
                .iter()
                .any(|key| other.contains_key(*key));
        if !sound {
            lowering.refuse(format!(
                "`{union}` of null and a schema that is not plainly typed is not supported yet"
            ));
            continue;
        }
        if let Some(beside) = members
            .keys()
            .find(|key| *key != union && !is_annotation(key))
        {
            lowering.refuse(format!(
                "`{union}` with null and `{beside}` beside it is not supported yet"
            ));
            continue;
        }
        let other = other.clone();
        let mut lowered = Members::new();
        for (key, value) in std::mem::take(members) {
            if key == union {
                // An annotation beside the union speaks of the whole: it wins.
                for (key, value) in &other {
                    lowered.entry(key).or_insert_with(|| value.clone());
                }
                put(&mut lowered, "nullable", true);
            } else {
                put(&mut lowered, &key, value);
            }
        }
        *members = lowered;
    }
}

/// `type: [T]` and `type: [T, "null"]`.
fn type_list(lowering: &mut Lowering, members: &mut Members) {
    let Some(Value::Array(types)) = members.get("type") else {
        return;
    };
    let (nulls, others): (Vec<_>, Vec<_>) = types.iter().partition(|name| *name == "null");
    let nullable = !nulls.is_empty();
    let [only] = others[..] else {
        lowering.refuse("a `type` of more than one type besides null is not supported yet");
        return;
    };
    let only = only.clone();
    put(members, "type", only);
    // A 3.0 enum must list null for null to be valid; a 3.1 one as well.
    if nullable {
        put(members, "nullable", true);
    }
}

/// `type: "null"`.
fn null_type(members: &mut Members) {
    if members.get("type").is_some_and(|name| name == "null") {
        members.shift_remove("type");
        put(members, "enum", json!([null]));
    }
}

/// `const`: an enum of one, with its type.
fn constant(lowering: &mut Lowering, members: &mut Members) {
    let Some(value) = members.get("const").cloned() else {
        return;
    };
    if members.contains_key("enum") {
        lowering.refuse("`const` with `enum` beside it is not supported yet");
        return;
    }
    let type_name = match &value {
        Value::Bool(_) => Some("boolean"),
        Value::Number(number) if number.is_f64() => Some("number"),
        Value::Number(_) => Some("integer"),
        Value::String(_) => Some("string"),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    };
    let lowered = std::mem::take(members)
        .into_iter()
        .map(|(key, member)| match key.as_str() {
            "const" => ("enum".to_owned(), json!([member])),
            _ => (key, member),
        });
    *members = lowered.collect();
    if let (Some(type_name), false) = (type_name, members.contains_key("type")) {
        put(members, "type", type_name);
    }
}

/// `examples`: its first.
fn examples(members: &mut Members) {
    if let Some(Value::Array(examples)) = members.shift_remove("examples")
        && let (Some(first), false) = (examples.into_iter().next(), members.contains_key("example"))
    {
        put(members, "example", first);
    }
}

/// A numeric exclusive bound: the inclusive bound's boolean. Where both bounds
/// are given, the tighter one counts.
fn exclusive_bound(
    lowering: &mut Lowering,
    members: &mut Members,
    [exclusive, inclusive]: [&str; 2],
    tighter: fn(f64, f64) -> bool,
) {
    let bound = match members.get(exclusive) {
        None => return,
        Some(Value::Number(bound)) => bound.clone(),
        Some(_) => return lowering.refuse(format!("`{exclusive}` must be a number in 3.1")),
    };
    let limit = members.get(inclusive).and_then(Value::as_f64);
    if limit.is_none_or(|limit| bound.as_f64().is_some_and(|bound| tighter(bound, limit))) {
        put(members, inclusive, bound);
        put(members, exclusive, true);
    } else {
        members.shift_remove(exclusive);
    }
}

fn is_null(schema: &Value) -> bool {
    schema.as_object().is_some_and(|schema| {
        schema.get("type").is_some_and(|name| name == "null")
            && schema.keys().all(|key| key == "type" || is_annotation(key))
    })
}

fn is_annotation(key: &str) -> bool {
    ANNOTATIONS.contains(&key) || key.starts_with("x-")
}
