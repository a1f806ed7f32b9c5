//! Phone numbers in E.164 form.

use std::{borrow::Cow, fmt, str::FromStr};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// A phone number in E.164 form: `+`, then 2 to 15 digits, the first not 0.
///
/// That is what ITU-T E.164 allows; a vendor may take less, and says so when
/// the call is dialled (Feather: 7 digits or more, by
/// `/components/schemas/OutboundRequest/properties/to_phone_number/pattern`).
/// White space, punctuation and national forms are refused: which country a
/// number without `+` belongs to is not for a library to guess.
///
/// `Display` is the number itself; `Debug` shows its last two digits only.
///
/// ```
/// # use dialer_core::PhoneNumber;
/// let number: PhoneNumber = "+14155551234".parse()?;
/// assert_eq!(number.as_str(), "+14155551234");
/// assert_eq!(format!("{number:?}"), "PhoneNumber(+*********34)");
/// assert!("(415) 555-1234".parse::<PhoneNumber>().is_err());
/// # Ok::<(), dialer_core::PhoneNumberError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PhoneNumber(String);

impl JsonSchema for PhoneNumber {
    fn schema_name() -> Cow<'static, str> {
        "PhoneNumber".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "A phone number in E.164 form, such as +14155551234.",
            "pattern": r"^\+[1-9][0-9]{1,14}$",
        })
    }
}

impl PhoneNumber {
    /// A number as it is written in a region, such as `(415) 555-1234` in `US`;
    /// one that begins with `+` is taken as it is, whatever the region.
    ///
    /// `region` is an ISO 3166-1 code of two letters. Needs the feature
    /// `phonenumber`.
    ///
    /// ```
    /// # use dialer_core::PhoneNumber;
    /// let number = PhoneNumber::national("030 123456", "DE")?;
    /// assert_eq!(number.as_str(), "+4930123456");
    /// # Ok::<(), dialer_core::PhoneNumberError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When there is no such region, or no such number in it.
    #[cfg(feature = "phonenumber")]
    pub fn national(text: &str, region: &str) -> Result<Self, PhoneNumberError> {
        let region = region
            .parse()
            .map_err(|_| PhoneNumberError(Fault::Region))?;
        let number = phonenumber::parse(Some(region), text);
        let number = number.ok().filter(phonenumber::is_valid);
        let number = number.ok_or(PhoneNumberError(Fault::National))?;
        Self::try_from(number.format().mode(phonenumber::Mode::E164).to_string())
    }

    /// The number, with its `+`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn check(text: &str) -> Result<(), PhoneNumberError> {
    let Some(digits) = text.strip_prefix('+') else {
        return Err(PhoneNumberError(Fault::NoPlus));
    };
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(PhoneNumberError(Fault::NotDigits));
    }
    match digits.len() {
        2..=15 if digits.starts_with('0') => Err(PhoneNumberError(Fault::LeadingZero)),
        2..=15 => Ok(()),
        given => Err(PhoneNumberError(Fault::Length(given))),
    }
}

impl FromStr for PhoneNumber {
    type Err = PhoneNumberError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        check(text).map(|()| Self(text.to_owned()))
    }
}

impl TryFrom<String> for PhoneNumber {
    type Error = PhoneNumberError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        check(&text).map(|()| Self(text))
    }
}

impl From<PhoneNumber> for String {
    fn from(number: PhoneNumber) -> Self {
        number.0
    }
}

impl fmt::Display for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hidden = self.0.len() - 3;
        let shown = self.0.get(hidden + 1..).unwrap_or_default();
        write!(f, "PhoneNumber(+{:*<hidden$}{shown})", "")
    }
}

/// Why a text is not an E.164 phone number. It never repeats the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PhoneNumberError(Fault);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Fault {
    NoPlus,
    NotDigits,
    LeadingZero,
    Length(usize),
    #[cfg(feature = "phonenumber")]
    Region,
    #[cfg(feature = "phonenumber")]
    National,
}

impl fmt::Display for PhoneNumberError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not an E.164 phone number such as +14155551234: ")?;
        match self.0 {
            Fault::NoPlus => f.write_str("it does not begin with `+` and the country code"),
            Fault::NotDigits => f.write_str("after `+` it holds more than digits"),
            Fault::LeadingZero => f.write_str("no country code begins with 0"),
            Fault::Length(given) => write!(f, "it has {given} digits, not 2 to 15"),
            #[cfg(feature = "phonenumber")]
            Fault::Region => f.write_str("the region is no ISO 3166-1 code of two letters"),
            #[cfg(feature = "phonenumber")]
            Fault::National => f.write_str("the region has no such number"),
        }
    }
}

impl std::error::Error for PhoneNumberError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn e164_is_taken_as_it_is() {
        for text in ["+14155551234", "+12", "+999999999999999"] {
            assert_eq!(
                text.parse::<PhoneNumber>().map(String::from).as_deref(),
                Ok(text)
            );
        }
    }

    #[test]
    fn anything_else_is_refused_by_its_reason() {
        let cases = [
            ("", Fault::NoPlus),
            ("14155551234", Fault::NoPlus),
            (" +14155551234", Fault::NoPlus),
            ("+1 415 555 1234", Fault::NotDigits),
            ("+14155551234\n", Fault::NotDigits),
            ("+1415555123\u{0664}", Fault::NotDigits),
            ("+04155551234", Fault::LeadingZero),
            ("+", Fault::Length(0)),
            ("+1", Fault::Length(1)),
            ("+1234567890123456", Fault::Length(16)),
        ];
        for (text, fault) in cases {
            assert_eq!(
                text.parse::<PhoneNumber>(),
                Err(PhoneNumberError(fault)),
                "{text:?}"
            );
        }
    }

    #[test]
    fn debug_shows_two_digits_at_most() {
        assert_eq!(
            format!("{:?}", PhoneNumber("+12".into())),
            "PhoneNumber(+12)"
        );
        assert_eq!(
            format!("{:?}", PhoneNumber("+123".into())),
            "PhoneNumber(+*23)"
        );
    }
}
