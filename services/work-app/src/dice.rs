//! Chance, as the sample plays it.
//!
//! 1. The delay is drawn, uniform in 50 to 200 ms.
//! 2. Whether the work fails is drawn after it, so that neither tells anything of the other.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use crate::values::FailRate;

/// The shortest that work takes, in seconds.
pub const SHORTEST: f64 = 0.05;
/// The longest that work takes, in seconds.
pub const LONGEST: f64 = 0.2;

/// What one piece of work will be like.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Draw {
    /// How long it takes.
    pub delay: Duration,
    /// Whether it fails.
    pub fails: bool,
}

/// A source of draws. Two with the same seed draw the same.
#[derive(Debug)]
pub struct Dice(Mutex<StdRng>);

impl Dice {
    /// Dice that `seed` decides.
    pub fn seeded(seed: u64) -> Self {
        Self(Mutex::new(StdRng::seed_from_u64(seed)))
    }

    /// The next draw, which fails with probability `fail_rate`.
    pub fn draw(&self, fail_rate: FailRate) -> Draw {
        let mut generator = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let delay = Duration::from_secs_f64(generator.random_range(SHORTEST..=LONGEST));
        // A number in [0, 1): a rate of 0 never fails, a rate of 1 always does.
        let fails = generator.random::<f64>() < fail_rate.get();
        Draw { delay, fails }
    }
}
