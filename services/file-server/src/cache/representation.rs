//! One form of an object, ready to be sent: its headers are made when it enters the cache, not when it is asked for.
//!
//! 1. The type is the bucket's. Where nobody told the bucket one it says `binary/octet-stream` or nothing, and then the
//!    key's extension tells.
//! 2. The site's rules are applied to the headers of the 200; those of the 304 are taken from them
//!    (RFC 9110 §15.4.5).

use std::sync::Arc;
use std::time::SystemTime;

use arc_swap::ArcSwapOption;
use bucket::ObjectMeta;
use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderValue};

use super::key::EntryKey;
use crate::headers::HeaderRules;
use crate::http::date;
use crate::http::etag::EntityTag;
use crate::store::stream::Source;

/// What a header takes in memory beside its value: its name, its place in the table, its share of the allocation.
const HEADER_BYTES: usize = 128;

/// One form of an object.
#[derive(Debug)]
pub struct Representation {
    /// Its tag: strong for what is stored, weak for what is made here, since another version of this server may make
    /// other bytes of it.
    pub etag: Option<EntityTag>,
    /// When it was written, in whole seconds.
    pub last_modified: Option<SystemTime>,
    /// Its length in bytes.
    pub length: u64,
    /// The headers of a 200, Content-Length included.
    pub headers: HeaderMap,
    /// The headers of a 304.
    pub not_modified: HeaderMap,
    pub(super) place: EntryKey,
    pub(super) body: Content,
}

/// Where the bytes are.
#[derive(Debug)]
pub(super) enum Content {
    /// Here, until they are released.
    Memory(ArcSwapOption<Bytes>),
    /// Still in the store.
    Store(Source),
}

impl Content {
    /// These bytes.
    pub(super) fn of(bytes: Bytes) -> Self {
        Self::Memory(ArcSwapOption::from_pointee(bytes))
    }
}

/// What a representation is made of.
pub(super) struct Form<'a> {
    pub place: &'a EntryKey,
    pub rules: &'a HeaderRules,
    /// What the store says of the object: of the identity, where this is a sibling of it.
    pub meta: &'a ObjectMeta,
    pub etag: Option<EntityTag>,
    pub last_modified: SystemTime,
    pub length: u64,
    pub content_encoding: Option<HeaderValue>,
    /// Whether another client may get another form.
    pub negotiated: bool,
    pub body: Content,
}

impl Representation {
    pub(super) fn new(form: Form<'_>) -> Arc<Self> {
        let mut headers = HeaderMap::with_capacity(16);
        let meta = form.meta;
        headers.insert(header::CONTENT_TYPE, content_type(meta, &form.place.key));
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(form.length));
        headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        if let Some(etag) = &form.etag {
            headers.insert(header::ETAG, etag.header().clone());
        }
        let last_modified = date::whole_seconds(form.last_modified);
        if let Some(value) = last_modified.and_then(date::format) {
            headers.insert(header::LAST_MODIFIED, value);
        }
        if let Some(coding) = form.content_encoding {
            headers.insert(header::CONTENT_ENCODING, coding);
        }
        if form.negotiated {
            headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
        }
        for (name, stored) in [
            (header::CACHE_CONTROL, &meta.cache_control),
            (header::CONTENT_DISPOSITION, &meta.content_disposition),
            (header::CONTENT_LANGUAGE, &meta.content_language),
        ] {
            // A value that no header can carry was never one: it is left out.
            if let Some(Ok(value)) = stored.as_deref().map(HeaderValue::from_str) {
                headers.insert(name, value);
            }
        }
        if let Some(value) = meta.expires.and_then(date::format) {
            headers.insert(header::EXPIRES, value);
        }
        form.rules.write(&form.place.key, &mut headers);
        let not_modified = not_modified(&headers);
        let place = form.place.clone();
        let Form { etag, length, body, .. } = form;
        Arc::new(Self { etag, last_modified, length, headers, not_modified, place, body })
    }

    /// Whether its bytes are in memory.
    pub fn in_memory(&self) -> bool {
        matches!(self.body, Content::Memory(_))
    }

    /// The bytes, where they are in memory.
    pub(super) fn bytes(&self) -> Option<Bytes> {
        match &self.body {
            Content::Memory(bytes) => bytes.load().as_deref().cloned(),
            Content::Store(_) => None,
        }
    }

    /// Lets the bytes go, now: moka frees what it evicts some hundred operations later, which for long bodies would be
    /// far too much memory. Who has the bytes already keeps them.
    pub(super) fn release(&self) {
        if let Content::Memory(bytes) = &self.body {
            bytes.store(None);
        }
    }

    /// The same, with these bytes: for the client whose answer the cache would not have.
    pub(super) fn holding(&self, bytes: Bytes) -> Arc<Self> {
        Arc::new(Self {
            etag: self.etag.clone(),
            last_modified: self.last_modified,
            length: self.length,
            headers: self.headers.clone(),
            not_modified: self.not_modified.clone(),
            place: self.place.clone(),
            body: Content::of(bytes),
        })
    }

    /// What it takes in memory, in bytes.
    pub(super) fn weight(&self) -> usize {
        let headers = |map: &HeaderMap| map.values().map(|value| HEADER_BYTES + value.len()).sum::<usize>();
        let body = if self.in_memory() { usize::try_from(self.length).unwrap_or(usize::MAX) } else { 0 };
        body.saturating_add(size_of::<Self>() + headers(&self.headers) + headers(&self.not_modified))
    }
}

/// A 304 carries what a cache needs to renew what it has, and what the operator set for every answer.
fn not_modified(headers: &HeaderMap) -> HeaderMap {
    let of_the_body = [
        header::CONTENT_LENGTH,
        header::CONTENT_TYPE,
        header::CONTENT_ENCODING,
        header::CONTENT_LANGUAGE,
        header::CONTENT_DISPOSITION,
        header::ACCEPT_RANGES,
    ];
    let kept = headers.iter().filter(|(name, _)| !of_the_body.contains(name));
    kept.map(|(name, value)| (name.clone(), value.clone())).collect()
}

fn content_type(meta: &ObjectMeta, key: &str) -> HeaderValue {
    let told = meta.content_type.as_deref().filter(|told| !told.is_empty() && *told != "binary/octet-stream");
    if let Some(Ok(told)) = told.map(HeaderValue::from_str) {
        return told;
    }
    let guess = mime_guess::from_path(key).first_raw().unwrap_or("application/octet-stream");
    let text = guess.starts_with("text/").then(|| HeaderValue::from_str(&format!("{guess}; charset=utf-8")));
    text.and_then(Result::ok).unwrap_or(HeaderValue::from_static(guess))
}
