//! One objective, as it is written: an indicator, a comparison, a bound with its unit.
//!
//! 1. [`Indicator::ALL`] is every word that may stand on the left; it knows in what its bound is said.
//! 2. Times are `250us`, `1.5ms`, `2s`, `1m`; shares are `0.1%`; counts and rates are bare numbers.
//! 3. An objective prints as it is read: parsing what it prints gives the same objective.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

/// Longest text that is looked at.
const LONGEST: usize = 200;

/// An objective that cannot be understood: correct what it names.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum SloError {
    /// No `<`, `<=`, `>`, `>=` or `=` in it.
    #[error("`{0}` compares nothing: write for example p99<200ms, errors<0.1% or tps>=500")]
    NoComparison(String),
    /// The left side is no word of ours.
    #[error("`{word}` is not measured: there are {}", Indicator::names())]
    UnknownIndicator {
        /// What was written.
        word: String,
    },
    /// The right side is no number.
    #[error("`{bound}` is no bound for {indicator}: {wanted}")]
    Bound {
        /// What is bounded.
        indicator: Indicator,
        /// What was written.
        bound: String,
        /// What would do.
        wanted: &'static str,
    },
    /// The file cannot be used as a whole.
    #[error("{0}")]
    File(String),
}

/// What can be bounded.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Indicator {
    /// Average latency.
    Average,
    /// Median latency.
    P50,
    /// Latency that 95 of 100 keep below.
    P95,
    /// Latency that 99 of 100 keep below.
    P99,
    /// Latency that 999 of 1,000 keep below.
    P999,
    /// The longest latency.
    Max,
    /// Committed transactions a second.
    Tps,
    /// Transactions that failed, as a share of all or as a count.
    Errors,
    /// Tries beyond the first.
    Retries,
    /// The longest time without an acknowledged write (failover).
    Gap,
    /// From the fault to the first acknowledged write after the longest gap (failover).
    Recovery,
    /// Acknowledged writes that are not there (failover).
    Lost,
    /// Writes that are there more than once (failover).
    Doubled,
    /// Writes of which nobody could say at the time whether they were committed (failover).
    Unknown,
}

/// In what a bound is said.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Unit {
    /// Microseconds inside, any of us, ms, s, m outside.
    Time,
    /// A bare number.
    Number,
    /// A share of all transactions in percent.
    Percent,
}

impl Indicator {
    /// Every indicator with its word.
    pub const ALL: [(Self, &'static str); 14] = [
        (Self::Average, "avg"),
        (Self::P50, "p50"),
        (Self::P95, "p95"),
        (Self::P99, "p99"),
        (Self::P999, "p99.9"),
        (Self::Max, "max"),
        (Self::Tps, "tps"),
        (Self::Errors, "errors"),
        (Self::Retries, "retries"),
        (Self::Gap, "gap"),
        (Self::Recovery, "recovery"),
        (Self::Lost, "lost"),
        (Self::Doubled, "doubled"),
        (Self::Unknown, "unknown"),
    ];

    /// Its word.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(indicator, _)| *indicator == self).map_or("", |(_, name)| name)
    }

    /// Every word, for people.
    fn names() -> String {
        Self::ALL.map(|(_, name)| name).join(", ")
    }

    /// Whether `bench` measures it; `failover` measures the others.
    pub(super) fn is_of_bench(self) -> bool {
        !matches!(self, Self::Gap | Self::Recovery | Self::Lost | Self::Doubled | Self::Unknown)
    }

    /// Whether `failover` measures it.
    pub(super) fn is_of_failover(self) -> bool {
        self == Self::Errors || !self.is_of_bench()
    }

    /// Whether its bound is a time.
    fn is_time(self) -> bool {
        matches!(
            self,
            Self::Average
                | Self::P50
                | Self::P95
                | Self::P99
                | Self::P999
                | Self::Max
                | Self::Gap
                | Self::Recovery
        )
    }
}

impl fmt::Display for Indicator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How the measured value must stand to the bound.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Comparison {
    /// `<`
    Below,
    /// `<=`
    AtMost,
    /// `>`
    Above,
    /// `>=`
    AtLeast,
    /// `=`
    Equal,
}

impl Comparison {
    /// Longer signs first: `<=` is not `<` with something behind it.
    const SIGNS: [(&'static str, Self); 6] = [
        ("<=", Self::AtMost),
        (">=", Self::AtLeast),
        ("==", Self::Equal),
        ("<", Self::Below),
        (">", Self::Above),
        ("=", Self::Equal),
    ];

    /// Whether `measured` stands so to `bound`.
    #[expect(clippy::float_cmp, reason = "`=` is for counts, which are whole numbers well below 2^53")]
    pub fn holds(self, measured: f64, bound: f64) -> bool {
        match self {
            Self::Below => measured < bound,
            Self::AtMost => measured <= bound,
            Self::Above => measured > bound,
            Self::AtLeast => measured >= bound,
            Self::Equal => measured == bound,
        }
    }

    fn sign(self) -> &'static str {
        Self::SIGNS.iter().rev().find(|(_, comparison)| *comparison == self).map_or("", |(sign, _)| sign)
    }
}

/// One objective.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Objective {
    /// What is measured.
    pub indicator: Indicator,
    /// How it must stand to the bound.
    pub comparison: Comparison,
    /// The bound: microseconds, a number, or percent.
    pub bound: f64,
    /// Which of the three.
    pub unit: Unit,
}

impl FromStr for Objective {
    type Err = SloError;

