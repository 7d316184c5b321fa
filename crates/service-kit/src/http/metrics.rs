//! What is counted of every request.
//!
//! Names, labels and buckets are those of `prometheus_client`'s usual Flask instrumentation, which work-app's
//! contract fixes; every other service uses the same, so that one dashboard reads them all.

use std::hash::{Hash, Hasher};
use std::time::Duration;

use axum::extract::MatchedPath;
use axum::http::{Method, StatusCode};
use prometheus_client::encoding::{EncodeLabelSet, LabelSetEncoder};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;

/// The default buckets of Prometheus's own client libraries, in seconds.
const BUCKETS: [f64; 14] = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];

crate::metrics! {
    /// What is counted of every request.
    pub(crate) struct HttpMetrics {
        /// Requests answered, by method, route template and status code.
        http_requests: Family<Labels, Counter>,
        /// From a request's head to its answer's last byte, in seconds, by method and route template.
        http_request_duration_seconds: Family<RouteLabels, Histogram> =
            Family::new_with_constructor(|| Histogram::new(BUCKETS)),
        /// Bytes of answers' bodies that went to their connections.
        http_response_bytes: Counter,
        /// Requests that are being answered.
        pub(super) http_requests_in_flight: Gauge,
        /// Handlers that panicked and were answered 500.
        pub(super) http_panics: Counter,
    }
}

/// A route as the router matched it. Never the path the client sent: that would be a label without bound.
#[derive(Clone, Debug)]
pub(super) enum Route {
    Matched(MatchedPath),
    Named(&'static str),
    Unknown,
}

#[derive(Clone, Debug, Eq, PartialEq)]
struct RouteLabels {
    method: &'static str,
    route: Route,
}

/// The labels of one answered request.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Labels {
    at: RouteLabels,
    code: u16,
}

impl Labels {
    pub(super) fn new(method: &Method, route: &Route, status: StatusCode) -> Self {
        let at = RouteLabels { method: known_method(method), route: route.clone() };
        Self { at, code: status.as_u16() }
    }
}

impl HttpMetrics {
    pub(super) fn count(&self, labels: &Labels, took: Duration, bytes: u64) {
        self.http_response_bytes.inc_by(bytes);
        self.http_requests.get_or_create(labels).inc();
        self.http_request_duration_seconds.get_or_create(&labels.at).observe(took.as_secs_f64());
    }
}

/// The method's name, or `OTHER` for one that RFC 9110 and RFC 5789 do not know: a client must not be able to make labels.
pub(super) fn known_method(method: &Method) -> &'static str {
    const KNOWN: [&str; 9] = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT"];
    KNOWN.into_iter().find(|known| *known == method.as_str()).unwrap_or("OTHER")
}

impl Route {
    fn as_str(&self) -> &str {
        match self {
            Self::Matched(path) => path.as_str(),
            Self::Named(name) => name,
            Self::Unknown => "",
        }
    }
}

impl PartialEq for Route {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Route {}

// Labels are looked up twice a request, among some dozens that the service itself made. Their lengths and the status
// tell nearly all of them apart, and one number is hashed in a third of the time that the texts take.
impl Hash for RouteLabels {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_usize(self.spread());
    }
}

impl Hash for Labels {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_usize(self.at.spread() << 16 | usize::from(self.code));
    }
}

impl RouteLabels {
    fn spread(&self) -> usize {
        self.route.as_str().len() << 4 | self.method.len()
    }
}

impl EncodeLabelSet for RouteLabels {
    fn encode(&self, encoder: &mut LabelSetEncoder) -> Result<(), std::fmt::Error> {
        [("method", self.method), ("endpoint", self.route.as_str())].encode(encoder)
    }
}

impl EncodeLabelSet for Labels {
    fn encode(&self, encoder: &mut LabelSetEncoder) -> Result<(), std::fmt::Error> {
        self.at.encode(encoder)?;
        [("code", self.code)].encode(encoder)
    }
}
