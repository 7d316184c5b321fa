//! What waits, and the room it takes.
//!
//! 1. A [`Budget`] is so many bytes; [`Room`] is some of them, given back when it is dropped. A budget may be a part of
//!    another one, which its users cannot exhaust then.
//! 2. [`Pending`] has two lanes for what is new, so that many do not keep the few waiting: documents whose sender waited for room (lines in
//!    bulk, the spool's records), and those of single posts. Each lane is first in, first out.
//! 3. Where both lanes wait, each has half of a batch; what one leaves free, the other has.
//! 4. Documents that were put off have a lane and batches of their own, in turn with the others': a request that finds
//!    queues full gets some of its documents in, so one that holds nothing else leaves fewer each time.
//! 5. What a failed batch brings back goes to the front of its lane.

use std::collections::VecDeque;
use std::sync::Arc;

use prometheus_client::metrics::gauge::Gauge;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use super::Entry;

/// So many bytes and no more. Cheap to clone.
#[derive(Clone)]
pub struct Budget {
    own: Pool,
    /// What it is a part of.
    whole: Option<Pool>,
}

#[derive(Clone)]
struct Pool {
    free: Arc<Semaphore>,
    total: usize,
    used: Gauge,
}

/// Bytes of a [`Budget`], until this is dropped.
pub struct Room {
    own: Share,
    /// The same bytes of what the budget is a part of.
    whole: Option<Share>,
}

struct Share {
    permit: OwnedSemaphorePermit,
    used: Gauge,
}

impl Budget {
    /// A budget of `total` bytes, at least one; `used` shows how many are taken.
    pub fn new(total: usize, used: Gauge) -> Self {
        Self { own: Pool::new(total, used), whole: None }
    }

    /// So many bytes of this budget, at least one: what is taken of the part is taken of the whole as well. A part of a
    /// part is a part of the whole.
    #[must_use]
    pub fn part(&self, total: usize, used: Gauge) -> Self {
        let whole = self.whole.as_ref().unwrap_or(&self.own).clone();
        Self { own: Pool::new(total.min(whole.total), used), whole: Some(whole) }
    }

    /// All the bytes there are.
    pub fn total(&self) -> usize {
        self.own.total
    }

    /// Waits for so many bytes, first come, first served. More than there are at all count as all.
    pub async fn take(&self, bytes: usize) -> Room {
        let bytes = bytes.min(self.own.total);
        let own = self.own.take(bytes).await;
        let whole = match &self.whole {
            Some(whole) => Some(whole.take(bytes).await),
            None => None,
        };
        Room { own, whole }
    }

    /// So many bytes, where they are free now.
    pub fn try_take(&self, bytes: usize) -> Option<Room> {
        let bytes = bytes.min(self.own.total);
        let own = self.own.try_take(bytes)?;
        let whole = match &self.whole {
            Some(whole) => Some(whole.try_take(bytes)?),
            None => None,
        };
        Some(Room { own, whole })
    }
}

impl Pool {
    fn new(total: usize, used: Gauge) -> Self {
        let total = total.clamp(1, Semaphore::MAX_PERMITS);
        Self { free: Arc::new(Semaphore::new(total)), total, used }
    }

    async fn take(&self, bytes: usize) -> Share {
        let acquired = Arc::clone(&self.free).acquire_many_owned(permits(bytes)).await;
        let Ok(permit) = acquired else { unreachable!("the semaphore is never closed") };
        self.share(permit)
    }

    fn try_take(&self, bytes: usize) -> Option<Share> {
        let acquired = Arc::clone(&self.free).try_acquire_many_owned(permits(bytes));
        acquired.ok().map(|permit| self.share(permit))
    }

    fn share(&self, permit: OwnedSemaphorePermit) -> Share {
        self.used.inc_by(signed(permit.num_permits()));
        Share { permit, used: self.used.clone() }
    }
}

