//! What is counted of questions and streams, beside what is counted of every request.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;

service_kit::metrics! {
    /// What questions and streams do.
    pub struct QueryMetrics {
        /// Questions that the store is being asked.
        pub queries_in_flight: Gauge,
        /// Questions refused because QUERIES_MAX were being asked.
        pub queries_refused: Counter,
        /// Streams that are open.
        pub streams_open: Gauge,
        /// Streams refused because STREAMS_MAX were open.
        pub streams_refused: Counter,
        /// Reviews sent on streams.
        pub stream_events: Counter,
        /// Times that a stream could not be told what is new because the store did not answer.
        pub stream_failures: Counter,
    }
}
