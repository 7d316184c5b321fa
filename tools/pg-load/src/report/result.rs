//! What a run of `bench` found. Times are microseconds, moments RFC 3339.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Format;
use crate::slo::Verdict;

/// The format of a result of `bench`.
pub fn format() -> Format {
    Format::new("pg-load bench", 1)
}

/// A run of `bench`.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct BenchResult {
    /// `pg-load bench`, version 1.
    pub format: Format,
    /// The version of pg-load.
    pub tool: String,
    /// When the run began.
    pub started_at: Timestamp,
    /// The server's version.
    pub server: String,
    /// What was asked for.
    pub load: Load,
    /// Whether it was ended before its time.
    pub interrupted: bool,
    /// Seconds that count.
    pub measured_seconds: f64,
    /// Transactions that were committed.
    pub committed: u64,
    /// Committed transactions a second.
    pub tps: f64,
    /// Transactions that failed.
    pub failed: u64,
    /// Tries beyond the first.
    pub retries: u64,
    /// From the intended start to the end, of those committed or never ended.
    pub latency: Latency,
    /// How late transactions started (open loop; 0 in a closed one).
    pub lateness: Latency,
    /// By kind of transaction.
    pub transactions: BTreeMap<String, Kind>,
    /// By class of SQLSTATE.
    pub errors: BTreeMap<String, ErrorClass>,
    /// Connections that died, over the whole run.
    pub connections_lost: u64,
    /// Attempts at a new connection that failed, over the whole run.
    pub connects_failed: u64,
    /// CPU of this tool over the seconds that count, by transaction; none where the system does not say.
    pub cpu_us_per_transaction: Option<f64>,
    /// The answer to each objective.
    pub slos: Vec<Verdict>,
    /// Whether all objectives are met and the run had its time.
    pub passed: bool,
    /// Second by second, warm-up included.
    pub series: Vec<Second>,
}

/// What was asked for.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Load {
    /// Each workload as it was named.
    pub workloads: Vec<String>,
    /// `closed loop`, or the arrivals and their rate.
    pub mode: String,
    /// Clients.
    pub clients: usize,
    /// Threads they ran on.
    pub threads: usize,
    /// Seconds of warm-up.
    pub warm_up_seconds: f64,
    /// Seconds asked for.
    pub duration_seconds: f64,
    /// The seed of all random choices.
    pub seed: u64,
}

/// Latencies in microseconds.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Latency {
    /// How many were measured.
    pub count: u64,
    /// The average.
    pub average: f64,
    /// Half are at most this.
    pub p50: u64,
    /// 95 of 100 are at most this.
    pub p95: u64,
    /// 99 of 100 are at most this.
    pub p99: u64,
    /// 999 of 1,000 are at most this.
    #[serde(rename = "p99.9")]
    pub p99_9: u64,
    /// The greatest.
    pub max: u64,
    /// Percent, and what that many are at most: the whole distribution for a chart.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub distribution: Vec<(f64, u64)>,
}

/// One kind of transaction.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Kind {
    /// Its share of all as the workload has it.
    pub share: f64,
    /// Committed.
    pub committed: u64,
    /// Failed.
    pub failed: u64,
    /// Tries beyond the first.
    pub retries: u64,
    /// Its latency.
    pub latency: Latency,
}

/// Errors of a class.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct ErrorClass {
    /// How many.
    pub count: u64,
    /// By SQLSTATE.
    pub codes: BTreeMap<String, u64>,
}

/// One second.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Second {
    /// Which, from the run's beginning.
    pub second: u64,
    /// Whether it is part of the warm-up.
    pub warm_up: bool,
    /// Transactions that were committed in it.
    pub committed: u64,
    /// Transactions that failed in it.
    pub failed: u64,
    /// Tries beyond the first.
    pub retries: u64,
    /// Average latency of what ended in it.
    pub average: f64,
    /// Half are at most this.
    pub p50: u64,
    /// 95 of 100 are at most this.
    pub p95: u64,
    /// 99 of 100 are at most this.
    pub p99: u64,
    /// The greatest.
    pub max: u64,
    /// How late the latest start was.
    pub late: u64,
    /// Connections that died.
    pub connections_lost: u64,
    /// Attempts at a new one that failed.
    pub connects_failed: u64,
}
