//! What became of the requests of one target in one phase.
//!
//! - Latency is of right answers, in microseconds, and counts from when the request was due.
//! - The gap is the longest time in which no right answer came in; it also runs from the phase's beginning and to its end.
//! - Recovered means: since the last failure was seen there were right answers only.

use std::collections::BTreeMap;
use std::time::Duration;

use hdrhistogram::Histogram;
use tokio::time::Instant;

use super::failure::{Failure, Kind};

/// Reasons that are kept of each kind, for people.
const REASONS: usize = 3;
/// The longest latency that is told apart: an hour, in microseconds.
const LATENCY_MAX: u64 = 3_600_000_000;

/// Counts of one phase.
#[derive(Clone, Debug)]
pub struct Tally {
    /// When the phase began.
    pub began: Instant,
    /// Requests that were due.
    pub requests: u64,
    /// Right answers.
    pub succeeded: u64,
    /// The others.
    pub failures: BTreeMap<Kind, u64>,
    /// What was seen of each kind, at most a few.
    pub reasons: BTreeMap<Kind, Vec<String>>,
    /// Of right answers, in microseconds.
    pub latency: Histogram<u64>,
    /// The longest time by which a request was sent after it was due: how busy the sender itself was.
    pub sent_late: Duration,
    /// When the last failure was seen.
    pub last_failure: Option<Instant>,
    last_success: Instant,
    longest_gap: Duration,
}

impl Tally {
    /// Counts of a phase that begins now.
    pub fn new(began: Instant) -> Self {
        // Bounds and three digits are constants within what the histogram takes.
        let latency = Histogram::new_with_max(LATENCY_MAX, 3).expect("the histogram's bounds are sound");
        Self {
            began,
            requests: 0,
            succeeded: 0,
            failures: BTreeMap::new(),
            reasons: BTreeMap::new(),
            latency,
            sent_late: Duration::ZERO,
            last_failure: None,
            last_success: began,
            longest_gap: Duration::ZERO,
        }
    }

    /// Counts a request that was due at `due` and ended at `now`.
    pub fn note(&mut self, due: Instant, now: Instant, outcome: Result<(), Failure>) {
        self.requests += 1;
        match outcome {
            Ok(()) => {
                self.succeeded += 1;
                let took = u64::try_from(now.saturating_duration_since(due).as_micros()).unwrap_or(u64::MAX);
                self.latency.saturating_record(took);
                self.longest_gap = self.longest_gap.max(now.saturating_duration_since(self.last_success));
                self.last_success = self.last_success.max(now);
            }
            Err(failure) => {
                *self.failures.entry(failure.kind).or_default() += 1;
                self.last_failure = self.last_failure.max(Some(now));
                let reasons = self.reasons.entry(failure.kind).or_default();
                if reasons.len() < REASONS && !reasons.contains(&failure.reason) {
                    reasons.push(failure.reason);
                }
            }
        }
    }

    /// Requests that failed, of every kind.
    pub fn failed(&self) -> u64 {
        self.failures.values().sum()
    }

    /// The longest time without a right answer until `now`.
    pub fn longest_gap(&self, now: Instant) -> Duration {
        self.longest_gap.max(now.saturating_duration_since(self.last_success))
    }

    /// From the phase's beginning until the last failure was seen; zero without one.
    pub fn recovered_after(&self) -> Duration {
        self.last_failure.map_or(Duration::ZERO, |last| last.saturating_duration_since(self.began))
    }

    /// For how long right answers came in and nothing else did. Silence adds nothing.
    pub fn clean_for(&self) -> Duration {
        self.last_success.saturating_duration_since(self.last_failure.unwrap_or(self.began))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_runs_between_right_answers_and_to_the_edges() {
        let began = Instant::now();
        let at = |millis| began + Duration::from_millis(millis);
        let mut tally = Tally::new(began);
        assert_eq!(tally.longest_gap(at(40)), Duration::from_millis(40));
        tally.note(at(0), at(50), Ok(()));
        tally.note(at(10), at(400), Err(Failure::new(Kind::Reset, "broken")));
        tally.note(at(20), at(750), Ok(()));
        tally.note(at(30), at(760), Ok(()));
        assert_eq!(tally.longest_gap(at(770)), Duration::from_millis(700));
        assert_eq!(tally.longest_gap(at(1_760)), Duration::from_secs(1));
        assert_eq!((tally.requests, tally.succeeded, tally.failed()), (4, 3, 1));
        assert_eq!(tally.recovered_after(), Duration::from_millis(400));
        assert_eq!(tally.clean_for(), Duration::from_millis(360));
    }

    #[test]
    fn silence_is_not_clean() {
        let began = Instant::now();
        let mut tally = Tally::new(began);
        assert_eq!(tally.clean_for(), Duration::ZERO, "nothing was answered");
        let at = |seconds| began + Duration::from_secs(seconds);
        tally.note(began, at(2), Ok(()));
        tally.note(began, at(5), Err(Failure::new(Kind::Timeout, "late")));
        assert_eq!(tally.clean_for(), Duration::ZERO, "nothing was answered since");
        tally.note(began, at(6), Ok(()));
        assert_eq!(tally.clean_for(), Duration::from_secs(1));
    }

    #[test]
    fn latency_counts_from_when_a_request_was_due() {
        let began = Instant::now();
        let mut tally = Tally::new(began);
        tally.note(began, began + Duration::from_millis(250), Ok(()));
        let measured = tally.latency.value_at_quantile(0.5);
        assert!((249_000..=251_000).contains(&measured), "{measured}");
    }
}
