//! Totals become a result.

use std::collections::BTreeMap;
use std::time::Duration;

use super::args::Args;
use super::clock::Window;
use super::failure::Failures;
use super::latency::Latencies;
use super::record::{Tally, Totals};
use crate::report::result::{self, BenchResult, ErrorClass, Kind, Latency, Load, Second};
use crate::report::round;
use crate::slo::{Indicator, Measured, Objective, judge};
use crate::workload::Workload;

/// Where the distribution is read for a chart: closer and closer to 100 %.
const PERCENTS: [f64; 19] = [
    0.0, 10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 80.0, 90.0, 95.0, 97.5, 99.0, 99.5, 99.9, 99.95, 99.99,
    99.999, 100.0,
];

/// What a run left behind.
#[derive(Debug)]
pub struct Finished {
    /// When it began.
    pub started_at: jiff::Timestamp,
    /// The server's version.
    pub server: String,
    /// What counts of it; ends early where the run was interrupted.
    pub window: Window,
    /// Whether it was.
    pub interrupted: bool,
    /// What the threads saw.
    pub totals: Totals,
    /// Transactions that were to start, and never did.
    pub unstarted: Tally,
    /// Second by second.
    pub series: Vec<Second>,
    /// CPU of this tool within the window, in seconds.
    pub cpu_seconds: Option<f64>,
}

/// Puts it together and judges it.
#[expect(clippy::cast_precision_loss, reason = "rates of counts below 2^53")]
pub fn conclude(
    args: &Args,
    workload: &Workload,
    objectives: &[Objective],
    finished: Finished,
) -> BenchResult {
    let mut all = finished.unstarted;
    for kind in &finished.totals.kinds {
        all.merge(kind);
    }
    let seconds = Duration::from_nanos(finished.window.to.saturating_sub(finished.window.from));
    let seconds = round(seconds.as_secs_f64(), 6);
    let transactions = all.transactions();
    let tps = if seconds > 0.0 { round(all.committed as f64 / seconds, 3) } else { 0.0 };
    let latency = latency(&all.latencies, true);
    let slos = judge(objectives, &measured(&all, &latency, tps));
    let passed = !finished.interrupted && transactions > 0 && slos.iter().all(|verdict| verdict.met);
    let cpu_us_per_transaction = finished
        .cpu_seconds
        .filter(|_| transactions > 0)
        .map(|cpu| round(cpu * 1e6 / transactions as f64, 1));
    BenchResult {
        format: result::format(),
        tool: env!("CARGO_PKG_VERSION").to_owned(),
        started_at: finished.started_at,
        server: finished.server,
        load: load(args),
        interrupted: finished.interrupted,
        measured_seconds: seconds,
        committed: all.committed,
        tps,
        failed: all.failures.total(),
        retries: all.retries,
        latency,
        lateness: self::latency(&finished.totals.lateness, false),
        transactions: kinds(workload, &finished.totals.kinds),
        errors: errors(&all.failures),
        connections_lost: finished.totals.reconnects.lost,
        connects_failed: finished.totals.reconnects.failed,
        cpu_us_per_transaction,
        slos,
        passed,
        series: finished.series,
    }
}

fn load(args: &Args) -> Load {
    let named = |source: &crate::workload::Source| match args.workload.len() {
        1 => source.name.clone(),
        _ => format!("{}={}", source.name, source.weight),
    };
    Load {
        workloads: args.workload.iter().map(named).collect(),
        mode: args.mode(),
        clients: args.clients.get(),
        threads: args.thread_count(),
        warm_up_seconds: args.warm_up.as_secs_f64(),
        duration_seconds: args.duration.as_secs_f64(),
        seed: args.seed,
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts and microseconds below 2^53")]
fn measured(all: &Tally, latency: &Latency, tps: f64) -> Measured {
    let measured = Measured::of(all.transactions())
        .with(Indicator::Tps, tps)
        .with(Indicator::Errors, all.failures.total() as f64)
        .with(Indicator::Retries, all.retries as f64);
    if latency.count == 0 {
        return measured;
    }
    measured
        .with(Indicator::Average, latency.average)
        .with(Indicator::P50, latency.p50 as f64)
        .with(Indicator::P95, latency.p95 as f64)
        .with(Indicator::P99, latency.p99 as f64)
        .with(Indicator::P999, latency.p99_9 as f64)
        .with(Indicator::Max, latency.max as f64)
}

/// Latencies as they are written down.
pub fn latency(latencies: &Latencies, whole: bool) -> Latency {
    let points = PERCENTS.iter().filter(|_| whole && latencies.count() > 0);
    Latency {
        count: latencies.count(),
        average: round(latencies.average(), 1),
        p50: latencies.percentile(50.0),
        p95: latencies.percentile(95.0),
        p99: latencies.percentile(99.0),
        p99_9: latencies.percentile(99.9),
        max: latencies.max(),
        distribution: points.map(|percent| (*percent, latencies.percentile(*percent))).collect(),
    }
}

/// By name; two workloads may have transactions of the same name, which then count as one.
fn kinds(workload: &Workload, tallies: &[Tally]) -> BTreeMap<String, Kind> {
    let mut merged: BTreeMap<&str, (f64, Tally)> = BTreeMap::new();
    for (transaction, tally) in workload.transactions().iter().zip(tallies) {
        let (share, whole) = merged.entry(&transaction.name).or_default();
        *share += transaction.share;
        whole.merge(tally);
    }
    let kind = |(name, (share, tally)): (&str, (f64, Tally))| {
        let (committed, failed, retries) = (tally.committed, tally.failures.total(), tally.retries);
        (
            name.to_owned(),
            Kind {
                share: round(share, 6),
                committed,
                failed,
                retries,
                latency: latency(&tally.latencies, false),
            },
        )
    };
    merged.into_iter().map(kind).collect()
}

fn errors(failures: &Failures) -> BTreeMap<String, ErrorClass> {
    let mut classes: BTreeMap<String, ErrorClass> = BTreeMap::new();
    for (failure, count) in failures.iter() {
        let class = classes.entry(failure.class()).or_default();
        class.count += count;
        *class.codes.entry(failure.to_string()).or_default() += count;
    }
    classes
}
