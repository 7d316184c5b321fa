//! When transactions are to start, as a pure function of rate, kind and seed.
//!
//! 1. Constant: number k starts k periods after the beginning, computed from k, so that nothing drifts.
//! 2. Poisson: the pauses are exponential, as those of many clients who know nothing of each other.
//! 3. It ends with the run. Two copies yield the same times: that is how who waits and who takes agree without a queue.

use rand::{RngExt as _, SeedableRng as _};
use rand_pcg::Pcg64Mcg;

/// Nanoseconds in a second.
const SECOND: f64 = 1e9;

/// How arrivals are spread.
#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
pub enum Arrivals {
    /// One every period.
    Constant,
    /// At random, independent of each other.
    Poisson,
}

/// Start times in nanoseconds from the beginning of the run.
#[derive(Clone, Debug)]
pub struct Schedule {
    arrivals: Arrivals,
    period: f64,
    end: u64,
    count: u64,
    at: f64,
    random: Pcg64Mcg,
}

impl Schedule {
    /// `rate` is above 0 a second; the last start lies before `end`.
    pub fn new(arrivals: Arrivals, rate: f64, end: u64, seed: u64) -> Self {
        Self {
            arrivals,
            period: SECOND / rate,
            end,
            count: 0,
            at: 0.0,
            random: Pcg64Mcg::seed_from_u64(seed),
        }
    }

    /// Leaves out everything from `end` on.
    pub fn end_at(&mut self, end: u64) {
        self.end = self.end.min(end);
    }
}

impl Iterator for Schedule {
    type Item = u64;

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a time within the run, not negative"
    )]
    #[expect(clippy::cast_precision_loss, reason = "fewer than 2^53 arrivals")]
    fn next(&mut self) -> Option<u64> {
        self.at = match self.arrivals {
            Arrivals::Constant => self.count as f64 * self.period,
            Arrivals::Poisson => self.at - (1.0 - self.random.random::<f64>()).ln() * self.period,
        };
        self.count += 1;
        Some(self.at as u64).filter(|at| *at < self.end)
    }
}

#[cfg(test)]
#[expect(clippy::cast_precision_loss, reason = "a hundred thousand pauses of milliseconds")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn constant_does_not_drift() {
        let times: Vec<_> = Schedule::new(Arrivals::Constant, 3.0, 3_600_000_000_000, 0).collect();
        assert_eq!(times.len(), 10_800);
        assert_eq!(times[3_000], 1_000_000_000_000);
    }

    #[test]
    fn poisson_has_its_rate_and_its_spread() {
        let times: Vec<_> = Schedule::new(Arrivals::Poisson, 1_000.0, 100_000_000_000, 5).collect();
        // 100,000 with a standard deviation of 316.
        assert!((98_500..=101_500).contains(&times.len()), "{}", times.len());
        let pauses: Vec<f64> = times.windows(2).map(|pair| (pair[1] - pair[0]) as f64 / 1e6).collect();
        let short = pauses.iter().filter(|pause| **pause < 1.0).count() as f64 / pauses.len() as f64;
        assert!((short - 0.632).abs() < 0.01, "1 - 1/e of all pauses are below the mean: {short}");
    }

    proptest! {
        #[test]
        fn copies_agree_and_time_goes_on(rate in 0.1..1e6_f64, seed: u64, poisson: bool) {
            let arrivals = if poisson { Arrivals::Poisson } else { Arrivals::Constant };
            let schedule = Schedule::new(arrivals, rate, 1_000_000_000, seed);
            let times: Vec<_> = schedule.clone().take(1_000).collect();
            prop_assert!(times.is_sorted() && times.iter().all(|at| *at < 1_000_000_000));
            prop_assert_eq!(times, schedule.take(1_000).collect::<Vec<_>>());
        }
    }
}
