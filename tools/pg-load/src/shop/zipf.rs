//! Few products sell much: Zipf's law, in constant time and by integers alone.
//!
//! 1. Of `count` ranks the `k`-th is to be as likely as `1/k`. `(count + 1)^u` for a uniform `u` in `[0, 1)`, rounded
//!    down, is `k` with the probability `log(1 + 1/k) / log(count + 1)`: within 1/(2k) of that, and its sum is one.
//! 2. That power is `2^(u * log2(count + 1))`: the whole part shifts, the fraction is looked up in a table of 1024 steps
//!    with a straight line between them (error below 6e-8).
//! 3. Floating point is avoided: the last bit of a system's `exp2` differs between systems, and so would the rows.

use std::sync::LazyLock;

/// Bits behind the point of a logarithm.
const LOG_BITS: u32 = 32;
/// Bits behind the point of a power.
const POWER_BITS: u32 = 62;
/// A prime above every number of ranks, with which it therefore shares no factor.
const STRIDE: u64 = 1_000_000_000_039;
/// Steps of the table, as a power of two.
const STEP_BITS: u32 = 10;

/// `2^(i / 1024)` for i from 0 to 1024, with [`POWER_BITS`] behind the point.
static POWERS: LazyLock<Vec<u128>> = LazyLock::new(|| {
    // Ten square roots of 2 are 2^(1/1024).
    let step = (0..STEP_BITS).fold(2_u128 << POWER_BITS, |power, _| (power << POWER_BITS).isqrt());
    std::iter::successors(Some(1_u128 << POWER_BITS), |power| Some((power * step) >> POWER_BITS))
        .take((1 << STEP_BITS) + 1)
        .collect()
});

/// Ranks by Zipf's law.
#[derive(Clone, Copy, Debug)]
pub struct Zipf {
    count: u64,
    /// `log2(count + 1)`, with [`LOG_BITS`] behind the point.
    log: u64,
    /// [`STRIDE`] modulo `count`.
    stride: u64,
}

impl Zipf {
    /// Of `count` ranks, at least one and less than 2^32.
    pub fn new(count: u64) -> Self {
        let count = count.max(1);
        Self { count, log: log2(count + 1), stride: STRIDE % count }
    }

    /// A rank from 0, the most likely, to below `count`. `random` is any number.
    #[inline]
    pub fn rank(&self, random: u64) -> u64 {
        let exponent = super::dice::scale(random, self.log);
        let whole = exponent >> LOG_BITS;
        let rest_bits = LOG_BITS - STEP_BITS;
        let step = usize::try_from((exponent >> rest_bits) & ((1 << STEP_BITS) - 1)).unwrap_or(0);
        let rest = u128::from(exponent & ((1 << rest_bits) - 1));
        let (low, high) = (POWERS[step], POWERS[step + 1]);
        let power = low + (((high - low) * rest) >> rest_bits);
        let rank = (power << whole) >> POWER_BITS;
        // Rounding may reach the end of the last rank.
        u64::try_from(rank).unwrap_or(u64::MAX).saturating_sub(1).min(self.count - 1)
    }

    /// The number that `rank` has: the likely ones are spread over all, as if each could have come at any time. No two
    /// ranks have the same.
    #[inline]
    pub fn spread(&self, rank: u64) -> u64 {
        rank * self.stride % self.count
    }
}

/// The logarithm of `number`, by the squares whose first bit is the next of the result.
fn log2(number: u64) -> u64 {
    let whole = number.ilog2();
    let mut rest = (u128::from(number) << POWER_BITS) >> whole;
    let mut log = u64::from(whole);
    for _ in 0..LOG_BITS {
        rest = (rest * rest) >> POWER_BITS;
        let bit = rest >> (POWER_BITS + 1);
        rest >>= bit;
        log = (log << 1) | u64::from(bit == 1);
    }
    log
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::shop::dice::Key;

    #[test]
    fn ranks_are_as_likely_as_zipf_has_it() {
        let zipf = Zipf::new(10_000);
        let mut dice = Key::new(7, 7).row(7);
        let mut seen = vec![0_u32; 10_000];
        let rounds = 2_000_000_u32;
        for _ in 0..rounds {
            seen[usize::try_from(zipf.rank(dice.any())).expect("small")] += 1;
        }
        for rank in [0, 1, 2, 4, 9, 19, 49, 99] {
            let expected = f64::from(rounds) * (1.0 + 1.0 / f64::from(rank + 1)).ln() / 10_001_f64.ln();
            let seen = f64::from(seen[usize::try_from(rank).expect("small")]);
            // Five standard deviations of a count, which is Poisson's.
            assert!(
                (seen - expected).abs() < 5.0 * expected.sqrt(),
                "rank {rank}: {seen}, expected {expected}"
            );
        }
        let first_hundred: u32 = seen[..100].iter().sum();
        assert!(first_hundred > rounds / 2, "one percent of the products make {first_hundred} of {rounds}");
    }

    proptest! {
        #[test]
        fn no_rank_is_out_of_bounds(count in 1_u64..1 << 32, random: u64) {
            prop_assert!(Zipf::new(count).rank(random) < count);
            prop_assert!(Zipf::new(count).rank(u64::MAX) < count);
            prop_assert_eq!(Zipf::new(count).rank(0), 0);
        }

        #[test]
        fn no_two_ranks_have_one_number(count in 1_u64..1 << 32, one: u64, other: u64) {
            let (zipf, one, other) = (Zipf::new(count), one % count, other % count);
            prop_assert!(zipf.spread(one) < count);
            prop_assert_eq!(zipf.spread(one) == zipf.spread(other), one == other);
        }

        #[test]
        fn the_logarithm_is_right(number in 1_u64..) {
            #[expect(clippy::cast_precision_loss, reason = "the test compares to 9 digits")]
            let (ours, theirs) = (log2(number) as f64 / 4_294_967_296.0, (number as f64).log2());
            prop_assert!((ours - theirs).abs() < 1e-9, "{ours} {theirs}");
        }
    }
}
