//! One node, and whether it is worth asking.
//!
//! 1. [`Node::ask`] sends one request. While no answer comes, it looks every [`WATCH`] whether the node breathes.
//! 2. One that does not, cannot be reached, or breaks off, is marked dead: the others are asked.
//! 3. A task of its own looks after a dead node, less and less often, until it answers; it holds no node alive.
//!
//! A slow answer is not a dead node: a request that runs out of time while the node breathes is its own failure.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use ::elasticsearch::http::headers::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER};
use ::elasticsearch::http::transport::Transport;
use ::elasticsearch::http::{Method, StatusCode};
use bytes::Bytes;
use rand::RngExt as _;
use tokio::time::Instant;

use super::metrics::{ElasticsearchMetrics, NodeLabel, Operation};

/// A request without an answer for this long makes us look whether its node breathes.
const WATCH: Duration = Duration::from_secs(1);
/// A node that does not answer the smallest request within this does not breathe.
const BREATH: Duration = Duration::from_secs(2);
/// A dead node is looked after first after this, then after twice as long each time, up to [`REST_MAX`].
const REST: Duration = Duration::from_millis(500);
const REST_MAX: Duration = Duration::from_secs(30);

/// A request, as often as it is sent.
#[derive(Clone, Debug)]
pub(super) struct Request {
    /// For the metrics.
    pub(super) operation: Operation,
    /// GET, POST, …
    pub(super) method: Method,
    /// Without a query; made of names that need no escape.
    pub(super) path: String,
    /// Its parameters.
    pub(super) query: Vec<(&'static str, String)>,
    /// JSON, or lines of it.
    pub(super) body: Option<Body>,
}

/// What a request carries.
#[derive(Clone, Debug)]
pub(super) struct Body {
    pub(super) bytes: Bytes,
    pub(super) lines: bool,
    pub(super) gzip: bool,
}

/// An answer, whatever its status.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) retry_after: Option<Duration>,
    pub(super) body: Bytes,
}

/// Why there is no answer.
#[derive(Clone, Debug, thiserror::Error)]
pub(super) enum Silence {
    /// The node is not reached, broke off, or does not breathe. It may have done what it was asked.
    #[error("node {node}: {reason}")]
    Dead {
        node: String,
        reason: String,
        /// There was a connection, and it broke.
        broke: bool,
    },
    /// The time is up, and the node breathes. It may do what it was asked all the same.
    #[error("node {node} did not answer in time")]
    Slow { node: String },
}

/// One node.
#[derive(Debug)]
pub(super) struct Node {
    /// Host and port.
    pub(super) name: String,
    transport: Transport,
    health: Mutex<Health>,
    /// One looks at a time; the others that wait for it use what it saw.
    looking: tokio::sync::Mutex<()>,
    metrics: ElasticsearchMetrics,
}

#[derive(Debug, Default)]
struct Health {
    dead: bool,
    /// In a row, until a request is answered.
    failures: u32,
    heard: Option<Instant>,
    silent: Option<Instant>,
}

impl Node {
    pub(super) fn new(name: String, transport: Transport, metrics: ElasticsearchMetrics) -> Arc<Self> {
        metrics.elasticsearch_node_up.get_or_create(&NodeLabel { node: name.clone() }).set(1);
        let looking = tokio::sync::Mutex::default();
        Arc::new(Self { name, transport, health: Mutex::default(), looking, metrics })
    }

    pub(super) fn is_dead(&self) -> bool {
        self.health().dead
    }

    /// Sends `request` and waits until `deadline` for the whole answer.
    pub(super) async fn ask(
        self: &Arc<Self>,
        request: &Request,
        deadline: Instant,
    ) -> Result<Answer, Silence> {
        let begun = Instant::now();
        let result = self.watched(request, deadline).await;
        let status = result.as_ref().map_or(0, |answer| answer.status.as_u16());
        self.metrics.observe(request.operation, status, begun.elapsed());
        match &result {
            Ok(answer) if is_of_node(answer.status) => self.failed(&format!("answers {}", answer.status)),
            Ok(_) => self.worked(),
            Err(Silence::Dead { reason, .. }) => self.failed(reason),
            Err(Silence::Slow { .. }) => {}
        }
        result
    }

    async fn watched(&self, request: &Request, deadline: Instant) -> Result<Answer, Silence> {
        let answer = self.exchange(request, deadline);
        tokio::pin!(answer);
        loop {
            tokio::select! {
                answer = &mut answer => return answer,
                () = tokio::time::sleep(WATCH) => {}
            }
            tokio::select! {
                answer = &mut answer => return answer,
                breathes = self.breathes() => if !breathes {
                    return Err(self.dead("does not breathe", false));
                },
            }
        }
    }

