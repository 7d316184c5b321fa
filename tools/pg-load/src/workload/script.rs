//! The format of a workload.
//!
//! ```yaml
//! version: 1
//! transactions:
//!   look:
//!     weight: 3            # beside the file's other transactions; 1 where nothing is said
//!     isolation: serializable   # or repeatable-read, read-committed, none (no BEGIN at all)
//!     pipeline: true       # send all statements at once, as no value of one depends on another's answer
//!     draw:
//!       product: {random: zipf, from: 1, to: {query: select max(id) from product}, exponent: 1.1}
//!     statements:
//!       - select name from product where id = :product
//! ```
//!
//! 1. A transaction of several statements stands between BEGIN and COMMIT; one of a single statement does not.
//! 2. Every `:name` is drawn once a transaction, anew for each try of a new transaction, and bound.
//! 3. Every fault of a file is told at once.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::WorkloadError;
use super::statement::{Numbered, number};

/// The version that is understood.
const VERSION: u32 = 1;
/// Transactions that a file may have, statements and values that a transaction may have.
const MOST: usize = 100;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: u32,
    transactions: BTreeMap<String, Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    #[serde(default = "one")]
    weight: f64,
    isolation: Option<Isolation>,
    #[serde(default)]
    pipeline: bool,
    #[serde(default)]
    draw: BTreeMap<String, Declared>,
    statements: Vec<String>,
}

fn one() -> f64 {
    1.0
}

#[derive(Clone, Copy, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
enum Isolation {
    None,
    ReadCommitted,
    RepeatableRead,
    Serializable,
}

/// A bound as it is declared.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(untagged, expecting = "a bound is a whole number or {query: select ...}")]
pub enum Bound {
    /// This number.
    Number(i64),
    /// What the server answers before the run.
    Asked {
        /// A statement that yields one whole number.
        query: String,
    },
}

/// A draw as it is declared.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(tag = "random", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Declared {
    /// Every whole number equally often.
    Uniform {
        /// The least.
        from: Bound,
        /// The greatest.
        to: Bound,
    },
    /// By Zipf's law.
    Zipf {
        /// The most frequent.
        from: Bound,
        /// The least frequent.
        to: Bound,
        /// How skewed; above 0.
        exponent: f64,
    },
    /// By a bell curve.
    Gaussian {
        /// The least.
        from: Bound,
        /// The greatest.
        to: Bound,
        /// Standard deviations from the middle to an end; at least 2.
        deviations: f64,
    },
    /// Each number once.
    Unique {
        /// The first.
        from: Bound,
    },
    /// A number with a fraction.
    Real {
        /// The least.
        from: f64,
        /// What all are below.
        to: f64,
    },
    /// One of some texts.
    Choice {
        /// The texts.
        of: Vec<String>,
    },
    /// Letters a to z.
    Letters {
        /// How many.
        length: usize,
    },
}

/// A workload that was read and is sound, but for what only the server knows.
#[derive(Debug)]
pub struct Script {
    /// Its name or path.
    pub workload: String,
    /// Its transactions.
    pub transactions: Vec<Planned>,
}

/// A transaction of a [`Script`].
#[derive(Debug)]
pub struct Planned {
    /// Its name.
    pub name: String,
    /// Its share, beside the other transactions of the file.
    pub weight: f64,
    /// BEGIN with its isolation level, where it has one.
    pub begin: Option<&'static str>,
    /// Whether all statements are sent at once.
    pub pipeline: bool,
    /// What is drawn.
    pub draws: Vec<(String, Declared)>,
    /// Each statement with the places of its parameters among the draws.
    pub statements: Vec<(String, Vec<usize>)>,
}

impl Script {
    /// Reads a workload's text.
    pub fn parse(workload: &str, text: &str) -> Result<Self, WorkloadError> {
        let fault = |reason: String| WorkloadError::Script { workload: workload.to_owned(), reason };
        let file: File = serde_norway::from_str(text).map_err(|error| fault(error.to_string()))?;
        if file.version != VERSION {
            return Err(fault(format!("version {} is not known, only {VERSION}", file.version)));
        }
        if file.transactions.is_empty() || file.transactions.len() > MOST {
            return Err(fault(format!("a workload has 1 to {MOST} transactions")));
        }
        let (mut transactions, mut faults) = (Vec::new(), Vec::new());
        for (name, entry) in file.transactions {
            match entry.plan(&name) {
                Ok(planned) => transactions.push(planned),
                Err(found) => faults.extend(found.into_iter().map(|reason| format!("{name}: {reason}"))),
            }
        }
        if faults.is_empty() {
            Ok(Self { workload: workload.to_owned(), transactions })
        } else {
            Err(fault(faults.join("; ")))
        }
    }
}

