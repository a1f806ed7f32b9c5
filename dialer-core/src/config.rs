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

/// What a setting is called, in code and in the environment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Name {
    pub(crate) setter: &'static str,
    pub(crate) variable: &'static str,
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` ({})", self.setter, self.variable)
    }
}

/// A value that may have been set, by code or by an environment variable. It
/// does not show: it may hold a key.
#[derive(Clone, Default)]
pub(crate) enum Setting<T> {
    #[default]
    Unset,
    Set(T),
    Malformed(String),
}

impl<T> fmt::Debug for Setting<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unset => "Unset",
            Self::Set(_) => "Set",
            Self::Malformed(_) => "Malformed",
        })
    }
}

impl<T> Setting<T> {
    pub(crate) fn required(self, name: Name) -> Result<T, String> {
        self.optional(name)?
            .ok_or_else(|| format!("{name} is not set"))
    }

    pub(crate) fn optional(self, name: Name) -> Result<Option<T>, String> {
        match self {
            Self::Unset => Ok(None),
            Self::Set(value) => Ok(Some(value)),
            Self::Malformed(problem) => Err(format!("{name} {problem}")),
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
            Some(Err(_)) => Setting::Malformed("is not UTF-8".into()),
        }
    }

    pub(crate) fn uuid(&self, name: &str) -> Setting<Uuid> {
        match self.text(name) {
            Setting::Unset => Setting::Unset,
            Setting::Malformed(problem) => Setting::Malformed(problem),
            Setting::Set(text) => Uuid::parse_str(&text).map_or_else(
                |_| {
                    let length = text.chars().count();
                    Setting::Malformed(format!("is not a UUID ({length} characters)"))
                },
                Setting::Set,
            ),
        }
    }
}

/// Puts what was found in the environment into its place; one that is not
/// there does not undo what code has set.
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
    pub(crate) transport: Transport,
    /// A client of the caller's, in place of the transport's.
    pub(crate) callers: Option<Client>,
}

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
    pub(crate) fn read(&mut self, env: &Env<'_>, api_key: Name, base_url: Name) {
        let found = match env.text(api_key.variable) {
            Setting::Unset => Setting::Unset,
            Setting::Set(text) => Setting::Set(text.into()),
            Setting::Malformed(problem) => Setting::Malformed(problem),
        };
        set_from(&mut self.api_key, found);
        set_from(&mut self.base_url, env.text(base_url.variable));
    }

    pub(crate) fn check<C>(
        self,
        problems: &mut Problems,
        api_key: Name,
        base_url: Name,
        context: impl FnOnce(&str) -> Result<C, InvalidHeaderValue>,
    ) -> Option<Checked<C>> {
        let transport = self.transport;
        let plain_http = transport.allows_plain_http();
        let (client, trust) = match self.callers {
            None => (transport.client(), Trust::Ours),
            Some(client) => (Ok(client), Trust::Callers),
        };
        let context = self.api_key.required(api_key).and_then(|key| {
            let sent = sendable(key.expose_secret())
                .and_then(|key| context(key).map_err(|error| format!("cannot be sent: {error}")));
            sent.map_err(|problem| format!("{api_key} {problem}"))
        });
        let url = self.base_url.required(base_url).and_then(|text| {
            checked_url(&text, plain_http).map_err(|problem| format!("{base_url} {problem}"))
        });
        let client = problems.keep(client);
        let context = problems.keep(context);
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
