//! What happened when: gaps, slices, hosts. All times are microseconds from the beginning of the run.

use std::collections::BTreeMap;

use super::ledger::{Fate, Ledger, Write};
use crate::report::ledger::{Host, SLICE_US, Slice};

/// A time without an acknowledged write.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Gap {
    /// From when.
    pub from: u64,
    /// To when.
    pub to: u64,
    /// Whether an acknowledged write ended it, not the run.
    pub ended: bool,
}

impl Gap {
    /// Its length.
    pub fn length(self) -> u64 {
        self.to - self.from
    }
}

/// A silence at the end of a run that is longer than this, in microseconds, means that writes did not come back.
const SILENCE_US: u64 = 1_000_000;

/// The longest gap of those that lasted until `after` or later, in a run that ended at `end`. That the last write lies a
/// moment before the end is no gap.
pub fn longest_gap(ledger: &Ledger, after: u64, end: u64) -> Gap {
    let mut acknowledged: Vec<u64> = acknowledged(ledger).map(|write| write.ended_us).collect();
    acknowledged.sort_unstable();
    let starts = std::iter::once(0).chain(acknowledged.iter().copied());
    let between = starts.zip(acknowledged.iter().copied()).map(|(from, to)| Gap { from, to, ended: true });
    let last = acknowledged.last().copied().unwrap_or(0);
    let silent = Gap { from: last, to: end.max(last), ended: false };
    let gaps = between.chain((silent.length() > SILENCE_US).then_some(silent)).filter(|gap| gap.to >= after);
    gaps.max_by_key(|gap| gap.length()).unwrap_or_default()
}

/// Whether writes were acknowledged to the end.
pub fn writes_at_the_end(ledger: &Ledger, end: u64) -> bool {
    let last = acknowledged(ledger).map(|write| write.ended_us).max();
    last.is_some_and(|last| end.saturating_sub(last) <= SILENCE_US)
}

fn acknowledged(ledger: &Ledger) -> impl Iterator<Item = &Write> {
    ledger.writes().map(|(_, _, write)| write).filter(|write| write.fate == Fate::Acknowledged)
}

/// Writes and failed attempts to connect, slice by slice.
pub fn slices(ledger: &Ledger, connects_failed: &[u64], end: u64) -> Vec<Slice> {
    let place = |at: u64| usize::try_from(at / SLICE_US).unwrap_or(usize::MAX);
    let events = ledger.writes().map(|(_, _, write)| write.ended_us).chain(connects_failed.iter().copied());
    let length = place(events.max().unwrap_or(0).max(end)) + 1;
    let mut slices = vec![Slice::default(); length];
    for (_, _, write) in ledger.writes() {
        let slice = &mut slices[place(write.ended_us)];
        match write.fate {
            Fate::Acknowledged => slice.acknowledged += 1,
            Fate::Failed => slice.failed += 1,
            Fate::Unknown => slice.unknown += 1,
        }
    }
    for at in connects_failed {
        slices[place(*at)].connects_failed += 1;
    }
    slices
}

/// Hosts that acknowledged writes, in the order in which they began to.
pub fn hosts(ledger: &Ledger) -> Vec<Host> {
    let mut seen: BTreeMap<usize, Host> = BTreeMap::new();
    for write in acknowledged(ledger) {
        let at = write.ended_us;
        let host = seen.entry(write.host).or_insert_with(|| Host {
            host: ledger.hosts.get(write.host).cloned().unwrap_or_default(),
            first_us: at,
            last_us: at,
            acknowledged: 0,
        });
        host.first_us = host.first_us.min(at);
        host.last_us = host.last_us.max(at);
        host.acknowledged += 1;
    }
    let mut hosts: Vec<_> = seen.into_values().collect();
    hosts.sort_by_key(|host| host.first_us);
    hosts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ledger(writes: &[(u64, Fate, usize)]) -> Ledger {
        let writes = writes.iter().map(|(ended_us, fate, host)| Write {
            ended_us: *ended_us,
            fate: *fate,
            host: *host,
        });
        Ledger { writers: vec![writes.collect()], hosts: vec!["a:1".to_owned(), "b:2".to_owned()] }
    }

    #[test]
    fn the_longest_gap_is_that_of_acknowledged_writes() {
        use Fate::{Acknowledged, Failed, Unknown};
        let at = |seconds: u64| seconds * SILENCE_US;
        let ledger = ledger(&[
            (at(1), Acknowledged, 0),
            (at(9), Unknown, 0),
            (at(20), Failed, 1),
            (at(31), Acknowledged, 1),
            (at(32), Acknowledged, 1),
        ]);
        assert_eq!(longest_gap(&ledger, 0, at(33)), Gap { from: at(1), to: at(31), ended: true });
        assert_eq!(longest_gap(&ledger, at(32), at(33)), Gap { from: at(31), to: at(32), ended: true });
        assert_eq!(longest_gap(&ledger, 0, at(90)), Gap { from: at(32), to: at(90), ended: false });
        assert_eq!(longest_gap(&Ledger::default(), 0, at(5)), Gap { from: 0, to: at(5), ended: false });
        assert!(writes_at_the_end(&ledger, at(33)) && !writes_at_the_end(&ledger, at(34)));
        assert!(!writes_at_the_end(&Ledger::default(), 1));
    }

    #[test]
    fn slices_and_hosts_hold_everything() {
        use Fate::{Acknowledged, Unknown};
        let ledger = ledger(&[
            (SLICE_US, Acknowledged, 1),
            (SLICE_US - 1, Acknowledged, 0),
            (5 * SLICE_US, Unknown, 0),
        ]);
        let slices = slices(&ledger, &[0, 7 * SLICE_US], SLICE_US);
        assert_eq!(slices.len(), 8);
        let counts: Vec<_> =
            slices.iter().map(|slice| slice.acknowledged + slice.unknown + slice.connects_failed).collect();
        assert_eq!(counts, [2, 1, 0, 0, 0, 1, 0, 1]);
        let hosts = hosts(&ledger);
        assert_eq!((hosts[0].host.as_str(), hosts[1].host.as_str()), ("a:1", "b:2"));
    }
}
