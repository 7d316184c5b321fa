//! One look after every item of the manifest.
//!
//! 1. Once per process: the bucket is made if that was asked for, and uploads that a killed run left are aborted.
//! 2. Items are fetched, some at a time; one that fails does not stop the others.
//! 3. Where all succeeded, and pruning is on, what is no longer named is deleted.
//! 4. A [`Summary`] tells it all.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use bucket::StoreError;
use futures::StreamExt as _;
use futures::stream;
use service_kit::Followed;
use tokio_util::sync::CancellationToken;

use crate::error::FetchError;
use crate::item::Item;
use crate::manifest::Manifest;
use crate::prune::{PruneSettings, prune};
use crate::summary::{ItemSummary, Summary};
use crate::transfer::{Fetched, Fetcher};

/// All that a round needs.
pub struct Rounds {
    /// Fetches items.
    pub fetcher: Fetcher,
    /// What is wanted, as it is now.
    pub manifest: Followed<Manifest>,
    /// How many items are fetched at a time.
    pub items_in_flight: usize,
    /// Whether the bucket is made where it is not there.
    pub create_bucket: bool,
    /// Whether, and how far, to prune.
    pub prune: Option<PruneSettings>,
    prepared: AtomicBool,
}

impl Rounds {
    /// Rounds with neither bucket creation nor pruning.
    pub fn new(fetcher: Fetcher, manifest: Followed<Manifest>, items_in_flight: usize) -> Self {
        let prepared = AtomicBool::new(false);
        Self { fetcher, manifest, items_in_flight, create_bucket: false, prune: None, prepared }
    }

    /// Looks after every item once.
    pub async fn run(&self, stop: &CancellationToken) -> Summary {
        let begun = Instant::now();
        let manifest = self.manifest.load();
        let prepared = tokio::select! {
            biased;
            () = stop.cancelled() => Err(FetchError::Interrupted),
            prepared = self.prepare(&manifest) => prepared,
        };
        let items = match &prepared {
            Ok(()) => self.fetch_all(&manifest, stop).await,
            Err(_) => Vec::new(),
        };
        let mut beside = prepared.err();
        let mut pruned = 0;
        if beside.is_none() && items.iter().all(|item| item.class.is_none()) {
            match self.prune(&manifest, stop).await {
                Ok(count) => pruned = count,
                Err(error) => beside = Some(error),
            }
        }
        self.fetcher.pool.trim();
        if let Some(error) = &beside {
            tracing::error!(%error, "the round failed");
        }
        let summary = Summary::new(items, pruned, beside.as_ref(), begun.elapsed());
        if summary.succeeded {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            self.fetcher.metrics.last_success_timestamp_seconds.set(now.as_secs_f64());
        }
        summary
    }

    async fn prepare(&self, manifest: &Arc<Manifest>) -> Result<(), FetchError> {
        if self.prepared.load(Ordering::Relaxed) {
            return Ok(());
        }
        if self.create_bucket {
            self.fetcher.store.create_bucket().await?;
        }
        let keys: HashSet<&str> = manifest.items().iter().map(|item| item.key.as_str()).collect();
        match self.fetcher.store.abort_orphans(&keys).await {
            Ok(_) => {}
            // A store without ListMultipartUploads, or a credential without it: fetching works all the same.
            Err(error @ (StoreError::Invalid { .. } | StoreError::Denied { .. })) => {
                tracing::warn!(%error, "the store does not list uploads: those of a killed run are not aborted");
            }
            Err(error) => return Err(error.into()),
        }
        self.prepared.store(true, Ordering::Relaxed);
        Ok(())
    }

    async fn fetch_all(&self, manifest: &Arc<Manifest>, stop: &CancellationToken) -> Vec<ItemSummary> {
        // By index: a closure over borrowed items is not general enough for a future that is sent.
        let all = stream::iter(0..manifest.items().len());
        let fetching = all.map(|index| self.fetch(&manifest.items()[index], stop));
        fetching.buffered(self.items_in_flight).collect().await
    }

    async fn fetch(&self, item: &Item, stop: &CancellationToken) -> ItemSummary {
        let begun = Instant::now();
        let ended = self.fetcher.fetch(item, stop).await;
        let took = begun.elapsed();
        match &ended {
            Ok(Fetched::New(verified)) => {
                let (bytes, sha256) = (verified.length, verified.digest);
                tracing::info!(key = %item.key, url = %item.url, bytes, %sha256, ?took, "fetched");
            }
            Ok(Fetched::Unchanged) => tracing::info!(key = %item.key, "unchanged"),
            Err(error) => tracing::error!(key = %item.key, url = %item.url, %error, "not fetched"),
        }
        ItemSummary::new(item, &ended, took)
    }

    async fn prune(&self, manifest: &Manifest, stop: &CancellationToken) -> Result<usize, FetchError> {
        let Some(settings) = self.prune else { return Ok(0) };
        tokio::select! {
            biased;
            () = stop.cancelled() => Err(FetchError::Interrupted),
            pruned = prune(&self.fetcher.store, manifest, settings, &self.fetcher.metrics) => pruned,
        }
    }
}
