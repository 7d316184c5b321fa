//! What batching counts.

use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};

use crate::store::WriteError;

service_kit::metrics! {
    /// What goes to the store, and how it fares.
    pub struct BatchMetrics {
        /// Documents that the store has given its verdict on, by verdict.
        pub store_documents: Family<VerdictLabel, Counter>,
        /// Documents of a batch.
        pub batch_documents: Histogram = Histogram::new(exponential_buckets(1.0, 2.0, 13)),
        /// Bytes of a batch's documents in memory.
        pub batch_bytes: Histogram = Histogram::new(exponential_buckets(1024.0, 4.0, 8)),
        /// From a batch's start to its last verdict, in seconds.
        pub batch_duration_seconds: Histogram = Histogram::new(exponential_buckets(0.002, 2.0, 14)),
        /// Documents that will be tried again, by reason.
        pub batch_retries: Family<ReasonLabel, Counter>,
        /// Batches that the store found too large and that were halved.
        pub batch_halvings: Counter,
        /// Documents that were given up because nobody waits for them any longer.
        pub batch_given_up: Counter,
        /// Bytes of all documents that wait or are in flight.
        pub batch_queue_bytes: Gauge,
        /// Of these, bytes of documents from bulk requests and from the spool.
        pub batch_queue_patient_bytes: Gauge,
        /// Batches that may be in flight at once now.
        pub batch_concurrency_limit: Gauge,
        /// Batches in flight.
        pub batches_in_flight: Gauge,
        /// Whether the store is away: 1, else 0.
        pub store_away: Gauge,
    }
}

/// What the store says of a document.
#[derive(Clone, Copy, Debug, EncodeLabelValue, Eq, Hash, PartialEq)]
#[expect(non_camel_case_types, reason = "a label value is written as its variant")]
pub enum VerdictKind {
    /// It is stored now.
    created,
    /// It was stored before.
    duplicate,
    /// It never will be.
    refused,
    /// Later, perhaps.
    again,
}

/// The label of `store_documents`.
#[derive(Clone, Copy, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
pub struct VerdictLabel {
    /// What the store says.
    pub verdict: VerdictKind,
}

/// The label of `batch_retries`.
#[derive(Clone, Copy, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
pub struct ReasonLabel {
    /// Why the document is tried again.
    pub reason: &'static str,
}

impl ReasonLabel {
    /// One document was put off, the others of its batch were not.
    pub(super) const ITEM: Self = Self { reason: "item" };
    /// A dead letter could not be written.
    pub(super) const BURIAL: Self = Self { reason: "burial" };

    /// A whole batch failed.
    pub(super) fn of(error: &WriteError) -> Self {
        let reason = match error {
            WriteError::TooLarge => "too_large",
            WriteError::Overloaded { .. } => "overloaded",
            WriteError::Away(_) => "away",
            WriteError::Denied(_) => "denied",
        };
        Self { reason }
    }
}
