//! Which records have a verdict, where verdicts come out of order.

use std::collections::VecDeque;

/// Everything below `lowest` is done; of what follows, `done` says which.
#[derive(Debug)]
pub(super) struct Done {
    lowest: u64,
    done: VecDeque<bool>,
}

impl Done {
    pub(super) fn new(lowest: u64) -> Self {
        Self { lowest, done: VecDeque::new() }
    }

    /// The lowest sequence number that is not done.
    pub(super) fn lowest(&self) -> u64 {
        self.lowest
    }

    /// Marks `sequence`; returns whether the lowest one has moved.
    ///
    /// Memory goes with the distance from the lowest one, which the pump bounds.
    pub(super) fn mark(&mut self, sequence: u64) -> bool {
        let Some(index) = sequence.checked_sub(self.lowest).and_then(|index| usize::try_from(index).ok())
        else {
            return false; // done before
        };
        if self.done.len() <= index {
            self.done.resize(index + 1, false);
        }
        self.done[index] = true;
        let before = self.lowest;
        self.settle();
        self.lowest != before
    }

    /// Marks everything below `to`, however much that is.
    pub(super) fn advance(&mut self, to: u64) {
        while self.lowest < to && self.done.pop_front().is_some() {
            self.lowest += 1;
        }
        self.lowest = self.lowest.max(to);
        self.settle();
    }

    fn settle(&mut self) {
        while self.done.front() == Some(&true) {
            self.done.pop_front();
            self.lowest += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lowest_moves_over_what_is_done() {
        let mut done = Done::new(10);
        assert!(!done.mark(12));
        assert!(!done.mark(11));
        assert!(!done.mark(9), "long done");
        assert_eq!(done.lowest(), 10);
        assert!(done.mark(10));
        assert_eq!(done.lowest(), 13);
        assert!(!done.mark(13 + 5));
        done.advance(18);
        assert_eq!(done.lowest(), 19);
        done.advance(4);
        assert_eq!(done.lowest(), 19);
        done.advance(u64::MAX);
        assert_eq!(done.lowest(), u64::MAX);
    }
}
