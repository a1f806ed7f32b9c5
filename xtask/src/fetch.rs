//! Reads a page: a file, standard input, or an address.

use std::{net::IpAddr, time::Duration};

use anyhow::{Context as _, Result, bail, ensure};
use reqwest::{Client, Url, redirect};

use crate::document::{self, MAX_BYTES};

/// How long a page may take, redirects and body included.
const DEADLINE: Duration = Duration::from_mins(1);

/// The text at `from`: an `https` address (`http` on this machine), a file, or
/// `-` for standard input.
///
/// # Errors
///
/// When it cannot be read, is longer than [`MAX_BYTES`], is not UTF-8, or the
/// server replies with anything but 200. The message names the address.
pub fn fetch(from: &str) -> Result<String> {
    let Some(url) = Url::parse(from)
        .ok()
        .filter(|url| url.scheme().starts_with("http"))
    else {
        return document::read(from);
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime
        .block_on(get(&url))
        .with_context(|| format!("{url}: cannot be fetched"))
}

async fn get(url: &Url) -> Result<String> {
    ensure!(
        is_allowed(url),
        "only https is fetched, or http from this machine"
    );
    let policy = redirect::Policy::custom(|attempt| {
        if attempt.previous().len() > 5 {
            attempt.error("more than 5 redirects")
        } else if is_allowed(attempt.url()) {
            attempt.follow()
        } else {
            attempt.error("a redirect leads to an address that is not https")
        }
    });
    let client = Client::builder()
        .timeout(DEADLINE)
        .redirect(policy)
        .user_agent("dialer-xtask")
        .build()?;
    let mut response = client.get(url.clone()).send().await?;
    let status = response.status();
    ensure!(status.as_u16() == 200, "the server replied {status}");
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        body.extend_from_slice(&chunk);
        if body.len() > MAX_BYTES {
            bail!("longer than {MAX_BYTES} bytes");
        }
    }
    String::from_utf8(body).context("not UTF-8")
}

fn is_allowed(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let ip = host.trim_matches(['[', ']']).parse::<IpAddr>();
    let here = host == "localhost" || ip.is_ok_and(|ip| ip.is_loopback());
    url.scheme() == "https" || (url.scheme() == "http" && here)
}
