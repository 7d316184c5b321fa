//! How many batches may be in flight: more while the store keeps up, fewer when it does not.
//!
//! 1. It begins with one. Until the first failure each success of a full house adds one more, so that a round of successes
//!    doubles the number; after it a round adds one (slow start and congestion avoidance, RFC 5681, 3.1).
//! 2. A failure (429, 5xx, nobody there) halves the number; a batch that took far longer than is usual for its size
//!    takes a quarter off.
//! 3. Batches that were sent before the last cut say nothing new: one stumble of the store is one cut.

use std::time::Duration;

use tokio::time::Instant;

/// Faster than this, nobody is hurt by a batch that took longer than others.
const SLOW_FROM: Duration = Duration::from_millis(250);
/// So many times the usual is slow.
const SLOW_FACTOR: f64 = 3.0;
/// What a batch costs a store beside its bytes, in bytes.
const FIXED_COST: f64 = 256.0 * 1024.0;
/// The weight of the newest batch in what is usual.
const NEWEST: f64 = 0.1;

/// One batch that has come back.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flown {
    pub started: Instant,
    pub took: Duration,
    /// The bytes of its documents.
    pub bytes: usize,
}

/// The pace of one store.
pub(super) struct Pace {
    limit: f64,
    most: f64,
    /// Seconds per byte, of late.
    usual: Option<f64>,
    cut_at: Option<Instant>,
}

impl Pace {
    /// Begins with one batch; `most` is the most there ever are.
    pub fn new(most: usize) -> Self {
        let most = f64::from(u32::try_from(most.max(1)).unwrap_or(u32::MAX));
        Self { limit: 1.0, most, usual: None, cut_at: None }
    }

    /// So many batches may be in flight.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 1 and a u32")]
    pub fn limit(&self) -> usize {
        self.limit as usize
    }

    /// A batch came through; `full` where as many as allowed were in flight.
    pub fn succeeded(&mut self, flown: Flown, full: bool, now: Instant) {
        #[expect(clippy::cast_precision_loss, reason = "sizes of batches are far below 2^52")]
        let cost = flown.took.as_secs_f64() / (flown.bytes as f64 + FIXED_COST);
        let usual = *self.usual.get_or_insert(cost);
        self.usual = Some(usual + NEWEST * (cost - usual));
        if flown.took >= SLOW_FROM && cost > usual * SLOW_FACTOR {
            self.cut(flown.started, 0.75, now);
        } else if full {
            let more = if self.cut_at.is_none() { 1.0 } else { 1.0 / self.limit };
            self.limit = (self.limit + more).min(self.most);
        }
    }

    /// The store could not take a batch, or a part of it.
    pub fn failed(&mut self, flown: Flown, now: Instant) {
        self.cut(flown.started, 0.5, now);
    }

    fn cut(&mut self, started: Instant, factor: f64, now: Instant) {
        if self.cut_at.is_none_or(|cut_at| started >= cut_at) {
            self.limit = (self.limit * factor).max(1.0);
            self.cut_at = Some(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FAST: Duration = Duration::from_millis(20);

    fn flown(started: Instant, took: Duration) -> Flown {
        Flown { started, took, bytes: 1 << 20 }
    }

    /// A pace after so many successes of a full house, and the time now.
    fn after(successes: usize) -> (Pace, Instant) {
        let (mut pace, mut now) = (Pace::new(8), Instant::now());
        for _ in 0..successes {
            now += FAST;
            pace.succeeded(flown(now, FAST), true, now);
        }
        (pace, now)
    }

    #[test]
    fn it_doubles_each_round_until_it_was_too_much() {
        for (successes, limit) in [(0, 1), (1, 2), (3, 4), (7, 8), (1_000, 8)] {
            assert_eq!(after(successes).0.limit(), limit, "after {successes}");
        }
    }

    #[test]
    fn after_a_stumble_it_grows_by_one_a_round_up_to_the_most() {
        let (mut pace, mut now) = after(1_000);
        pace.failed(flown(now, FAST), now + FAST);
        assert_eq!(pace.limit(), 4);
        let mut grown = |successes: usize| {
            for _ in 0..successes {
                now += FAST * 2;
                pace.succeeded(flown(now, FAST), true, now);
            }
            pace.limit()
        };
        assert_eq!(grown(4), 4, "the fourth is one of a round of more than four");
        assert_eq!(grown(1), 5);
        assert_eq!(grown(1_000), 8);
    }

    #[test]
    fn it_does_not_grow_on_what_it_does_not_use() {
        let (mut pace, now) = after(0);
        pace.succeeded(flown(now, FAST), false, now);
        assert_eq!(pace.limit(), 1);
    }

    #[test]
    fn one_stumble_is_one_cut_and_never_below_one() {
        let (mut pace, now) = after(1_000);
        for _ in 0..8 {
            pace.failed(flown(now, FAST), now + FAST);
        }
        assert_eq!(pace.limit(), 4);
        for round in 1..9 {
            let later = now + FAST * (2 * round);
            pace.failed(flown(later, FAST), later + FAST);
        }
        assert_eq!(pace.limit(), 1);
    }

    #[test]
    fn a_batch_far_slower_than_usual_is_a_cut_and_a_larger_one_is_not() {
        let (mut pace, now) = after(1_000);
        let slow = Duration::from_millis(400);
        pace.succeeded(Flown { started: now, took: slow, bytes: 30 << 20 }, true, now + slow);
        assert_eq!(pace.limit(), 8);
        pace.succeeded(flown(now, slow), true, now + slow);
        assert_eq!(pace.limit(), 6);
    }
}
