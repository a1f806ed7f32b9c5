//! What every vendor's builder needs: settings from code or the environment,
//! and one error that names all that is wrong with them.

use std::{ffi::OsString, fmt, time::Duration};

use reqwest::{Client, Url, header::InvalidHeaderValue};
use secrecy::{ExposeSecret as _, SecretString};
use uuid::Uuid;

use crate::{Transport, Vendor, outcome::Trust, trace::Peer};

/// Why a dialer cannot be built: everything that is missing or malformed, each
/// by its setter and its environment variable, never by its value.
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

/// Reads an environment variable.
pub(crate) type Lookup<'a> = &'a dyn Fn(&str) -> Option<OsString>;

/// A value that may have been set, by its setter or by its environment
/// variable. It does not show: it may be a key.
#[derive(Clone)]
pub(crate) struct Setting<T> {
    setter: &'static str,
    variable: &'static str,
    value: Option<Result<T, String>>,
}

impl<T> Setting<T> {
    pub(crate) const fn new(setter: &'static str, variable: &'static str) -> Self {
        Self {
            setter,
            variable,
            value: None,
        }
    }

    pub(crate) fn set(&mut self, value: T) {
        self.value = Some(Ok(value));
    }

    pub(crate) fn set_if_unset(&mut self, value: T) {
        self.value.get_or_insert(Ok(value));
    }

    /// Takes the environment variable's value, where it has one: one that is
    /// not there, or empty, does not undo what code has set.
    pub(crate) fn read(
        &mut self,
        lookup: Lookup<'_>,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) {
        if let Some(text) = lookup(self.variable).filter(|text| !text.is_empty()) {
            let text = text.into_string().map_err(|_| "is not UTF-8".to_owned());
            self.value = Some(text.and_then(|text| parse(&text)));
        }
    }

    /// The value, if there is one, as `check` makes it; a problem is named.
    pub(crate) fn optional<U>(
        self,
        check: impl FnOnce(T) -> Result<U, String>,
    ) -> Result<Option<U>, String> {
        let checked = self.value.map(|value| value.and_then(check)).transpose();
        checked.map_err(|problem| format!("`{}` ({}) {problem}", self.setter, self.variable))
    }

    /// As [`optional`](Self::optional), but for one that must be there.
    pub(crate) fn required<U>(
        self,
        check: impl FnOnce(T) -> Result<U, String>,
    ) -> Result<U, String> {
        let missing = format!("`{}` ({}) is not set", self.setter, self.variable);
        self.optional(check)?.ok_or(missing)
    }
}

impl<T> fmt::Debug for Setting<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.value {
            None => "unset",
            Some(Ok(_)) => "set",
            Some(Err(_)) => "malformed",
        })
    }
}

/// For [`Setting::read`].
pub(crate) fn uuid(text: &str) -> Result<Uuid, String> {
    let length = text.chars().count();
    Uuid::parse_str(text).map_err(|_| format!("is not a UUID ({length} characters)"))
}

/// What any vendor is reached with.
#[derive(Clone, Debug)]
pub(crate) struct Access {
    pub(crate) api_key: Setting<SecretString>,
    pub(crate) base_url: Setting<String>,
    pub(crate) transport: Transport,
    /// A client of the caller's, in place of the transport's.
    pub(crate) callers: Option<Client>,
}

/// The setters of a builder's `access`.
macro_rules! access_setters {
    (key: $key:literal, server: $server:literal) => {
        #[doc = $key]
        pub fn api_key(mut self, key: impl Into<SecretString>) -> Self {
            self.access.api_key.set(key.into());
            self
        }

        #[doc = $server]
        pub fn base_url(mut self, url: impl Into<String>) -> Self {
            self.access.base_url.set(url.into());
            self
        }

        /// The connection's limits and routes.
        pub fn transport(mut self, transport: Transport) -> Self {
            self.access.transport = transport;
            self
        }

        /// Sends through a client of your own, whose settings cannot be checked:
        /// it may follow redirects or send a request twice. Nothing that it
        /// reports then proves that no call was placed, so every error but an
        /// invalid call is [`Outcome::Unknown`](crate::Outcome::Unknown). A 2xx
        /// is a receipt; where a redirect led to it, only if it names a call. (A
        /// redirect back to the same address cannot be seen.)
        ///
        /// Of the [`transport`](Self::transport), the limits on time and on the
        /// reply, and the rule on plain HTTP, still count.
        pub fn unverified_client(mut self, client: reqwest::Client) -> Self {
            self.access.callers = Some(client);
            self
        }
    };
}
pub(crate) use access_setters;

