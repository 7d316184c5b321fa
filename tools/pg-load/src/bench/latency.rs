//! Latencies of many transactions in little memory.
//!
//! 1. Values are microseconds in an `HdrHistogram` with three significant digits: a percentile is at most 0.1 % above the
//!    exact one. Sum and maximum are kept exactly.
//! 2. Parts of a run (threads, seconds) are merged without loss.

use hdrhistogram::Histogram;

/// The longest latency that is told apart from a longer one: a day.
const LONGEST: u64 = 86_400_000_000;
/// Significant digits.
const DIGITS: u8 = 3;

/// Latencies in microseconds.
#[derive(Clone, Debug)]
pub struct Latencies {
    histogram: Histogram<u64>,
    sum: u64,
    max: u64,
}

impl Default for Latencies {
    fn default() -> Self {
        // The bounds are constants that the histogram takes: 1 to a day, three digits.
        let histogram = Histogram::new_with_bounds(1, LONGEST, DIGITS).unwrap_or_else(|_| unreachable!());
        Self { histogram, sum: 0, max: 0 }
    }
}

impl Latencies {
    /// Counts one.
    pub fn record(&mut self, micros: u64) {
        self.histogram.saturating_record(micros.max(1));
        self.sum = self.sum.saturating_add(micros);
        self.max = self.max.max(micros);
    }

    /// Counts those of another part.
    pub fn merge(&mut self, other: &Self) {
        // Both have the same bounds, so that everything fits.
        let _ = self.histogram.add(&other.histogram);
        self.sum = self.sum.saturating_add(other.sum);
        self.max = self.max.max(other.max);
    }

    /// How many.
    pub fn count(&self) -> u64 {
        self.histogram.len()
    }

    /// The average in microseconds; 0 of none.
    #[expect(clippy::cast_precision_loss, reason = "an average of more than 2^53 µs is as good rounded")]
    pub fn average(&self) -> f64 {
        if self.count() == 0 { 0.0 } else { self.sum as f64 / self.count() as f64 }
    }

    /// What `percent` of all are at most, in microseconds; never above the maximum.
    pub fn percentile(&self, percent: f64) -> u64 {
        if self.count() == 0 { 0 } else { self.histogram.value_at_quantile(percent / 100.0).min(self.max) }
    }

    /// The greatest in microseconds.
    pub fn max(&self) -> u64 {
        self.max
    }

    /// Every value that was seen, as precisely as it is kept, with its count.
    pub fn counts(&self) -> impl Iterator<Item = (u64, u64)> {
        self.histogram.iter_recorded().map(|step| (step.value_iterated_to(), step.count_at_value()))
    }
}

#[cfg(test)]
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "hundreds of values below 2^27"
)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn percentiles_are_those_of_a_sorted_list(
            mut values in proptest::collection::vec(0u64..100_000_000, 1..500), percent in 0.0..100.0_f64,
        ) {
            let (mut all, mut half) = (Latencies::default(), Latencies::default());
            for (index, value) in values.iter().enumerate() {
                if index % 2 == 0 { all.record(*value) } else { half.record(*value) }
            }
            all.merge(&half);
            values.sort_unstable();
            let rank = ((percent / 100.0 * values.len() as f64).ceil() as usize).clamp(1, values.len());
            let exact = values[rank - 1];
            let read = all.percentile(percent);
            prop_assert!(read >= exact.min(all.max()) && read as f64 <= exact as f64 * 1.001 + 1.0, "{} {}", read, exact);
            prop_assert_eq!(all.max(), *values.last().expect("one at least"));
            prop_assert_eq!(all.count(), values.len() as u64);
        }
    }

    #[test]
    fn nothing_is_nothing() {
        let none = Latencies::default();
        assert_eq!((none.count(), none.percentile(99.0), none.max()), (0, 0, 0));
    }
}
