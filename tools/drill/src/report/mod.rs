//! What a run found: for machines as JSON, for people as a [`table`].
//!
//! The JSON's fields are stable: one may be added, none changes its meaning. Times are seconds unless their name says `_ms`.

pub mod table;

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use crate::ledger::LABEL;
use crate::ledger::check::Findings;
use crate::limits::{Judged, Limits, Metric};
use crate::step::execute::Event;
use crate::traffic::Observed;
use crate::traffic::failure::Kind;
use crate::traffic::tally::Tally;

/// How a run ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It went its whole way, and every limit holds.
    Pass,
    /// A limit does not hold, or the cluster did not get somewhere in time.
    Fail,
    /// There is none: it could not begin, or not go on.
    None,
}

impl Verdict {
    /// The program's exit code: 0, 1, 2.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Pass => 0,
            Self::Fail => 1,
            Self::None => 2,
        }
    }
}

/// All that is told of a run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// How it ended.
    pub verdict: Verdict,
    /// Why it did not go its whole way.
    pub error: Option<String>,
    /// The scenario's name; `traffic` where nothing was broken.
    pub scenario: String,
    /// The context; `None` where nothing was broken.
    pub context: Option<String>,
    /// The namespace; `None` where nothing was broken.
    pub namespace: Option<String>,
    /// When something was first broken, or traffic began.
    pub began: Timestamp,
    /// From then to the end of the traffic.
    pub took_seconds: f64,
    /// From then until all was at full strength again; `None` where it was not, or nothing was broken.
    pub settled_seconds: Option<f64>,
    /// One for each target, the reviews last.
    pub targets: Vec<TargetReport>,
    /// What became of acknowledged reviews.
    pub reviews: Option<Findings>,
    /// The steps that were taken.
    pub timeline: Vec<Event>,
    /// Every limit with what was measured.
    pub limits: Vec<Judged>,
}

/// What one target saw.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TargetReport {
    /// Its name.
    pub target: String,
    /// Where it was asked.
    pub url: String,
    /// Requests per second.
    pub rate: f64,
    /// Requests before anything was broken, all of which had right answers for a while.
    pub baseline_requests: u64,
    /// Requests since.
    pub requests: u64,
    /// Right answers.
    pub succeeded: u64,
    /// The others.
    pub failed: u64,
    /// The others by kind; kinds that did not occur are not there.
    pub failures: BTreeMap<Kind, u64>,
    /// What was seen of each kind, at most a few.
    pub reasons: BTreeMap<Kind, Vec<String>>,
    /// The longest time without a right answer.
    pub longest_gap_seconds: f64,
    /// From the first break until the last failure was seen; 0 without any, `None` where no right answer came after it.
    pub recovered_seconds: Option<f64>,
    /// The longest time by which a request was sent after it was due. Much of it says that the sender's machine was too busy
    /// for this rate, and that gaps and latency are its own.
    pub sent_late_seconds: f64,
    /// Latency of right answers from when they were due; `None` without any.
    pub latency_ms: Option<Latency>,
}

/// Latency in milliseconds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Latency {
    /// Half were faster.
    pub p50: f64,
    /// Nine of ten.
    pub p90: f64,
    /// 99 %.
    pub p99: f64,
    /// 99.9 %.
    pub p999: f64,
    /// The slowest.
    pub max: f64,
}

#[expect(clippy::cast_precision_loss, reason = "microseconds of at most an hour")]
fn quantile_ms(tally: &Tally, quantile: f64) -> f64 {
    tally.latency.value_at_quantile(quantile) as f64 / 1_000.0
}

impl From<&Observed> for TargetReport {
    fn from(observed: &Observed) -> Self {
        let tally = observed.judged();
        let recovered = tally.failed() == 0 || tally.clean_for() > Duration::ZERO;
        let latency = |quantile| quantile_ms(tally, quantile);
        Self {
            target: observed.label.clone(),
            url: observed.url.clone(),
            rate: observed.rate,
            baseline_requests: observed.drill.as_ref().map_or(0, |_| observed.baseline.requests),
            requests: tally.requests,
            succeeded: tally.succeeded,
            failed: tally.failed(),
            failures: tally.failures.clone(),
            reasons: tally.reasons.clone(),
            longest_gap_seconds: tally.longest_gap(observed.ended).as_secs_f64(),
            sent_late_seconds: tally.sent_late.as_secs_f64(),
            recovered_seconds: recovered.then(|| tally.recovered_after().as_secs_f64()),
            latency_ms: (tally.succeeded > 0).then(|| Latency {
                p50: latency(0.5),
                p90: latency(0.9),
                p99: latency(0.99),
                p999: latency(0.999),
                max: latency(1.0),
            }),
        }
    }
}

impl TargetReport {
    #[expect(clippy::cast_precision_loss, reason = "counts of requests are far below 2^52")]
    fn measure(&self, metric: Metric) -> Option<f64> {
        match metric {
            Metric::Requests => Some(self.requests as f64),
            Metric::Failures => Some(self.failed as f64),
            Metric::FailuresOf(kind) => Some(self.failures.get(&kind).copied().unwrap_or_default() as f64),
            Metric::FailureShare => (self.requests > 0).then(|| self.failed as f64 / self.requests as f64),
            Metric::LongestGap => Some(self.longest_gap_seconds),
            Metric::Recovered => self.recovered_seconds,
            Metric::Latency(quantile) => {
                let latency = self.latency_ms.as_ref()?;
                let found = match quantile {
                    50_000 => latency.p50,
                    90_000 => latency.p90,
                    99_000 => latency.p99,
                    99_900 => latency.p999,
                    _ => latency.max,
                };
                Some(found / 1_000.0)
            }
            Metric::Settled | Metric::Lost | Metric::Doubled => None,
        }
    }
}

impl Report {
    /// What was measured of a target, or of the run.
    #[expect(clippy::cast_precision_loss, reason = "counts of reviews are far below 2^52")]
    pub fn measure(&self, target: Option<&str>, metric: Metric) -> Option<f64> {
        match metric {
            Metric::Settled => self.settled_seconds,
            Metric::Lost => self.reviews.as_ref().map(|found| found.lost as f64),
            Metric::Doubled => self.reviews.as_ref().map(|found| found.doubled as f64),
            _ => self.targets.iter().find(|seen| Some(seen.target.as_str()) == target)?.measure(metric),
        }
    }

    /// Holds the limits against what was measured, and says how the run ended. `error` is why it did not go its whole way.
    pub fn judge(&mut self, limits: &Limits, error: Option<&crate::error::DrillError>) {
        let names: Vec<String> = self.targets.iter().map(|target| target.target.clone()).collect();
        self.limits = limits.judge(&names, |target, metric| self.measure(target, metric));
        self.error = error.map(ToString::to_string);
        self.verdict = match error {
            Some(error) if !error.is_finding() => Verdict::None,
            None if self.limits.iter().all(|limit| limit.held) => Verdict::Pass,
            Some(_) | None => Verdict::Fail,
        };
    }

    /// Whether reviews were sent.
    pub fn has_reviews(&self) -> bool {
        self.targets.iter().any(|target| target.target == LABEL)
    }
}

#[cfg(test)]
mod tests;
