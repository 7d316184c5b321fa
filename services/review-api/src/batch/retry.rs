//! When a document or a batch is tried again: a pure function of what happened, how often, and chance.
//!
//! 1. The wait is uniform between nothing and a bound that doubles with each attempt ("full jitter"): many services whose
//!    batches failed together do not come back together.
//! 2. A pause that the store asks for is kept, and jitter comes on top; one beyond [`ASKED_MAX`] is not believed.
//! 3. Where the wait would outlast the document's patience there is no next attempt, and it is said now.

use std::time::Duration;

use tokio::time::Instant;

use super::Patience;

/// The bound of the first wait.
pub const FIRST: Duration = Duration::from_millis(50);
/// The bound of every wait.
pub const MOST: Duration = Duration::from_secs(5);
/// The longest pause that a store may ask for.
pub const ASKED_MAX: Duration = Duration::from_mins(1);

/// What to do with a document that the store did not take.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Next {
    /// Try it again then.
    At(Instant),
    /// Nobody will wait that long.
    GiveUp,
}

/// How long to wait before attempt number `attempt` + 1, counted from 0. `chance` is uniform in [0, 1).
pub fn wait(attempt: u32, asked: Option<Duration>, chance: f64) -> Duration {
    let bound = FIRST.saturating_mul(2_u32.saturating_pow(attempt)).min(MOST);
    asked.unwrap_or_default().min(ASKED_MAX) + bound.mul_f64(chance.clamp(0.0, 1.0))
}

/// Whether and when a document that was put off is tried again.
pub fn next(now: Instant, patience: Patience, attempt: u32, chance: f64) -> Next {
    let at = now + wait(attempt, None, chance);
    match patience {
        Patience::Until(end) if end <= at => Next::GiveUp,
        Patience::Until(_) | Patience::Forever => Next::At(at),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALMOST: f64 = 0.999_999;

    #[test]
    fn the_bound_doubles_up_to_the_most() {
        for (attempt, bound) in [(0, FIRST), (1, FIRST * 2), (4, FIRST * 16), (7, MOST), (u32::MAX, MOST)] {
            let longest = wait(attempt, None, ALMOST);
            assert!(longest <= bound && longest > bound.mul_f64(0.99), "{attempt}: {longest:?}");
            assert_eq!(wait(attempt, None, 0.0), Duration::ZERO, "full jitter begins at nothing");
        }
    }

    #[test]
    fn a_pause_that_is_asked_for_is_kept_and_not_believed_beyond_reason() {
        let asked = Duration::from_secs(7);
        assert_eq!(wait(0, Some(asked), 0.0), asked);
        assert!(wait(3, Some(asked), 0.5) > asked);
        assert_eq!(wait(0, Some(Duration::MAX), 0.0), ASKED_MAX);
    }

    #[test]
    fn an_attempt_after_the_end_of_patience_is_none() {
        let now = Instant::now();
        let soon = Patience::Until(now + FIRST / 2);
        assert_eq!(next(now, soon, 0, 0.25), Next::At(now + FIRST.mul_f64(0.25)));
        assert_eq!(next(now, soon, 0, 0.75), Next::GiveUp);
        assert_eq!(next(now, Patience::Until(now), 0, 0.0), Next::GiveUp);
        assert!(matches!(next(now, Patience::Forever, 9_000, ALMOST), Next::At(at) if at <= now + MOST));
    }
}
