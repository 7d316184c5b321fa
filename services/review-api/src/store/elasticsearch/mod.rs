//! Reviews in Elasticsearch, 8.16 or newer.
//!
//! 1. [`options`] is what it is given; [`template`] makes the indices be what the rest expects.
//! 2. [`client`] asks one of the nodes; [`node`] knows whether it is worth asking.
//! 3. [`bulk`] writes.
//! 4. [`query`] turns questions into the cluster's own; [`search`] with [`point`], [`lookup`], [`stats`] and [`terms`] ask
//!    them.
//! 5. [`failure`] is what any other answer means.
//!
//! A write whose answer is lost is made again and then meets its own first copy: it is [`Verdict::Duplicate`], although
//! nobody sent it twice. Both words mean that it is stored.

mod bulk;
mod client;
mod failure;
mod lookup;
mod metrics;
mod node;
mod options;
mod point;
mod query;
mod search;
mod stats;
mod template;
mod terms;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ::elasticsearch::http::Method;
use async_trait::async_trait;
use jiff::{Timestamp, Unit};

use self::client::Client;
use self::failure::write_error;
use self::node::{Body, Request};
use self::point::Points;
use super::{ReadError, ReviewStore, Verdict, WriteError};
use crate::query::{Position, Search, SearchPage, Stats, StatsQuery, StreamQuery, Terms, TermsQuery};
use crate::review::{Document, ReviewId, Stored};

pub use metrics::{ElasticsearchMetrics, NodeLabel, Operation, OperationLabel, RequestLabels};
pub use options::{Credentials, IndexPrefix, InvalidPrefix, OpenError, Options};

/// A check may take this long.
const CHECK: Duration = Duration::from_secs(3);
/// A document whose shard is away is answered after this at the latest, and holds the others of its batch up so long.
const SHARD_WAIT: Duration = Duration::from_secs(5);
/// Batches of more documents are made up on a thread of their own.
const FEW: usize = 64;

/// Reviews in a cluster.
#[derive(Debug)]
pub struct ElasticsearchStore {
    client: Arc<Client>,
    options: Options,
    points: Points,
    installed: AtomicBool,
    /// One installs at a time.
    installing: tokio::sync::Mutex<()>,
}

impl ElasticsearchStore {
    /// Takes the options, and asks no node yet.
    pub fn open(options: Options, metrics: &ElasticsearchMetrics) -> Result<Self, OpenError> {
        let client = Arc::new(Client::open(&options, metrics)?);
        let (points, installing) = (Points::default(), tokio::sync::Mutex::default());
        Ok(Self { client, options, points, installed: AtomicBool::new(false), installing })
    }

    /// A write before the template would make an index of whatever shape its first document has.
    async fn installed(&self) -> Result<(), WriteError> {
        if self.installed.load(Ordering::Acquire) {
            return Ok(());
        }
        let _installing = self.installing.lock().await;
        if self.installed.load(Ordering::Acquire) { Ok(()) } else { self.install_now().await }
    }

    async fn install_now(&self) -> Result<(), WriteError> {
        template::install(&self.client, &self.options).await?;
        self.installed.store(true, Ordering::Release);
        Ok(())
    }

    async fn send(&self, body: Body, expected: usize) -> Result<Vec<Verdict>, WriteError> {
        let shard_wait = SHARD_WAIT.min(self.options.timeout / 2);
        let query =
            vec![("filter_path", bulk::FILTER.to_owned()), ("timeout", search::milliseconds(shard_wait))];
        let path = "/_bulk".to_owned();
        let request =
            Request { operation: Operation::Bulk, method: Method::Post, path, query, body: Some(body) };
        bulk::verdicts(&self.client.call(&request, self.options.timeout).await?, expected)
    }

    /// The body of a batch. Making it up takes a processor for a moment: 4 MiB take about 40 ms with compression.
    async fn body(&self, batch: &[Arc<Document>], now: Timestamp) -> Result<Body, WriteError> {
        if batch.len() <= FEW {
            return Ok(self.client.body(bulk::lines(batch, &self.options.index, now), true));
        }
        let (batch, index) = (batch.to_vec(), self.options.index.clone());
        let client = Arc::clone(&self.client);
        let made = tokio::task::spawn_blocking(move || client.body(bulk::lines(&batch, &index, now), true));
        made.await.map_err(|error| WriteError::Away(format!("the batch could not be made up: {error}")))
    }
}

/// Now, as precise as the index keeps it.
fn now() -> Timestamp {
    let now = Timestamp::now();
    // Rounding to milliseconds fails for no time between 1970 and 9999.
    now.round(Unit::Millisecond).unwrap_or(now)
}

#[async_trait]
impl ReviewStore for ElasticsearchStore {
    async fn install(&self) -> Result<(), WriteError> {
        let _installing = self.installing.lock().await;
        self.install_now().await
    }

    async fn check(&self) -> Result<(), WriteError> {
        let query = [("master_timeout", "2s"), ("timeout", "0s"), ("filter_path", "status")];
        let path = "/_cluster/health";
        let health = self.client.json(Operation::Check, Method::Get, path, &query, None, CHECK).await?;
        if !health.status.is_success() {
            return Err(write_error(&health));
        }
        // Somebody removed it, or this is another cluster than it was.
        if !template::is_installed(&self.client, &self.options, CHECK).await? {
            self.installed.store(false, Ordering::Release);
        }
        self.installed().await
    }

    async fn write(&self, batch: &[Arc<Document>]) -> Result<Vec<Verdict>, WriteError> {
        if batch.is_empty() {
            return Ok(Vec::new());
        }
        self.installed().await?;
        let body = self.body(batch, now()).await?;
        self.send(body, batch.len()).await
    }

    async fn bury(&self, document: &Document, reason: &str) -> Result<(), WriteError> {
        self.installed().await?;
        let lines = bulk::grave(document, reason, &self.options.index, now());
        match self.send(self.client.body(lines, true), 1).await?.pop() {
            Some(Verdict::Refused(reason)) => Err(WriteError::Denied(reason)),
            Some(Verdict::Busy(reason) | Verdict::Again(reason)) => Err(WriteError::Away(reason)),
            _ => Ok(()),
        }
    }

    async fn get(&self, id: &ReviewId) -> Result<Option<Stored>, ReadError> {
        lookup::get(&self.client, &self.options, id).await
    }

    async fn search(&self, search: &Search) -> Result<SearchPage, ReadError> {
        search::search(&self.client, &self.options, &self.points, search).await
    }

    async fn stats(&self, query: &StatsQuery) -> Result<Stats, ReadError> {
        stats::stats(&self.client, &self.options, query).await
    }

    async fn terms(&self, query: &TermsQuery) -> Result<Terms, ReadError> {
        terms::terms(&self.client, &self.options, query).await
    }

    async fn since(
        &self,
        query: &StreamQuery,
        after: &Position,
        limit: usize,
    ) -> Result<Vec<Stored>, ReadError> {
        lookup::since(&self.client, &self.options, query, after, limit).await
    }
}
