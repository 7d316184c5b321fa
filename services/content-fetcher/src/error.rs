//! What can go wrong with one item, by what should be done about it.
//!
//! 1. [`SourceError`] says of the source whether another try can help ([`SourceError::advice`]).
//! 2. [`FetchError`] gathers the layers; its [`Class`] is the exit code of a job.

use std::path::PathBuf;
use std::time::Duration;

use bucket::StoreError;

use crate::headers::HeadersFault;
use crate::policy::ForbiddenAddress;
use crate::redirect::RedirectFault;
use crate::retry::{Advice, status_may_pass};
use crate::verify::VerificationError;

/// The source did not give the content.
#[derive(Clone, Debug, thiserror::Error)]
pub enum SourceError {
    /// The policy refuses its address. Allow it by CIDR, or correct the URL.
    #[error(transparent)]
    Forbidden(#[from] ForbiddenAddress),
    /// A redirect that is not followed. Correct the URL.
    #[error(transparent)]
    Redirect(#[from] RedirectFault),
    /// Another status than content. Retry those that may pass by themselves.
    #[error("the source answered {status}")]
    Status {
        /// The status (RFC 9110 section 15).
        status: u16,
        /// How long the source asked to be left alone.
        retry_after: Option<Duration>,
    },
    /// No connection: refused, reset, a name that does not resolve. Retry.
    #[error("no connection to the source: {0}")]
    Connect(String),
    /// The source's certificate is not trusted. Correct the URL, or name its authority in `SOURCE_CA_FILE`.
    #[error("the source's certificate is refused: {0}")]
    Certificate(String),
    /// Nothing came for the idle time limit. Retry, from where it broke off if it can be.
    #[error("nothing came from the source for {0:?}")]
    Idle(Duration),
    /// The item took longer than it may in all. The time for retries is over too.
    #[error("the item took longer than {0:?} in all")]
    Total(Duration),
    /// The connection broke inside the content. Retry, from where it broke off if it can be.
    #[error("the source broke off after {received} bytes: {detail}")]
    Broken {
        /// How many bytes of the content had come.
        received: u64,
        /// What happened.
        detail: String,
    },
    /// The source cannot go on from where it broke off. Retry from the start.
    #[error("the source does not go on from where it broke off: {0}")]
    Resume(String),
    /// The answer is no HTTP, or contradicts itself. Retry: something else may have answered.
    #[error("the source's answer makes no sense: {0}")]
    Garbled(String),
    /// More than an item may have. Raise the setting where it is meant.
    #[error("the content is larger than {limit} bytes, as {setting} allows")]
    TooLarge {
        /// The limit in bytes.
        limit: u64,
        /// The setting that sets it.
        setting: &'static str,
    },
}

impl SourceError {
    /// Whether another try may help, and when.
    pub fn advice(&self) -> Advice {
        match self {
            Self::Status { status, retry_after } if status_may_pass(*status) => {
                retry_after.map_or(Advice::Backoff, Advice::After)
            }
            Self::Connect(_) | Self::Idle(_) | Self::Broken { .. } | Self::Resume(_) | Self::Garbled(_) => {
                Advice::Backoff
            }
            Self::Forbidden(_)
            | Self::Redirect(_)
            | Self::Status { .. }
            | Self::Certificate(_)
            | Self::Total(_)
            | Self::TooLarge { .. } => Advice::Never,
        }
    }
}

/// What a store's error says about trying again.
pub fn store_advice(error: &StoreError) -> Advice {
    match error.retry_after() {
        Some(asked) => Advice::After(asked),
        None if error.is_transient() => Advice::Backoff,
        None => Advice::Never,
    }
}

/// An item that was not fetched. Nothing of it is visible in the bucket.
#[derive(Clone, Debug, thiserror::Error)]
pub enum FetchError {
    /// The item's headers file cannot be used. Correct it.
    #[error("headers file {path:?}: {fault}")]
    Headers {
        /// The file.
        path: PathBuf,
        /// What is wrong with it; never its content.
        fault: HeadersFault,
    },
    /// The manifest names more keys for deletion than `PRUNE_MAX`, or the like. Correct the settings.
    #[error(transparent)]
    Prune(#[from] crate::prune::PruneRefused),
    /// The source's fault; what could be retried was.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The content is not what was wanted. Correct the hash, or the source.
    #[error(transparent)]
    Verification(#[from] VerificationError),
    /// The store's fault; what could be retried was.
    #[error("store: {0}")]
    Store(#[from] StoreError),
    /// The process was told to stop.
    #[error("interrupted")]
    Interrupted,
}

/// Why a job failed, as its exit code tells.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// Told to stop before it was done: 1.
    Interrupted,
    /// Settings, the manifest or a file it names: 2.
    Settings,
    /// The source: 3.
    Source,
    /// What came is not what was wanted: 4.
    Verification,
    /// The store: 5.
    Store,
}

impl Class {
    /// The word for it in metrics, as in the summary.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Interrupted => "interrupted",
            Self::Settings => "settings",
            Self::Source => "source",
            Self::Verification => "verification",
            Self::Store => "store",
        }
    }

    /// The exit code.
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Interrupted => 1,
            Self::Settings => 2,
            Self::Source => 3,
            Self::Verification => 4,
            Self::Store => 5,
        }
    }
}

