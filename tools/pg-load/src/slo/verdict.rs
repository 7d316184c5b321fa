//! Objectives against what was measured.
//!
//! 1. A run says what it measured as [`Measured`]: a value for each indicator it knows.
//! 2. [`judge`] answers each objective. What the run did not measure (no transaction at all) is missed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Indicator, Objective, Unit};

/// What a run measured.
#[derive(Clone, Debug, Default)]
pub struct Measured {
    values: BTreeMap<&'static str, f64>,
    /// Transactions in all, failed ones with them: what a share of errors is a share of.
    pub transactions: u64,
}

impl Measured {
    /// A run of so many transactions.
    pub fn of(transactions: u64) -> Self {
        Self { values: BTreeMap::new(), transactions }
    }

    /// A value: times in microseconds.
    #[must_use]
    pub fn with(mut self, indicator: Indicator, value: f64) -> Self {
        self.values.insert(indicator.name(), value);
        self
    }

    /// The value an objective is about, in its unit.
    #[expect(
        clippy::cast_precision_loss,
        reason = "a share of more than 2^53 transactions is as good rounded"
    )]
    fn value(&self, objective: &Objective) -> Option<f64> {
        let value = *self.values.get(objective.indicator.name())?;
        match objective.unit {
            Unit::Percent if self.transactions == 0 => None,
            Unit::Percent => Some(value / self.transactions as f64 * 100.0),
            Unit::Time | Unit::Number => Some(value),
        }
    }
}

/// The answer to one objective.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Verdict {
    /// The objective as it is written.
    pub objective: String,
    /// What was measured, in the objective's unit (times in microseconds); none where nothing was.
    pub measured: Option<f64>,
    /// The same for people.
    pub shown: String,
    /// Whether it is met.
    pub met: bool,
}

/// Answers each objective.
pub fn judge(objectives: &[Objective], measured: &Measured) -> Vec<Verdict> {
    let answer = |objective: &Objective| {
        let value = measured.value(objective);
        Verdict {
            objective: objective.to_string(),
            measured: value.map(|value| crate::report::round(value, 6)),
            shown: value.map_or_else(|| "not measured".to_owned(), |value| shown(value, objective.unit)),
            met: value.is_some_and(|value| objective.comparison.holds(value, objective.bound)),
        }
    };
    objectives.iter().map(answer).collect()
}

/// A value for people.
fn shown(value: f64, unit: Unit) -> String {
    match unit {
        Unit::Percent => format!("{value:.3}%"),
        Unit::Number if value.fract() == 0.0 => format!("{value}"),
        Unit::Number => format!("{value:.1}"),
        Unit::Time => crate::report::time(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(objective: &str, measured: &Measured) -> Verdict {
        judge(&[objective.parse().expect(objective)], measured).remove(0)
    }

    #[test]
    fn judges_in_the_unit_of_the_objective() {
        let measured = Measured::of(2_000).with(Indicator::Errors, 2.0).with(Indicator::P99, 199_900.0);
        assert!(one("p99<200ms", &measured).met);
        assert!(!one("p99<100ms", &measured).met);
        assert!(!one("errors<0.1%", &measured).met, "2 of 2,000 are 0.1%, not below it");
        assert!(one("errors<=0.1%", &measured).met);
        assert!(one("errors<3", &measured).met);
        assert_eq!(one("p99<200ms", &measured).shown, "199.9 ms");
    }

    #[test]
    fn what_was_not_measured_is_missed() {
        let nothing = Measured::of(0).with(Indicator::Errors, 0.0);
        assert_eq!(one("errors<1%", &nothing).measured, None);
        assert!(!one("errors<1%", &nothing).met);
        assert!(!one("p99<1m", &nothing).met);
        assert!(one("errors=0", &nothing).met);
    }
}
