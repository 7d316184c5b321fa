//! What ingest counts.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;

use super::Status;

service_kit::metrics! {
    /// What clients send, and what they are told of it.
    pub struct IngestMetrics {
        /// Reviews, by what their clients were told: created, duplicate, accepted, rejected or retry.
        pub reviews: Family<StatusLabel, Counter>,
        /// Requests with a review or many that were turned away as a whole, by reason.
        pub reviews_turned_away: Family<TurnedAwayLabel, Counter>,
        /// Bytes of reviews' JSON, decoded.
        pub reviews_received_bytes: Counter,
        /// Bytes of bodies that are being read or made durable.
        pub inbox_bytes: Gauge,
        /// Of these, bytes of bulk requests that are being read.
        pub inbox_bulk_bytes: Gauge,
        /// Of these, bytes of bulk requests' lines that are being made durable.
        pub inbox_line_bytes: Gauge,
        /// Bulk requests that are being read.
        pub bulk_requests_active: Gauge,
        /// Bulk requests that wait for their turn.
        pub bulk_requests_waiting: Gauge,
    }
}

/// The label of `reviews`.
#[derive(Clone, Copy, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
pub struct StatusLabel {
    /// What the client was told.
    pub status: Status,
}

/// The label of `reviews_turned_away`.
#[derive(Clone, Copy, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
pub struct TurnedAwayLabel {
    /// `busy`, `away`, `spool` or `rate`.
    pub reason: &'static str,
}

impl IngestMetrics {
    pub(super) fn turned_away(&self, reason: &'static str) {
        self.reviews_turned_away.get_or_create(&TurnedAwayLabel { reason }).inc();
    }

    pub(super) fn told(&self, status: Status, count: u64) {
        if count > 0 {
            self.reviews.get_or_create(&StatusLabel { status }).inc_by(count);
        }
    }
}
