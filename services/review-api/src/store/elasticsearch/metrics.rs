//! What is counted of each request to the nodes.

use std::fmt;
use std::time::Duration;

use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

service_kit::metrics! {
    /// What the service asks of Elasticsearch.
    pub struct ElasticsearchMetrics {
        /// Requests by operation and the status of the answer; 0 where none came. Each node asked counts.
        pub elasticsearch_requests: Family<RequestLabels, Counter>,
        /// Seconds until the whole answer was there, by operation.
        pub elasticsearch_duration_seconds: Family<OperationLabel, Histogram> = Family::new_with_constructor(|| {
            Histogram::new([0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0])
        }),
        /// Whether a node is asked (1) or left alone after a failure (0).
        pub elasticsearch_node_up: Family<NodeLabel, Gauge>,
        /// How often a node was found not to answer.
        pub elasticsearch_node_failures: Family<NodeLabel, Counter>,
    }
}

impl Default for ElasticsearchMetrics {
    /// Metrics that nobody scrapes, for tools and tests.
    fn default() -> Self {
        Self::register(&mut Registry::default())
    }
}

impl fmt::Debug for ElasticsearchMetrics {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("ElasticsearchMetrics").finish_non_exhaustive()
    }
}

impl ElasticsearchMetrics {
    pub(super) fn observe(&self, operation: Operation, status: u16, took: Duration) {
        self.elasticsearch_requests.get_or_create(&RequestLabels { operation, status }).inc();
        let label = OperationLabel { operation };
        self.elasticsearch_duration_seconds.get_or_create(&label).observe(took.as_secs_f64());
    }
}

/// What is asked.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Operation {
    /// Templates and policies.
    Install,
    /// Whether the cluster works.
    Check,
    /// Reviews in.
    Bulk,
    /// One review.
    Get,
    /// A page, or its point in time.
    Search,
    /// Statistics.
    Stats,
    /// Significant terms.
    Terms,
    /// The newest for a stream.
    Since,
}

impl EncodeLabelValue for Operation {
    fn encode(&self, encoder: &mut LabelValueEncoder) -> fmt::Result {
        let name = match self {
            Self::Install => "install",
            Self::Check => "check",
            Self::Bulk => "bulk",
            Self::Get => "get",
            Self::Search => "search",
            Self::Stats => "stats",
            Self::Terms => "terms",
            Self::Since => "since",
        };
        EncodeLabelValue::encode(&name, encoder)
    }
}

/// Which operation, and how it was answered.
#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
pub struct RequestLabels {
    /// What was asked.
    pub operation: Operation,
    /// The status of the answer, or 0.
    pub status: u16,
}

/// Which operation.
#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
pub struct OperationLabel {
    /// What was asked.
    pub operation: Operation,
}

/// Which node.
#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
pub struct NodeLabel {
    /// Its host and port.
    pub node: String,
}