    fn from_str(text: &str) -> Result<Self, SloError> {
        let text = text.trim();
        let found = text.find(['<', '>', '=']).filter(|_| text.len() <= LONGEST);
        let at = found.ok_or_else(|| SloError::NoComparison(text.chars().take(LONGEST).collect()))?;
        let (word, rest) = (text[..at].trim(), &text[at..]);
        let (sign, comparison) = Comparison::SIGNS
            .into_iter()
            .find(|(sign, _)| rest.starts_with(sign))
            .ok_or_else(|| SloError::NoComparison(text.to_owned()))?;
        let indicator = Indicator::ALL
            .into_iter()
            .find_map(|(indicator, name)| (name == word).then_some(indicator))
            .ok_or_else(|| SloError::UnknownIndicator { word: word.to_owned() })?;
        let (bound, unit) = bound(indicator, rest[sign.len()..].trim())?;
        Ok(Self { indicator, comparison, bound, unit })
    }
}

/// A bound and its unit.
fn bound(indicator: Indicator, text: &str) -> Result<(f64, Unit), SloError> {
    let wrong = |wanted| SloError::Bound { indicator, bound: text.to_owned(), wanted };
    let number = |digits: &str, wanted| {
        let plain = digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        let value = digits.parse::<f64>().ok().filter(|value| plain && value.is_finite());
        value.ok_or_else(|| wrong(wanted))
    };
    if indicator.is_time() {
        let wanted = "a time such as 250us, 20ms, 1.5s or 1m";
        let scales = [("us", 1.0), ("ms", 1e3), ("s", 1e6), ("m", 6e7)];
        let (digits, scale) = scales
            .into_iter()
            .find_map(|(unit, scale)| Some((text.strip_suffix(unit)?.trim_end(), scale)))
            .ok_or_else(|| wrong(wanted))?;
        return Ok((number(digits, wanted)? * scale, Unit::Time));
    }
    match text.strip_suffix('%') {
        Some(digits) if indicator == Indicator::Errors => {
            let wanted = "a share from 0% to 100%";
            let share = number(digits.trim_end(), wanted)?;
            if share <= 100.0 { Ok((share, Unit::Percent)) } else { Err(wrong(wanted)) }
        }
        Some(_) => Err(wrong("a bare number, not a share")),
        None => Ok((number(text, "a number, not negative")?, Unit::Number)),
    }
}

impl fmt::Display for Objective {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.indicator, self.comparison.sign())?;
        match self.unit {
            Unit::Percent => write!(f, "{}%", self.bound),
            Unit::Number => write!(f, "{}", self.bound),
            Unit::Time if self.bound >= 1e6 => write!(f, "{}s", self.bound / 1e6),
            Unit::Time if self.bound >= 1e3 => write!(f, "{}ms", self.bound / 1e3),
            Unit::Time => write!(f, "{}us", self.bound),
        }
    }
}

impl Serialize for Objective {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Objective {
        text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn reads_the_usual_ones() {
        let p99 = read("p99<200ms");
        assert_eq!(
            (p99.indicator, p99.comparison, p99.bound),
            (Indicator::P99, Comparison::Below, 200_000.0)
        );
        let errors = read(" errors < 0.1% ");
        assert_eq!((errors.unit, errors.bound), (Unit::Percent, 0.1));
        let tps = read("tps>=500");
        assert_eq!((tps.comparison, tps.bound, tps.unit), (Comparison::AtLeast, 500.0, Unit::Number));
        assert!((read("p99.9<=1.5s").bound - 1_500_000.0).abs() < 1e-6);
        assert_eq!(read("lost=0").comparison, Comparison::Equal);
        assert_eq!(read("errors==0"), read("errors=0"));
    }

    #[test]
    fn says_what_is_wrong() {
        let wrong = |text: &str| text.parse::<Objective>().expect_err(text).to_string();
        assert!(wrong("p99 200ms").contains("compares nothing"));
        assert!(
            wrong("p98<200ms").contains("`p98` is not measured: there are avg, p50, p95, p99, p99.9, max")
        );
        assert!(wrong("p99<200").contains("a time such as"));
        assert!(wrong("p99<-1ms").contains("a time such as"));
        assert!(wrong("tps>50%").contains("not a share"));
        assert!(wrong("errors<101%").contains("0% to 100%"));
        assert!(wrong("tps>NaN").contains("a number"));
        assert!(wrong("").contains("compares nothing"));
    }

    #[test]
    fn compares_at_the_bound() {
        let holds = |text: &str, value| read(text).comparison.holds(value, read(text).bound);
        assert!(!holds("tps>500", 500.0) && holds("tps>=500", 500.0));
        assert!(!holds("errors<3", 3.0) && holds("errors<=3", 3.0) && holds("errors=3", 3.0));
        assert!(!holds("errors<=3", f64::NAN));
    }

    proptest! {
        #[test]
        fn whatever_is_written_is_read_or_refused(text in ".{0,60}") {
            if let Ok(objective) = text.parse::<Objective>() {
                prop_assert!(objective.bound.is_finite() && objective.bound >= 0.0);
            }
        }

        #[test]
        fn what_is_printed_reads_the_same(
            which in 0..Indicator::ALL.len(), sign in 0usize..6, bound in 0u32..10_000_000, percent in any::<bool>(),
        ) {
            let (indicator, comparison) = (Indicator::ALL[which].0, Comparison::SIGNS[sign].1);
            let unit = match (indicator.is_time(), indicator, percent) {
                (true, ..) => Unit::Time,
                (_, Indicator::Errors, true) => Unit::Percent,
                _ => Unit::Number,
            };
            let bound = if unit == Unit::Percent { f64::from(bound % 101) } else { f64::from(bound) };
            let objective = Objective { indicator, comparison, bound, unit };
            let again = read(&objective.to_string());
            prop_assert_eq!(again.comparison, comparison);
            prop_assert!((again.bound - bound).abs() < 1e-6 * bound.max(1.0), "{} {}", again, objective);
        }
    }
}
