//! What can go wrong with a store. Each variant says what the caller should do.

use std::time::Duration;

use crate::names::NameError;
use crate::object::ETag;

/// A request to the store that did not do what was asked.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no object of that key. Answer 404, or make it; asking again changes nothing.
    #[error("there is no object {key:?}")]
    NotFound {
        /// The key, with the bucket's prefix.
        key: String,
    },
    /// The store can hold no object of that key (`MinIO`: an empty or `..` segment). A reader has found nothing; a
    /// writer must choose another key.
    #[error("the store can hold no object {key:?}")]
    ImpossibleKey {
        /// The key, with the bucket's prefix.
        key: String,
    },
    /// There is no such bucket. A setting is wrong, or the bucket is still to be created.
    #[error("there is no bucket {bucket:?}")]
    NoSuchBucket {
        /// The bucket.
        bucket: String,
    },
    /// The multipart upload was completed, aborted or cleared away. Begin a new one.
    #[error("there is no upload {id:?} of {key:?}")]
    NoSuchUpload {
        /// The key, with the bucket's prefix.
        key: String,
        /// The upload's id.
        id: String,
    },
    /// The store did not give the continuation that it was sent, or no longer knows it. Begin the listing anew.
    #[error("the listing has no such page")]
    NoSuchPage,
    /// The store refuses these credentials this request (401, 403). A store also answers a missing key so when the
    /// credentials may not list the bucket. Do not retry; a person must look.
    #[error("the store denies access: {detail}")]
    Denied {
        /// The store's code and words.
        detail: String,
    },
    /// If-Match or If-None-Match did not hold (412). The object is another than was thought: read it anew.
    #[error("the object is not the one that was expected")]
    PreconditionFailed,
    /// The object is the one the caller has (304). Use the copy at hand.
    #[error("the object has not changed")]
    NotModified {
        /// The object's tag, where the store repeats it.
        etag: Option<ETag>,
    },
    /// The range lies outside the object (416). Answer 416 with the size.
    #[error("the range lies outside the object{}", size.map(|size| format!(" of {size} bytes")).unwrap_or_default())]
    RangeNotSatisfiable {
        /// The object's size in bytes, where the store says it.
        size: Option<u64>,
    },
    /// The store asks for fewer requests (429, 503 `SlowDown`). Wait at least `retry_after`, and make fewer at a time.
    #[error("the store asks for fewer requests: {detail}")]
    Throttled {
        /// How long the store wants to be left alone.
        retry_after: Option<Duration>,
        /// The store's code and words.
        detail: String,
    },
    /// The store cannot answer now: 5xx, a refused or broken connection, a name that does not resolve. Retry with
    /// backoff; answer 502 or 503 meanwhile.
    #[error("the store cannot be used now: {detail}")]
    Unavailable {
        /// How long the store wants to be left alone.
        retry_after: Option<Duration>,
        /// What happened.
        detail: String,
    },
    /// The store did not answer in time. Retry with backoff; answer 504 meanwhile.
    #[error("the store did not answer in time: {detail}")]
    Timeout {
        /// Which time limit passed.
        detail: String,
    },
    /// A body ended before its length, or went on after it. Use nothing of it that is not pinned by the same tag; ask
    /// again, for the rest from `received` on with If-Match.
    #[error("the object's body broke off: {received} of {expected} bytes came ({detail})")]
    Truncated {
        /// How many bytes were announced.
        expected: u64,
        /// How many came.
        received: u64,
        /// What happened.
        detail: String,
    },
    /// The answer is not one that a store gives: XML that is none, a range that was not asked for, no tag. Something
    /// else may be answering in its place. May be retried; never cache it and never take it for "not found".
    #[error("the store's answer makes no sense: {detail}")]
    Garbled {
        /// What is wrong with it.
        detail: String,
    },
    /// The request itself is wrong (400, 405, 411, 501, a name against the rules, another region). Retrying is useless.
    #[error("the request is wrong: {detail}")]
    Invalid {
        /// What is wrong with it.
        detail: String,
    },
}

impl StoreError {
    /// Whether the same request may succeed a little later.
    pub fn is_transient(&self) -> bool {
        matches!(
            self,
            Self::Throttled { .. }
                | Self::Unavailable { .. }
                | Self::Timeout { .. }
                | Self::Truncated { .. }
                | Self::Garbled { .. }
        )
    }

    /// How long the store asked to be left alone.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Throttled { retry_after, .. } | Self::Unavailable { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}

impl From<NameError> for StoreError {
    fn from(error: NameError) -> Self {
        Self::Invalid { detail: error.to_string() }
    }
}

/// Why a bucket's settings cannot be used. Nothing was asked of the store yet; fix the setting.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The endpoint is not an http or https URL of a host.
    #[error("the endpoint {endpoint:?} {problem}")]
    Endpoint {
        /// The endpoint, without user and password.
        endpoint: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The file of certificates cannot be read.
    #[error("the CA file {path:?} cannot be read: {source}")]
    CaFile {
        /// Its path.
        path: std::path::PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file of certificates holds none that can be trusted.
    #[error("the CA file {path:?} holds no usable certificate: {problem}")]
    Certificate {
        /// Its path.
        path: std::path::PathBuf,
        /// Why.
        problem: String,
    },
    /// AWS's chain found credentials that do not work (a profile that is malformed, a role that cannot be taken).
    #[error("AWS's credentials chain failed: {0}")]
    Credentials(String),
    /// The key's id or the region has a character that no request can carry.
    #[error("{what} has a character that cannot be sent")]
    Character {
        /// Which setting.
        what: &'static str,
    },
}
