//! The thread that alone writes the index.
//!
//! 1. Batches wait in line, at most [`WAITING_MAX`]; the thread takes what is there, up to [`GROUP_BYTES`] of text.
//! 2. A review whose id is in the index or came earlier is a duplicate; the others are added.
//! 3. One commit makes all of the group durable: files and folder are on disk when it returns.
//! 4. Readers see it, and only then are verdicts given.
//! 5. Where anything fails, the whole group is told so, and all that was not committed is dropped: a repeat starts anew.

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use jiff::Timestamp;
use tantivy::indexer::{IndexWriterOptions, LogMergePolicy, NoMergePolicy};
use tantivy::{Directory as _, Index, IndexWriter, Searcher, Term};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use super::Shared;
use super::fields::STORED_AT;
use crate::folder::FolderLock;
use crate::review::{Document, ReviewId};
use crate::store::{Verdict, WriteError};

/// Batches that may wait.
const WAITING_MAX: usize = 64;
/// A group is closed once it has this much text.
const GROUP_BYTES: usize = 8 << 20;
/// What the index may hold in memory before it writes a segment.
const MEMORY_BUDGET: usize = 30_000_000;
/// How often, without work, merged segments take the place of those they were made of.
const IDLE: Duration = Duration::from_secs(1);
/// Segments of about the same size that are merged into one.
const MERGE_SEGMENTS: usize = 8;
/// Segments that have this many reviews stay as they are: a merge of larger ones would read all of the index.
const MERGE_MAX: usize = 200_000;
/// Segments whose sizes differ by less than 2 to this power are about the same size.
const MERGE_LEVEL: f64 = 2.0;

type Answer = Result<Vec<Verdict>, WriteError>;

/// The writer's end that takes batches. Dropping it ends the thread, after what is in line was written.
pub(super) struct Writer {
    jobs: Option<mpsc::Sender<Job>>,
    room: Arc<Semaphore>,
    thread: Option<JoinHandle<()>>,
}

struct Job {
    batch: Vec<Arc<Document>>,
    answer: oneshot::Sender<Answer>,
    _room: OwnedSemaphorePermit,
}

impl Writer {
    /// Starts the thread. It holds the lock.
    pub(super) fn start(index: Index, shared: Arc<Shared>, lock: FolderLock) -> std::io::Result<Self> {
        let (jobs, line) = mpsc::channel();
        let scribe =
            Scribe { last: last_stored(&shared.reader.searcher()), index, shared, open: None, stale: false };
        let thread = thread::Builder::new().name("reviews-writer".to_owned()).spawn(move || {
            scribe.run(&line);
            drop(lock);
        })?;
        Ok(Self { jobs: Some(jobs), room: Arc::new(Semaphore::new(WAITING_MAX)), thread: Some(thread) })
    }

    /// Writes a batch; see [`crate::store::ReviewStore::write`].
    pub(super) async fn write(&self, batch: &[Arc<Document>]) -> Answer {
        let ended = || WriteError::Away("the store has ended".to_owned());
        let room = Arc::clone(&self.room).acquire_owned().await.map_err(|_| ended())?;
        let (answer, verdicts) = oneshot::channel();
        let job = Job { batch: batch.to_vec(), answer, _room: room };
        self.jobs.as_ref().ok_or_else(ended)?.send(job).map_err(|_| ended())?;
        verdicts.await.map_err(|_| ended())?
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join(); // a panic was told to everybody who waited
        }
    }
}

struct Scribe {
    index: Index,
    shared: Arc<Shared>,
    open: Option<IndexWriter>,
    /// A commit failed: whether it took effect is seen only after the reader was made anew.
    stale: bool,
    /// When the last group was stored, in milliseconds since 1970. The next is stored later, so that whoever has read up
    /// to a moment has missed nothing of it.
    last: i64,
}

