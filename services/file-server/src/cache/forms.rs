//! The other forms of an object that is known.
//!
//! 1. Siblings: `app.js.br`, `app.js.zst` and `app.js.gz` are asked for together, once per `CACHE_TTL`, those that are
//!    known already with If-None-Match. As with nginx's `gzip_static`, that a sibling matches its object is the word of
//!    whoever uploaded both.
//! 2. Made here: the object's bytes are compressed, or decompressed where they are stored compressed. A form that is not
//!    shorter than nine tenths of its object is not worth the client's work and is not tried again for this version.
//! 3. The entry with the new form takes the place of the old one if that is still there and of the same version.
//! 4. Nothing here is an error to the client: a form that cannot be had is one that there is none of.

use std::sync::Arc;

use futures::future::join_all;
use moka::ops::compute::Op;

use super::Cache;
use super::entry::{CODINGS, Entry, Known, Object, Other, Work, index};
use super::flight::Answer;
use super::key::EntryKey;
use super::representation::{Content, Form, Representation};
use super::status::Source;
use crate::http::accept_encoding::Coding;
use crate::http::etag::EntityTag;
use crate::sites::Site;
use crate::store::Fetched;

impl Cache {
    /// The entry with what `work` adds to it.
    pub(super) async fn make_form(&self, site: &Site, key: &EntryKey, entry: &Entry, work: Work) -> Answer {
        let epoch = self.epoch();
        let mut changed = entry.clone();
        if let Known::Object(object) = &mut changed.known {
            match work {
                Work::AskSiblings => self.ask_siblings(site, key, object).await,
                Work::Make(coding) => self.encode(site, key, object, coding).await,
                Work::Decode => self.decode(site, key, object).await,
            }
        }
        let entry = self.replace(key, Arc::new(changed), epoch);
        Answer { entry, source: Source::Miss { stored: true, collapsed: false } }
    }

    async fn ask_siblings(&self, site: &Site, key: &EntryKey, object: &mut Object) {
        let found = join_all(CODINGS.map(|coding| self.ask_sibling(site, key, object, coding))).await;
        for (coding, sibling) in CODINGS.into_iter().zip(found) {
            let form = &mut object.others[index(coding)];
            match sibling {
                Some(sibling) => *form = sibling,
                None if matches!(form, Other::Sibling(..)) => *form = Other::Unknown,
                None => {}
            }
        }
        object.siblings_asked = Some(self.now());
    }

    async fn ask_sibling(
        &self,
        site: &Site,
        key: &EntryKey,
        object: &Object,
        coding: Coding,
    ) -> Option<Other> {
        let known = &object.others[index(coding)];
        let version = if let Other::Sibling(version, _) = known { Some(version) } else { None };
        let sibling: Arc<str> = format!("{}{}", key.key, coding.suffix()?).into();
        let (meta, body) = match site.store.fetch(&sibling, version).await {
            Ok(Fetched::Object(meta, body)) => (meta, body),
            Ok(Fetched::Missing) => return None,
            // While the store fails the one that is known goes on being used.
            Ok(Fetched::Unchanged) | Err(_) => return version.map(|_| known.clone()),
        };
        let body = self.content(&site.store, &sibling, &meta, *body, true).await.ok()?;
        let etag = EntityTag::from_store(meta.etag.as_str()).map(|etag| etag.in_coding(coding));
        let last_modified = meta.last_modified.max(object.meta.last_modified);
        let form = Form {
            etag,
            last_modified,
            length: meta.content_length,
            ..form(site, key, object, coding, body)
        };
        Some(Other::Sibling(meta.etag, Representation::new(form)))
    }

