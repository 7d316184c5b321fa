//! The run as Prometheus sees it, on `--metrics-address`.

use std::net::SocketAddr;

use anyhow::Context as _;
use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use service_kit::Metrics;
use tokio::net::TcpListener;
use tokio_util::task::AbortOnDropHandle;

use super::record::Interval;

/// Upper bounds of the latency histogram, in seconds.
const BOUNDS: [f64; 16] =
    [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1.0, 2.5, 5.0, 10.0];
const MICROS: f64 = 1e6;

/// A class of errors.
#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
pub struct Class {
    /// As it is named in results.
    pub class: String,
}

service_kit::metrics! {
    /// What a run does.
    pub struct BenchMetrics {
        /// Transactions that were committed.
        pub pg_load_transactions: Counter,
        /// Transactions that failed, by class of SQLSTATE.
        pub pg_load_errors: Family<Class, Counter>,
        /// Tries beyond a transaction's first, after a serialization failure or a deadlock.
        pub pg_load_retries: Counter,
        /// Latency in seconds, from the intended start to the end.
        pub pg_load_latency_seconds: Histogram = Histogram::new(BOUNDS),
        /// How late the latest start of the last full second was, in seconds.
        pub pg_load_start_lateness_seconds: Gauge<f64, std::sync::atomic::AtomicU64>,
        /// Connections that died.
        pub pg_load_connections_lost: Counter,
        /// Attempts at a new connection that failed.
        pub pg_load_connects_failed: Counter,
    }
}

impl BenchMetrics {
    /// Counts one thread's part of a second.
    #[expect(clippy::cast_precision_loss, reason = "seconds for a chart")]
    pub fn add(&self, part: &Interval) {
        self.pg_load_transactions.inc_by(part.tally.committed);
        self.pg_load_retries.inc_by(part.tally.retries);
        for (failure, count) in part.tally.failures.iter() {
            self.pg_load_errors.get_or_create(&Class { class: failure.class() }).inc_by(count);
        }
        for (micros, count) in part.tally.latencies.counts() {
            for _ in 0..count {
                self.pg_load_latency_seconds.observe(micros as f64 / MICROS);
            }
        }
        self.pg_load_start_lateness_seconds.set(part.late as f64 / MICROS);
        self.pg_load_connections_lost.inc_by(part.reconnects.lost);
        self.pg_load_connects_failed.inc_by(part.reconnects.failed);
    }
}

/// A listener that answers `/metrics` until it is dropped.
#[derive(Debug)]
pub struct Exposed {
    /// Where it listens.
    pub address: SocketAddr,
    _server: AbortOnDropHandle<()>,
}

/// Listens at `address`; port 0 chooses one.
pub async fn expose(metrics: Metrics, address: SocketAddr) -> anyhow::Result<Exposed> {
    let listener = TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"))?;
    let address = listener.local_addr()?;
    tracing::info!(%address, "metrics at /metrics");
    let page = move || async move { ([(CONTENT_TYPE, service_kit::metrics::OPENMETRICS)], metrics.encode()) };
    let router = Router::new().route("/metrics", get(page));
    let server = tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, router).await {
            tracing::warn!(%error, "metrics are no longer served");
        }
    });
    Ok(Exposed { address, _server: AbortOnDropHandle::new(server) })
}
