//! What the store said, kept as long as that may be relied on, and asked for once.
//!
//! 1. [`Cache::lookup`] finds the representation of a key that this client takes best: one hash lookup and no
//!    allocation where it is fresh ([`entry`]).
//! 2. Otherwise one [`flight`] asks the store, however many clients wait for it, and goes on if they all leave.
//!    [`load`] decides what is asked: everything, or only whether it changed (If-None-Match).
//! 3. Bodies of at most `CACHE_OBJECT_MAX` are kept, within `CACHE_SIZE` bytes, keys and headers counted; of longer
//!    objects only the metadata, and [`Cache::open`] streams them from the store, pinned to one version.
//! 4. [`forms`] finds the encoded forms: a sibling in the bucket (`app.js.br`) or one made here, once.
//! 5. A 404 is remembered for `CACHE_NEGATIVE_TTL`. While the store fails, what was known is served for
//!    `STALE_IF_ERROR` more (RFC 5861 §4), unless the object's own Cache-Control forbids it.
//! 6. [`status`] says so in Age (RFC 9111 §5.1) and Cache-Status (RFC 9211).
//! 7. [`purge`] forgets, by key or by prefix.
//!
//! For the pipeline (`respond`), an answer is:
//! ```ignore
//! match cache.lookup(&site, key, accept_encoding).await? {          // Err(StoreError): 403, 502, 503, 504
//!     Found::Object(hit) => {
//!         let chosen = &hit.representation;                           // etag, last_modified, length for conditionals
//!         let mut headers = chosen.headers.clone();                   // complete for a 200, Content-Length included
//!         hit.write_status(&mut headers, true);                       // Age, Cache-Status; false for HEAD and 304
//!         let body = cache.open(&hit, 0..chosen.length).await?;       // Err(StoreError::Changed): lookup again
//!     }
//!     Found::Missing(status) => { /* 404 */ }
//!     Found::NotAcceptable(status) => { /* 406 */ }
//! }
//! ```

mod entry;
mod flight;
mod forms;
mod key;
mod lifetime;
mod load;
pub mod purge;
mod representation;
mod status;

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use axum::body::Body;
use http::HeaderMap;
use moka::notification::RemovalCause;

use crate::compress::Compressor;
use crate::http::accept_encoding::AcceptEncoding;
use crate::metrics::CacheMetrics;
use crate::settings::{CacheSettings, CompressionSettings};
use crate::sites::Site;
use crate::store::StoreError;
use crate::store::budget::Budget;
use crate::store::stream::{ObjectStream, Streams};
use entry::{Choice, Entry, Known, Work};
use flight::{Answer, Errand, Flights};
use key::{EntryKey, EntryKeyRef};
use representation::Content;
use status::{Labels, Source};

pub use representation::Representation;
pub use status::CacheStatus;

/// Memory for bodies beyond `CACHE_SIZE`: what is being loaded, and what was evicted but is still being sent.
const SLACK: u64 = 16 * 1024 * 1024;

/// How long a failing store is left alone before it is asked again for one key, in milliseconds.
const RETRY_PAUSE: u64 = 1000;

/// The most that is done for one lookup: siblings are asked for, and each coding is tried.
const WORK_MAX: usize = 5;

/// What is known of the store's objects. Cheap to clone.
#[derive(Clone)]
pub struct Cache(Arc<Inner>);

struct Inner {
    entries: moka::sync::Cache<EntryKey, Arc<Entry>>,
    flights: Flights,
    compressor: Compressor,
    policy: Policy,
    /// Memory for the bodies that are kept.
    bodies: Budget,
    streams: Streams,
    metrics: CacheMetrics,
    labels: Arc<Labels>,
    /// Raised by each purge: what was asked before it is not kept.
    epoch: AtomicU64,
    started: Instant,
}

/// For how long things are relied on, and how large they may be.
struct Policy {
    ttl: Duration,
    negative_ttl: Duration,
    stale_if_error: Duration,
    object_max: u64,
}

/// What a lookup finds.
#[derive(Debug)]
pub enum Found {
    /// An object, in the form that this client takes best.
    Object(Hit),
    /// The store has no such object.
    Missing(CacheStatus),
    /// It has one, but in no form that this client takes.
    NotAcceptable(CacheStatus),
}

/// An object that was found.
#[derive(Debug)]
pub struct Hit {
    /// The chosen form.
    pub representation: Arc<Representation>,
    /// Where it comes from.
    pub status: CacheStatus,
}

impl Hit {
    /// Sets Age and Cache-Status of an answer that sends the body, or does not (HEAD, 304).
    pub fn write_status(&self, headers: &mut HeaderMap, with_body: bool) {
        if with_body && !self.representation.in_memory() {
            self.status.write_streamed(headers);
        } else {
            self.status.write(headers);
        }
    }
}

