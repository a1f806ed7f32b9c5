//! What every vendor's builder needs: settings from code or the environment,
//! and one error that names all that is wrong with them.

use std::{ffi::OsString, fmt};

use reqwest::{Client, Url, header::InvalidHeaderValue};
use secrecy::{ExposeSecret as _, SecretString};
use uuid::Uuid;

use crate::{Transport, Vendor, outcome::Trust};

/// Why a dialer cannot be built: everything that is missing or malformed, each
/// by the name of its setter and its environment variable, never by its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    vendor: Vendor,
    problems: Vec<String>,
}

impl ConfigError {
    /// The vendor whose dialer was asked for.
    #[must_use]
    pub fn vendor(&self) -> Vendor {
        self.vendor
    }

    /// One sentence for each problem.
    #[must_use]
    pub fn problems(&self) -> &[String] {
        &self.problems
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the {} dialer is not configured: {}",
            self.vendor,
            self.problems.join("; ")
        )
    }
}

impl std::error::Error for ConfigError {}

/// Collects what is wrong, so that it is reported together.
#[derive(Debug)]
pub(crate) struct Problems {
    vendor: Vendor,
    found: Vec<String>,
}

impl Problems {
    pub(crate) fn of(vendor: Vendor) -> Self {
        Self {
            vendor,
            found: Vec::new(),
        }
    }

    pub(crate) fn add(&mut self, problem: impl Into<String>) {
        self.found.push(problem.into());
    }

    /// The value, or nothing and the problem noted.
    pub(crate) fn keep<T>(&mut self, checked: Result<T, String>) -> Option<T> {
        checked.map_err(|problem| self.add(problem)).ok()
    }

    pub(crate) fn into_error(self) -> ConfigError {
        ConfigError {
            vendor: self.vendor,
            problems: self.found,
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }
}

/// A value that may have been set, by code or by an environment variable.
#[derive(Clone, Debug, Default)]
pub(crate) enum Setting<T> {
    #[default]
    Unset,
    Set(T),
    Malformed(String),
}

impl<T> Setting<T> {
    pub(crate) fn required(self, missing: impl Into<String>) -> Result<T, String> {
        self.optional()?.ok_or_else(|| missing.into())
    }

    pub(crate) fn optional(self) -> Result<Option<T>, String> {
        match self {
            Self::Unset => Ok(None),
            Self::Set(value) => Ok(Some(value)),
            Self::Malformed(problem) => Err(problem),
        }
    }
}

/// Reads environment variables; one that is set and empty counts as not set.
pub(crate) struct Env<'a>(pub(crate) &'a dyn Fn(&str) -> Option<OsString>);

impl Env<'_> {
    pub(crate) fn text(&self, name: &str) -> Setting<String> {
        match (self.0)(name).map(OsString::into_string) {
            None => Setting::Unset,
            Some(Ok(text)) if text.is_empty() => Setting::Unset,
            Some(Ok(text)) => Setting::Set(text),
            Some(Err(_)) => Setting::Malformed(format!("{name} is not UTF-8")),
        }
    }

    pub(crate) fn uuid(&self, name: &str) -> Setting<Uuid> {
        match self.text(name) {
            Setting::Unset => Setting::Unset,
            Setting::Malformed(problem) => Setting::Malformed(problem),
            Setting::Set(text) => Uuid::parse_str(&text).map_or_else(
                |_| {
                    let length = text.chars().count();
                    Setting::Malformed(format!("{name} is not a UUID ({length} characters)"))
                },
                Setting::Set,
            ),
        }
    }
}

/// Runs `set` where the variable is set, so that an unset one does not undo
/// what code has set.
pub(crate) fn set_from<T>(place: &mut Setting<T>, found: Setting<T>) {
    if !matches!(found, Setting::Unset) {
        *place = found;
    }
}

/// What any vendor is reached with.
#[derive(Clone, Debug, Default)]
pub(crate) struct Access {
    pub(crate) api_key: Setting<SecretString>,
    pub(crate) base_url: Setting<String>,
    pub(crate) http: Http,
}

#[derive(Clone, Debug)]
pub(crate) enum Http {
    Ours(Transport),
    Callers(Client),
}

impl Default for Http {
    fn default() -> Self {
        Self::Ours(Transport::new())
    }
}

/// [`Access`], checked; `C` is the vendor's `CallContext`.
pub(crate) struct Checked<C> {
    pub(crate) context: C,
    pub(crate) base_url: String,
    pub(crate) client: Client,
    pub(crate) reply_limit: usize,
    pub(crate) trust: Trust,
}

