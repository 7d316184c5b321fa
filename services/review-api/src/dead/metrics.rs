//! What is counted of dead letters.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;

service_kit::metrics! {
    /// What the store refuses for good, and where it is kept.
    pub struct DeadMetrics {
        /// Documents that the store has refused for good and that are kept with the reason.
        pub dead_letters: Counter,
        /// Documents that the store has refused for good and that could not be kept; they are tried again.
        pub dead_letter_failures: Counter,
        /// Copies for the index of dead letters that the store did not take; the file has the letter.
        pub dead_letter_copies_missed: Counter,
        /// Letters in the file.
        pub dead_letters_kept: Gauge,
        /// Bytes of the file.
        pub dead_letter_bytes: Gauge,
        /// Letters that the store has taken when they were sent again.
        pub dead_letters_revived: Counter,
    }
}
