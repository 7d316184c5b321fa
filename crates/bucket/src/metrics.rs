//! What is counted of each request to the store. The service registers [`StoreMetrics`] and hands it to its buckets;
//! several buckets may share one.

use std::fmt;
use std::time::Duration;

use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::StoreError;

service_kit::metrics! {
    /// What a service asks of its store.
    pub struct StoreMetrics {
        /// Calls of the store, by operation and result; a call that was retried inside counts once.
        pub store_requests: Family<RequestLabels, Counter>,
        /// Seconds until the store's answer (its head, for get), by operation.
        pub store_duration_seconds: Family<OperationLabel, Histogram> = Family::new_with_constructor(|| {
            Histogram::new([0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0])
        }),
        /// Bytes of objects read from the store and written to it.
        pub store_bytes: Family<DirectionLabel, Counter>,
    }
}

impl Default for StoreMetrics {
    /// Metrics that nobody scrapes, for tools and tests.
    fn default() -> Self {
        Self::register(&mut Registry::default())
    }
}

impl StoreMetrics {
    pub(crate) fn observe<T>(&self, operation: Operation, took: Duration, result: &Result<T, StoreError>) {
        let result = Outcome::of(result.as_ref().err());
        self.store_requests.get_or_create(&RequestLabels { operation, result }).inc();
        self.store_duration_seconds.get_or_create(&OperationLabel { operation }).observe(took.as_secs_f64());
    }

    /// The counter itself, so that a body need not look it up for each of its pieces.
    pub(crate) fn bytes(&self, direction: Direction) -> Counter {
        self.store_bytes.get_or_create(&DirectionLabel { direction }).clone()
    }
}

/// What was asked of the store.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[expect(missing_docs, reason = "each is the S3 operation of its name")]
pub enum Operation {
    Head,
    Get,
    List,
    Put,
    CreateUpload,
    UploadPart,
    CompleteUpload,
    AbortUpload,
    ListUploads,
    Delete,
    DeleteMany,
    HeadBucket,
    CreateBucket,
}

/// How it ended.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[expect(missing_docs, reason = "each is the StoreError of its name")]
pub enum Outcome {
    Ok,
    NotFound,
    NoSuchBucket,
    NoSuchUpload,
    Denied,
    PreconditionFailed,
    NotModified,
    RangeNotSatisfiable,
    Throttled,
    Unavailable,
    Timeout,
    Truncated,
    Garbled,
    Invalid,
}

impl Outcome {
    fn of(error: Option<&StoreError>) -> Self {
        match error {
            None => Self::Ok,
            Some(StoreError::NotFound { .. }) => Self::NotFound,
            Some(StoreError::NoSuchBucket { .. }) => Self::NoSuchBucket,
            Some(StoreError::NoSuchUpload { .. }) => Self::NoSuchUpload,
            Some(StoreError::Denied { .. }) => Self::Denied,
            Some(StoreError::PreconditionFailed) => Self::PreconditionFailed,
            Some(StoreError::NotModified { .. }) => Self::NotModified,
            Some(StoreError::RangeNotSatisfiable { .. }) => Self::RangeNotSatisfiable,
            Some(StoreError::Throttled { .. }) => Self::Throttled,
            Some(StoreError::Unavailable { .. }) => Self::Unavailable,
            Some(StoreError::Timeout { .. }) => Self::Timeout,
            Some(StoreError::Truncated { .. }) => Self::Truncated,
            Some(StoreError::Garbled { .. }) => Self::Garbled,
            Some(StoreError::Invalid { .. } | StoreError::ImpossibleKey { .. } | StoreError::NoSuchPage) => {
                Self::Invalid
            }
        }
    }
}

/// Which way the bytes of objects go.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Direction {
    /// From the store.
    Read,
    /// To the store.
    Written,
}

/// Writes a variant's name as label values are written everywhere: `UploadPart` as `upload_part`.
fn encode_variant(variant: &impl fmt::Debug, encoder: &mut LabelValueEncoder<'_>) -> fmt::Result {
    let mut label = String::new();
    for letter in format!("{variant:?}").chars() {
        if letter.is_ascii_uppercase() && !label.is_empty() {
            label.push('_');
        }
        label.push(letter.to_ascii_lowercase());
    }
    label.encode(encoder)
}

impl EncodeLabelValue for Operation {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> fmt::Result {
        encode_variant(self, encoder)
    }
}

impl EncodeLabelValue for Outcome {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> fmt::Result {
        encode_variant(self, encoder)
    }
}

impl EncodeLabelValue for Direction {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> fmt::Result {
        encode_variant(self, encoder)
    }
}

/// The labels of `store_requests`.
#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
pub struct RequestLabels {
    /// What was asked.
    pub operation: Operation,
    /// How it ended.
    pub result: Outcome,
}

/// The label of `store_duration_seconds`.
#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
pub struct OperationLabel {
    /// What was asked.
    pub operation: Operation,
}

/// The label of `store_bytes`.
#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
pub struct DirectionLabel {
    /// Which way.
    pub direction: Direction,
}
