//! Chance, as a pure function of seed, table and row number.
//!
//! 1. A table's [`Key`] is mixed from the seed and the table's number.
//! 2. A row's [`Dice`] begin at a state mixed from the key and the row number: no row's depends on another's, so rows can
//!    be made in any order, anywhere.
//! 3. They go on as `SplitMix64` does (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014), by
//!    integers alone: the same on every machine.

/// The golden ratio in 64 bits, as in `SplitMix64`.
const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

/// What the rows of one table have in common.
#[derive(Clone, Copy, Debug)]
pub struct Key(u64);

impl Key {
    /// That of table number `table` under `seed`.
    pub fn new(seed: u64, table: u64) -> Self {
        Self(mix(mix(seed.wrapping_add(GOLDEN)) ^ mix(table.wrapping_mul(GOLDEN))))
    }

    /// The dice of row number `row`.
    #[inline]
    pub fn row(self, row: u64) -> Dice {
        Dice(mix(self.0 ^ mix(row.wrapping_add(GOLDEN))))
    }
}

/// One row's dice.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// Any number.
    #[inline]
    pub fn any(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GOLDEN);
        mix(self.0)
    }

    /// A number below `bound`, 0 where that is 0. The bias is below `bound` / 2^64.
    #[inline]
    pub fn below(&mut self, bound: u64) -> u64 {
        scale(self.any(), bound)
    }

    /// A number from `low` to `high`, both included.
    #[inline]
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high - low + 1)
    }

    /// Whether one of a hundred equally likely things is among the first `percent`.
    #[inline]
    pub fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// One of `all`, which must hold something.
    #[inline]
    pub fn pick<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[usize::try_from(self.below(all.len() as u64)).unwrap_or(0)]
    }

    /// One of `all`, which must hold something.
    #[inline]
    pub fn word<'a, S: AsRef<str>>(&mut self, all: &'a [S]) -> &'a str {
        self.pick(all).as_ref()
    }

    /// One of `all`, each as likely as its weight out of a hundred.
    #[inline]
    pub fn weighed<T: Copy>(&mut self, all: &[(u64, T)]) -> T {
        let mut left = self.below(100);
        for (weight, value) in &all[..all.len() - 1] {
            if left < *weight {
                return *value;
            }
            left -= weight;
        }
        all[all.len() - 1].1
    }
}

/// `number` out of all 64-bit numbers, as one out of `bound`.
#[inline]
pub fn scale(number: u64, bound: u64) -> u64 {
    number.carrying_mul(bound, 0).1
}

/// The finalizer of `SplitMix64`: a bijection in which every bit of the result depends on every bit of `number`.
#[inline]
pub fn mix(mut number: u64) -> u64 {
    number = (number ^ (number >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    number = (number ^ (number >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    number ^ (number >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_those_of_splitmix64() {
        // The first numbers of the reference implementation (prng.di.unimi.it/splitmix64.c) from state 1234567.
        let mut dice = Dice(1_234_567);
        assert_eq!(
            [dice.any(), dice.any(), dice.any()],
            [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]
        );
    }

    #[test]
    fn weights_are_kept() {
        let mut dice = Key::new(1, 2).row(3);
        let mut seen = [0_u32; 3];
        for _ in 0..100_000 {
            seen[dice.weighed(&[(10, 0), (60, 1), (30, 2)])] += 1;
        }
        for (seen, percent) in seen.into_iter().zip([10, 60, 30]) {
            assert!(seen.abs_diff(percent * 1_000) < 600, "{seen} of 100000 for {percent} %");
        }
    }
}