impl Scribe {
    fn run(mut self, line: &mpsc::Receiver<Job>) {
        loop {
            match line.recv_timeout(IDLE) {
                Ok(job) => self.serve(group(job, line)),
                Err(RecvTimeoutError::Timeout) => self.tidy(),
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        self.close();
    }

    /// Writes a group and tells everybody.
    fn serve(&mut self, jobs: Vec<Job>) {
        let written = catch_unwind(AssertUnwindSafe(|| self.write(&jobs)));
        let written = written.unwrap_or_else(|_| Err("the index panicked".to_owned()));
        if written.is_err() {
            self.stale = true;
            self.close();
        }
        *self.shared.fault.lock().unwrap_or_else(PoisonError::into_inner) = written.as_ref().err().cloned();
        match written {
            Ok(verdicts) => {
                for (job, verdicts) in jobs.into_iter().zip(verdicts) {
                    let _ = job.answer.send(Ok(verdicts)); // whoever asked may have gone
                }
            }
            Err(reason) => {
                tracing::warn!(%reason, "the index took no reviews");
                for job in jobs {
                    let _ = job.answer.send(Err(WriteError::Away(reason.clone())));
                }
            }
        }
    }

    fn write(&mut self, jobs: &[Job]) -> Result<Vec<Vec<Verdict>>, String> {
        let shared = Arc::clone(&self.shared);
        if self.stale {
            shared.reader.reload().map_err(said)?;
            self.stale = false;
        }
        let searcher = shared.reader.searcher();
        let at = Timestamp::now().as_millisecond().max(self.last + 1);
        let stored_at = Timestamp::from_millisecond(at).map_err(said)?;
        let writer = self.writer()?;
        let mut seen = HashSet::new();
        let mut created = 0_usize;
        let mut groups = Vec::with_capacity(jobs.len());
        for job in jobs {
            let mut verdicts = Vec::with_capacity(job.batch.len());
            for document in &job.batch {
                let id = &document.review.id;
                if !seen.insert(id) || shared.holds(&searcher, id).map_err(said)? {
                    verdicts.push(Verdict::Duplicate);
                    continue;
                }
                writer
                    .add_document(shared.fields.document(document, stored_at).map_err(said)?)
                    .map_err(said)?;
                created += 1;
                verdicts.push(Verdict::Created);
            }
            groups.push(verdicts);
        }
        if created > 0 {
            writer.commit().map_err(said)?;
            // tantivy syncs every file, but the folder only before it puts the new list of segments in place.
            self.index.directory().sync_directory().map_err(said)?;
            self.shared.reader.reload().map_err(said)?;
            self.last = at;
        }
        Ok(groups)
    }

    /// The index's own writer, opened again after a failure.
    fn writer(&mut self) -> Result<&mut IndexWriter, String> {
        if self.open.is_none() {
            let options = IndexWriterOptions::builder()
                .memory_budget_per_thread(MEMORY_BUDGET)
                .num_worker_threads(1)
                .num_merge_threads(1)
                .build();
            let writer: IndexWriter = self.index.writer_with_options(options).map_err(said)?;
            let mut merges = LogMergePolicy::default();
            merges.set_min_num_segments(MERGE_SEGMENTS);
            merges.set_max_docs_before_merge(MERGE_MAX);
            merges.set_level_log_size(MERGE_LEVEL);
            writer.set_merge_policy(Box::new(merges));
            self.open = Some(writer);
        }
        self.open.as_mut().ok_or_else(|| "the index has no writer".to_owned())
    }

    /// Drops what was not committed, and waits for the merge that is running: it writes in the folder.
    fn close(&mut self) {
        if let Some(writer) = self.open.take() {
            writer.set_merge_policy(Box::new(NoMergePolicy));
            if let Err(error) = writer.wait_merging_threads() {
                tracing::debug!(%error, "the index's writer had failed");
            }
        }
    }

    /// Lets go of files that merges have made needless.
    fn tidy(&mut self) {
        self.shared.points.sweep();
        let searcher = self.shared.reader.searcher();
        let mut seen: Vec<_> =
            searcher.segment_readers().iter().map(tantivy::SegmentReader::segment_id).collect();
        let Ok(mut there) = self.index.searchable_segment_ids() else { return };
        seen.sort_unstable();
        there.sort_unstable();
        if seen != there && self.shared.reader.reload().is_err() {
            self.stale = true;
        }
    }
}

/// What is in line now, up to the size of a group.
fn group(first: Job, line: &mpsc::Receiver<Job>) -> Vec<Job> {
    let size = |job: &Job| job.batch.iter().map(|document| document.review.text.len()).sum::<usize>();
    let mut bytes = size(&first);
    let mut jobs = vec![first];
    while bytes < GROUP_BYTES {
        let Ok(job) = line.try_recv() else { break };
        bytes += size(&job);
        jobs.push(job);
    }
    jobs
}

/// When the newest review of the index was stored.
fn last_stored(searcher: &Searcher) -> i64 {
    let newest = |reader: &tantivy::SegmentReader| {
        reader.fast_fields().i64(STORED_AT).ok().map(|column| column.max_value())
    };
    searcher.segment_readers().iter().filter_map(newest).max().unwrap_or_default()
}

fn said(error: impl std::fmt::Display) -> String {
    error.to_string()
}

impl Shared {
    /// Whether a view of the index has this review.
    fn holds(&self, searcher: &Searcher, id: &ReviewId) -> tantivy::Result<bool> {
        let term = Term::from_field_text(self.fields.id, id.as_str());
        for reader in searcher.segment_readers() {
            if reader.inverted_index(self.fields.id)?.get_term_info(&term)?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
