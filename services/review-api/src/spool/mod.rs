//! A log on disk between a client and the store: a review is safe once it is in it, however long the store is away.
//!
//! 1. [`Spool::open`] locks the folder and finds out what is in it ([`recover`]).
//! 2. [`Spool::append`] encodes a review ([`record`]) and waits until the [`writer`] has fsynced it, together with
//!    whatever else has come meanwhile. The [`Ticket`] then tells what the store makes of it, for whoever can wait.
//! 3. The [`pump`] hands every record to the batcher in the order of the [`log`]: from memory, or through the
//!    [`reader`] and its [`scan`] of the [`segment`]s where memory holds only newer ones.
//! 4. Verdicts come back out of order ([`done`]); how far they have come is written down ([`checkpoint`]), and segments
//!    below that are deleted. After a crash everything above is sent again: the store then finds duplicates.

mod admin;
mod checkpoint;
mod done;
mod log;
mod metrics;
mod pump;
mod reader;
mod record;
mod recover;
mod scan;
mod segment;
#[cfg(test)]
pub(crate) mod tests;
mod writer;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;

use tokio::sync::{Semaphore, oneshot};
use tokio_util::sync::CancellationToken;

use crate::batch::{Batcher, Outcome};
use crate::folder::FolderLock;
use crate::review::Document;

use log::Log;
use record::Encoded;
use writer::{Pending, Queue, Writer};

pub use metrics::SpoolMetrics;

/// Where the spool is, and how much it may hold.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SpoolSettings {
    /// The folder; it is made where it is not there. One process at a time.
    pub dir: PathBuf,
    /// Bytes that all segments may have together.
    pub max: u64,
    /// Bytes of one segment. At most a quarter of `max` counts, so that finished records give their room back.
    pub segment: u64,
    /// Bytes of records that are kept in memory for the pump.
    pub memory: usize,
    /// Bytes of records that may wait for the disk; appenders beyond wait for room.
    pub queue: usize,
}

impl SpoolSettings {
    /// The defaults, in this folder.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        let (max, segment) = (10 << 30, 64 << 20);
        Self { dir: dir.into(), max, segment, memory: 16 << 20, queue: 8 << 20 }
    }
}

/// Why the spool cannot be opened. An operator must act.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has it: give each its own folder.
    #[error("the spool in {} is used by another process: one folder serves one process", folder.display())]
    Locked {
        /// The folder.
        folder: PathBuf,
    },
    /// A later version has written it: start that one, or let it empty the spool first.
    #[error("{} was written by a later version of this service, which must empty the spool first", segment.display())]
    Newer {
        /// The file.
        segment: PathBuf,
    },
    /// The folder cannot be made, or something in it not be read or written.
    #[error("the spool in {} cannot be opened: {source}", folder.display())]
    Unreadable {
        /// The folder.
        folder: PathBuf,
        /// The system's own word.
        source: io::Error,
    },
}

/// Why a review is not in the spool. The client is told 503 and comes again.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum SpoolError {
    /// It holds as much as it may: wait until the store has taken some of it.
    #[error("the spool is full")]
    Full,
    /// The disk took it not, or did not say that it is durable.
    #[error("the spool cannot be written: {0}")]
    Failed(String),
}

/// A review that is durable. Dropped, it goes to the store all the same.
#[derive(Debug)]
pub struct Ticket {
    outcome: oneshot::Receiver<Outcome>,
}

impl Ticket {
    /// What the store made of it. [`Outcome::Retry`] where that will not be known soon, because older reviews wait on
    /// disk: the review is durable and will be stored, and its client need do nothing.
    pub async fn outcome(self) -> Outcome {
        self.outcome.await.unwrap_or_else(|_| Outcome::Retry("it waits in the spool".to_owned()))
    }
}

/// A log of reviews on disk.
pub struct Spool {
    log: Arc<Log>,
    queue: Arc<Queue>,
    room: Arc<Semaphore>,
    /// Of `room`, all.
    queue_bytes: u32,
    writer: Option<JoinHandle<()>>,
    /// Given back after the writer has ended.
    _lock: FolderLock,
}

impl Spool {
    /// Opens the spool: locks its folder and recovers what a crash may have left. It blocks.
    pub fn open(mut settings: SpoolSettings, metrics: SpoolMetrics) -> Result<Self, OpenError> {
        let folder = settings.dir.clone();
        let failed = |source| OpenError::Unreadable { folder: folder.clone(), source };
        settings.segment = settings.segment.min(settings.max / 4);
        let lock = FolderLock::take(&folder).map_err(failed)?;
        let Some(lock) = lock else { return Err(OpenError::Locked { folder }) };
        let recovered = recover::recover(&folder, &metrics)?;
        let queue_bytes = u32::try_from(settings.queue).unwrap_or(u32::MAX).max(1);
        let log = Arc::new(Log::new(settings, metrics, recovered));
        let queue = Arc::new(Queue::default());
        let writer = Writer::new(Arc::clone(&log), Arc::clone(&queue));
        let thread = std::thread::Builder::new().name("spool".to_owned()).spawn(|| writer.run());
        let room = Arc::new(Semaphore::new(queue_bytes as usize));
        Ok(Self { log, queue, room, queue_bytes, writer: Some(thread.map_err(failed)?), _lock: lock })
    }

    /// Makes a review durable; returns once it is. Cancelled, the review may be durable or not.
    pub async fn append(&self, document: Arc<Document>) -> Result<Ticket, SpoolError> {
        let encoded = Encoded::of(&document).map_err(SpoolError::Failed)?;
        let bytes = encoded.len();
        let wanted = u32::try_from(bytes).unwrap_or(u32::MAX).min(self.queue_bytes);
        let ended = || SpoolError::Failed("its writer has ended".to_owned());
        let room = Arc::clone(&self.room).acquire_many_owned(wanted).await.map_err(|_| ended())?;
        if !self.log.reserve(bytes) {
            self.log.metrics.spool_full.inc();
            return Err(SpoolError::Full);
        }
        let (told, answer) = oneshot::channel();
        if self.queue.put(Pending { encoded, document, told, room }).is_err() {
            self.log.release(bytes);
            return Err(ended());
        }
        answer.await.unwrap_or_else(|_| Err(ended()))
    }

    /// Sends everything to the store, the oldest first, until `stop`; then writes down how far it came.
    pub async fn run(self: Arc<Self>, batcher: Batcher, stop: CancellationToken) -> anyhow::Result<()> {
        pump::run(&self.log, batcher, stop).await
    }

    /// GET /-/spool, for the admin listener: what waits.
    pub fn admin_routes(self: &Arc<Self>) -> axum::Router {
        admin::routes(Arc::clone(&self.log))
    }
}

impl Drop for Spool {
    /// Writes what is in the queue, and only then gives the folder free.
    fn drop(&mut self) {
        self.queue.close();
        if let Some(writer) = self.writer.take() {
            let _ = writer.join(); // a panic has been logged by the hook
        }
    }
}
