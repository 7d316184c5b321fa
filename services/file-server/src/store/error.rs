//! What goes wrong with a store, by what the client is told. Never a 404: only the store may say that.

use std::time::Duration;

use http::StatusCode;

/// How long a client is asked to wait where the store names no time.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// An answer that the store kept us from giving. Cheap to clone: everyone who waited for it gets it.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum StoreError {
    /// The store denies it: 403, or 404 where the site is told so.
    #[error("the store denies access")]
    Denied,
    /// The store has too much to do, or cannot be reached: 503.
    #[error("the store cannot be used now")]
    Unavailable {
        /// How long it wants to be left alone.
        retry_after: Duration,
    },
    /// The store did not answer in time: 504.
    #[error("the store did not answer in time")]
    TimedOut,
    /// The store's answer is none, or the question was: 502. A person must look.
    #[error("the store gave no usable answer")]
    BadAnswer,
    /// The page of a listing is none that the store named: 400. Begin with the first.
    #[error("the listing has no such page")]
    NoSuchPage,
    /// The object is no longer the version that was begun with: look it up again, or break off.
    #[error("the object changed while it was read")]
    Changed,
}

impl StoreError {
    /// What the client is told. The store's own words stay in the log: they may name keys and hosts.
    pub(crate) fn from_bucket(error: &bucket::StoreError) -> Self {
        use bucket::StoreError as Bucket;
        let told = match error {
            Bucket::Denied { .. } => Self::Denied,
            Bucket::Throttled { .. } | Bucket::Unavailable { .. } => {
                Self::Unavailable { retry_after: error.retry_after().unwrap_or(RETRY_AFTER) }
            }
            Bucket::Timeout { .. } => Self::TimedOut,
            Bucket::NoSuchPage => Self::NoSuchPage,
            // A part of an object that is gone, or shorter than it was, is another version's.
            Bucket::PreconditionFailed | Bucket::NotFound { .. } | Bucket::RangeNotSatisfiable { .. } => {
                Self::Changed
            }
            Bucket::NoSuchBucket { .. }
            | Bucket::NoSuchUpload { .. }
            | Bucket::NotModified { .. }
            | Bucket::Truncated { .. }
            | Bucket::Garbled { .. }
            | Bucket::ImpossibleKey { .. }
            | Bucket::Invalid { .. } => Self::BadAnswer,
        };
        // What changed, and what a client made up, is no failure of the store's.
        if !matches!(told, Self::Changed | Self::NoSuchPage) {
            tracing::warn!(%error, "the store failed");
        }
        told
    }

    /// The status it is answered with.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Denied => StatusCode::FORBIDDEN,
            Self::Unavailable { .. } | Self::Changed => StatusCode::SERVICE_UNAVAILABLE,
            Self::TimedOut => StatusCode::GATEWAY_TIMEOUT,
            Self::BadAnswer => StatusCode::BAD_GATEWAY,
            Self::NoSuchPage => StatusCode::BAD_REQUEST,
        }
    }

    /// When to come back; None where waiting changes nothing.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Denied | Self::NoSuchPage => None,
            Self::Unavailable { retry_after } => Some(*retry_after),
            Self::TimedOut | Self::BadAnswer | Self::Changed => Some(RETRY_AFTER),
        }
    }

    /// Whether what was known before may be served in its place (RFC 5861 §4: an error of the network or a 5xx).
    pub fn allows_stale(&self) -> bool {
        matches!(self, Self::Unavailable { .. } | Self::TimedOut | Self::BadAnswer)
    }
}
