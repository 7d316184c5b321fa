//! So many reviews a second, by token.
//!
//! 1. governor's leaky bucket (GCRA): a burst at once, then one review per interval.
//! 2. Keys are tokens that were let in, so that their number is bounded by the files.

use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};

use super::Caller;

type Limiter<C> =
    RateLimiter<[u8; 32], HashMapStateStore<[u8; 32]>, C, NoOpMiddleware<<C as Clock>::Instant>>;

/// The limit of every token.
pub(super) struct Rate<C: Clock = DefaultClock> {
    limiter: Limiter<C>,
    clock: C,
}

impl Rate {
    /// `limit` reviews a second, `burst` at once (0: as `limit`). `None` where there is no limit.
    pub fn new(limit: u32, burst: u32) -> Option<Self> {
        Self::with_clock(limit, burst, DefaultClock::default())
    }
}

impl<C: Clock + Clone> Rate<C> {
    fn with_clock(limit: u32, burst: u32, clock: C) -> Option<Self> {
        let limit = NonZeroU32::new(limit)?;
        let quota = Quota::per_second(limit).allow_burst(NonZeroU32::new(burst).unwrap_or(limit));
        let limiter = RateLimiter::new(quota, HashMapStateStore::default(), clock.clone());
        Some(Self { limiter, clock })
    }

    /// Counts one review, or says when there is room for one.
    pub fn take(&self, caller: &Caller) -> Result<(), Duration> {
        let taken = self.limiter.check_key(caller.key());
        taken.map_err(|not_until| not_until.wait_time_from(self.clock.now()))
    }
}

#[cfg(test)]
mod tests {
    use governor::clock::FakeRelativeClock;

    use super::*;

    #[test]
    fn a_burst_then_one_by_one() {
        let clock = FakeRelativeClock::default();
        let rate = Rate::with_clock(10, 3, clock.clone()).expect("a limit");
        let caller = Caller::anybody();
        for _ in 0..3 {
            assert_eq!(rate.take(&caller), Ok(()));
        }
        assert_eq!(rate.take(&caller), Err(Duration::from_millis(100)));
        clock.advance(Duration::from_millis(100));
        assert_eq!(rate.take(&caller), Ok(()));
        assert!(rate.take(&caller).is_err());
    }

    #[test]
    fn without_a_limit_there_is_none() {
        assert!(Rate::new(0, 5).is_none());
    }
}