impl FetchError {
    /// The class that the exit code tells.
    pub fn class(&self) -> Class {
        match self {
            Self::Interrupted => Class::Interrupted,
            Self::Headers { .. } | Self::Prune(_) => Class::Settings,
            Self::Source(_) => Class::Source,
            Self::Verification(_) => Class::Verification,
            Self::Store(_) => Class::Store,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_pass_is_tried_again() {
        let status = |status, retry_after| SourceError::Status { status, retry_after };
        let asked = Duration::from_secs(3);
        for (error, advice) in [
            (status(503, None), Advice::Backoff),
            (status(429, Some(asked)), Advice::After(asked)),
            (status(404, Some(asked)), Advice::Never),
            (SourceError::Connect(String::new()), Advice::Backoff),
            (SourceError::Idle(asked), Advice::Backoff),
            (SourceError::Broken { received: 1, detail: String::new() }, Advice::Backoff),
            (SourceError::Resume(String::new()), Advice::Backoff),
            (SourceError::Garbled(String::new()), Advice::Backoff),
            (SourceError::Certificate(String::new()), Advice::Never),
            (SourceError::Total(asked), Advice::Never),
            (SourceError::TooLarge { limit: 1, setting: "MAX_SIZE" }, Advice::Never),
            (SourceError::Redirect(RedirectFault::Downgrade), Advice::Never),
        ] {
            assert_eq!(error.advice(), advice, "{error}");
        }
    }

    #[test]
    fn stores_are_asked_again_where_it_may_help() {
        let (detail, asked) = (String::new, Some(Duration::from_secs(2)));
        for (error, advice) in [
            (StoreError::Unavailable { retry_after: None, detail: detail() }, Advice::Backoff),
            (
                StoreError::Throttled { retry_after: asked, detail: detail() },
                Advice::After(Duration::from_secs(2)),
            ),
            (StoreError::Timeout { detail: detail() }, Advice::Backoff),
            (StoreError::Denied { detail: detail() }, Advice::Never),
            (StoreError::NoSuchBucket { bucket: detail() }, Advice::Never),
        ] {
            assert_eq!(store_advice(&error), advice, "{error}");
        }
    }

    #[test]
    fn each_class_has_its_exit_code() {
        let error = FetchError::from(VerificationError::Unverifiable);
        assert_eq!(error.class().exit_code(), 4);
        assert_eq!(FetchError::from(SourceError::Garbled(String::new())).class().exit_code(), 3);
        assert_eq!(FetchError::from(StoreError::PreconditionFailed).class().exit_code(), 5);
        assert_eq!(FetchError::Interrupted.class().exit_code(), 1);
        let (path, fault) = (PathBuf::from("x"), HeadersFault::TooLong);
        assert_eq!(FetchError::Headers { path, fault }.class().exit_code(), 2);
    }
}