    async fn encode(&self, site: &Site, key: &EntryKey, object: &mut Object, coding: Coding) {
        let Some(bytes) = object.stored.bytes() else { return };
        let original = bytes.len();
        let encoded = self.0.compressor.encode(coding, bytes).await;
        let worth = encoded.filter(|encoded| encoded.len() < original / 10 * 9);
        let lease = worth.as_ref().and_then(|encoded| self.0.bodies.take(encoded.len() as u64));
        object.others[index(coding)] = match worth.zip(lease) {
            None => Other::None,
            Some((encoded, lease)) => {
                self.0.metrics.encodings_made.inc();
                self.0.metrics.encodings_saved_bytes.inc_by((original - encoded.len()) as u64);
                let length = encoded.len() as u64;
                let body = Content::of(lease.hold(encoded));
                Other::Made(Representation::new(Form { length, ..form(site, key, object, coding, body) }))
            }
        };
    }

    async fn decode(&self, site: &Site, key: &EntryKey, object: &mut Object) {
        let (Some(bytes), Some(coding)) = (object.stored.bytes(), object.encoding.known()) else { return };
        let decoded = self.0.compressor.decode(coding, bytes, self.0.policy.object_max).await;
        let lease = decoded.as_ref().and_then(|decoded| self.0.bodies.take(decoded.len() as u64));
        object.others[index(Coding::Identity)] = match decoded.zip(lease) {
            None => Other::None,
            Some((decoded, lease)) => {
                let length = decoded.len() as u64;
                let body = Content::of(lease.hold(decoded));
                // The stored form has the tag as it is; this one has to have another.
                let etag = EntityTag::from_store(object.meta.etag.as_str())
                    .map(|tag| tag.suffixed("identity").weakened());
                Other::Made(Representation::new(Form {
                    etag,
                    length,
                    ..form(site, key, object, Coding::Identity, body)
                }))
            }
        };
    }

    /// Puts `changed` where its older self is, and returns what is there then. Forms that somebody else added in the
    /// meantime stay.
    fn replace(&self, key: &EntryKey, changed: Arc<Entry>, epoch: u64) -> Arc<Entry> {
        if self.epoch() != epoch {
            return changed;
        }
        let mut there = Arc::clone(&changed);
        self.0.entries.entry(key.clone()).and_compute_with(|current| {
            let merged = current.and_then(|current| merge(&current.into_value(), &changed));
            match merged {
                Some(merged) => {
                    there = Arc::new(merged);
                    self.0.metrics.cache_bytes.inc_by(i64::from(there.weight(&key.key)));
                    Op::Put(Arc::clone(&there))
                }
                None => Op::Nop,
            }
        });
        self.0.entries.run_pending_tasks();
        there
    }
}

/// The current entry with the forms of `changed`, where both are of one version.
fn merge(current: &Entry, changed: &Entry) -> Option<Entry> {
    let (Known::Object(old), Known::Object(new)) = (&current.known, &changed.known) else { return None };
    if !Arc::ptr_eq(&old.stored, &new.stored) {
        return None;
    }
    let mut merged = current.clone();
    if let Known::Object(object) = &mut merged.known {
        object.siblings_asked = old.siblings_asked.max(new.siblings_asked);
        for (form, newer) in object.others.iter_mut().zip(&new.others) {
            // A sibling that is gone is Unknown in the newer one; a form made meanwhile is Unknown there as well.
            if !matches!((&*form, newer), (Other::Made(_) | Other::None, Other::Unknown)) {
                form.clone_from(newer);
            }
        }
    }
    Some(merged)
}

/// A form of `object` in `coding`, with the tag of one that is made here.
fn form<'a>(
    site: &'a Site,
    key: &'a EntryKey,
    object: &'a Object,
    coding: Coding,
    body: Content,
) -> Form<'a> {
    let etag = EntityTag::from_store(object.meta.etag.as_str());
    Form {
        place: key,
        rules: &site.headers,
        meta: &object.meta,
        etag: etag.map(|etag| etag.in_coding(coding).weakened()),
        last_modified: object.meta.last_modified,
        length: 0,
        content_encoding: coding.header(),
        negotiated: true,
        body,
    }
}
