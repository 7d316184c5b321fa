//! Two results of `bench` side by side, and whether the second is worse.
//!
//! 1. Each figure has a direction: more transactions a second are better, longer latencies are worse.
//! 2. Worse by more than the tolerance is a regression: exit code 1. Errors are compared as a share of all transactions,
//!    and any growth beyond a tenth of a percent of them is one.
//! 3. What was asked for differently is told: such runs say little about each other.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::result::{self, BenchResult};
use super::{read, time};

/// The exit code where a file is no result.
const USAGE: u8 = 2;
/// Growth of the share of errors that is a regression whatever the tolerance, in percent of all transactions.
const ERRORS: f64 = 0.1;

/// What `compare` is told.
#[derive(clap::Args, Clone, Debug)]
pub struct Args {
    /// The result to compare with, as `bench --json` wrote it.
    pub before: PathBuf,
    /// The result in question.
    pub after: PathBuf,
    /// How much worse a figure may be, in percent.
    #[arg(long, default_value = "10", value_parser = tolerance, value_name = "PERCENT")]
    pub tolerance: f64,
    /// Write the comparison as JSON.
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
}

fn tolerance(text: &str) -> Result<f64, String> {
    match text.strip_suffix('%').unwrap_or(text).parse::<f64>() {
        Ok(percent) if (0.0..=1_000.0).contains(&percent) => Ok(percent),
        _ => Err("a tolerance is 0 to 1000 percent".to_owned()),
    }
}

/// Compares. 0: nothing is worse; 1: something is; 2: a file is no result.
pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let read = |path: &Path| read::<BenchResult>(path, &result::format());
    let (before, after) = match (read(&args.before), read(&args.after)) {
        (Ok(before), Ok(after)) => (before, after),
        (Err(error), _) | (_, Err(error)) => {
            tracing::error!("{error}");
            return Ok(ExitCode::from(USAGE));
        }
    };
    let comparison = Comparison::of(&before, &after, args.tolerance);
    print!("{}", comparison.text());
    if let Some(path) = &args.json {
        super::write_json(path, &comparison)?;
    }
    Ok(if comparison.regressed() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Two results side by side.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Comparison {
    /// What was asked for differently.
    pub differs: Vec<String>,
    /// Figure by figure.
    pub figures: Vec<Figure>,
}

/// One figure of both.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Figure {
    /// Its name.
    pub name: &'static str,
    /// Of the first.
    pub before: f64,
    /// Of the second.
    pub after: f64,
    /// Growth in percent; none where there was nothing before.
    pub change_percent: Option<f64>,
    /// Whether the second is worse than is tolerated.
    pub regressed: bool,
}

impl Comparison {
    /// Compares two results.
    #[expect(clippy::cast_precision_loss, reason = "figures below 2^53")]
    pub fn of(before: &BenchResult, after: &BenchResult, tolerance: f64) -> Self {
        let latency = |name, of: fn(&BenchResult) -> f64| {
            figure(name, of(before), of(after), |change| change > tolerance)
        };
        let mut figures = vec![
            figure("tps", before.tps, after.tps, |change| -change > tolerance),
            latency("average", |result| result.latency.average),
            latency("p50", |result| result.latency.p50 as f64),
            latency("p95", |result| result.latency.p95 as f64),
            latency("p99", |result| result.latency.p99 as f64),
            latency("p99.9", |result| result.latency.p99_9 as f64),
        ];
        let (errors_before, errors_after) = (errors(before), errors(after));
        let mut errors = figure("errors %", errors_before, errors_after, |_| false);
        errors.regressed = errors_after > errors_before + ERRORS;
        figures.push(errors);
        Self { differs: differences(before, after), figures }
    }

    /// Whether anything is worse.
    pub fn regressed(&self) -> bool {
        self.figures.iter().any(|figure| figure.regressed)
    }

    /// A table for a terminal.
    pub fn text(&self) -> String {
        let mut out = String::new();
        for difference in &self.differs {
            // Writing into a String cannot fail.
            let _ = writeln!(out, "not alike: {difference}");
        }
        for figure in &self.figures {
            let change = figure.change_percent.map_or_else(String::new, |change| format!("{change:+.1}%"));
            let verdict = if figure.regressed { "WORSE" } else { "" };
            let shown = |value: f64| match figure.name {
                "tps" => format!("{value:.1}"),
                "errors %" => format!("{value:.3}%"),
                _ => time(value),
            };
            let (before, after) = (shown(figure.before), shown(figure.after));
            out += format!("{:9} {before:>12} {after:>12} {change:>9} {verdict}", figure.name).trim_end();
            out.push('\n');
        }
        out
    }
}

fn figure(name: &'static str, before: f64, after: f64, worse: impl Fn(f64) -> bool) -> Figure {
    let change = (before > 0.0).then(|| (after / before - 1.0) * 100.0);
    let rounded = change.map(|change| (change * 100.0).round() / 100.0);
    Figure { name, before, after, change_percent: rounded, regressed: change.is_some_and(worse) }
}

/// Failed transactions in percent of all; a run in which nothing happened failed wholly.
#[expect(clippy::cast_precision_loss, reason = "counts below 2^53")]
fn errors(result: &BenchResult) -> f64 {
    match result.committed + result.failed {
        0 => 100.0,
        all => result.failed as f64 / all as f64 * 100.0,
    }
}

fn differences(before: &BenchResult, after: &BenchResult) -> Vec<String> {
    let (one, other) = (&before.load, &after.load);
    let pairs = [
        ("workload", one.workloads.join(", "), other.workloads.join(", ")),
        ("mode", one.mode.clone(), other.mode.clone()),
        ("clients", one.clients.to_string(), other.clients.to_string()),
        ("seconds", one.duration_seconds.to_string(), other.duration_seconds.to_string()),
        ("server", before.server.clone(), after.server.clone()),
    ];
    let unlike = pairs.into_iter().filter(|(_, one, other)| one != other);
    unlike.map(|(name, one, other)| format!("{name}: {one} and {other}")).collect()
}
