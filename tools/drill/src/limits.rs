//! Limits: what a run may show to pass.
//!
//! 1. A limit is `[TARGET:]METRIC OP VALUE`, such as `failures=0`, `files:longest-gap<2s`, `reviews:p99<=250ms`, `lost=0`.
//!    Without a target it holds for each of them.
//! 2. `failures=0`, `lost=0` and `doubled=0` hold as well, each unless a limit names the same (`failures` is also named by
//!    `failures.KIND` and by `failure-share`). Nothing passes because nobody thought of asking.
//! 3. [`Limits::judge`] holds them against a report. What was not measured does not hold.

use std::fmt::{self, Display};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::traffic::failure::Kind;

/// What can be limited.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Metric {
    /// Requests that were due: a run without traffic proves nothing.
    Requests,
    /// Requests that failed, of any kind.
    Failures,
    /// Those of one kind.
    FailuresOf(Kind),
    /// Those of any kind, of all requests: `0.1%`, or a number from 0 to 1.
    FailureShare,
    /// The longest time without a right answer.
    LongestGap,
    /// From the break until the last failure was seen.
    Recovered,
    /// From the break until all was at full strength again. Of the run, not of a target.
    Settled,
    /// Latency of right answers at a quantile, in thousandths of a percent: 99000 is p99.
    Latency(u32),
    /// Acknowledged and not there. Of the reviews.
    Lost,
    /// There more than once. Of the reviews.
    Doubled,
}

/// The quantiles that have a name.
const LATENCIES: [(&str, u32); 5] =
    [("p50", 50_000), ("p90", 90_000), ("p99", 99_000), ("p999", 99_900), ("max", 100_000)];

/// How a value is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Unit {
    Count,
    Share,
    Seconds,
}

impl Metric {
    fn unit(self) -> Unit {
        match self {
            Self::Requests | Self::Failures | Self::FailuresOf(_) | Self::Lost | Self::Doubled => Unit::Count,
            Self::FailureShare => Unit::Share,
            Self::LongestGap | Self::Recovered | Self::Settled | Self::Latency(_) => Unit::Seconds,
        }
    }

    /// Whether it is one number of the whole run.
    pub fn is_of_the_run(self) -> bool {
        matches!(self, Self::Settled | Self::Lost | Self::Doubled)
    }

    fn is_of_failures(self) -> bool {
        matches!(self, Self::Failures | Self::FailuresOf(_) | Self::FailureShare)
    }
}

impl Display for Metric {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Requests => out.write_str("requests"),
            Self::Failures => out.write_str("failures"),
            Self::FailuresOf(kind) => write!(out, "failures.{}", kind.name()),
            Self::FailureShare => out.write_str("failure-share"),
            Self::LongestGap => out.write_str("longest-gap"),
            Self::Recovered => out.write_str("recovered"),
            Self::Settled => out.write_str("settled"),
            Self::Latency(quantile) => {
                let name = LATENCIES.iter().find(|(_, known)| known == quantile);
                out.write_str(name.map_or("latency", |(name, _)| name))
            }
            Self::Lost => out.write_str("lost"),
            Self::Doubled => out.write_str("doubled"),
        }
    }
}

impl FromStr for Metric {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(kind) = text.strip_prefix("failures.") {
            let found = Kind::ALL.into_iter().find(|known| known.name() == kind);
            let known = Kind::ALL.map(Kind::name).join(", ");
            return found
                .map(Self::FailuresOf)
                .ok_or(format!("no failure is called {kind:?}; there are {known}"));
        }
        if let Some((_, quantile)) = LATENCIES.iter().find(|(name, _)| *name == text) {
            return Ok(Self::Latency(*quantile));
        }
        Ok(match text {
            "requests" => Self::Requests,
            "failures" => Self::Failures,
            "failure-share" => Self::FailureShare,
            "longest-gap" => Self::LongestGap,
            "recovered" => Self::Recovered,
            "settled" => Self::Settled,
            "lost" => Self::Lost,
            "doubled" => Self::Doubled,
            _ => {
                return Err(format!(
                    "nothing is called {text:?}; there are requests, failures, failures.KIND, failure-share, \
                     longest-gap, recovered, settled, p50, p90, p99, p999, max, lost, doubled"
                ));
            }
        })
    }
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Comparison {
    Equal,
    Less,
    AtMost,
    Greater,
    AtLeast,
}

/// Longer ones first: `<=` begins with `<`.
const COMPARISONS: [(&str, Comparison); 6] = [
    ("<=", Comparison::AtMost),
    (">=", Comparison::AtLeast),
    ("==", Comparison::Equal),
    ("<", Comparison::Less),
    (">", Comparison::Greater),
    ("=", Comparison::Equal),
];

/// One limit.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(try_from = "String")]
pub struct Limit {
    /// The target that it is about; each where none is named.
    pub target: Option<String>,
    /// What is limited.
    pub metric: Metric,
    comparison: Comparison,
    /// A count, a share from 0 to 1, or seconds.
    value: f64,
    text: String,
}

