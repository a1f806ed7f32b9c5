//! Schemas: JSON Schema 2020-12 to the schema object of OpenAPI 3.0.
//!
//! One function for each construct; each takes the schema's members and leaves
//! them alone where the construct is not there.

use serde_json::{Map, Number, Value, json};

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

/// Keywords that judge null too, which `nullable` does not overrule.
const JUDGES_NULL: [&str; 7] = ["enum", "const", "$ref", "allOf", "anyOf", "oneOf", "not"];

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
        return lowering.reference(members);
    }
    foreign_nullable(lowering, &mut members);
    null_branch(lowering, &mut members);
    type_list(lowering, &mut members);
    constant(lowering, &mut members);
    null_type(lowering, &mut members);
    examples(&mut members);
    exclusive_bound(lowering, &mut members, ["exclusiveMinimum", "minimum"], 1);
    exclusive_bound(lowering, &mut members, ["exclusiveMaximum", "maximum"], -1);
    lowering.object(Value::Object(members), "a schema", rule)
}

/// What is the same in 3.0, and where further schemas are.
fn rule(key: &str) -> Option<Rule> {
    Some(match key {
        "type" => |this, value| this.must_be(value, "a type's name", Value::is_string),
        "enum" => |this, value| this.must_be(value, "a list", Value::is_array),
        "required" => |this, value| this.must_be(value, "a list", Value::is_array),
        "nullable" | "format" | "multipleOf" | "maximum" | "exclusiveMaximum" | "minimum"
        | "exclusiveMinimum" | "maxLength" | "minLength" | "pattern" | "maxItems" | "minItems"
        | "uniqueItems" | "maxProperties" | "minProperties" | "discriminator" | "xml" => {
            Lowering::keep
        }
        annotation if ANNOTATIONS.contains(&annotation) => Lowering::keep,
        "properties" => |this, value| this.each_named(value, lower),
        "allOf" | "anyOf" | "oneOf" => |this, value| this.each_item(value, lower),
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
            && !JUDGES_NULL.iter().any(|key| other.contains_key(*key));
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
    if others.is_empty() && nulls.len() == 1 {
        return put(members, "type", "null");
    }
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

/// `type: "null"`: an enum of null.
fn null_type(lowering: &mut Lowering, members: &mut Members) {
    if members.get("type").is_none_or(|name| name != "null") {
        return;
    }
    match members.get("enum") {
        None => {
            members.shift_remove("type");
            put(members, "enum", json!([null]));
        }
        Some(values) if *values == json!([null]) => {
            members.shift_remove("type");
        }
        Some(_) => {
            lowering.refuse("`type: null` with another `enum` beside it is not supported yet");
        }
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
    sign: i8,
) {
    let bound = match members.get(exclusive) {
        None => return,
        Some(Value::Number(bound)) => bound.clone(),
        Some(_) => return lowering.refuse(format!("`{exclusive}` must be a number in 3.1")),
    };
    let is_tighter = match members.get(inclusive) {
        None => true,
        Some(Value::Number(limit)) => is_tighter(&bound, limit, sign),
        Some(_) => return lowering.refuse(format!("`{inclusive}` must be a number")),
    };
    if is_tighter {
        put(members, inclusive, bound);
        put(members, exclusive, true);
    } else {
        members.shift_remove(exclusive);
    }
}

/// Whether an exclusive bound leaves fewer values than an inclusive one; `sign`
/// is 1 for lower bounds and -1 for upper ones.
fn is_tighter(exclusive: &Number, inclusive: &Number, sign: i8) -> bool {
    if let (Some(exclusive), Some(inclusive)) = (exclusive.as_i128(), inclusive.as_i128()) {
        return exclusive * i128::from(sign) >= inclusive * i128::from(sign);
    }
    let times_sign = |number: &Number| number.as_f64().map(|number| number * f64::from(sign));
    times_sign(exclusive) >= times_sign(inclusive)
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
