//! What is asked of a vendor.

use std::fmt;

use serde_json::{Map, Value};

use crate::PhoneNumber;

/// A call to place: to whom, and with which values for the agent's variables.
///
/// `Debug` shows neither the full number nor the values of the variables.
///
/// ```
/// # use dialer_core::Call;
/// let call = Call::to("+14155551234".parse()?)
///     .variable("patient_name", "Maria")
///     .variable("visits", 3);
/// assert_eq!(call.number().as_str(), "+14155551234");
/// assert_eq!(call.variables()["visits"], 3);
/// # Ok::<(), dialer_core::PhoneNumberError>(())
/// ```
#[derive(Clone, PartialEq)]
pub struct Call {
    number: PhoneNumber,
    variables: Map<String, Value>,
}

impl Call {
    /// A call to `number`, without variables.
    #[must_use]
    pub fn to(number: PhoneNumber) -> Self {
        Self {
            number,
            variables: Map::new(),
        }
    }

    /// Sets a variable of the agent for this call; set again, the last value
    /// counts.
    ///
    /// Feather takes any JSON value, coerces it to the variable's declared type
    /// and refuses a name that the agent does not declare
    /// (`context_variables`). SLNG takes text only, at most 32 variables of
    /// 1,024 characters each and 8,192 together (`arguments`).
    #[must_use]
    pub fn variable(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.variables.insert(name.into(), value.into());
        self
    }

    /// The number to dial.
    #[must_use]
    pub fn number(&self) -> &PhoneNumber {
        &self.number
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
            .field("number", &self.number)
            .field("variables", &self.variables.keys())
            .finish()
    }
}
