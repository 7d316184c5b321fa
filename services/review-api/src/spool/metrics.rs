//! What the spool counts.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;

service_kit::metrics! {
    /// What is written to disk before anybody is told that it is safe, and what waits there.
    pub struct SpoolMetrics {
        /// Reviews that were fsynced to the spool.
        pub spool_appended: Counter,
        /// Reviews in one fsync.
        pub spool_group_size: Histogram = Histogram::new([1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0, 4096.0]),
        /// Seconds that writing and syncing one group took.
        pub spool_sync_duration_seconds: Histogram = Histogram::new([0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0]),
        /// Reviews that were refused because the spool held SPOOL_MAX.
        pub spool_full: Counter,
        /// Groups that could not be written or synced; nobody was told that they are safe.
        pub spool_failures: Counter,
        /// Reviews in the spool that the store has no verdict on yet.
        pub spool_records: Gauge,
        /// Bytes of the spool's segments, finished records included until their segment is deleted.
        pub spool_bytes: Gauge,
        /// Reviews that were read back from disk because memory held only newer ones.
        pub spool_read_back: Counter,
        /// Times that a segment could not be read, or the checkpoint not be written; it is tried again.
        pub spool_io_errors: Counter,
        /// Bytes that were cut off the last segment at the start: a write that a crash had interrupted.
        pub spool_torn_bytes: Counter,
        /// Records that could not be read back; their segment is kept in the folder quarantine.
        pub spool_damaged_records: Counter,
    }
}
