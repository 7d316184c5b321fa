//! The table held against the ledger.
//!
//! 1. Acknowledged and not there: lost. There more than once: doubled. There although it failed: told as well.
//! 2. An unknown one that is there was committed, one that is not there was not: with the check its fate is known.
//! 3. A row that no writer wrote is a stranger: then the table is not what the ledger is about.

use super::ledger::{Fate, Ledger};
use crate::report::ledger::Writes;

/// Identities that a result names at most.
const NAMED: usize = 20;

/// An identity that is in the table: its writer, its number, and how often.
pub type Row = (i32, i64, i64);

/// Holds the table's rows against the ledger.
pub fn reconcile(ledger: &Ledger, rows: impl IntoIterator<Item = Row>) -> Writes {
    let mut writes = Writes::default();
    let mut found: Vec<Vec<bool>> = ledger.writers.iter().map(|writer| vec![false; writer.len()]).collect();
    for (writer, number, times) in rows {
        let place = usize::try_from(writer).ok().zip(usize::try_from(number).ok());
        let place = place.and_then(|(writer, number)| found.get_mut(writer)?.get_mut(number));
        match place {
            Some(place) => *place = true,
            None => writes.strangers += 1,
        }
        if times > 1 {
            writes.doubled += 1;
            name(&mut writes.doubled_ids, writer, number);
        }
    }
    for (writer, number, write) in ledger.writes() {
        let is_there = found[writer][number];
        writes.sent += 1;
        match write.fate {
            Fate::Acknowledged => {
                writes.acknowledged += 1;
                if !is_there {
                    writes.lost += 1;
                    name(&mut writes.lost_ids, writer, number);
                }
            }
            Fate::Failed => {
                writes.failed += 1;
                writes.failed_found += u64::from(is_there);
            }
            Fate::Unknown => {
                writes.unknown += 1;
                writes.unknown_found += u64::from(is_there);
            }
        }
    }
    writes
}

fn name(names: &mut Vec<String>, writer: impl std::fmt::Display, number: impl std::fmt::Display) {
    if names.len() < NAMED {
        names.push(format!("{writer}/{number}"));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::ledger::Write;
    use super::*;

    fn ledger(writers: &[&[Fate]]) -> Ledger {
        let write = |fate: &Fate| Write { ended_us: 0, fate: *fate, host: 0 };
        let writers = writers.iter().map(|fates| fates.iter().map(write).collect()).collect();
        Ledger { writers, hosts: vec!["a:1".to_owned()] }
    }

    #[test]
    fn each_fate_is_told_apart() {
        use Fate::{Acknowledged, Failed, Unknown};
        let ledger =
            ledger(&[&[Acknowledged, Acknowledged, Unknown], &[Unknown, Failed, Failed, Acknowledged]]);
        let rows = [(0, 0, 1), (0, 2, 1), (1, 1, 1), (1, 3, 2), (7, 0, 1), (0, -1, 1)];
        let writes = reconcile(&ledger, rows);
        assert_eq!((writes.sent, writes.acknowledged, writes.lost, writes.doubled), (7, 3, 1, 1));
        assert_eq!((writes.unknown, writes.unknown_found), (2, 1));
        assert_eq!((writes.failed, writes.failed_found, writes.strangers), (2, 1, 2));
        assert_eq!((writes.lost_ids, writes.doubled_ids), (vec!["0/1".to_owned()], vec!["1/3".to_owned()]));
    }

    proptest! {
        #[test]
        fn every_write_is_counted_once(
            fates in proptest::collection::vec(0..3u8, 0..60),
            rows in proptest::collection::vec((-1..3i32, -1..70i64, 1..3i64), 0..60),
        ) {
            let fate = |number: &u8| [Fate::Acknowledged, Fate::Failed, Fate::Unknown][usize::from(*number)];
            let fates: Vec<_> = fates.iter().map(fate).collect();
            let writes = reconcile(&ledger(&[&fates]), rows);
            prop_assert_eq!(writes.acknowledged + writes.failed + writes.unknown, fates.len() as u64);
            prop_assert!(writes.lost <= writes.acknowledged && writes.unknown_found <= writes.unknown);
            prop_assert!(writes.failed_found <= writes.failed && writes.lost_ids.len() <= NAMED);
        }
    }
}
