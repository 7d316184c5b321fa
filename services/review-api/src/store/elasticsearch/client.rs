//! Requests to whichever node answers.
//!
//! 1. The nodes that are not dead are asked in turn; where all are, those are: one of them must be the first to be back.
//! 2. A node that cannot be reached, breaks off or says 502, 503 or 504 is passed over for the next, until the time is up.
//!
//! Every request of this service may be made twice: a document is created once, whoever asks for it how often.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use ::elasticsearch::http::Method;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;
use std::io::Write as _;
use tokio::time::Instant;

use super::metrics::{ElasticsearchMetrics, Operation};
use super::node::{Answer, Body, Node, Request, Silence, is_of_node};
use super::options::{OpenError, Options, transport};

/// Bodies smaller than this gain nothing by compression.
const GZIP_FROM: usize = 1024;
/// The fastest level: a body of reviews shrinks to a third by it, and the network is rarely what is slow.
const GZIP_LEVEL: u32 = 1;

/// The nodes of one cluster.
#[derive(Debug)]
pub(super) struct Client {
    nodes: Vec<Arc<Node>>,
    turn: AtomicUsize,
    gzip: bool,
}

impl Client {
    pub(super) fn open(options: &Options, metrics: &ElasticsearchMetrics) -> Result<Self, OpenError> {
        let open = |url: &url::Url| {
            let name = match (url.host_str(), url.port_or_known_default()) {
                (Some(host), Some(port)) => format!("{host}:{port}"),
                _ => url.to_string(),
            };
            Ok(Node::new(name, transport(url, options)?, metrics.clone()))
        };
        let nodes = options.nodes.iter().map(open).collect::<Result<Vec<_>, OpenError>>()?;
        if nodes.is_empty() {
            return Err(OpenError::NoNode);
        }
        Ok(Self { nodes, turn: AtomicUsize::new(0), gzip: options.gzip })
    }

    /// The answer of the first node that gives one, or what the last of them said or did.
    pub(super) async fn call(&self, request: &Request, limit: Duration) -> Result<Answer, Silence> {
        let deadline = Instant::now() + limit;
        let mut tried = Vec::new();
        loop {
            let node = self.choose(&tried);
            let result = self.nodes[node].ask(request, deadline).await;
            // A connection kept from before its node was restarted breaks at its first use: one node is asked twice.
            let again = tried.is_empty() && self.nodes.len() == 1 && broke_off(&result);
            tried.push(node);
            let next = tried.len() < self.nodes.len() || again;
            match &result {
                Ok(answer) if !is_of_node(answer.status) => return result,
                Err(Silence::Slow { .. }) => return result,
                _ if !next || Instant::now() >= deadline => return result,
                _ => {}
            }
        }
    }

    /// As [`Self::call`], with JSON.
    pub(super) async fn json(
        &self,
        operation: Operation,
        method: Method,
        path: impl Into<String>,
        query: &[(&'static str, &str)],
        body: Option<&Value>,
        limit: Duration,
    ) -> Result<Answer, Silence> {
        let body = body.map(|body| self.body(body.to_string().into_bytes(), false));
        let query = query.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        self.call(&Request { operation, method, path: path.into(), query, body }, limit).await
    }

    /// A body, compressed where that is wanted and worth it.
    pub(super) fn body(&self, bytes: Vec<u8>, lines: bool) -> Body {
        if self.gzip && bytes.len() >= GZIP_FROM {
            let mut encoder =
                GzEncoder::new(Vec::with_capacity(bytes.len() / 2), Compression::new(GZIP_LEVEL));
            // Writing into memory does not fail; were it to, the body goes as it is.
            if let Ok(packed) = encoder.write_all(&bytes).and_then(|()| encoder.finish()) {
                return Body { bytes: packed.into(), lines, gzip: true };
            }
        }
        Body { bytes: Bytes::from(bytes), lines, gzip: false }
    }

    /// The next in turn that was not tried and is not dead, else that was not tried, else any.
    fn choose(&self, tried: &[usize]) -> usize {
        let first = self.turn.fetch_add(1, Ordering::Relaxed) % self.nodes.len();
        let turn = || (first..self.nodes.len()).chain(0..first);
        let untried = |node: &usize| !tried.contains(node);
        let alive = turn().filter(untried).find(|&node| !self.nodes[node].is_dead());
        alive.or_else(|| turn().find(untried)).unwrap_or(first)
    }
}

fn broke_off(result: &Result<Answer, Silence>) -> bool {
    matches!(result, Err(Silence::Dead { broke: true, .. }))
}