impl Limit {
    /// Whether a measured value (a count, a share, or seconds) holds.
    pub fn holds(&self, measured: f64) -> bool {
        match self.comparison {
            // Both sides are counts far below 2^53, or one of them was typed by somebody who wants exactly that.
            Comparison::Equal => (measured - self.value).abs() < f64::EPSILON,
            Comparison::Less => measured < self.value,
            Comparison::AtMost => measured <= self.value,
            Comparison::Greater => measured > self.value,
            Comparison::AtLeast => measured >= self.value,
        }
    }
}

impl Display for Limit {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.text)
    }
}

impl FromStr for Limit {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let fault = |reason: String| format!("limit {text:?}: {reason}");
        let at = text.find(['<', '>', '=']).ok_or_else(|| fault("no comparison: < <= = >= >".to_owned()))?;
        let (left, right) = text.split_at(at);
        let (sign, comparison) = COMPARISONS
            .into_iter()
            .find(|(sign, _)| right.starts_with(sign))
            .ok_or_else(|| fault("no comparison: < <= = >= >".to_owned()))?;
        let (target, metric) = match left.trim().rsplit_once(':') {
            Some((target, metric)) => (Some(target.trim().to_owned()), metric.trim()),
            None => (None, left.trim()),
        };
        let metric: Metric = metric.parse().map_err(fault)?;
        if target.is_some() && metric.is_of_the_run() {
            return Err(fault(format!("{metric} is of the whole run, not of a target")));
        }
        let value = value(metric.unit(), right[sign.len()..].trim()).map_err(fault)?;
        Ok(Self { target, metric, comparison, value, text: text.to_owned() })
    }
}

impl TryFrom<String> for Limit {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

#[expect(clippy::cast_precision_loss, reason = "a count that loses precision as f64 is above 2^53")]
fn value(unit: Unit, text: &str) -> Result<f64, String> {
    match unit {
        Unit::Count => {
            text.parse::<u64>().map(|count| count as f64).map_err(|_| format!("{text:?} is no whole number"))
        }
        Unit::Share => {
            let (number, scale) = text.strip_suffix('%').map_or((text, 1.0), |number| (number.trim(), 100.0));
            let share = number.parse::<f64>().map(|number| number / scale);
            let share = share.map_err(|_| format!("{text:?} is no share, such as 0.1%"))?;
            if (0.0..=1.0).contains(&share) {
                Ok(share)
            } else {
                Err(format!("{text:?} is not between 0 and 100 %"))
            }
        }
        Unit::Seconds => humantime::parse_duration(text)
            .map(|duration| duration.as_secs_f64())
            .map_err(|error| format!("{text:?} is no time, such as 250ms or 2s: {error}")),
    }
}

/// A limit, and what was measured.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Judged {
    /// The limit as it was written.
    pub limit: String,
    /// The target it was held against; `None` where it is of the run.
    pub target: Option<String>,
    /// A count, a share, or seconds; `None` where there was nothing to measure.
    pub measured: Option<f64>,
    /// Whether it holds.
    pub held: bool,
}

/// All limits of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Limits(Vec<Limit>);

impl Limits {
    /// Those given, and the ones that hold unless they are named. `reviews` tells whether reviews are sent.
    pub fn new(given: Vec<Limit>, targets: &[String], reviews: bool) -> Result<Self, String> {
        for limit in &given {
            if let Some(target) = &limit.target
                && !targets.contains(target)
            {
                return Err(format!(
                    "limit {limit}: no target is called {target:?}; there are {}",
                    targets.join(", ")
                ));
            }
            if !reviews && matches!(limit.metric, Metric::Lost | Metric::Doubled) {
                return Err(format!("limit {limit}: no reviews are sent that could be {}", limit.metric));
            }
        }
        let mut all = Vec::new();
        if !given.iter().any(|limit| limit.metric.is_of_failures()) {
            all.push(standing("failures=0"));
        }
        for (metric, text) in [(Metric::Lost, "lost=0"), (Metric::Doubled, "doubled=0")] {
            if reviews && !given.iter().any(|limit| limit.metric == metric) {
                all.push(standing(text));
            }
        }
        all.extend(given);
        Ok(Self(all))
    }

    /// Holds each limit against what was measured: `measure` is asked by target (`None` for the run) and metric.
    pub fn judge(
        &self,
        targets: &[String],
        measure: impl Fn(Option<&str>, Metric) -> Option<f64>,
    ) -> Vec<Judged> {
        let mut judged = Vec::new();
        for limit in &self.0 {
            let mut hold = |target: Option<&str>| {
                let measured = measure(target, limit.metric);
                let held = measured.is_some_and(|measured| limit.holds(measured));
                judged.push(Judged {
                    limit: limit.text.clone(),
                    target: target.map(str::to_owned),
                    measured,
                    held,
                });
            };
            match &limit.target {
                _ if limit.metric.is_of_the_run() => hold(None),
                Some(target) => hold(Some(target)),
                None => targets.iter().for_each(|target| hold(Some(target))),
            }
        }
        judged
    }

    /// All of them, as written.
    pub fn iter(&self) -> impl Iterator<Item = &Limit> {
        self.0.iter()
    }
}

fn standing(text: &str) -> Limit {
    text.parse().expect("a limit that stands in the program is one")
}

#[cfg(test)]
mod tests;
