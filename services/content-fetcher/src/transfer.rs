//! One item from its source into the bucket.
//!
//! 1. Look at what the bucket holds ([`plan`](crate::plan)); it may be that nothing is to be done.
//! 2. Ask the source. What comes is hashed, copied into parts ([`part`](crate::part)) and sent on ([`upload`](crate::upload))
//!    while more comes: three things at once in fixed memory.
//! 3. Where the source breaks off, wait as the policy says, and go on from there if its tag is a strong one; else, or where
//!    it answers with the whole or with other content, drop what was sent and begin anew.
//! 4. At the end hold length and hash against what was wanted ([`verify`](crate::verify)), and only then make the object.
//! 5. On any failure, on a time limit and on a stop, drop what was sent: no reader ever sees it.

mod sink;

use std::time::{Duration, Instant};

use http::HeaderMap;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::error::{FetchError, SourceError};
use crate::headers;
use crate::item::Item;
use crate::metrics::FetcherMetrics;
use crate::part::PartPool;
use crate::plan::{Plan, plan};
use crate::progress::Progress;
use crate::range::EntityTag;
use crate::retry::{Decision, RetryPolicy};
use crate::source::{Answer, Request, Source, Want};
use crate::store::Store;
use crate::verify::Verified;
use sink::Sink;

/// How long dropping an upload may take once the fetch has failed.
const DISCARD_TIME: Duration = Duration::from_secs(10);

/// What bounds one item.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The most bytes.
    pub size: u64,
    /// The most time in all, waits between tries included.
    pub total: Duration,
}

/// Fetches items. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Fetcher {
    /// Where content comes from.
    pub source: Source,
    /// Where it goes.
    pub store: Store,
    /// What it passes through.
    pub pool: PartPool,
    /// When the source is asked again.
    pub retry: RetryPolicy,
    /// What bounds an item.
    pub limits: Limits,
    /// What is counted.
    pub metrics: FetcherMetrics,
    /// What is shown.
    pub progress: Progress,
}

/// What became of an item.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fetched {
    /// The bucket holds it already.
    Unchanged,
    /// It was fetched, verified and stored.
    New(Verified),
}

impl Fetcher {
    /// Fetches `item`, unless the bucket holds it. After an error nothing of this fetch is visible or left behind.
    pub async fn fetch(&self, item: &Item, stop: &CancellationToken) -> Result<Fetched, FetchError> {
        let begun = Instant::now();
        let mut sink = Sink::new(self, item);
        let fetching = timeout(self.limits.total, self.tries(item, &mut sink));
        let fetched = tokio::select! {
            biased;
            () = stop.cancelled() => Err(FetchError::Interrupted),
            fetched = fetching => {
                fetched.unwrap_or_else(|_| Err(SourceError::Total(self.limits.total).into()))
            }
        };
        if fetched.is_err() && timeout(DISCARD_TIME, sink.discard()).await.is_err() {
            tracing::error!(key = %item.key, "the upload could not be aborted in time; the next start does it");
        }
        if matches!(fetched, Ok(Fetched::New(_))) {
            self.metrics.fetch_duration_seconds.observe(begun.elapsed().as_secs_f64());
        }
        self.metrics.looked_after(&fetched);
        fetched
    }

    async fn tries(&self, item: &Item, sink: &mut Sink<'_>) -> Result<Fetched, FetchError> {
        let held = self.store.held(&item.key).await?;
        let tag = match plan(item, held.as_ref()) {
            Plan::Nothing => return Ok(Fetched::Unchanged),
            Plan::Fetch(tag) => tag,
        };
        let headers = match &item.headers_from {
            None => HeaderMap::new(),
            Some(path) => headers::read(path)
                .await
                .map_err(|fault| FetchError::Headers { path: path.clone(), fault })?,
        };
        let (mut failed, mut furthest) = (0, 0);
        loop {
            let error = match self.one_try(item, &headers, tag.as_ref(), sink).await {
                Err(FetchError::Source(error)) => error,
                ended => return ended,
            };
            // A source that breaks off now and then but comes a part further each time gets its tries anew; one that
            // always fails at the same place does not.
            let progressed = sink.received() >= furthest + self.pool.part_size() as u64;
            failed = if progressed { 1 } else { failed + 1 };
            furthest = furthest.max(sink.received());
            match self.retry.decide(error.advice(), failed, rand::random()) {
                Decision::Stop => return Err(error.into()),
                Decision::Wait(wait) => {
                    tracing::warn!(key = %item.key, url = %item.url, %error, ?wait, "the source failed; trying again");
                    self.metrics.retried("source");
                    tokio::time::sleep(wait).await;
                }
            }
        }
    }

    /// Asks once and takes what comes, to its end or to a failure.
    async fn one_try(
        &self,
        item: &Item,
        headers: &HeaderMap,
        tag: Option<&EntityTag>,
        sink: &mut Sink<'_>,
    ) -> Result<Fetched, FetchError> {
        let resumable = sink.resume_point();
        let want = match (&resumable, tag) {
            (Some((from, tag, length)), _) => Want::Rest { from: *from, tag, length: *length },
            (None, Some(tag)) => Want::Changed(tag),
            (None, None) => Want::All,
        };
        let answer = match self.source.ask(Request { url: &item.url, headers, want }).await {
            Err(error @ SourceError::Resume(_)) => {
                sink.discard().await;
                return Err(error.into());
            }
            answer => answer?,
        };
        let Answer::Content(mut content) = answer else { return Ok(Fetched::Unchanged) };
        if content.start == 0 {
            sink.begin(&content).await?;
        } else {
            tracing::info!(key = %item.key, from = content.start, "going on where the source broke off");
            self.metrics.resumes.inc();
        }
        while let Some(bytes) = content.next().await? {
            sink.take(bytes).await?;
        }
        Ok(Fetched::New(sink.finish().await?))
    }
}
