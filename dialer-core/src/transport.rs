//! The HTTP client, set up so that what it reports can be judged.

use std::{error::Error as _, fmt, time::Duration};

use reqwest::{Client, Proxy, redirect, retry};

/// Limits and routes of the connection to a vendor.
///
/// What a [`DialError`](crate::DialError) proves rests on the HTTP client, so
/// these are the only settings that can be changed: redirects and protocol
/// retries are off, HTTP/1.1 only, no proxy from the environment unless asked
/// for, and an idle connection is kept for 3 seconds.
///
/// ```
/// # use std::time::Duration;
/// # use dialer_core::{Dialer, Transport};
/// let transport = Transport::new()
///     .connect_timeout(Duration::from_secs(2))
///     .timeout(Duration::from_secs(10));
/// let builder = Dialer::slng().transport(transport);
/// ```
#[derive(Clone)]
pub struct Transport {
    connect_timeout: Duration,
    timeout: Duration,
    max_reply_bytes: usize,
    route: Route,
    plain_http: bool,
    #[cfg(any(feature = "rustls", feature = "native-tls"))]
    roots: Vec<reqwest::Certificate>,
}

#[derive(Clone)]
enum Route {
    Direct,
    SystemProxy,
    Proxy(Box<Proxy>),
}

impl Transport {
    /// The defaults: 5 seconds to connect, 30 seconds in all, replies of up to
    /// 1 MiB, no proxy, HTTPS only.
    #[must_use]
    pub fn new() -> Self {
        Self {
            connect_timeout: Duration::from_secs(5),
            timeout: Duration::from_secs(30),
            max_reply_bytes: 1 << 20,
            route: Route::Direct,
            plain_http: false,
            #[cfg(any(feature = "rustls", feature = "native-tls"))]
            roots: Vec::new(),
        }
    }

    /// How long name resolution, the TCP connection and the TLS handshake may
    /// take together; 5 seconds unless set. Must be less than
    /// [`timeout`](Self::timeout): else a handshake that stalls could not be
    /// told from a reply that does not come.
    #[must_use]
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.connect_timeout = limit;
        self
    }

    /// How long a dial may take in all, the reply's body included; 30 seconds
    /// unless set. Use this rather than a timeout around
    /// [`dial`](crate::Dialer::dial), which would leave no verdict.
    #[must_use]
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = limit;
        self
    }

    /// How much of a reply's body is read; 1 MiB unless set. What is beyond
    /// does not change the outcome.
    #[must_use]
    pub fn max_reply_bytes(mut self, limit: usize) -> Self {
        self.max_reply_bytes = limit;
        self
    }

    /// Goes through `proxy`, an HTTP or HTTPS one.
    #[must_use]
    pub fn proxy(mut self, proxy: Proxy) -> Self {
        self.route = Route::Proxy(Box::new(proxy));
        self
    }

    /// Goes through the proxy that `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and
    /// `NO_PROXY` name.
    #[must_use]
    pub fn system_proxy(mut self) -> Self {
        self.route = Route::SystemProxy;
        self
    }

    /// Trusts a certificate authority besides the system's, such as that of a
    /// company's proxy. May be called more than once.
    #[cfg(any(feature = "rustls", feature = "native-tls"))]
    #[must_use]
    pub fn root_certificate(mut self, certificate: reqwest::Certificate) -> Self {
        self.roots.push(certificate);
        self
    }

    /// Allows a base URL of `http://` that is not this machine. The key and the
    /// number then travel unprotected.
    #[must_use]
    pub fn allow_plain_http(mut self) -> Self {
        self.plain_http = true;
        self
    }

    pub(crate) fn reply_limit(&self) -> usize {
        self.max_reply_bytes
    }

    pub(crate) fn time_limit(&self) -> Duration {
        self.timeout
    }

    pub(crate) fn allows_plain_http(&self) -> bool {
        self.plain_http
    }

    /// The one place where the settings become a client.
    pub(crate) fn client(&self) -> Result<Client, String> {
        if self.connect_timeout >= self.timeout {
            return Err(format!(
                "the connect timeout ({:?}) must be less than the timeout ({:?})",
                self.connect_timeout, self.timeout
            ));
        }
        let builder = Client::builder()
            .user_agent(concat!("dialer-core/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(self.connect_timeout)
            .timeout(self.timeout)
            .pool_idle_timeout(Duration::from_secs(3))
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .referer(false)
            .http1_only()
            // A reply is not lost for a header that is not quite one.
            .http1_ignore_invalid_headers_in_responses(true)
            .http1_allow_spaces_after_header_name_in_responses(true)
            .http1_allow_obsolete_multiline_headers_in_responses(true)
            // Another crate may switch these on for the whole build; a body
            // that fails to decompress would lose the reply.
            .no_gzip()
            .no_brotli()
            .no_deflate()
            .no_zstd();
        #[cfg(any(feature = "rustls", feature = "native-tls"))]
        let builder = builder.tls_certs_merge(self.roots.iter().cloned());
        let builder = match &self.route {
            Route::Direct => builder.no_proxy(),
            Route::SystemProxy => builder,
            Route::Proxy(proxy) => builder.no_proxy().proxy((**proxy).clone()),
        };
        builder.build().map_err(|error| {
            let mut text = format!("the HTTP client cannot be set up: {error}");
            let mut cause = error.source();
            while let Some(error) = cause {
                text = format!("{text}: {error}");
                cause = error.source();
            }
            text
        })
    }
}

impl Default for Transport {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let route = match self.route {
            Route::Direct => "direct",
            Route::SystemProxy => "system proxy",
            Route::Proxy(_) => "proxy",
        };
        f.debug_struct("Transport")
            .field("connect_timeout", &self.connect_timeout)
            .field("timeout", &self.timeout)
            .field("max_reply_bytes", &self.max_reply_bytes)
            .field("route", &route)
            .field("plain_http", &self.plain_http)
            .finish_non_exhaustive()
    }
}
