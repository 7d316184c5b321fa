//! What writer and pump both know of the log.
//!
//! 1. The writer publishes what it has made durable; the newest of it stays in memory, up to a number of bytes.
//! 2. The pump takes records in order: from memory, or from disk where memory holds only newer ones.
//! 3. Verdicts come back out of order; below the lowest record without one nothing is needed any more.
//! 4. The checkpoint is that number; segments that lie below it are deleted.

use std::collections::VecDeque;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, oneshot};

use super::done::Done;
use super::metrics::SpoolMetrics;
use super::reader::Plan;
use super::recover::Recovered;
use super::{SpoolSettings, checkpoint, segment};
use crate::batch::Outcome;
use crate::review::Document;

/// Records that are handed to the pump at once.
const HANDFUL: usize = 256;

/// One record on its way to the store.
#[derive(Debug)]
pub(super) struct Entry {
    pub sequence: u64,
    pub document: Arc<Document>,
    /// Bytes that it takes in the log: near enough what it takes elsewhere.
    pub bytes: usize,
    /// Who waits for the verdict, if anybody does.
    pub waiting: Option<oneshot::Sender<Outcome>>,
}

/// What the pump is given.
#[derive(Debug)]
pub(super) enum Take {
    /// The next records, from memory.
    Memory(Vec<Entry>),
    /// The next records lie on disk only.
    Disk(Plan),
    /// There is nothing it has not taken.
    Nothing,
}

/// The log, but for its writing.
pub(super) struct Log {
    pub settings: SpoolSettings,
    pub metrics: SpoolMetrics,
    /// Something was published.
    pub news: Notify,
    /// The lowest record without a verdict has moved.
    pub advanced: Notify,
    state: Mutex<State>,
    /// The checkpoint on disk, held while one is written.
    checkpointed: Mutex<Option<u64>>,
}

#[derive(Debug)]
struct State {
    /// Each with its length; the last one may be the writer's.
    segments: VecDeque<(u64, u64)>,
    /// The segment that is written now.
    open: Option<u64>,
    /// Bytes of all segments, and what appenders have been promised.
    used: u64,
    /// One above the last durable record.
    next: u64,
    /// What the pump takes next.
    position: u64,
    /// The newest records without gaps up to `next`, those that the pump took excepted.
    recent: VecDeque<Entry>,
    recent_bytes: usize,
    done: Done,
}

/// What waits in the spool.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Depth {
    pub lowest: u64,
    pub next: u64,
    pub bytes: u64,
    pub segments: usize,
}

impl Log {
    pub(super) fn new(settings: SpoolSettings, metrics: SpoolMetrics, recovered: Recovered) -> Self {
        let Recovered { segments, next, lowest } = recovered;
        let state = State {
            used: segments.iter().map(|(_, bytes)| bytes).sum(),
            segments,
            open: None,
            next,
            position: lowest,
            recent: VecDeque::new(),
            recent_bytes: 0,
            done: Done::new(lowest),
        };
        let log = Self {
            settings,
            metrics,
            news: Notify::new(),
            advanced: Notify::new(),
            state: Mutex::new(state),
            checkpointed: Mutex::new(None),
        };
        log.gauge(&log.state());
        log
    }

    pub(super) fn folder(&self) -> &PathBuf {
        &self.settings.dir
    }

    /// Promises room for `bytes` more; false where the spool is full.
    pub(super) fn reserve(&self, bytes: usize) -> bool {
        let mut state = self.state();
        let used = state.used + bytes as u64;
        let fits = used <= self.settings.max;
        if fits {
            state.used = used;
        }
        fits
    }

    /// Takes a promise back.
    pub(super) fn release(&self, bytes: usize) {
        self.state().used -= bytes as u64;
    }

    /// The writer has begun a segment.
    pub(super) fn opened(&self, first: u64) {
        let mut state = self.state();
        let bytes = segment::HEADER.len() as u64;
        state.segments.push_back((first, bytes));
        state.used += bytes;
        state.open = Some(first);
    }

    /// The writer has ended its segment.
    pub(super) fn closed(&self) {
        self.state().open = None;
    }

    /// The writer has deleted a segment that never had a record.
    pub(super) fn dropped(&self, first: u64) {
        let mut state = self.state();
        if let Some((_, bytes)) = state.segments.pop_back_if(|(last, _)| *last == first) {
            state.used -= bytes;
        }
    }

