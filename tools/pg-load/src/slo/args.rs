//! How a run is told its service levels.

use std::path::PathBuf;

use super::{Indicator, Objective, file};

/// What a run is: each measures some things and not others.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Mode {
    /// Transactions and their latency.
    Bench,
    /// Writes while the primary changes.
    Failover,
}

impl Mode {
    fn measures(self, indicator: Indicator) -> bool {
        match self {
            Self::Bench => indicator.is_of_bench(),
            Self::Failover => indicator.is_of_failover(),
        }
    }

    /// Its own name, then the other's.
    fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Bench => ("bench", "failover"),
            Self::Failover => ("failover", "bench"),
        }
    }
}

/// The service levels that a run is to reach.
#[derive(clap::Args, Clone, Debug, Default)]
pub struct Levels {
    /// A service level: p99<200ms, errors<0.1% or tps>=500 of bench; gap<10s, recovery<30s or unknown<20 of failover, of
    /// which nothing lost and nothing doubled is always one. Any that is missed makes the exit code 1.
    #[arg(long, value_name = "OBJECTIVE")]
    slo: Vec<Objective>,
    /// A YAML file of service levels.
    #[arg(long, value_name = "FILE")]
    slo_file: Option<PathBuf>,
}

impl Levels {
    /// All of them, of flags and file; otherwise what is wrong with the file, or which of them `mode` does not measure.
    pub fn all(&self, mode: Mode) -> Result<Vec<Objective>, String> {
        let mut objectives = self.slo.clone();
        if let Some(path) = &self.slo_file {
            objectives.extend(file::read(path).map_err(|error| error.to_string())?);
        }
        match objectives.iter().find(|objective| !mode.measures(objective.indicator)) {
            None => Ok(objectives),
            Some(objective) => {
                let (asked, other) = mode.names();
                Err(format!("{objective}: {asked} does not measure that, {other} does"))
            }
        }
    }
}
