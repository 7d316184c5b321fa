//! What the fetcher counts. What it asks of the store is counted by the bucket (`store_requests`, `store_bytes`).

use std::sync::atomic::AtomicU64;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::error::FetchError;
use crate::transfer::Fetched;

service_kit::metrics! {
    /// What the fetcher does.
    #[derive(Debug)]
    pub struct FetcherMetrics {
        /// Items that were looked after, by what became of them.
        pub fetches: Family<ResultLabel, Counter>,
        /// Bytes that came from sources.
        pub source_bytes: Counter,
        /// Requests made again, by whom they were made to.
        pub retries: Family<SideLabel, Counter>,
        /// Downloads that went on where they had broken off.
        pub resumes: Counter,
        /// Parts that hold content now.
        pub parts_in_flight: Gauge,
        /// Seconds that items took which were fetched.
        pub fetch_duration_seconds: Histogram = Histogram::new([0.05, 0.25, 1.0, 5.0, 15.0, 60.0, 300.0, 1800.0]),
        /// Unix time of the last round in which every item succeeded.
        pub last_success_timestamp_seconds: Gauge<f64, AtomicU64>,
        /// Keys that were pruned.
        pub pruned: Counter,
    }
}

impl Default for FetcherMetrics {
    /// Metrics that nobody scrapes.
    fn default() -> Self {
        Self::register(&mut Registry::default())
    }
}

/// The label of `fetches`.
#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
pub struct ResultLabel {
    /// `fetched`, `unchanged`, or the class of the failure.
    pub result: &'static str,
}

/// The label of `retries`.
#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
pub struct SideLabel {
    /// Whom the request was made to: `source` or `store`.
    pub side: &'static str,
}

impl FetcherMetrics {
    /// Counts what became of one item.
    pub fn looked_after(&self, ended: &Result<Fetched, FetchError>) {
        let result = match ended {
            Ok(Fetched::New(_)) => "fetched",
            Ok(Fetched::Unchanged) => "unchanged",
            Err(error) => error.class().as_str(),
        };
        self.fetches.get_or_create(&ResultLabel { result }).inc();
    }

    /// Counts one request that is made again to `side`, `source` or `store`.
    pub fn retried(&self, side: &'static str) {
        self.retries.get_or_create(&SideLabel { side }).inc();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_as_dashboards_ask_for_them() {
        let metrics = service_kit::Metrics::default();
        let fetcher = metrics.with(FetcherMetrics::register);
        fetcher.looked_after(&Ok(Fetched::Unchanged));
        fetcher.looked_after(&Err(FetchError::Interrupted));
        fetcher.retried("source");
        let text = metrics.encode();
        for line in [
            "fetches_total{result=\"unchanged\"} 1",
            "fetches_total{result=\"interrupted\"} 1",
            "retries_total{side=\"source\"} 1",
            "parts_in_flight 0",
        ] {
            assert!(text.contains(line), "{line} is missing in {text}");
        }
    }
}