impl Access {
    pub(crate) fn read(&mut self, env: &Env<'_>, key: &str, base_url: &str) {
        let api_key = match env.text(key) {
            Setting::Unset => Setting::Unset,
            Setting::Set(text) => Setting::Set(text.into()),
            Setting::Malformed(problem) => Setting::Malformed(problem),
        };
        set_from(&mut self.api_key, api_key);
        set_from(&mut self.base_url, env.text(base_url));
    }

    /// `no_key` and `no_base_url` say what is missing when these are.
    pub(crate) fn check<C>(
        self,
        problems: &mut Problems,
        no_key: &str,
        no_base_url: &str,
        context: impl FnOnce(&str) -> Result<C, InvalidHeaderValue>,
    ) -> Option<Checked<C>> {
        let limits = match &self.http {
            Http::Ours(transport) => transport.clone(),
            Http::Callers(_) => Transport::new().allow_plain_http(),
        };
        let (plain_http, reply_limit) = (limits.allows_plain_http(), limits.reply_limit());
        let (client, trust) = match self.http {
            Http::Ours(transport) => (transport.client(), Trust::Ours),
            Http::Callers(client) => (Ok(client), Trust::Callers),
        };
        let context = self.api_key.required(no_key).and_then(|key| {
            let key = sendable(key.expose_secret())?;
            context(key).map_err(|error| format!("the API key cannot be sent: {error}"))
        });
        let base_url = self.base_url.required(no_base_url);
        let base_url = base_url.and_then(|text| checked_url(&text, plain_http));
        let client = problems.keep(client);
        let context = problems.keep(context);
        let base_url = problems.keep(base_url);
        Some(Checked {
            context: context?,
            base_url: base_url?,
            client: client?,
            reply_limit,
            trust,
        })
    }
}

/// A key as a header can carry it: printable ASCII, no white space at its ends
/// (a line break from a file is the usual one).
fn sendable(key: &str) -> Result<&str, String> {
    if key.is_empty() {
        return Err("the API key is empty".into());
    }
    if !key.bytes().all(|b| b.is_ascii_graphic()) {
        let length = key.chars().count();
        return Err(format!(
            "the API key ({length} characters) holds white space or a character that is not ASCII"
        ));
    }
    Ok(key)
}

/// A base URL as the generated client extends it: no slash at its end.
fn checked_url(text: &str, plain_http: bool) -> Result<String, String> {
    let url = Url::parse(text).map_err(|error| format!("the base URL is not a URL: {error}"))?;
    let Some(host) = url.host_str() else {
        return Err("the base URL names no host".into());
    };
    match url.scheme() {
        "https" => {}
        "http" if plain_http || is_loopback(host) => {}
        "http" => {
            return Err(
                "the base URL is http, which would send the key unprotected; use https, or ask \
                 for `Transport::allow_plain_http`"
                    .into(),
            );
        }
        other => return Err(format!("the base URL's scheme is {other}, not https")),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("the base URL holds credentials; give the key to `api_key`".into());
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("the base URL holds a query or a fragment".into());
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let ip = bare.parse::<std::net::IpAddr>();
    host == "localhost" || host.ends_with(".localhost") || ip.is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_url_is_https_or_loopback_and_nothing_more() {
        let good = [
            ("https://api.example.com", "https://api.example.com"),
            ("https://api.example.com/", "https://api.example.com"),
            (
                "https://api.example.com/voice//",
                "https://api.example.com/voice",
            ),
            ("http://localhost:8000", "http://localhost:8000"),
            ("http://127.0.0.9:8000", "http://127.0.0.9:8000"),
            ("http://[::1]:8000/", "http://[::1]:8000"),
        ];
        for (text, expected) in good {
            assert_eq!(checked_url(text, false).as_deref(), Ok(expected), "{text}");
        }
        let bad = [
            ("", "not a URL"),
            ("api.example.com", "not a URL"),
            ("http://api.example.com", "unprotected"),
            ("http://localhost.example.com", "unprotected"),
            ("ftp://api.example.com", "scheme is ftp"),
            ("data:text/plain,x", "no host"),
            ("https://user:secret@api.example.com", "holds credentials"),
            ("https://api.example.com?a=b", "query or a fragment"),
            ("https://api.example.com#a", "query or a fragment"),
        ];
        for (text, expected) in bad {
            let error = checked_url(text, false).expect_err(text);
            assert!(error.contains(expected), "{text}: {error}");
            assert!(!error.contains("secret"), "{error}");
        }
        assert!(checked_url("http://api.example.com", true).is_ok());
    }

    #[test]
    fn a_key_that_a_header_cannot_carry_is_refused_without_showing_it() {
        for key in [
            "",
            "sk-secret\n",
            " sk-secret",
            "sk secret",
            "sk-sécret",
            "sk-secret\u{0}",
        ] {
            let error = sendable(key).expect_err(key);
            assert!(!error.contains("secret"), "{error}");
        }
        assert!(sendable("sk-secret.~=/+").is_ok());
    }
}
