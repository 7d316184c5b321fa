//! What a terminal shows at the end of a run.

use std::fmt::Write as _;

use super::ledger::FailoverResult;
use super::result::{BenchResult, Latency};
use super::{count, time};
use crate::slo::Verdict;

/// A run of `bench`.
#[expect(clippy::cast_precision_loss, reason = "a share for people")]
pub fn bench(result: &BenchResult) -> String {
    let mut out = String::new();
    let load = &result.load;
    line(&mut out, &format!("{}: {} clients, {}", load.workloads.join(", "), load.clients, load.mode));
    let ended = if result.interrupted { ", interrupted" } else { "" };
    let throughput = format!(
        "{} transactions in {:.1} s{ended}: {:.1} tps",
        count(result.committed),
        result.measured_seconds,
        result.tps
    );
    line(&mut out, &throughput);
    line(&mut out, &format!("latency   {}", latency(&result.latency)));
    if load.mode.starts_with("open") {
        line(&mut out, &format!("lateness  {}", latency(&result.lateness)));
    }
    if result.transactions.len() > 1 {
        for (name, kind) in &result.transactions {
            line(
                &mut out,
                &format!("  {name}: {} committed, {}", count(kind.committed), latency(&kind.latency)),
            );
        }
    }
    let share = result.failed as f64 / (result.committed + result.failed).max(1) as f64 * 100.0;
    let errors =
        format!("errors    {} ({share:.3}%), retries {}", count(result.failed), count(result.retries));
    line(&mut out, &errors);
    for (class, errors) in &result.errors {
        let codes: Vec<_> = errors.codes.iter().map(|(code, number)| format!("{code}: {number}")).collect();
        line(&mut out, &format!("  {class}: {} ({})", count(errors.count), codes.join(", ")));
    }
    if result.connections_lost + result.connects_failed > 0 {
        let text = format!(
            "connections lost {}, attempts that failed {}",
            result.connections_lost, result.connects_failed
        );
        line(&mut out, &text);
    }
    if let Some(cpu) = result.cpu_us_per_transaction {
        line(&mut out, &format!("this tool took {cpu:.1} µs of CPU per transaction"));
    }
    verdicts(&mut out, &result.slos);
    out
}

/// A run of `failover`.
pub fn failover(result: &FailoverResult) -> String {
    let mut out = String::new();
    let writes = &result.writes;
    line(
        &mut out,
        &format!(
            "{} writes by {} clients in {:.1} s",
            count(writes.sent),
            result.load.clients,
            result.seconds
        ),
    );
    let acknowledged = format!(
        "acknowledged {}: lost {}, doubled {}",
        count(writes.acknowledged),
        count(writes.lost),
        count(writes.doubled)
    );
    line(&mut out, &acknowledged);
    let unknown = format!(
        "unknown {}: {} of them are there, {} are not",
        count(writes.unknown),
        count(writes.unknown_found),
        count(writes.unknown - writes.unknown_found)
    );
    line(&mut out, &unknown);
    line(
        &mut out,
        &format!(
            "failed {}: {} of them are there all the same",
            count(writes.failed),
            count(writes.failed_found)
        ),
    );
    for (code, number) in &result.errors {
        line(&mut out, &format!("  {code}: {}", count(*number)));
    }
    line(&mut out, &format!("longest gap in acknowledged writes {}", time(result.gap_us)));
    match result.recovery_us {
        Some(recovery) => line(&mut out, &format!("recovered {} after the fault", time(recovery))),
        None => line(&mut out, "no fault was made, or writes did not come back"),
    }
    verdicts(&mut out, &result.slos);
    out
}

fn line(out: &mut String, text: &str) {
    out.push_str(text);
    out.push('\n');
}

#[expect(clippy::cast_precision_loss, reason = "microseconds for people")]
fn latency(latency: &Latency) -> String {
    let Latency { average, p50, p95, p99, p99_9, max, .. } = latency;
    let [p50, p95, p99, p99_9, max] = [p50, p95, p99, p99_9, max].map(|micros| time(*micros as f64));
    format!("avg {}  p50 {p50}  p95 {p95}  p99 {p99}  p99.9 {p99_9}  max {max}", time(*average))
}

fn verdicts(out: &mut String, verdicts: &[Verdict]) {
    for verdict in verdicts {
        let word = if verdict.met { "met   " } else { "MISSED" };
        // Writing into a String cannot fail.
        let _ = writeln!(out, "{word}  {}: {}", verdict.objective, verdict.shown);
    }
}