impl Cache {
    /// An empty cache.
    pub fn new(settings: &CacheSettings, compression: CompressionSettings, metrics: CacheMetrics) -> Self {
        let size = settings.cache_size.get();
        let (evictions, bytes) = (metrics.cache_evictions.clone(), metrics.cache_bytes.clone());
        let gone = move |key: Arc<EntryKey>, entry: Arc<Entry>, cause: RemovalCause| {
            bytes.dec_by(i64::from(entry.weight(&key.key)));
            // What is replaced may share its forms with what replaced it; whoever replaced it knows.
            if cause != RemovalCause::Replaced {
                entry.release();
            }
            if cause == RemovalCause::Size {
                evictions.inc();
            }
        };
        let entries = moka::sync::Cache::builder()
            .max_capacity(size)
            .weigher(|key: &EntryKey, entry: &Arc<Entry>| entry.weight(&key.key))
            .eviction_listener(gone)
            .build();
        let ahead = Budget::new(settings.stream_memory.get(), metrics.stream_bytes.clone());
        let streams = Streams::new(ahead, metrics.streams_active.clone());
        Self(Arc::new(Inner {
            entries,
            flights: Flights::default(),
            compressor: Compressor::new(compression),
            policy: Policy {
                ttl: settings.cache_ttl.get(),
                negative_ttl: settings.cache_negative_ttl.get(),
                stale_if_error: settings.stale_if_error.get(),
                object_max: settings.cache_object_max.get(),
            },
            bodies: Budget::new(size.saturating_add(SLACK), metrics.cache_body_bytes.clone()),
            streams,
            labels: Arc::new(Labels::new(settings.cache_ttl.get())),
            metrics,
            epoch: AtomicU64::new(0),
            started: Instant::now(),
        }))
    }

    /// The form of the object `key` of `site` that `client` takes best.
    pub async fn lookup(
        &self,
        site: &Arc<Site>,
        key: &str,
        client: AcceptEncoding<'_>,
    ) -> Result<Found, StoreError> {
        let now = self.now();
        let wanted = EntryKeyRef { site: site.id, key };
        let known = self.0.entries.get(&wanted);
        if let Some(entry) = &known
            && entry.is_fresh(now)
        {
            let source = hit(entry, now);
            if let Some(found) = self.found(&entry.choose(client, &self.0.compressor, now, false), source) {
                self.0.metrics.cache_hits.inc();
                return Ok(found);
            }
        }
        // The rare ways are long; boxed, they do not make the future of a hit any larger.
        Box::pin(self.lookup_further(site, wanted.to_owned(), known, client)).await
    }

    /// The bytes of `range` of what was found. A long object's first bytes have come when this returns; an error
    /// after that cuts the answer. [`StoreError::Changed`]: it is no longer what was found: look it up again.
    pub async fn open(&self, hit: &Hit, range: Range<u64>) -> Result<Body, StoreError> {
        match &hit.representation.body {
            Content::Memory(_) => {
                // Evicted since it was found.
                let Some(bytes) = hit.representation.bytes() else { return Err(StoreError::Changed) };
                let place = |at: u64| usize::try_from(at).unwrap_or(usize::MAX).min(bytes.len());
                let (start, end) = (place(range.start), place(range.end));
                Ok(Body::from(bytes.slice(start..end.max(start))))
            }
            Content::Store(_) if range.is_empty() => Ok(Body::empty()),
            Content::Store(source) => {
                let stream = Box::pin(ObjectStream::open(source.clone(), &self.0.streams, range)).await;
                if stream.as_ref().is_err_and(|error| *error == StoreError::Changed) {
                    self.0.entries.invalidate(&hit.representation.place);
                }
                stream.map(Body::new)
            }
        }
    }

    async fn lookup_further(
        &self,
        site: &Arc<Site>,
        key: EntryKey,
        known: Option<Arc<Entry>>,
        client: AcceptEncoding<'_>,
    ) -> Result<Found, StoreError> {
        let now = self.now();
        let (mut entry, source) = match known {
            Some(entry) if entry.is_fresh(now) => {
                self.0.metrics.cache_hits.inc();
                let source = hit(&entry, now);
                (entry, source)
            }
            known => self.ask(site, &key, known).await?,
        };
        let mut offline = matches!(source, Source::Stale { .. });
        for _ in 0..WORK_MAX {
            let work = match entry.choose(client, &self.0.compressor, now, offline) {
                Choice::Work(work) => work,
                decided => {
                    return Ok(self.found(&decided, source).unwrap_or(Found::Missing(self.status(source))));
                }
            };
            // Even where it is not kept, it was asked for now.
            offline |= work == Work::AskSiblings;
            entry = self.errand(site, &key, Errand::Form(work), Some(entry)).await?.0.entry;
        }
        // Nothing of what was tried could be had: the object as it is.
        Ok(match &entry.known {
            Known::Object(object) => {
                Found::Object(Hit { representation: Arc::clone(&object.stored), status: self.status(source) })
            }
            Known::Missing => Found::Missing(self.status(source)),
        })
    }

