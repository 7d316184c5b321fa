//! The one thread that writes the log: group commit.
//!
//! 1. Appenders put encoded records into a queue that is bounded in bytes.
//! 2. While one group is being synced the next one gathers: the more come at once, the larger the groups.
//! 3. A group is one write and one fsync; then all of its appenders are told.
//! 4. After a write or an fsync that failed nobody is told that anything is safe. The kernel may have dropped the pages
//!    and call the next fsync a success, so that file is cut back to what was synced before and never written again;
//!    the next group begins a new one. Until both succeed every group fails: the spool heals when the disk does.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Write as _};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::log::{Entry, Log};
use super::record::Encoded;
use super::{SpoolError, Ticket, segment};
use crate::review::Document;

/// A record on its way to disk.
pub(super) struct Pending {
    pub encoded: Encoded,
    pub document: Arc<Document>,
    pub told: oneshot::Sender<Result<Ticket, SpoolError>>,
    #[expect(dead_code, reason = "room in the queue, given back when this is dropped")]
    pub room: OwnedSemaphorePermit,
}

/// What waits for the writer.
#[derive(Default)]
pub(super) struct Queue {
    state: Mutex<Waiting>,
    woken: Condvar,
}

#[derive(Default)]
struct Waiting {
    records: VecDeque<Pending>,
    closed: bool,
}

impl Queue {
    /// Hands a record over; gives it back where the writer has ended.
    pub(super) fn put(&self, pending: Pending) -> Result<(), Pending> {
        let mut state = self.state();
        if state.closed {
            return Err(pending);
        }
        state.records.push_back(pending);
        self.woken.notify_one();
        Ok(())
    }

    /// Lets the writer end once it has written what is in the queue.
    pub(super) fn close(&self) {
        self.state().closed = true;
        self.woken.notify_one();
    }

    /// Waits for records and takes as many as `limit` bytes hold, one at least; none when the queue has ended.
    fn take(&self, limit: u64) -> Option<Vec<Pending>> {
        let idle = |state: &mut Waiting| state.records.is_empty() && !state.closed;
        let waited = self.woken.wait_while(self.state(), idle);
        let mut state = waited.unwrap_or_else(PoisonError::into_inner);
        let mut left = limit;
        let mut count = 0;
        for pending in &state.records {
            let bytes = pending.encoded.len() as u64;
            if count > 0 && bytes > left {
                break;
            }
            left = left.saturating_sub(bytes);
            count += 1;
        }
        (count > 0).then(|| state.records.drain(..count).collect())
    }

    fn state(&self) -> MutexGuard<'_, Waiting> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The thread's own.
pub(super) struct Writer {
    pub(super) log: Arc<Log>,
    queue: Arc<Queue>,
    /// The number of the next record.
    next: u64,
    pub(super) active: Option<Active>,
    broken: Option<Broken>,
    buffer: Vec<u8>,
}

/// The segment that is written.
pub(super) struct Active {
    pub(super) file: File,
    first: u64,
    /// Bytes of it that are durable.
    length: u64,
}

/// A segment with bytes that were not made durable.
struct Broken {
    first: u64,
    /// What it is to be cut to.
    length: u64,
}

impl Writer {
    pub(super) fn new(log: Arc<Log>, queue: Arc<Queue>) -> Self {
        let next = log.depth().next;
        Self { log, queue, next, active: None, broken: None, buffer: Vec::new() }
    }

    /// Writes until the queue ends.
    pub(super) fn run(mut self) {
        while let Some(group) = self.queue.take(self.log.settings.segment) {
            self.write(group);
        }
    }

    /// Writes one group and tells its appenders.
    pub(super) fn write(&mut self, group: Vec<Pending>) {
        let bytes: usize = group.iter().map(|pending| pending.encoded.len()).sum();
        let begun = Instant::now();
        let written = self.commit(&group, bytes as u64);
        let metrics = &self.log.metrics;
        if let Err(error) = written {
            metrics.spool_failures.inc();
            tracing::error!(%error, records = group.len(), "the spool cannot be written");
            self.log.release(bytes);
            for pending in group {
                let _ = pending.told.send(Err(SpoolError::Failed(error.to_string()))); // it may have gone away
            }
            return;
        }
        metrics.spool_sync_duration_seconds.observe(begun.elapsed().as_secs_f64());
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
        metrics.spool_group_size.observe(group.len() as f64);
        self.publish(group);
    }

    fn publish(&mut self, group: Vec<Pending>) {
        let mut entries = Vec::with_capacity(group.len());
        let mut acknowledged = Vec::with_capacity(group.len());
        for pending in group {
            let (waiting, outcome) = oneshot::channel();
            let (sequence, bytes) = (self.next, pending.encoded.len());
            self.next += 1;
            entries.push(Entry { sequence, document: pending.document, bytes, waiting: Some(waiting) });
            acknowledged.push((pending.told, Ticket { outcome }));
        }
        self.log.publish(entries);
        for (told, ticket) in acknowledged {
            let _ = told.send(Ok(ticket)); // it may have gone away
        }
    }

    /// Makes a group durable, or leaves what tells the next one how to go on.
    fn commit(&mut self, group: &[Pending], bytes: u64) -> io::Result<()> {
        self.repair()?;
        let full =
            |active: &Active| active.length > START && active.length + bytes > self.log.settings.segment;
        if self.active.as_ref().is_some_and(full) {
            self.active = None;
            self.log.closed();
        }
        let mut active = match self.active.take() {
            Some(active) => active,
            None => self.begin()?,
        };
        self.buffer.clear();
        for (sequence, pending) in (self.next..).zip(group) {
            pending.encoded.write(sequence, &mut self.buffer);
        }
        let written = active.file.write_all(&self.buffer).and_then(|()| active.file.sync_data());
        if written.is_ok() {
            active.length += bytes;
            self.active = Some(active);
        } else {
            self.broken = Some(Broken { first: active.first, length: active.length });
            self.log.closed();
        }
        written
    }

    fn begin(&mut self) -> io::Result<Active> {
        let first = self.next;
        self.broken = Some(Broken { first, length: START }); // until it is whole
        let file = segment::create(self.log.folder(), first)?;
        self.broken = None;
        self.log.opened(first);
        Ok(Active { file, first, length: START })
    }

    /// Cuts off what a failure has left.
    fn repair(&mut self) -> io::Result<()> {
        let Some(Broken { first, length }) = self.broken else { return Ok(()) };
        let path = segment::path(self.log.folder(), first);
        if length == START {
            segment::delete(&path)?;
            self.log.dropped(first);
        } else {
            match segment::cut(&path, length) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {} // its records are done
                cut => cut?,
            }
        }
        self.broken = None;
        tracing::warn!(segment = first, "the spool has cut off what could not be written");
        Ok(())
    }
}

/// Bytes of a segment without records.
const START: u64 = segment::HEADER.len() as u64;

impl Drop for Writer {
    /// Also when it panicked: whoever waits is told by the end of its channel.
    fn drop(&mut self) {
        let mut state = self.queue.state();
        state.closed = true;
        state.records.clear();
    }
}
