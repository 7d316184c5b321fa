//! Asks the store for a key and makes an entry of its answer.
//!
//! 1. Whoever was faster may have left a fresh entry: then there is nothing to ask.
//! 2. A version that is known is revalidated: the store sends it only if it is another now.
//! 3. A body of at most `CACHE_OBJECT_MAX` is read, if there is memory for it. Of any other the transfer is ended at
//!    its head, and each client streams its own.
//! 4. Where the store fails, what was known is passed on while it may be.

use std::sync::Arc;

use bucket::{ObjectBody, ObjectMeta};
use bytes::Bytes;
use futures::TryStreamExt;

use super::entry::{Entry, Known, Object, Times};
use super::flight::Answer;
use super::key::EntryKey;
use super::lifetime::Lifetime;
use super::representation::{Content, Form, Representation};
use super::status::Source;
use super::{Cache, stale};
use crate::http::accept_encoding::StoredEncoding;
use crate::http::etag::EntityTag;
use crate::sites::Site;
use crate::store::stream;
use crate::store::{Fetched, Store, StoreError};

impl Cache {
    /// Asks the store what it has under `key`.
    pub(super) async fn load(&self, site: &Arc<Site>, key: &EntryKey) -> Result<Answer, StoreError> {
        let epoch = self.epoch();
        let known = self.0.entries.get(key);
        if let Some(entry) = known.as_ref().filter(|entry| entry.is_fresh(self.now())) {
            return Ok(Answer { source: super::hit(entry, self.now()), entry: Arc::clone(entry) });
        }
        let version = known.as_ref().and_then(|entry| entry.version());
        let loaded = match site.store.fetch(&key.key, version).await {
            Ok(Fetched::Object(meta, body)) => self.object(site, key, *meta, *body).await,
            Ok(Fetched::Missing) => Ok(self.missing()),
            Ok(Fetched::Unchanged) => match known {
                Some(entry) => return Ok(self.revalidated(entry)),
                None => Err(StoreError::BadAnswer),
            },
            Err(StoreError::Denied) if site.missing_on_403 => Ok(self.missing()),
            Err(error) => Err(error),
        };
        match loaded {
            Ok(entry) => {
                let mut entry = Arc::new(entry);
                let bytes = entry.stored_bytes();
                let stored = self.keep(key, &entry, epoch);
                if let Some(bytes) = bytes.filter(|_| !stored) {
                    // A full cache lets in only what is asked for more often than what it has, and releases the rest.
                    entry = Arc::new(entry.holding(bytes));
                }
                let collapsed = false;
                let source = if let Some(known) = known {
                    if !entry.lifetime.keep {
                        self.0.entries.invalidate(key);
                    }
                    known.release();
                    Source::Replaced { stored, collapsed }
                } else {
                    Source::Miss { stored, collapsed }
                };
                Ok(Answer { entry, source })
            }
            Err(error) => self.instead(known, error),
        }
    }

    /// What was known, where the store's failure allows it.
    fn instead(&self, known: Option<Arc<Entry>>, error: StoreError) -> Result<Answer, StoreError> {
        let now = self.now();
        let Some(entry) = known.filter(|_| error.allows_stale()) else { return Err(error) };
        let Some(late) = entry.late(now) else { return Err(error) };
        entry.times.fail(now);
        Ok(Answer { source: stale(&entry, now, late, true), entry })
    }

    fn revalidated(&self, entry: Arc<Entry>) -> Answer {
        self.0.metrics.cache_revalidated.inc();
        entry.times.confirm(self.now());
        let source = Source::Revalidated { ttl: entry.lifetime.fresh / 1000, collapsed: false };
        Answer { entry, source }
    }

    fn missing(&self) -> Entry {
        let lifetime = Lifetime::of_missing(self.0.policy.negative_ttl);
        Entry { known: Known::Missing, lifetime, times: self.times() }
    }

    async fn object(
        &self,
        site: &Site,
        key: &EntryKey,
        mut meta: ObjectMeta,
        body: ObjectBody,
    ) -> Result<Entry, StoreError> {
        let policy = &self.0.policy;
        let lifetime = Lifetime::of(meta.cache_control.as_deref(), policy.ttl, policy.stale_if_error);
        let times = self.times();
        // The user's metadata is nobody's business here, and may be 2 KiB.
        meta.metadata.clear();
        let encoding = StoredEncoding::parse(meta.content_encoding.as_deref().unwrap_or_default());
        let negotiated = if encoding.is_identity() {
            self.0.compressor.may_encode(&key.key, meta.content_type.as_deref(), meta.content_length)
        } else {
            encoding.known().is_some()
        };
        let content = self.content(&site.store, &key.key, &meta, body, lifetime.keep).await?;
        let stored = Representation::new(Form {
            place: key,
            rules: &site.headers,
            meta: &meta,
            etag: EntityTag::from_store(meta.etag.as_str()),
            last_modified: meta.last_modified,
            length: meta.content_length,
            content_encoding: encoding.header(),
            negotiated,
            body: content,
        });
        let object = Object {
            meta: Arc::new(meta),
            stored,
            encoding: Arc::new(encoding),
            negotiated,
            siblings_asked: None,
            others: Default::default(),
        };
        Ok(Entry { known: Known::Object(object), lifetime, times })
    }

    /// The bytes, where they may be kept and there is memory for them; else where they are.
    pub(super) async fn content(
        &self,
        store: &Store,
        key: &Arc<str>,
        meta: &ObjectMeta,
        body: ObjectBody,
        keep: bool,
    ) -> Result<Content, StoreError> {
        let length = meta.content_length;
        let lease =
            if keep && length <= self.0.policy.object_max { self.0.bodies.take(length) } else { None };
        let Some(lease) = lease else {
            return Ok(Content::Store(stream::Source {
                store: store.clone(),
                key: Arc::clone(key),
                etag: meta.etag.clone(),
            }));
        };
        if length == 0 {
            return Ok(Content::of(Bytes::new()));
        }
        let bytes = match collect(body).await {
            Ok(bytes) => bytes,
            // It broke off: once more, and this version only.
            Err(bucket::StoreError::Truncated { .. }) => store.read(key, &meta.etag, 0..length).await?,
            Err(error) => return Err(StoreError::from_bucket(&error)),
        };
        Ok(Content::of(lease.hold(bytes)))
    }

    fn times(&self) -> Arc<Times> {
        let times = Times::default();
        times.confirm(self.now());
        Arc::new(times)
    }
}

/// All of the body in an allocation of exactly its length: pieces as they come from the connection would keep the
/// connection's whole buffers in memory.
async fn collect(mut body: ObjectBody) -> Result<Vec<u8>, bucket::StoreError> {
    let mut bytes = Vec::with_capacity(usize::try_from(body.remaining()).unwrap_or(usize::MAX));
    while let Some(piece) = body.try_next().await? {
        bytes.extend_from_slice(&piece);
    }
    Ok(bytes)
}