    /// Has the store asked, by us or by whoever asks already. While the store fails nobody waits for it who can be
    /// served without.
    async fn ask(
        &self,
        site: &Arc<Site>,
        key: &EntryKey,
        known: Option<Arc<Entry>>,
    ) -> Result<(Arc<Entry>, Source), StoreError> {
        let now = self.now();
        if let Some(entry) = &known
            && let Some(late) = entry.late(now)
            && let Some(since) = entry.times.failed_since(now)
        {
            if since >= RETRY_PAUSE {
                // It lands by itself; whoever comes after it sees what it brought.
                drop(self.send_off(site, key, Errand::Load, known.clone()));
            }
            self.0.metrics.cache_stale.inc();
            return Ok((Arc::clone(entry), stale(entry, now, late, false)));
        }
        self.0.metrics.cache_misses.inc();
        let (answer, collapsed) = self.errand(site, key, Errand::Load, known).await?;
        let source = match answer.source {
            Source::Miss { stored, .. } => Source::Miss { stored, collapsed },
            Source::Replaced { stored, .. } => Source::Replaced { stored, collapsed },
            Source::Revalidated { ttl, .. } => Source::Revalidated { ttl, collapsed },
            Source::Stale { .. } => {
                self.0.metrics.cache_stale.inc();
                answer.source
            }
            Source::Hit { .. } => answer.source,
        };
        Ok((answer.entry, source))
    }

    /// Waits for an errand, ours or one that is under way; says whether it was somebody else's.
    async fn errand(
        &self,
        site: &Arc<Site>,
        key: &EntryKey,
        errand: Errand,
        known: Option<Arc<Entry>>,
    ) -> Result<(Answer, bool), StoreError> {
        let (flight, collapsed) = self.send_off(site, key, errand, known);
        if collapsed {
            self.0.metrics.cache_coalesced.inc();
        }
        Ok((flight.await?, collapsed))
    }

    fn send_off(
        &self,
        site: &Arc<Site>,
        key: &EntryKey,
        errand: Errand,
        known: Option<Arc<Entry>>,
    ) -> (flight::Flight, bool) {
        let (cache, site, key) = (self.clone(), Arc::clone(site), key.clone());
        self.0.flights.join((key.clone(), errand), || async move {
            match (errand, known) {
                (Errand::Form(work), Some(entry)) => Ok(cache.make_form(&site, &key, &entry, work).await),
                (Errand::Form(_), None) | (Errand::Load, _) => cache.load(&site, &key).await,
            }
        })
    }

    fn found(&self, choice: &Choice<'_>, source: Source) -> Option<Found> {
        Some(match *choice {
            Choice::Ready(form) => {
                Found::Object(Hit { representation: Arc::clone(form), status: self.status(source) })
            }
            Choice::Missing => Found::Missing(self.status(source)),
            Choice::NotAcceptable => Found::NotAcceptable(self.status(source)),
            Choice::Work(_) => return None,
        })
    }

    fn status(&self, source: Source) -> CacheStatus {
        CacheStatus { source, labels: Arc::clone(&self.0.labels) }
    }

    /// Milliseconds since the cache was made.
    fn now(&self) -> u64 {
        u64::try_from(self.0.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn epoch(&self) -> u64 {
        self.0.epoch.load(Ordering::Acquire)
    }

    /// Keeps an entry, unless something was purged since `epoch`: it may be the very thing. Says whether it is kept.
    fn keep(&self, key: &EntryKey, entry: &Arc<Entry>, epoch: u64) -> bool {
        if !entry.lifetime.keep || self.epoch() != epoch {
            return false;
        }
        self.0.metrics.cache_bytes.inc_by(i64::from(entry.weight(&key.key)));
        self.0.entries.insert(key.clone(), Arc::clone(entry));
        // Evicts at once what this one displaces: left to its own pace, the cache would run far over its size.
        self.0.entries.run_pending_tasks();
        if self.epoch() != epoch {
            self.0.entries.invalidate(key);
        }
        self.0.entries.contains_key(key)
    }
}

fn hit(entry: &Entry, now: u64) -> Source {
    let age = entry.times.age(now);
    Source::Hit { age: age / 1000, ttl: entry.lifetime.fresh.saturating_sub(age) / 1000 }
}

fn stale(entry: &Entry, now: u64, late: u64, asked: bool) -> Source {
    Source::Stale { age: entry.times.age(now) / 1000, late: late / 1000, asked }
}