impl Entry {
    fn plan(self, name: &str) -> Result<Planned, Vec<String>> {
        let mut faults = Vec::new();
        if !(self.weight > 0.0 && self.weight.is_finite()) {
            faults.push("its weight is above 0".to_owned());
        }
        if self.statements.is_empty() || self.statements.len() > MOST || self.draw.len() > MOST {
            faults.push(format!("it has 1 to {MOST} statements and at most {MOST} values"));
        }
        let draws: Vec<_> = self.draw.into_iter().collect();
        faults.extend(
            draws.iter().filter_map(|(name, declared)| Some(format!(":{name}: {}", declared.fault()?))),
        );
        let mut statements = Vec::new();
        for (index, text) in self.statements.iter().enumerate() {
            match number(text).and_then(|numbered| place(numbered, &draws)) {
                Ok(statement) => statements.push(statement),
                Err(reason) => faults.push(format!("statement {}: {reason}", index + 1)),
            }
        }
        let idle = draws.iter().enumerate().filter(|(place, _)| {
            faults.is_empty()
                && !statements.iter().any(|(_, uses): &(String, Vec<usize>)| uses.contains(place))
        });
        let idle: Vec<_> = idle.map(|(_, (name, _))| format!(":{name} is drawn and never used")).collect();
        faults.extend(idle);
        if !faults.is_empty() {
            return Err(faults);
        }
        let begin = match self.isolation {
            Some(Isolation::None) => None,
            None if statements.len() == 1 => None,
            None => Some("begin"),
            Some(Isolation::ReadCommitted) => Some("begin isolation level read committed"),
            Some(Isolation::RepeatableRead) => Some("begin isolation level repeatable read"),
            Some(Isolation::Serializable) => Some("begin isolation level serializable"),
        };
        let (weight, pipeline) = (self.weight, self.pipeline);
        Ok(Planned { name: name.to_owned(), weight, begin, pipeline, draws, statements })
    }
}

/// The places of a statement's names among the draws.
fn place(numbered: Numbered, draws: &[(String, Declared)]) -> Result<(String, Vec<usize>), String> {
    let find = |name: &String| {
        let place = draws.iter().position(|(known, _)| known == name);
        place.ok_or_else(|| format!("nothing draws :{name}"))
    };
    let uses = numbered.names.iter().map(find).collect::<Result<_, _>>()?;
    Ok((numbered.sql, uses))
}

impl Declared {
    /// What is wrong with it, whatever the server may say.
    fn fault(&self) -> Option<&'static str> {
        let positive = |value: f64, least: f64| value.is_finite() && value >= least;
        match self {
            Self::Zipf { exponent, .. } if !positive(*exponent, 0.001) => Some("its exponent is above 0"),
            Self::Gaussian { deviations, .. } if !positive(*deviations, 2.0) => {
                Some("its deviations are at least 2")
            }
            Self::Real { from, to } if !(from.is_finite() && to.is_finite() && from < to) => {
                Some("from is below to")
            }
            Self::Choice { of } if of.is_empty() => Some("it has nothing to choose from"),
            Self::Letters { length } if !(1..=100_000).contains(length) => Some("its length is 1 to 100000"),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn wrong(text: &str) -> String {
        Script::parse("test", text).expect_err(text).to_string()
    }

    #[test]
    fn reads_a_workload() {
        let script = Script::parse(
            "test",
            "version: 1
transactions:
  look:
    weight: 3
    draw:
      product: {random: zipf, from: 1, to: {query: select max(id) from product}, exponent: 1.1}
    statements: [\"select name from product where id = :product\"]
  buy:
    isolation: serializable
    pipeline: true
    draw: {n: {random: uniform, from: 1, to: 9}, id: {random: unique, from: 7}}
    statements: [\"insert into a values (:id, :n)\", \"update b set n = n - :n\"]
",
        )
        .expect("it is sound");
        let [buy, look] = &script.transactions[..] else { panic!("{script:?}") };
        assert_eq!((look.weight, look.begin, look.pipeline), (3.0, None, false));
        assert_eq!(buy.begin, Some("begin isolation level serializable"));
        assert_eq!(buy.statements[0], ("insert into a values ($1, $2)".to_owned(), vec![0, 1]));
        assert_eq!(buy.statements[1], ("update b set n = n - $1".to_owned(), vec![1]));
    }

    #[test]
    fn every_fault_is_told() {
        let said = wrong(
            "version: 1
transactions:
  a: {weight: 0, statements: [\"select :x\", \"select 'y\"]}
  b: {draw: {z: {random: zipf, from: 1, to: 2, exponent: -1}}, statements: [\"select :z\"]}
  c: {draw: {z: {random: uniform, from: 1, to: 2}}, statements: [\"select 1\"]}
",
        );
        for part in [
            "a: its weight",
            "nothing draws :x",
            "statement 2: a string does not end",
            ":z: its exponent",
            "c: :z is drawn and never used",
        ] {
            assert!(said.contains(part), "{part}: {said}");
        }
        assert!(wrong("version: 2\ntransactions: {}").contains("version 2"));
        assert!(wrong("version: 1\ntransactions: {}").contains("1 to 100 transactions"));
        assert!(wrong("version: 1\ntransactions: {a: {statement: []}}").contains("unknown field"));
        let bound = "version: 1\ntransactions: {a: {draw: {x: {random: unique, from: b}}, statements: [\"select :x\"]}}";
        assert!(wrong(bound).contains("a whole number or {query"), "{}", wrong(bound));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "[a-z:{}\\[\\], \n\"1-9-]{0,80}") {
            let _ = Script::parse("test", &text);
            let _ = Script::parse("test", &format!("version: 1\ntransactions:\n  a:\n    statements: [\"{text}\"]\n"));
        }
    }
}