/// [`Access`], checked; `C` is the vendor's `CallContext`.
pub(crate) struct Checked<C> {
    pub(crate) context: C,
    pub(crate) base_url: String,
    pub(crate) peer: Peer,
    pub(crate) client: Client,
    pub(crate) reply_limit: usize,
    pub(crate) time_limit: Duration,
    pub(crate) trust: Trust,
}

impl Access {
    pub(crate) fn new(key_variable: &'static str, url_variable: &'static str) -> Self {
        Self {
            api_key: Setting::new("api_key", key_variable),
            base_url: Setting::new("base_url", url_variable),
            transport: Transport::new(),
            callers: None,
        }
    }

    pub(crate) fn read(&mut self, lookup: Lookup<'_>) {
        self.api_key.read(lookup, |text| Ok(text.to_owned().into()));
        self.base_url.read(lookup, |text| Ok(text.to_owned()));
    }

    /// `context` makes the vendor's `CallContext` from the key.
    pub(crate) fn check<C>(
        self,
        problems: &mut Problems,
        context: impl FnOnce(&str) -> Result<C, InvalidHeaderValue>,
    ) -> Option<Checked<C>> {
        let transport = self.transport;
        let (client, trust) = match self.callers {
            None => (transport.client(), Trust::Ours),
            Some(client) => (Ok(client), Trust::Callers),
        };
        let client = problems.keep(client);
        let context = problems.keep(self.api_key.required(|key| {
            let key = sendable(key.expose_secret())?;
            context(key).map_err(|error| format!("cannot be sent: {error}"))
        }));
        let url = self
            .base_url
            .required(|text| checked_url(&text, transport.allows_plain_http()));
        let (base_url, peer) = problems.keep(url)?;
        Some(Checked {
            context: context?,
            base_url,
            peer,
            client: client?,
            reply_limit: transport.reply_limit(),
            time_limit: transport.time_limit(),
            trust,
        })
    }
}

/// A key as a header can carry it: printable ASCII, no white space at its ends
/// (a line break from a file is the usual one).
fn sendable(key: &str) -> Result<&str, String> {
    if key.is_empty() {
        return Err("is empty".into());
    }
    if !key.bytes().all(|b| b.is_ascii_graphic()) {
        let length = key.chars().count();
        return Err(format!(
            "holds white space or a character that is not ASCII ({length} characters)"
        ));
    }
    Ok(key)
}

/// A base URL as the generated client extends it: no slash at its end.
fn checked_url(text: &str, plain_http: bool) -> Result<(String, Peer), String> {
    let url = Url::parse(text).map_err(|error| format!("is not a URL: {error}"))?;
    let Some(host) = url.host_str() else {
        return Err("names no host".into());
    };
    match url.scheme() {
        "https" if cfg!(any(feature = "rustls", feature = "native-tls")) => {}
        "https" => {
            return Err(
                "is https, which needs the feature `rustls` or `native-tls` of dialer-core".into(),
            );
        }
        "http" if plain_http || is_loopback(host) => {}
        "http" => {
            return Err(
                "is http, which would send the key unprotected; use https, or ask for `Transport::allow_plain_http`"
                    .into(),
            );
        }
        other => return Err(format!("has the scheme {other}, not https")),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("holds credentials; give the key to `api_key`".into());
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("holds a query or a fragment".into());
    }
    let peer = Peer {
        host: host.to_owned(),
        port: url.port_or_known_default().unwrap_or_default(),
    };
    Ok((url.as_str().trim_end_matches('/').to_owned(), peer))
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
            let (url, _) = checked_url(text, false).expect(text);
            assert_eq!(url, expected, "{text}");
        }
        let bad = [
            ("", "not a URL"),
            ("api.example.com", "not a URL"),
            ("http://api.example.com", "unprotected"),
            ("http://localhost.example.com", "unprotected"),
            ("ftp://api.example.com", "has the scheme ftp"),
            ("data:text/plain,x", "names no host"),
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
