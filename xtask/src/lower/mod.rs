//! `lower`: OpenAPI 3.1 to 3.0.3 that accepts the same values.
//!
//! What 3.0 cannot say, or this does not know yet, is refused by its JSON
//! pointer: a constraint is never dropped in silence. A document that is 3.0
//! already passes as it is.

mod schema;

use std::fmt;

use anyhow::{Result, bail};
use serde_json::{Map, Value};

use crate::{document::Pointer, slice::check_references};

/// The version that is written.
const TARGET: &str = "3.0.3";

/// Why a document is not lowered: every construct that stands in the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused(pub Vec<Refusal>);

/// One construct that stands in the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Where.
    pub pointer: Pointer,
    /// Why.
    pub reason: String,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the document cannot be lowered to OpenAPI {TARGET}:")?;
        self.0
            .iter()
            .try_for_each(|refusal| write!(f, "\n  {}: {}", refusal.pointer, refusal.reason))
    }
}

impl std::error::Error for Refused {}

/// The document as OpenAPI 3.0.3.
///
/// # Errors
///
/// [`Refused`], with every construct that stands in the way; or that the
/// document is of no version that is known.
pub fn lower(mut document: Value) -> Result<Value> {
    let version = document
        .get("openapi")
        .and_then(Value::as_str)
        .unwrap_or_default();
    match version.split('.').take(2).collect::<Vec<_>>()[..] {
        ["3", "0"] => {}
        ["3", "1"] => {
            let mut lowering = Lowering::default();
            document = lowering.document(document);
            if !lowering.refused.is_empty() {
                bail!(Refused(lowering.refused));
            }
        }
        _ => bail!("/openapi: version {version:?} is not supported; 3.0 and 3.1 are"),
    }
    if let Some(members) = document.as_object_mut() {
        members.insert("openapi".into(), TARGET.into());
    }
    // Lowering moves what a reference may have led into.
    check_references(&document)?;
    Ok(document)
}

/// The walk: where it is, and what it could not take.
#[derive(Default)]
struct Lowering {
    at: Pointer,
    refused: Vec<Refusal>,
}

/// How an object's member is lowered.
type Rule = fn(&mut Lowering, Value) -> Value;

impl Lowering {
    fn refuse(&mut self, reason: impl Into<String>) {
        self.refused.push(Refusal {
            pointer: self.at.clone(),
            reason: reason.into(),
        });
    }

    /// Goes one level down.
    fn within<T>(&mut self, token: impl Into<String>, inner: impl FnOnce(&mut Self) -> T) -> T {
        self.at.push(token);
        let result = inner(self);
        self.at.pop();
        result
    }

    /// Lowers an object member by member: `rule` gives the rule for a key, or
    /// none for a key that 3.0 does not have there.
    fn object(&mut self, value: Value, what: &str, rule: impl Fn(&str) -> Option<Rule>) -> Value {
        let Value::Object(members) = value else {
            self.refuse(format!("{what} must be an object"));
            return value;
        };
        let lowered = members.into_iter().map(|(key, member)| {
            let member = self.within(&key, |this| match rule(&key) {
                Some(rule) => rule(this, member),
                None if key.starts_with("x-") => member,
                None => {
                    this.refuse(format!("`{key}` in {what} is not known, or not in 3.0"));
                    member
                }
            });
            (key, member)
        });
        Value::Object(lowered.collect())
    }

    /// Lowers every member of an object whose keys are names.
    fn each_named(&mut self, value: Value, rule: Rule) -> Value {
        self.each_of(value, |_| true, rule)
    }

    /// As [`each_named`](Self::each_named), where an extension may stand among
    /// the names.
    fn each_but_extensions(&mut self, value: Value, rule: Rule) -> Value {
        self.each_of(value, |name| !name.starts_with("x-"), rule)
    }

    fn each_of(&mut self, value: Value, is_name: fn(&str) -> bool, rule: Rule) -> Value {
        let Value::Object(members) = value else {
            self.refuse("an object is expected here");
            return value;
        };
        let lowered = members.into_iter().map(|(name, member)| {
            let member = if is_name(&name) {
                self.within(&name, |this| rule(this, member))
            } else {
                member
            };
            (name, member)
        });
        Value::Object(lowered.collect())
    }

