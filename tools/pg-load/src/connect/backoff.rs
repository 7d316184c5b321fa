//! When a lost server is tried again.
//!
//! 1. The wait doubles from attempt to attempt up to a bound.
//! 2. Half of it is random, so that many clients that lost one server together do not come back together.
//! 3. It ends when patience is over.

use std::time::Duration;

/// How patiently a server is tried again.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Backoff {
    /// The longest wait after the first failure.
    pub first: Duration,
    /// The longest wait of all.
    pub most: Duration,
    /// How long it is tried, from the first failure on.
    pub patience: Duration,
}

impl Default for Backoff {
    /// 50 ms to 2 s, for two minutes: a failover takes seconds, a node cut off up to a minute.
    fn default() -> Self {
        Self {
            first: Duration::from_millis(50),
            most: Duration::from_secs(2),
            patience: Duration::from_mins(2),
        }
    }
}

impl Backoff {
    /// How long to wait after failure number `attempt` (from 0), `spent` after the first failure; nothing where it is
    /// time to give up. `random` in `[0, 1)` decides between half of the bound and all of it.
    pub fn wait(&self, attempt: u32, spent: Duration, random: f64) -> Option<Duration> {
        if spent >= self.patience {
            return None;
        }
        let bound = self.first.saturating_mul(2_u32.saturating_pow(attempt)).min(self.most);
        let wait = bound.mul_f64(0.5 + 0.5 * random.clamp(0.0, 1.0));
        Some(wait.min(self.patience.saturating_sub(spent)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn it_doubles_up_to_its_bound() {
        let backoff = Backoff::default();
        let waits =
            (0..8).map(|attempt| backoff.wait(attempt, Duration::ZERO, 1.0).expect("patience").as_millis());
        assert_eq!(waits.collect::<Vec<_>>(), [50, 100, 200, 400, 800, 1_600, 2_000, 2_000]);
        assert_eq!(backoff.wait(0, Duration::ZERO, 0.0), Some(Duration::from_millis(25)));
    }

    #[test]
    fn patience_ends() {
        let backoff = Backoff::default();
        assert_eq!(backoff.wait(9, Duration::from_mins(2), 0.5), None);
        assert_eq!(backoff.wait(9, Duration::from_secs(119), 1.0), Some(Duration::from_secs(1)));
    }

    proptest! {
        #[test]
        fn no_wait_is_out_of_bounds(attempt: u32, spent in 0_u64..200_000, random in 0.0..1.0_f64) {
            let backoff = Backoff::default();
            let spent = Duration::from_millis(spent);
            match backoff.wait(attempt, spent, random) {
                Some(wait) => prop_assert!(wait <= backoff.most && spent + wait <= backoff.patience),
                None => prop_assert!(spent >= backoff.patience),
            }
        }
    }
}
