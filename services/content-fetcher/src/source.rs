//! Asks the source, and reads what it answers.
//!
//! 1. Each hop: a host written as an address is judged here, a name by the client's resolver ([`resolver`](crate::resolver)).
//!    Proxies of the environment are off, since a proxy would connect to what was not checked.
//! 2. The request says what is wanted: identity encoding; a range with If-Range when it goes on (RFC 9110 section 14.2);
//!    If-None-Match when the bucket may hold the content already. The item's own headers go to its own origin only.
//! 3. A redirect is followed within limits ([`redirect`]); the conditions go with it.
//! 4. 200 is the whole content, 206 the rest if it is the rest that was asked for (`answer`), 304 no change.
//!    Everything else is an error.
//! 5. [`Content::next`] hands on the bytes as they come, each within the idle time limit.

mod answer;
mod failure;

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use reqwest::Response;
use tokio::time::timeout;

use crate::error::SourceError;
use crate::item::SourceUrl;
use crate::policy::AddressPolicy;
use crate::range::EntityTag;
use crate::redirect::{self, RedirectFault};
use crate::resolver::{PolicyResolver, check_literal};
use crate::retry::retry_after;

pub use answer::Content;
use failure::failure;

/// How the source is reached.
#[derive(Clone, Debug)]
pub struct SourceSettings {
    /// Which addresses may be connected to.
    pub policy: AddressPolicy,
    /// Until a connection stands, TLS included.
    pub connect_timeout: Duration,
    /// Until the answer begins, and between two pieces of it.
    pub idle_timeout: Duration,
    /// Hops after the first request.
    pub max_redirects: usize,
    /// PEM certificates to trust beside the system's.
    pub ca_certificates: Vec<u8>,
}

/// The client of all sources. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Source {
    client: reqwest::Client,
    policy: AddressPolicy,
    idle_timeout: Duration,
    max_redirects: usize,
}

/// What is asked of the source.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Where.
    pub url: &'a SourceUrl,
    /// The item's own headers.
    pub headers: &'a HeaderMap,
    /// What of the content is wanted.
    pub want: Want<'a>,
}

/// What of the content is wanted.
#[derive(Clone, Copy, Debug)]
pub enum Want<'a> {
    /// All of it.
    All,
    /// All of it, unless it is still this.
    Changed(&'a EntityTag),
    /// The rest after so many bytes, of exactly this content.
    Rest {
        /// How many bytes are there; the first that is wanted.
        from: u64,
        /// The content's tag, a strong one.
        tag: &'a EntityTag,
        /// The content's whole length, where it is known.
        length: Option<u64>,
    },
}

/// What the source answered.
#[derive(Debug)]
pub enum Answer {
    /// The content that [`Want::Changed`] named is still the newest.
    NotModified,
    /// Content: all of it, or the rest that was asked for ([`Content::start`]).
    Content(Box<Content>),
}

impl Source {
    /// Makes the client. The error is a certificate that cannot be used, or no certificates on this system.
    pub fn new(settings: SourceSettings) -> Result<Self, reqwest::Error> {
        // reqwest is built without a TLS provider of its own, so that the tree has one: this names it, once.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let own = match settings.ca_certificates.as_slice() {
            [] => Vec::new(),
            pem => reqwest::Certificate::from_pem_bundle(pem)?,
        };
        let client = reqwest::Client::builder()
            .user_agent(concat!("content-fetcher/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .no_proxy()
            .dns_resolver(PolicyResolver::new(settings.policy.clone()))
            .connect_timeout(settings.connect_timeout)
            .tls_certs_merge(own)
            .tcp_nodelay(true)
            // Enough for a fast source far away, and a bound on what waits here while the store is slow.
            .http2_initial_stream_window_size(2 * 1024 * 1024)
            .http2_initial_connection_window_size(4 * 1024 * 1024)
            .build()?;
        let SourceSettings { policy, idle_timeout, max_redirects, .. } = settings;
        Ok(Self { client, policy, idle_timeout, max_redirects })
    }

    /// Asks, and follows redirects to the answer.
    pub async fn ask(&self, request: Request<'_>) -> Result<Answer, SourceError> {
        let mut url = request.url.clone();
        for _ in 0..=self.max_redirects {
            let response = self.one_hop(&url, &request).await?;
            if !redirect::redirects(response.status()) {
                return self.answer(response, request.want);
            }
            url = redirect::next(&url, response.headers().get(header::LOCATION))?;
            tracing::debug!(from = %request.url, to = %url, "redirected");
        }
        Err(RedirectFault::TooMany(self.max_redirects).into())
    }

    async fn one_hop(&self, url: &SourceUrl, request: &Request<'_>) -> Result<Response, SourceError> {
        check_literal(&self.policy, url)?;
        let mut headers =
            if url.same_origin(request.url) { request.headers.clone() } else { HeaderMap::new() };
        // What is hashed and stored is the content itself, not a coding of it.
        headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        headers.extend(request.want.conditions());
        let sending = self.client.get(url.get().clone()).headers(headers).send();
        match timeout(self.idle_timeout, sending).await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(error)) => Err(failure(&error)),
            Err(_) => Err(SourceError::Idle(self.idle_timeout)),
        }
    }

    fn answer(&self, response: Response, want: Want<'_>) -> Result<Answer, SourceError> {
        let content = |content| Answer::Content(Box::new(content));
        match (response.status(), want) {
            (StatusCode::NOT_MODIFIED, Want::Changed(_)) => Ok(Answer::NotModified),
            (StatusCode::OK, _) => Content::whole(response, self.idle_timeout).map(content),
            (StatusCode::PARTIAL_CONTENT, Want::Rest { from, tag, length }) => {
                Content::rest(response, self.idle_timeout, from, tag, length).map(content)
            }
            // The content has become shorter than what is there of it.
            (StatusCode::RANGE_NOT_SATISFIABLE, Want::Rest { .. }) => {
                Err(SourceError::Resume("it answered 416".to_owned()))
            }
            (status, _) => {
                let asked = response.headers().get(header::RETRY_AFTER).and_then(|value| value.to_str().ok());
                let retry_after = asked.and_then(|value| retry_after(value, SystemTime::now()));
                Err(SourceError::Status { status: status.as_u16(), retry_after })
            }
        }
    }
}

impl Want<'_> {
    fn conditions(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let value = |text: &str| HeaderValue::from_str(text).ok();
        let mut set = |name, text: &str| value(text).map(|value| headers.insert(name, value));
        match self {
            Self::All => {}
            Self::Changed(tag) => {
                set(header::IF_NONE_MATCH, tag.as_str());
            }
            Self::Rest { from, tag, .. } => {
                set(header::RANGE, &format!("bytes={from}-"));
                set(header::IF_RANGE, tag.as_str());
            }
        }
        headers
    }
}

impl Content {
    /// The next bytes; `None` at the end that the transfer itself marks.
    pub async fn next(&mut self) -> Result<Option<Bytes>, SourceError> {
        match timeout(self.idle_timeout, self.response.chunk()).await {
            Ok(Ok(Some(bytes))) => {
                self.received += bytes.len() as u64;
                Ok(Some(bytes))
            }
            Ok(Ok(None)) => Ok(None),
            Ok(Err(error)) => {
                let received = self.start + self.received;
                Err(SourceError::Broken { received, detail: failure::words(&error) })
            }
            Err(_) => Err(SourceError::Idle(self.idle_timeout)),
        }
    }
}