/// No document or body is anywhere near as large as the most that can be taken at once.
fn permits(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

impl Room {
    /// The bytes that are held.
    pub fn bytes(&self) -> usize {
        self.own.permit.num_permits()
    }

    /// Whether it is of a part of a budget: of what those have who wait for room.
    pub(super) fn is_of_part(&self) -> bool {
        self.whole.is_some()
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
    single: Lane,
    patient: Lane,
    /// Documents of either that were put off.
    again: Lane,
    /// Whether the last batch was of these.
    was_again: bool,
    /// The lane that the next batch begins with: they take turns, for batches that only one has room in.
    patient_first: bool,
}

#[derive(Default)]
struct Lane {
    entries: VecDeque<(Instant, Entry)>,
    bytes: usize,
}

/// A batch that is being put together.
struct Filling {
    entries: Vec<Entry>,
    bytes: usize,
}

impl Pending {
    /// Adds one that has waited since `since`.
    pub fn push(&mut self, entry: Entry, since: Instant) {
        let lane = self.lane(&entry);
        lane.bytes += entry.room.bytes();
        lane.entries.push_back((since, entry));
    }

    /// Puts back what came out before, in its order.
    pub fn put_back(&mut self, entries: Vec<Entry>, since: Instant) {
        for entry in entries.into_iter().rev() {
            let lane = self.lane(&entry);
            lane.bytes += entry.room.bytes();
            lane.entries.push_front((since, entry));
        }
    }

    /// Since when the first one waits.
    pub fn oldest(&self) -> Option<Instant> {
        self.lanes().into_iter().filter_map(|lane| Some(lane.entries.front()?.0)).min()
    }

    pub fn is_empty(&self) -> bool {
        self.lanes().into_iter().all(|lane| lane.entries.is_empty())
    }

    /// Whether there is as much as a batch may have.
    pub fn fills(&self, bytes: usize, count: usize) -> bool {
        let [single, patient, again] = self.lanes();
        single.bytes + patient.bytes >= bytes
            || single.entries.len() + patient.entries.len() >= count
            || again.bytes >= bytes
            || again.entries.len() >= count
    }

    /// The next batch: at least one document, else within both limits.
    pub fn take(&mut self, bytes: usize, count: usize) -> Vec<Entry> {
        let fresh = !self.single.entries.is_empty() || !self.patient.entries.is_empty();
        let their_turn = !fresh || !self.was_again;
        self.was_again = their_turn && !self.again.entries.is_empty();
        if self.was_again { self.take_again(bytes, count) } else { self.take_fresh(bytes, count) }
    }

    fn take_again(&mut self, bytes: usize, count: usize) -> Vec<Entry> {
        let mut batch = Filling { entries: Vec::new(), bytes: 0 };
        batch.fill(&mut self.again, bytes, count);
        batch.entries
    }

    fn take_fresh(&mut self, bytes: usize, count: usize) -> Vec<Entry> {
        let (first, second) = if self.patient_first {
            (&mut self.patient, &mut self.single)
        } else {
            (&mut self.single, &mut self.patient)
        };
        let mut batch = Filling { entries: Vec::new(), bytes: 0 };
        batch.fill(first, bytes / 2, count.div_ceil(2));
        batch.fill(second, bytes, count);
        batch.fill(first, bytes, count);
        self.patient_first = !self.patient_first;
        batch.entries
    }

    /// Takes out everything that nobody waits for any more.
    pub fn take_over(&mut self, now: Instant) -> Vec<Entry> {
        let mut over = self.single.take_over(now);
        over.append(&mut self.patient.take_over(now));
        over.append(&mut self.again.take_over(now));
        over
    }

    fn lanes(&self) -> [&Lane; 3] {
        [&self.single, &self.patient, &self.again]
    }

    fn lane(&mut self, entry: &Entry) -> &mut Lane {
        match entry {
            Entry { attempts: 1.., .. } => &mut self.again,
            Entry { room, .. } if room.is_of_part() => &mut self.patient,
            Entry { .. } => &mut self.single,
        }
    }
}

impl Filling {
    /// Adds from the front of `lane`, up to `bytes` and `count` in all.
    fn fill(&mut self, lane: &mut Lane, bytes: usize, count: usize) {
        while let Some((_, entry)) = lane.entries.front() {
            let size = entry.room.bytes();
            let fits = self.entries.len() < count.max(1) && self.bytes + size <= bytes;
            if !fits && !self.entries.is_empty() {
                return;
            }
            let Some((_, entry)) = lane.entries.pop_front() else { return };
            lane.bytes -= size;
            self.bytes += size;
            self.entries.push(entry);
        }
    }
}

impl Lane {
    fn take_over(&mut self, now: Instant) -> Vec<Entry> {
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

    #[tokio::test]
    async fn a_part_leaves_the_rest_to_others_and_is_of_the_whole() {
        let (all, of_part) = (Gauge::default(), Gauge::default());
        let whole = Budget::new(100, all.clone());
        let part = whole.part(75, of_part.clone());
        let large = part.take(1_000).await;
        assert_eq!((large.bytes(), all.get(), of_part.get()), (75, 75, 75));
        assert!(part.try_take(1).is_none(), "the part is used up");
        let rest = whole.try_take(25).expect("the rest is for the others");
        drop(large);
        assert_eq!((rest.bytes(), all.get(), of_part.get()), (25, 25, 0));
        let others = whole.try_take(75).expect("the others may have all of it");
        assert!(part.try_take(1).is_none(), "nothing of the whole is left");
        assert_eq!(of_part.get(), 0, "what was taken of the part in vain is given back");
        drop(others);
    }

    /// A budget for single posts, the part of it for bulk lines, and the queue.
    fn queue(entries: impl IntoIterator<Item = (&'static str, bool)>) -> Pending {
        let whole = Budget::new(1 << 20, Gauge::default());
        let part = whole.part(1 << 19, Gauge::default());
        let mut pending = Pending::default();
        for (id, bulk) in entries {
            let room = if bulk { &part } else { &whole }.try_take(10).expect("there is room");
            let (waiting, _) = tokio::sync::oneshot::channel();
            let document = Arc::new(crate::spool::tests::document(id, "text"));
            let patience = super::super::Patience::Forever;
            pending.push(Entry { document, room, patience, attempts: 0, waiting }, Instant::now());
        }
        pending
    }

    fn batch(pending: &mut Pending, bytes: usize, count: usize) -> Vec<String> {
        let batch = pending.take(bytes, count);
        batch.iter().map(|entry| entry.document.review.id.to_string()).collect()
    }

    const BOTH: [(&str, bool); 8] = [
        ("b1", true),
        ("b2", true),
        ("b3", true),
        ("b4", true),
        ("s1", false),
        ("s2", false),
        ("s3", false),
        ("b5", true),
    ];

    #[test]
    fn each_lane_has_half_of_a_batch_and_what_the_other_leaves() {
        for limits in [(40, 100), (1_000, 4)] {
            let mut pending = queue(BOTH);
            let mut next = || batch(&mut pending, limits.0, limits.1);
            assert_eq!(next(), ["s1", "s2", "b1", "b2"], "{limits:?}");
            assert_eq!(next(), ["b3", "b4", "s3", "b5"], "{limits:?}");
            assert!(next().is_empty() && pending.is_empty());
        }
    }

    #[test]
    fn where_a_batch_is_one_document_the_lanes_take_turns() {
        for limits in [(1, 100), (1_000, 1), (0, 0)] {
            let mut pending = queue(BOTH);
            let taken: Vec<_> = (0..8).flat_map(|_| batch(&mut pending, limits.0, limits.1)).collect();
            assert_eq!(taken, ["s1", "b1", "s2", "b2", "s3", "b3", "b4", "b5"], "{limits:?}");
        }
    }

    #[test]
    fn what_was_put_off_makes_batches_of_its_own_in_turn_with_the_rest() {
        let mut pending = queue(BOTH);
        for mut entry in pending.take(1_000, 6) {
            entry.attempts = 1;
            pending.push(entry, Instant::now());
        }
        assert!(pending.fills(60, 100) && pending.fills(1_000, 6) && !pending.fills(61, 7));
        assert_eq!(batch(&mut pending, 1_000, 4), ["s1", "s2", "s3", "b1"]);
        assert_eq!(batch(&mut pending, 1_000, 4), ["b4", "b5"]);
        assert_eq!(batch(&mut pending, 1_000, 4), ["b2", "b3"]);
        assert!(pending.is_empty());
    }

    #[test]
    fn what_is_put_back_is_the_first_of_its_lane() {
        let mut pending = queue(BOTH);
        let taken = pending.take(1_000, 4);
        assert!(pending.fills(1_000, 4) && !pending.fills(1_000, 5));
        pending.put_back(taken, Instant::now());
        assert!(pending.fills(80, 100) && !pending.fills(81, 9));
        assert_eq!(batch(&mut pending, 1_000, 100), ["b1", "b2", "b3", "b4", "b5", "s1", "s2", "s3"]);
    }
}