    /// Lowers every item of a list.
    fn each_item(&mut self, value: Value, rule: Rule) -> Value {
        let Value::Array(items) = value else {
            self.refuse("a list is expected here");
            return value;
        };
        let lowered = items.into_iter().enumerate();
        let lowered =
            lowered.map(|(index, item)| self.within(index.to_string(), |this| rule(this, item)));
        Value::Array(lowered.collect())
    }

    /// Components of one kind, whose names 3.0 limits as 3.1 does.
    fn components_of(&mut self, value: Value, rule: Rule) -> Value {
        let sound = |name: &str| {
            name.bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
        };
        for name in value.as_object().into_iter().flat_map(Map::keys) {
            if !sound(name) {
                self.within(name, |this| {
                    this.refuse("a component's name may hold only A-Z a-z 0-9 . _ -");
                });
            }
        }
        self.each_named(value, rule)
    }

    /// A value of one kind.
    fn must_be(&mut self, value: Value, what: &str, is: fn(&Value) -> bool) -> Value {
        if !is(&value) {
            self.refuse(format!("{what} is expected here"));
        }
        value
    }

    /// A member that 3.0 requires and 3.1 does not.
    fn require(&mut self, value: &Value, key: &str) {
        if value.is_object() && value.get(key).is_none() {
            self.refuse(format!("3.0 requires `{key}` here"));
        }
    }

    /// An object that may be a reference instead; 3.0 ignores what stands
    /// beside a `$ref`.
    fn or_reference(&mut self, value: Value, rule: Rule) -> Value {
        match value {
            Value::Object(members) if members.contains_key("$ref") => {
                if members.len() > 1 {
                    self.refuse("3.0 ignores what stands beside `$ref`");
                }
                self.reference(members)
            }
            value => rule(self, value),
        }
    }

    fn reference(&mut self, members: Map<String, Value>) -> Value {
        if !members.get("$ref").is_some_and(Value::is_string) {
            self.refuse("`$ref` must be text");
        }
        Value::Object(members)
    }

    #[allow(clippy::unused_self)] // It is a [`Rule`].
    fn keep(&mut self, value: Value) -> Value {
        value
    }

    fn document(&mut self, value: Value) -> Value {
        self.require(&value, "paths");
        self.object(value, "the document", |key| {
            Some(match key {
                "openapi" | "externalDocs" | "security" | "servers" | "tags" => Self::keep,
                "info" => Self::info,
                "components" => Self::components,
                "paths" => |this, value| this.each_but_extensions(value, Self::path_item),
                _ => return None,
            })
        })
    }

    fn info(&mut self, value: Value) -> Value {
        self.object(value, "the info", |key| {
            Some(match key {
                "title" | "description" | "termsOfService" | "contact" | "version" => Self::keep,
                "license" => |this, value| {
                    this.object(value, "the license", |key| {
                        ["name", "url"].contains(&key).then_some(Self::keep as Rule)
                    })
                },
                _ => return None,
            })
        })
    }

    fn components(&mut self, value: Value) -> Value {
        self.object(value, "the components", |key| {
            Some(match key {
                "schemas" => |this, value| this.components_of(value, Self::schema),
                "responses" => |this, value| this.components_of(value, Self::response),
                "parameters" => |this, value| this.components_of(value, Self::parameter),
                "requestBodies" => |this, value| this.components_of(value, Self::request_body),
                "headers" => |this, value| this.components_of(value, Self::parameter),
                "callbacks" => |this, value| this.components_of(value, Self::callback),
                "securitySchemes" => |this, value| this.components_of(value, Self::security_scheme),
                "examples" | "links" => Self::keep,
                _ => return None,
            })
        })
    }

