//! HTTP as every service speaks it.
//!
//! 1. [`server`] accepts connections within bounds of number, head size and time, in clear or over TLS.
//! 2. [`answer`] is what it serves: a router, or one function for all paths.
//! 3. [`observe`] goes round every handler: request id, trace context, in-flight gauge, panics, metrics, one log line.
//! 4. [`body`] goes round every answer's body and knows when the answer really ended.
//! 5. [`metrics`] is what it counts.
//! 6. [`discard`] reads what no answer depends on.
//! 7. [`problem`] is what an error looks like where no contract fixes the body.

pub(crate) mod answer;
pub(crate) mod body;
mod discard;
mod head_timer;
mod identity;
mod limits;
pub(crate) mod metrics;
pub(crate) mod observe;
mod problem;
pub(crate) mod server;
mod trace;

use std::net::SocketAddr;
use std::sync::Arc;

pub use answer::{Answers, answer_all, answer_all_as};
pub use discard::{closing, discard_body};
pub use identity::RequestId;
pub use problem::Problem;
pub use trace::TraceContext;

pub(crate) use answer::Answer;

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

/// What answers a listener, with everything that goes round it.
pub(crate) fn surround(
    answers: Answers,
    options: HttpOptions,
    settings: &crate::settings::KitSettings,
    observer: &observe::Observer,
) -> Arc<dyn Answer> {
    let limits = limits::Limits { body: options.body_limit, pause: settings.http_body_timeout.get() };
    answers.within(observe::Around { observer: options.observed.then(|| observer.clone()), limits })
}
