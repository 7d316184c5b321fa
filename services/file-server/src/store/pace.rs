//! Who waits for whom: the client for the store, or the store for the client.
//!
//! 1. The time in which a read is waited for is the store's; all other time is the client's.
//! 2. After each [`WINDOW`] it is judged: the store is slow where most of the window was its time and its connection
//!    brought less than [`FAST`] all the same. Only then are there bytes to be gained by several connections.

use std::time::{Duration, Instant};

/// Long enough that one hesitation of the store decides nothing.
const WINDOW: Duration = Duration::from_secs(1);
/// Bytes a second over one connection that several are not tried to better. Stores that limit each connection, as AWS's
/// does, stay below.
const FAST: u64 = 128 * 1024 * 1024;

/// What one stream's pace was.
#[derive(Debug)]
pub struct Pace {
    since: Instant,
    waits_since: Option<Instant>,
    waited: Duration,
    bytes: u64,
    slow: bool,
}

impl Default for Pace {
    fn default() -> Self {
        Self { since: Instant::now(), waits_since: None, waited: Duration::ZERO, bytes: 0, slow: false }
    }
}

impl Pace {
    /// A pace that has judged the store already.
    #[cfg(test)]
    pub(super) fn of_a_slow_store() -> Self {
        Self { slow: true, ..Self::default() }
    }

    /// The store is waited for from now on, if it is not already.
    pub fn waits(&mut self) {
        self.waits_since.get_or_insert_with(Instant::now);
    }

    /// So many bytes came.
    pub fn has(&mut self, bytes: u64) {
        self.has_at(bytes, Instant::now());
    }

    /// Whether the last whole window was the store's, and a poor one.
    pub fn store_is_slow(&self) -> bool {
        self.slow
    }

    fn has_at(&mut self, bytes: u64, now: Instant) {
        self.bytes += bytes;
        if let Some(since) = self.waits_since.take() {
            self.waited += now.saturating_duration_since(since);
        }
        let window = now.saturating_duration_since(self.since);
        if window >= WINDOW {
            let most = self.waited > window / 4 * 3;
            let slow = most && u128::from(self.bytes) * 1000 < u128::from(FAST) * window.as_millis();
            *self = Self { since: now, slow, ..Self::default() };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1024 * 1024;

    /// A window of a second in which the store was waited for so long and brought so much.
    fn window(waited: Duration, bytes: u64) -> bool {
        let mut pace = Pace::default();
        let begun = pace.since;
        pace.waits_since = Some(begun);
        pace.has_at(0, begun + waited);
        pace.has_at(bytes, begun + WINDOW);
        pace.store_is_slow()
    }

    #[test]
    fn only_a_store_that_is_waited_for_and_brings_little_is_slow() {
        let (most, some) = (Duration::from_millis(950), Duration::from_millis(300));
        assert!(window(most, 80 * MIB));
        assert!(!window(most, 400 * MIB), "one connection is enough");
        assert!(!window(some, MIB), "the client is slow");
    }

    #[test]
    fn a_window_that_is_not_over_decides_nothing() {
        let mut pace = Pace::default();
        let early = pace.since + WINDOW / 2;
        pace.waits_since = Some(pace.since);
        pace.has_at(1, early);
        assert!(!pace.store_is_slow());
    }
}
