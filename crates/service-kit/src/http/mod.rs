//! HTTP as every service speaks it.
//!
//! 1. [`server`] accepts connections within bounds of number, head size and time, in clear or over TLS.
//! 2. [`observe`] goes round every handler: request id, trace context, in-flight gauge, panics, metrics, one log line.
//! 3. [`body`] goes round every answer's body and knows when the answer really ended.
//! 4. [`metrics`] is what it counts.
//! 5. [`discard`] reads what no answer depends on.
//! 6. [`problem`] is what an error looks like where no contract fixes the body.

pub(crate) mod body;
mod discard;
mod identity;
pub(crate) mod metrics;
pub(crate) mod observe;
mod problem;
pub(crate) mod server;
mod trace;

use std::net::SocketAddr;

pub use discard::discard_body;
pub use identity::RequestId;
pub use problem::Problem;
pub use trace::TraceContext;

/// The address a request came from, as a request extension.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub SocketAddr);

/// The name an answer is counted under, as an extension of the answer: for a service whose contract matches paths
/// otherwise than axum does. It is of the service's own making, never a path that a client sent.
#[derive(Clone, Copy, Debug)]
pub struct Endpoint(pub &'static str);

/// How one listener answers.
#[derive(Clone, Copy, Debug)]
pub struct HttpOptions {
    /// The longest request body in bytes, answered 413 above it. `None` where the contract reads no bodies and
    /// answers as if there were none.
    pub body_limit: Option<usize>,
    /// Whether each request is a log line and counted: yes but for probes and scrapes.
    pub observed: bool,
}

impl Default for HttpOptions {
    fn default() -> Self {
        Self { body_limit: Some(1024 * 1024), observed: true }
    }
}

/// Everything that goes round a router: observation outermost, so that what the limits answer is counted too.
pub(crate) fn layered(
    router: axum::Router,
    options: HttpOptions,
    settings: &crate::settings::KitSettings,
    observer: &observe::Observer,
) -> axum::Router {
    let mut router = router.layer(axum::extract::DefaultBodyLimit::disable());
    if let Some(limit) = options.body_limit {
        router = router.layer(tower_http::limit::RequestBodyLimitLayer::new(limit));
    }
    let body_timeout = settings.http_body_timeout.get();
    router = router.layer(tower_http::timeout::RequestBodyTimeoutLayer::new(body_timeout));
    if options.observed { router.layer(observer.clone()) } else { router }
}
