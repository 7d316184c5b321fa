//! What a run of `failover` found. Times are microseconds, moments RFC 3339.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Format;
use crate::slo::Verdict;

/// The format of a result of `failover`.
pub fn format() -> Format {
    Format::new("pg-load failover", 1)
}

/// A run of `failover`.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct FailoverResult {
    /// `pg-load failover`, version 1.
    pub format: Format,
    /// The version of pg-load.
    pub tool: String,
    /// When the run began.
    pub started_at: Timestamp,
    /// What the rows of this run are marked with.
    pub run: String,
    /// What was asked for.
    pub load: Load,
    /// Seconds during which there were writes.
    pub seconds: f64,
    /// What became of the writes.
    pub writes: Writes,
    /// By SQLSTATE, or what happened in place of one: failed and unknown writes and attempts to connect.
    pub errors: BTreeMap<String, u64>,
    /// The fault, where a hook made one.
    pub fault: Option<Fault>,
    /// The longest time between two acknowledged writes; to the end of the run where none followed.
    pub gap_us: f64,
    /// When that began, from the beginning of the run.
    pub gap_from_us: f64,
    /// Whether an acknowledged write ended it.
    pub gap_ended: bool,
    /// From the fault to the first acknowledged write after the longest gap that followed it.
    pub recovery_us: Option<f64>,
    /// The hosts that took writes, with when each took its first and last one.
    pub hosts: Vec<Host>,
    /// The answer to each objective.
    pub slos: Vec<Verdict>,
    /// Whether nothing is lost or doubled, every write's fate is known, and all objectives are met.
    pub passed: bool,
    /// What happened in each [`SLICE_US`].
    pub timeline: Vec<Slice>,
}

/// Length of a slice of the timeline.
pub const SLICE_US: u64 = 100_000;

/// What was asked for.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Load {
    /// Writers.
    pub clients: usize,
    /// Writes a second that all of them together tried.
    pub rate: f64,
    /// How long a writer waits for an answer, in seconds.
    pub write_timeout_seconds: f64,
}

/// What became of the writes.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Writes {
    /// All that were sent.
    pub sent: u64,
    /// The server said that it is committed.
    pub acknowledged: u64,
    /// Of those, are not there.
    pub lost: u64,
    /// Some that are lost: `writer/number`.
    pub lost_ids: Vec<String>,
    /// Writes of any fate that are there more than once.
    pub doubled: u64,
    /// Some that are doubled.
    pub doubled_ids: Vec<String>,
    /// The connection died, or the time was up, before there was an answer.
    pub unknown: u64,
    /// Of those, are there.
    pub unknown_found: u64,
    /// The server refused it.
    pub failed: u64,
    /// Of those, are there all the same: must be 0.
    pub failed_found: u64,
    /// Rows of this run that nobody wrote: must be 0.
    pub strangers: u64,
}

/// A fault that a hook made.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Fault {
    /// The hook's command.
    pub command: String,
    /// When it was started, from the beginning of the run.
    pub from_us: u64,
    /// When it ended.
    pub to_us: u64,
    /// Its exit code; none where a signal ended it.
    pub exit_code: Option<i32>,
}

/// A host that took writes.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Host {
    /// Host and port.
    pub host: String,
    /// When it first acknowledged, from the beginning of the run.
    pub first_us: u64,
    /// When it last did.
    pub last_us: u64,
    /// How many it acknowledged.
    pub acknowledged: u64,
}

/// A slice of the timeline.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Slice {
    /// Acknowledged in it.
    pub acknowledged: u64,
    /// Failed in it.
    pub failed: u64,
    /// Became unknown in it.
    pub unknown: u64,
    /// Attempts to connect that failed in it.
    pub connects_failed: u64,
}
