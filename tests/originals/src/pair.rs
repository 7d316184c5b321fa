//! Asks both and holds what differs against the list.
//!
//! 1. Each case goes to ours and to the original.
//! 2. What differs is looked up in the list; what is not on it is collected.
//! 3. At the end all of it is told at once, or else the entries that nothing needed.

use std::net::SocketAddr;

use crate::case::Case;
use crate::compare::compare;
use crate::deliberate::Checklist;
use crate::wire::exchange;

/// Ours and the original.
pub struct Pair {
    /// Where our service listens.
    pub ours: SocketAddr,
    /// Where the original listens.
    pub theirs: SocketAddr,
}

impl Pair {
    /// `ours` listens on every address of the machine; it is asked over the loopback.
    pub fn new(ours: SocketAddr, theirs: SocketAddr) -> Self {
        Self { ours: SocketAddr::from(([127, 0, 0, 1], ours.port())), theirs }
    }

    /// Asks both every case; returns what differs and is not on the list, one line each.
    pub fn ask(&self, cases: &[Case], list: &mut Checklist) -> Vec<String> {
        cases.iter().flat_map(|case| self.ask_one(case, list)).collect()
    }

    fn ask_one(&self, case: &Case, list: &mut Checklist) -> Vec<String> {
        let (ours, theirs) = (exchange(self.ours, case), exchange(self.theirs, case));
        let status = ours.answers.iter().map(|answer| answer.status).max().unwrap_or_default();
        let unlisted = compare(&ours, &theirs).into_iter().filter(|found| !list.allow(case, status, found));
        unlisted.map(|difference| format!("{}: {difference}", case.name)).collect()
    }
}

/// Says how many were `asked` and fails with all that is wrong at once.
///
/// # Panics
/// Where something differs that is not on the list, or the list has an entry that nothing needed.
pub fn judge(asked: usize, unlisted: &[String], list: &Checklist) {
    let stale: Vec<String> =
        list.unused().map(|entry| format!("{}: {}: {:?}", entry.when.text, entry.what, entry.ours)).collect();
    println!("{asked} requests compared");
    assert!(
        unlisted.is_empty(),
        "{} differences are not on the list:\n{}",
        unlisted.len(),
        unlisted.join("\n")
    );
    assert!(stale.is_empty(), "entries of the list that nothing needs any longer:\n{}", stale.join("\n"));
}
