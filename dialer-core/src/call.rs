//! What is asked of a vendor.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::PhoneNumber;

/// A call to place: to whom, and with which values for the agent's variables.
///
/// `Debug` shows neither the full number nor the values of the variables.
/// Serialised, it is `{"to": "+14155551234", "variables": {"patient_name":
/// "Maria"}}`. Its JSON Schema is fit to be the parameters of a language
/// model's tool: numbers only, and SLNG's limits on variables, which are the
/// stricter ones.
///
/// ```
/// # use dialer_core::Call;
/// let call = Call::to("+14155551234".parse()?)
///     .variable("patient_name", "Maria")
///     .variable("visits", 3);
/// assert_eq!(call.destination().as_str(), "+14155551234");
/// assert_eq!(call.variables()["visits"], 3);
/// # Ok::<(), dialer_core::PhoneNumberError>(())
/// ```
#[derive(Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(description = "A phone call to place with a voice agent.")]
pub struct Call {
    /// Whom to call.
    #[schemars(
        with = "PhoneNumber",
        description = "The number to call, in E.164 form: a plus sign, the country code and the number, digits \
                       only, such as +14155551234."
    )]
    to: Destination,
    /// Values for the agent's variables.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    #[schemars(
        description = "Values for the agent's variables in this call, by name. Only variables that the agent \
                       declares; text, unless the variable asks for another type.",
        extend("maxProperties" = 32, "additionalProperties" = {"maxLength": 1024})
    )]
    variables: Map<String, Value>,
}

/// Whom a call is to.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Destination {
    /// A number.
    Number(PhoneNumber),
    /// A template that the vendor resolves to a number; SLNG only.
    Template {
        /// The template, such as `{{customer_phone}}`.
        template: String,
    },
}

impl Destination {
    /// The number or the template.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Number(number) => number.as_str(),
            Self::Template { template } => template,
        }
    }
}

impl fmt::Debug for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Template { .. } => f.write_str("Template"),
        }
    }
}

impl Call {
    /// A call to `number`, without variables.
    #[must_use]
    pub fn to(number: PhoneNumber) -> Self {
        Self::to_destination(Destination::Number(number))
    }

    /// A call to the number that `template` resolves to at the vendor: SLNG
    /// only, from the agent's template values and this call's variables. What it
    /// resolves to cannot be checked here; that it holds a placeholder is.
    ///
    /// ```
    /// # use dialer_core::Call;
    /// let call = Call::to_template("{{customer_phone}}").variable("customer_phone", "+14155551234");
    /// ```
    #[must_use]
    pub fn to_template(template: impl Into<String>) -> Self {
        Self::to_destination(Destination::Template {
            template: template.into(),
        })
    }

    fn to_destination(to: Destination) -> Self {
        Self {
            to,
            variables: Map::new(),
        }
    }

    /// Sets a variable of the agent for this call; set again, the last value
    /// counts.
    ///
    /// Feather takes any JSON value, coerces it to the variable's declared type
    /// and refuses a name that the agent does not declare; it ignores all of
    /// them where a team is dialled as (`context_variables`). SLNG takes text only, at most 32 variables of
    /// 1,024 characters each and 8,192 together (`arguments`).
    #[must_use]
    pub fn variable(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.variables.insert(name.into(), value.into());
        self
    }

    /// Whom to dial.
    #[must_use]
    pub fn destination(&self) -> &Destination {
        &self.to
    }

    /// The variables that are set.
    #[must_use]
    pub fn variables(&self) -> &Map<String, Value> {
        &self.variables
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("to", &self.to)
            .field("variables", &self.variables.keys())
            .finish()
    }
}