    async fn exchange(&self, request: &Request, deadline: Instant) -> Result<Answer, Silence> {
        let mut headers = HeaderMap::new();
        let body = request.body.as_ref().map(|body| {
            if body.lines {
                headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-ndjson"));
            }
            if body.gzip {
                headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            }
            body.bytes.clone()
        });
        let limit = deadline.saturating_duration_since(Instant::now());
        let sent = self.transport.send(
            request.method,
            &request.path,
            headers,
            Some(&request.query),
            body,
            Some(limit),
        );
        let response = sent.await.map_err(|error| self.silence(&error))?;
        let status = response.status_code();
        let retry_after =
            response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
        let body = response.bytes().await.map_err(|error| self.silence(&error))?;
        Ok(Answer { status, retry_after: retry_after.map(Duration::from_secs), body })
    }

    fn silence(&self, error: &::elasticsearch::Error) -> Silence {
        if error.is_timeout() {
            return Silence::Slow { node: self.name.clone() };
        }
        // The innermost cause is the operating system's; those around it repeat the URL.
        let mut cause: &dyn std::error::Error = error;
        while let Some(inner) = cause.source() {
            cause = inner;
        }
        let refused = cause
            .downcast_ref::<std::io::Error>()
            .is_some_and(|error| error.kind() == std::io::ErrorKind::ConnectionRefused);
        self.dead(&cause.to_string(), !refused)
    }

    fn dead(&self, reason: &str, broke: bool) -> Silence {
        Silence::Dead { node: self.name.clone(), reason: reason.to_owned(), broke }
    }

    /// Whether it answers the smallest request, whatever it says. It needs neither disk nor cluster for that.
    async fn breathes(&self) -> bool {
        let asked = Instant::now();
        let _looking = self.looking.lock().await;
        {
            let health = self.health();
            let since = |time: Option<Instant>| time.is_some_and(|time| time >= asked);
            if since(health.heard) || since(health.silent) {
                return since(health.heard);
            }
        }
        let look =
            self.transport.send(Method::Head, "/", HeaderMap::new(), None::<&()>, None::<()>, Some(BREATH));
        let breathes = look.await.is_ok();
        let mut health = self.health();
        let seen = if breathes { &mut health.heard } else { &mut health.silent };
        *seen = Some(Instant::now());
        breathes
    }

    fn worked(&self) {
        let mut health = self.health();
        health.heard = Some(Instant::now());
        health.failures = 0;
        let was_dead = std::mem::take(&mut health.dead);
        drop(health);
        if was_dead {
            self.is_back();
        }
    }

    fn failed(self: &Arc<Self>, reason: &str) {
        let mut health = self.health();
        health.failures = health.failures.saturating_add(1);
        let rest = rest(health.failures);
        let was_dead = std::mem::replace(&mut health.dead, true);
        drop(health);
        let label = NodeLabel { node: self.name.clone() };
        self.metrics.elasticsearch_node_failures.get_or_create(&label).inc();
        if !was_dead {
            tracing::warn!(node = self.name, reason, "a node of Elasticsearch is left alone for now");
            self.metrics.elasticsearch_node_up.get_or_create(&label).set(0);
            tokio::spawn(look_after(Arc::downgrade(self), rest));
        }
    }

    /// It answers again. Its failures are forgotten once it has answered a request.
    fn revived(&self) {
        if std::mem::take(&mut self.health().dead) {
            self.is_back();
        }
    }

    fn is_back(&self) {
        tracing::info!(node = self.name, "a node of Elasticsearch answers again");
        self.metrics.elasticsearch_node_up.get_or_create(&NodeLabel { node: self.name.clone() }).set(1);
    }

    fn health(&self) -> MutexGuard<'_, Health> {
        self.health.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether the status says that this node, or a proxy before it, cannot serve anybody now.
pub(super) fn is_of_node(status: StatusCode) -> bool {
    matches!(status, StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT)
}

async fn look_after(node: Weak<Node>, mut wait: Duration) {
    loop {
        // Many processes lose a node at the same moment; they do not come back to it at the same moment.
        let jitter = rand::rng().random_range(0.5..1.0);
        tokio::time::sleep(wait.mul_f64(jitter)).await;
        let Some(node) = node.upgrade() else { return };
        if !node.is_dead() {
            return;
        }
        if node.breathes().await {
            node.revived();
            return;
        }
        wait = (wait * 2).min(REST_MAX);
    }
}

fn rest(failures: u32) -> Duration {
    REST.saturating_mul(1 << failures.saturating_sub(1).min(8)).min(REST_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_that_fails_again_rests_longer() {
        assert_eq!(rest(1), REST);
        assert_eq!(rest(2), REST * 2);
        assert_eq!(rest(7), REST_MAX);
        assert_eq!(rest(u32::MAX), REST_MAX);
    }
}