    fn path_item(&mut self, value: Value) -> Value {
        self.object(value, "a path item", |key| {
            Some(match key {
                "summary" | "description" | "servers" => Self::keep,
                "parameters" => |this, value| this.each_item(value, Self::parameter),
                "get" | "put" | "post" | "delete" | "options" | "head" | "patch" | "trace" => {
                    Self::operation
                }
                _ => return None,
            })
        })
    }

    fn operation(&mut self, value: Value) -> Value {
        self.require(&value, "responses");
        let bodiless = ["get", "head", "delete", "trace"];
        if self
            .at
            .last()
            .is_some_and(|method| bodiless.contains(&method))
            && value.get("requestBody").is_some()
        {
            self.refuse("3.0 ignores the request body of this method");
        }
        self.object(value, "an operation", |key| {
            Some(match key {
                "tags" | "summary" | "description" | "externalDocs" | "operationId"
                | "deprecated" | "security" | "servers" => Self::keep,
                "parameters" => |this, value| this.each_item(value, Self::parameter),
                "requestBody" => Self::request_body,
                "responses" => |this, value| this.each_but_extensions(value, Self::response),
                "callbacks" => |this, value| this.each_named(value, Self::callback),
                _ => return None,
            })
        })
    }

    fn callback(&mut self, value: Value) -> Value {
        self.or_reference(value, |this, value| {
            this.each_but_extensions(value, Self::path_item)
        })
    }

    /// A parameter, or a header, which is one without a name.
    fn parameter(&mut self, value: Value) -> Value {
        self.or_reference(value, |this, value| {
            this.object(value, "a parameter", |key| {
                Some(match key {
                    "name" | "in" | "description" | "required" | "deprecated"
                    | "allowEmptyValue" | "style" | "explode" | "allowReserved" | "example"
                    | "examples" => Self::keep,
                    "schema" => Self::schema,
                    "content" => |this, value| this.each_named(value, Self::media_type),
                    _ => return None,
                })
            })
        })
    }

    fn request_body(&mut self, value: Value) -> Value {
        self.or_reference(value, |this, value| {
            this.object(value, "a request body", |key| {
                Some(match key {
                    "description" | "required" => Self::keep,
                    "content" => |this, value| this.each_named(value, Self::media_type),
                    _ => return None,
                })
            })
        })
    }

    fn response(&mut self, value: Value) -> Value {
        self.or_reference(value, |this, value| {
            this.object(value, "a response", |key| {
                Some(match key {
                    "description" | "links" => Self::keep,
                    "headers" => |this, value| this.each_named(value, Self::parameter),
                    "content" => |this, value| this.each_named(value, Self::media_type),
                    _ => return None,
                })
            })
        })
    }

    fn media_type(&mut self, value: Value) -> Value {
        self.object(value, "a media type", |key| {
            Some(match key {
                "example" | "examples" => Self::keep,
                "schema" => Self::schema,
                "encoding" => |this, value| this.each_named(value, Self::encoding),
                _ => return None,
            })
        })
    }

    fn encoding(&mut self, value: Value) -> Value {
        self.object(value, "an encoding", |key| {
            Some(match key {
                "contentType" | "style" | "explode" | "allowReserved" => Self::keep,
                "headers" => |this, value| this.each_named(value, Self::parameter),
                _ => return None,
            })
        })
    }

    fn security_scheme(&mut self, value: Value) -> Value {
        self.or_reference(value, |this, value| {
            if value.get("type").and_then(Value::as_str) == Some("mutualTLS") {
                this.refuse("3.0 has no security scheme of type mutualTLS");
            }
            this.object(value, "a security scheme", |key| {
                let known = [
                    "type",
                    "description",
                    "name",
                    "in",
                    "scheme",
                    "bearerFormat",
                    "flows",
                    "openIdConnectUrl",
                ];
                known.contains(&key).then_some(Self::keep as Rule)
            })
        })
    }

    fn schema(&mut self, value: Value) -> Value {
        schema::lower(self, value)
    }
}

/// Replaces a member in its place, or appends it.
fn put(members: &mut Map<String, Value>, key: &str, value: impl Into<Value>) {
    members.insert(key.to_owned(), value.into());
}
