//! The run's time: nanoseconds from its beginning.

use std::time::{Duration, Instant};

/// Nanoseconds since a run began; cheap to copy.
#[derive(Clone, Copy, Debug)]
pub struct Clock(Instant);

impl Clock {
    /// A clock that shows 0 at `beginning`.
    pub fn starting(beginning: Instant) -> Self {
        Self(beginning)
    }

    /// Now; 0 before the beginning.
    pub fn now(self) -> u64 {
        nanoseconds(self.0.elapsed())
    }

    /// When the clock shows `at`.
    pub fn instant(self, at: u64) -> Instant {
        self.0 + Duration::from_nanos(at)
    }
}

/// A span in nanoseconds; one of centuries is the longest there is.
pub fn nanoseconds(span: Duration) -> u64 {
    u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)
}

/// What of a run counts: transactions meant to start from `from` on and before `to`, in nanoseconds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Window {
    /// The end of the warm-up.
    pub from: u64,
    /// The end of the run.
    pub to: u64,
}

impl Window {
    /// Whether a transaction meant to start at `intended` counts.
    pub fn holds(self, intended: u64) -> bool {
        (self.from..self.to).contains(&intended)
    }
}
