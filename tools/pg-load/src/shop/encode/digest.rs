//! What is remembered of a table's rows, whatever their order.
//!
//! The sum of a 64-bit hash of each row's bytes in COPY's binary form, modulo 2^64, beside their number. SipHash-1-3 with a
//! key of zeros: not against an adversary, who may as well change the manifest.

use std::fmt;
use std::hash::Hasher as _;

use siphasher::sip::SipHasher13;

/// Number and checksum of rows.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Digest {
    /// How many there are.
    pub rows: u64,
    /// The sum of their hashes.
    pub sum: u64,
}

impl Digest {
    /// Adds a row.
    #[inline]
    pub fn add(&mut self, row: &[u8]) {
        let mut hasher = SipHasher13::new();
        hasher.write(row);
        self.sum = self.sum.wrapping_add(hasher.finish());
        self.rows += 1;
    }
}

impl fmt::Display for Digest {
    /// The checksum, as the manifest keeps it.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:016x}", self.sum)
    }
}
