//! What waits, and the room it takes.
//!
//! 1. A [`Budget`] is so many bytes; [`Room`] is some of them, given back when it is dropped.
//! 2. [`Pending`] is first in, first out. What a failed batch brings back goes to its front.

use std::collections::VecDeque;
use std::sync::Arc;

use prometheus_client::metrics::gauge::Gauge;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use super::Entry;

/// So many bytes and no more. Cheap to clone.
#[derive(Clone)]
pub struct Budget {
    free: Arc<Semaphore>,
    total: usize,
    used: Gauge,
}

/// Bytes of a [`Budget`], until this is dropped.
pub struct Room {
    all: Share,
    /// The same bytes of a second budget, for those who waited.
    patient: Option<Share>,
}

struct Share {
    permit: OwnedSemaphorePermit,
    used: Gauge,
}

impl Budget {
    /// A budget of `total` bytes, at least one; `used` shows how many are taken.
    pub fn new(total: usize, used: Gauge) -> Self {
        let total = total.clamp(1, Semaphore::MAX_PERMITS);
        Self { free: Arc::new(Semaphore::new(total)), total, used }
    }

    /// All the bytes there are.
    pub fn total(&self) -> usize {
        self.total
    }

    /// Waits for so many bytes, first come, first served. More than there are at all count as all.
    pub async fn take(&self, bytes: usize) -> Room {
        let acquired = Arc::clone(&self.free).acquire_many_owned(self.clamped(bytes)).await;
        let Ok(permit) = acquired else { unreachable!("the semaphore is never closed") };
        self.room(permit)
    }

    /// So many bytes, where they are free now.
    pub fn try_take(&self, bytes: usize) -> Option<Room> {
        Arc::clone(&self.free)
            .try_acquire_many_owned(self.clamped(bytes))
            .ok()
            .map(|permit| self.room(permit))
    }

    fn clamped(&self, bytes: usize) -> u32 {
        u32::try_from(bytes.min(self.total)).unwrap_or(u32::MAX)
    }

    fn room(&self, permit: OwnedSemaphorePermit) -> Room {
        self.used.inc_by(signed(permit.num_permits()));
        Room { all: Share { permit, used: self.used.clone() }, patient: None }
    }
}

impl Room {
    /// The bytes that are held.
    pub fn bytes(&self) -> usize {
        self.all.permit.num_permits()
    }

    /// Holds the other room as well.
    pub(super) fn with(mut self, other: Self) -> Self {
        self.patient = Some(other.all);
        self
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.used.dec_by(signed(self.permit.num_permits()));
    }
}

/// Rooms are of memory, which is far from 2^63 bytes.
fn signed(bytes: usize) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

/// Documents that wait for a batch.
#[derive(Default)]
pub(super) struct Pending {
    entries: VecDeque<(Instant, Entry)>,
    bytes: usize,
}

impl Pending {
    /// Adds one that has waited since `since`.
    pub fn push(&mut self, entry: Entry, since: Instant) {
        self.bytes += entry.room.bytes();
        self.entries.push_back((since, entry));
    }

    /// Puts back what came out before, in its order.
    pub fn put_back(&mut self, entries: Vec<Entry>, since: Instant) {
        for entry in entries.into_iter().rev() {
            self.bytes += entry.room.bytes();
            self.entries.push_front((since, entry));
        }
    }

    /// Since when the first one waits.
    pub fn oldest(&self) -> Option<Instant> {
        self.entries.front().map(|(since, _)| *since)
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether there is as much as a batch may have.
    pub fn fills(&self, bytes: usize, count: usize) -> bool {
        self.bytes >= bytes || self.entries.len() >= count
    }

    /// The next batch: at least one document, else within both limits.
    pub fn take(&mut self, bytes: usize, count: usize) -> Vec<Entry> {
        let (mut taken, mut sum) = (0, 0);
        for (_, entry) in self.entries.iter().take(count.max(1)) {
            sum += entry.room.bytes();
            if taken > 0 && sum > bytes {
                sum -= entry.room.bytes();
                break;
            }
            taken += 1;
        }
        self.bytes -= sum;
        self.entries.drain(..taken).map(|(_, entry)| entry).collect()
    }

    /// Takes out everything that nobody waits for any more.
    pub fn take_over(&mut self, now: Instant) -> Vec<Entry> {
        if !self.entries.iter().any(|(_, entry)| entry.is_over(now)) {
            return Vec::new();
        }
        let (over, kept): (VecDeque<_>, VecDeque<_>) =
            self.entries.drain(..).partition(|(_, entry)| entry.is_over(now));
        self.entries = kept;
        let over: Vec<_> = over.into_iter().map(|(_, entry)| entry).collect();
        self.bytes -= over.iter().map(|entry| entry.room.bytes()).sum::<usize>();
        over
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn room_is_given_back_when_it_is_dropped() {
        let used = Gauge::default();
        let budget = Budget::new(100, used.clone());
        let first = budget.try_take(60).expect("there are 100");
        assert!(budget.try_take(41).is_none());
        assert_eq!(used.get(), 60);
        let waiting = tokio::spawn({
            let budget = budget.clone();
            async move { budget.take(80).await.bytes() }
        });
        drop(first);
        assert_eq!(waiting.await.expect("it gets its room"), 80);
        assert_eq!(used.get(), 0);
    }

    #[test]
    fn what_is_larger_than_everything_gets_everything() {
        let budget = Budget::new(100, Gauge::default());
        let all = budget.try_take(1_000).expect("the whole budget");
        assert_eq!(all.bytes(), 100);
        assert!(budget.try_take(1).is_none());
    }
}
