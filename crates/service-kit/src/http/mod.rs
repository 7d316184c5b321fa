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
mod limits;
pub(crate) mod metrics;
pub(crate) mod observe;
mod problem;
pub(crate) mod server;
mod trace;

use std::net::SocketAddr;
use std::sync::Arc;

pub use discard::{closing, discard_body};
pub use identity::RequestId;
pub use problem::Problem;
pub use trace::TraceContext;

/// The address a connection came from, as a request extension. Made once a connection, text and all, because every
/// request's log line tells it.
#[derive(Clone, Debug)]
pub struct Peer {
    address: SocketAddr,
    text: Arc<str>,
}

impl Peer {
    pub(crate) fn new(address: SocketAddr) -> Self {
        Self { address, text: address.to_string().into() }
    }

    /// The address itself.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address as text.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

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

/// A router that leaves everything to `answer`: for a service that matches paths itself. As a handler, axum would box
/// it twice for each request.
pub fn answer_all<F, A>(answer: F) -> axum::Router
where
    F: Fn(axum::extract::Request) -> A + Clone + Send + Sync + 'static,
    A: Future<Output = axum::response::Response> + Send + 'static,
{
    axum::Router::new().fallback_service(tower::service_fn(move |request| {
        let answering = answer(request);
        async move { Ok::<_, std::convert::Infallible>(answering.await) }
    }))
}

/// Everything that goes round a router, as one layer: each further one would cost every request two allocations.
pub(crate) fn layered(
    router: axum::Router,
    options: HttpOptions,
    settings: &crate::settings::KitSettings,
    observer: &observe::Observer,
) -> axum::Router {
    let limits = limits::Limits { body: options.body_limit, pause: settings.http_body_timeout.get() };
    let around = observe::Around::new(options.observed.then(|| observer.clone()), limits);
    // The limit is the kit's; axum's own would stand below it.
    router.layer((around, axum::extract::DefaultBodyLimit::disable()))
}
