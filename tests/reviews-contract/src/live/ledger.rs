//! How far each review of a run came.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// How far a review came. A later word outweighs an earlier one.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Mark {
    /// It was sent, perhaps several times, and nobody knows.
    Sent,
    /// It was refused for good.
    Rejected,
    /// It is durable, or stored.
    Acknowledged,
}

/// By the reviews' numbers: all below its length were sent.
#[derive(Debug, Default)]
pub struct Ledger(Mutex<Vec<Mark>>);

impl Ledger {
    /// The numbers of so many reviews that nobody has sent yet.
    pub(super) fn begin(&self, count: usize) -> std::ops::Range<usize> {
        let mut marks = self.marks();
        let first = marks.len();
        marks.resize(first + count, Mark::Sent);
        first..first + count
    }

    /// Notes what a client was told.
    pub(super) fn note(&self, number: usize, mark: Mark) {
        let mut marks = self.marks();
        marks[number] = marks[number].max(mark);
    }

    pub(super) fn mark(&self, number: usize) -> Option<Mark> {
        self.marks().get(number).copied()
    }

    /// Reviews that were sent at all.
    pub fn sent(&self) -> usize {
        self.marks().len()
    }

    /// Reviews whose clients were told that they are durable or stored.
    pub fn acknowledged(&self) -> usize {
        self.count(Mark::Acknowledged)
    }

    /// Reviews whose clients were told that they never will be stored.
    pub fn rejected(&self) -> usize {
        self.count(Mark::Rejected)
    }

    fn count(&self, mark: Mark) -> usize {
        self.marks().iter().filter(|other| **other == mark).count()
    }

    fn marks(&self) -> MutexGuard<'_, Vec<Mark>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
