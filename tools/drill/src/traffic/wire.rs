//! How requests go out.
//!
//! - HTTP/1.1 only: HTTP/2 would put all requests of a target on one connection, and so on one pod.
//! - Connections are kept and used again, as clients do; with `--new-connections` each request has its own.
//! - No redirect is followed, no proxy asked, nothing sent again: an answer is what it is. As in every client that keeps
//!   connections, a request that finds its kept one closed before a byte of it was written takes another.
//! - A request with its whole answer has one time-out.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;
use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Certificate, Client, redirect};
use serde::Deserialize;

/// How long an unused connection is kept: less than servers keep theirs, so that few are closed under a request.
const IDLE: Duration = Duration::from_secs(5);

/// What holds for the requests of every target.
#[derive(Clone, Debug)]
pub struct Wire {
    /// For a request with its whole answer.
    pub timeout: Duration,
    /// Each request has its own connection.
    pub new_connections: bool,
    /// Hosts whose address is given rather than looked up.
    pub resolve: Vec<Resolve>,
    /// Headers of every request; `Host` overrides the URL's.
    pub headers: Vec<Header>,
    /// Certificates (PEM) that are trusted instead of the system's.
    pub authorities: Option<Vec<u8>>,
}

impl Default for Wire {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(5),
            new_connections: false,
            resolve: Vec::new(),
            headers: Vec::new(),
            authorities: None,
        }
    }
}

impl Wire {
    /// A client with connections of its own.
    pub fn client(&self) -> Result<Client, reqwest::Error> {
        // Already there where two are made in one process: either is the same provider.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let headers: HeaderMap =
            self.headers.iter().map(|Header(name, value)| (name.clone(), value.clone())).collect();
        let mut builder = Client::builder()
            .timeout(self.timeout)
            .redirect(redirect::Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .http1_only()
            .tcp_nodelay(true)
            .user_agent(concat!("drill/", env!("CARGO_PKG_VERSION")))
            .default_headers(headers)
            .pool_idle_timeout(IDLE);
        if self.new_connections {
            builder = builder.pool_max_idle_per_host(0);
        }
        for Resolve { host, address } in &self.resolve {
            // The port stays the URL's own; 0 says so.
            builder = builder.resolve(host, SocketAddr::new(*address, 0));
        }
        if let Some(authorities) = &self.authorities {
            builder = builder.tls_certs_only(Certificate::from_pem_bundle(authorities)?);
        }
        builder.build()
    }
}

/// A host whose address is given: `HOST=ADDRESS`.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(try_from = "String")]
pub struct Resolve {
    /// The name in the URL.
    pub host: String,
    /// Where it is.
    pub address: IpAddr,
}

impl FromStr for Resolve {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (host, address) = text.split_once('=').ok_or_else(|| format!("{text:?} is not HOST=ADDRESS"))?;
        let address =
            address.trim_matches(['[', ']']).parse().map_err(|_| format!("{address:?} is no IP address"))?;
        if host.is_empty() {
            return Err(format!("{text:?} names no host"));
        }
        Ok(Self { host: host.to_owned(), address })
    }
}

impl TryFrom<String> for Resolve {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

/// A header of every request: `NAME: VALUE`.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(try_from = "String")]
pub struct Header(HeaderName, HeaderValue);

impl FromStr for Header {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // The value may be a token: a fault names the header alone.
        let (name, value) = text.split_once(':').ok_or("a header is NAME: VALUE")?;
        let name = name.trim();
        let value = HeaderValue::from_str(value.trim())
            .map_err(|_| format!("the value of header {name:?} is none"))?;
        let name = HeaderName::try_from(name).map_err(|_| format!("{name:?} is no header's name"))?;
        Ok(Self(name, value))
    }
}

impl TryFrom<String> for Header {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_given_with_or_without_brackets() {
        let plain: Resolve = "web.example=127.0.0.1".parse().expect("an address");
        assert_eq!((plain.host.as_str(), plain.address.to_string().as_str()), ("web.example", "127.0.0.1"));
        assert_eq!("a=[::1]".parse::<Resolve>().expect("an address").address.to_string(), "::1");
        for wrong in ["web.example", "web.example=here", "=127.0.0.1"] {
            wrong.parse::<Resolve>().expect_err(wrong);
        }
    }

    #[test]
    fn a_faulty_header_is_named_without_its_value() {
        let fault = "Authorization: se\ncret".parse::<Header>().expect_err("a line break");
        assert!(fault.contains("Authorization") && !fault.contains("cret"), "{fault}");
        "Host: web.example".parse::<Header>().expect("a header");
    }
}