    /// These records are durable now. They follow those published before.
    pub(super) fn publish(&self, entries: Vec<Entry>) {
        let mut state = self.state();
        self.metrics.spool_appended.inc_by(entries.len() as u64);
        for mut entry in entries {
            let behind =
                state.recent.front().map_or(entry.sequence, |oldest| oldest.sequence) > state.position;
            if behind {
                entry.waiting = None; // it will be read back from disk: nobody should wait for that
            }
            state.next = entry.sequence + 1;
            if let Some((_, bytes)) = state.segments.back_mut() {
                *bytes += entry.bytes as u64;
            }
            state.recent_bytes += entry.bytes;
            state.recent.push_back(entry);
            while state.recent_bytes > self.settings.memory {
                let Some(oldest) = state.recent.pop_front() else { break };
                state.recent_bytes -= oldest.bytes;
            }
        }
        self.gauge(&state);
        drop(state);
        self.news.notify_one();
    }

    /// What the pump should send next.
    pub(super) fn take(&self) -> Take {
        let mut state = self.state();
        if state.recent.front().is_some_and(|oldest| oldest.sequence == state.position) {
            let count = state.recent.len().min(HANDFUL);
            let taken: Vec<_> = state.recent.drain(..count).collect();
            state.recent_bytes -= taken.iter().map(|entry| entry.bytes).sum::<usize>();
            state.position += taken.len() as u64;
            return Take::Memory(taken);
        }
        let limit = state.recent.front().map_or(state.next, |oldest| oldest.sequence);
        if state.position == limit { Take::Nothing } else { Take::Disk(state.plan(state.position, limit)) }
    }

    /// The pump has read up to `next` from disk.
    pub(super) fn has_read(&self, next: u64) {
        self.state().position = next;
    }

    /// Where the lowest record without a verdict is to be found, if there is one.
    pub(super) fn oldest(&self) -> Option<Plan> {
        let state = self.state();
        let lowest = state.done.lowest();
        (lowest < state.next).then(|| state.plan(lowest, lowest + 1))
    }

    pub(super) fn lowest(&self) -> u64 {
        self.state().done.lowest()
    }

    /// The store has a verdict on this record.
    pub(super) fn finish(&self, sequence: u64) {
        let mut state = self.state();
        if state.done.mark(sequence) {
            self.metrics.spool_records.set(signed(state.next - state.done.lowest()));
            self.advanced.notify_one();
        }
    }

    /// Nothing below `next` is needed any more.
    pub(super) fn finish_below(&self, next: u64) {
        let mut state = self.state();
        state.done.advance(next);
        self.gauge(&state);
        self.advanced.notify_one();
    }

    pub(super) fn depth(&self) -> Depth {
        let state = self.state();
        Depth {
            lowest: state.done.lowest(),
            next: state.next,
            bytes: state.used,
            segments: state.segments.len(),
        }
    }

    /// Writes down how far the verdicts have come, and deletes the segments below. It blocks.
    ///
    /// On a full disk the checkpoint may fail; the segments go all the same, or the disk would stay full.
    pub(super) fn checkpoint(&self) -> io::Result<()> {
        let mut checkpointed = self.checkpointed.lock().unwrap_or_else(PoisonError::into_inner);
        let (lowest, finished) = {
            let state = self.state();
            (state.done.lowest(), state.finished())
        };
        let mut written = Ok(());
        if *checkpointed != Some(lowest) {
            written = checkpoint::write(self.folder(), lowest);
            *checkpointed = written.is_ok().then_some(lowest);
        }
        for first in finished {
            segment::delete(&segment::path(self.folder(), first))?;
            let mut state = self.state();
            if let Some((_, bytes)) = state.segments.pop_front_if(|(oldest, _)| *oldest == first) {
                state.used -= bytes;
            }
            self.gauge(&state);
        }
        written
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn gauge(&self, state: &State) {
        self.metrics.spool_records.set(signed(state.next - state.done.lowest()));
        self.metrics.spool_bytes.set(signed(state.segments.iter().map(|(_, bytes)| bytes).sum()));
    }
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

impl State {
    fn plan(&self, position: u64, limit: u64) -> Plan {
        Plan { position, limit, segments: self.segments.iter().map(|(first, _)| *first).collect() }
    }

    /// The segments that hold records, all of them done, and are not written any more. An empty one is the writer's
    /// to delete: it may just be about to make a new one of that name.
    fn finished(&self) -> Vec<u64> {
        let ends = self.segments.iter().skip(1).map(|(first, _)| *first).chain([self.next]);
        let ended = self.segments.iter().zip(ends).take_while(|((first, _), end)| {
            first < end && *end <= self.done.lowest() && self.open != Some(*first)
        });
        ended.map(|((first, _), _)| *first).collect()
    }
}
