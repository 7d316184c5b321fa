//! The store in this process: a tantivy index in a folder, for one process.
//!
//! 1. [`Embedded::open`] locks the folder and opens or makes the index ([`folder`], [`fields`], [`analyzer`]).
//! 2. [`writer`] is the one thread that writes: a review is created once it is on disk and readers see it.
//! 3. [`question`] makes a query of what is asked, [`scan`] passes over what matches until its time is up, and
//!    [`rank`] keeps the first of it.
//! 4. [`search`], [`stats`] (with [`series`]) and [`terms`] are the answers; [`highlight`] marks what matched, and
//!    [`points`] are the moments that cursors go on from.

mod analyzer;
mod fields;
mod folder;
mod highlight;
mod points;
mod question;
mod rank;
mod scan;
mod search;
mod series;
mod stats;
mod terms;
mod writer;

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use jiff::Timestamp;
use serde::Serialize;
use tantivy::IndexReader;
use tokio::sync::Semaphore;

pub use folder::OpenError;

use self::fields::Fields;
use self::folder::Folder;
use self::points::Points;
use self::scan::Deadline;
use self::writer::Writer;
use super::{ReadError, ReviewStore, Verdict, WriteError};
use crate::query::{Position, Search, SearchPage, Stats, StatsQuery, StreamQuery, Terms, TermsQuery};
use crate::review::{Document, ReviewId, Stored};

/// What a write is tried with after one has failed: as much as a small segment needs.
const PROBE_BYTES: usize = 1 << 20;
/// The file of buried documents, one JSON object per line.
const DEAD_FILE: &str = "dead.jsonl";

/// Bounds of the store.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// How long a question may take, with its waiting.
    pub query_timeout: Duration,
    /// Questions that are answered at the same time; others wait.
    pub queries: usize,
    /// Cursors that can go on at the same time.
    pub cursors: usize,
    /// How long a cursor can go on after its last page.
    pub cursor_idle: Duration,
}

impl Default for Options {
    fn default() -> Self {
        let (query_timeout, cursor_idle) = (Duration::from_secs(5), Duration::from_mins(2));
        Self { query_timeout, queries: 4, cursors: 64, cursor_idle }
    }
}

/// See the module.
pub struct Embedded {
    shared: Arc<Shared>,
    writer: Writer,
    questions: Arc<Semaphore>,
    query_timeout: Duration,
}

/// What writer and questions share.
struct Shared {
    folder: PathBuf,
    fields: Fields,
    reader: IndexReader,
    points: Points,
    /// What the last write failed with.
    fault: Mutex<Option<String>>,
    /// Held while a line is written to the file of buried documents.
    dead: Mutex<()>,
}

impl Embedded {
    /// Opens the folder, or makes it. It blocks.
    pub fn open(folder: &Path, options: Options) -> Result<Self, OpenError> {
        let (fields, schema) = Fields::with_schema();
        let Folder { path, index, reader, lock } = Folder::open(folder, &schema)?;
        let points = Points::new(options.cursors, options.cursor_idle);
        let (fault, dead) = (Mutex::new(None), Mutex::new(()));
        let shared = Arc::new(Shared { folder: path, fields, reader, points, fault, dead });
        let writer = Writer::start(index, Arc::clone(&shared), lock)
            .map_err(|source| OpenError::Folder { folder: folder.to_owned(), source })?;
        let questions = Arc::new(Semaphore::new(options.queries.max(1)));
        Ok(Self { shared, writer, questions, query_timeout: options.query_timeout })
    }

    /// Answers a question off the threads that serve requests, and not too many at once.
    async fn read<T: Send + 'static>(
        &self,
        answer: impl FnOnce(&Shared, Deadline) -> Result<T, ReadError> + Send + 'static,
    ) -> Result<T, ReadError> {
        let deadline = Instant::now() + self.query_timeout;
        let turn = Arc::clone(&self.questions).acquire_owned();
        let turn = tokio::time::timeout_at(deadline.into(), turn).await.map_err(|_| ReadError::TimedOut)?;
        let turn = turn.map_err(|_| ReadError::Away("the store has ended".to_owned()))?;
        let shared = Arc::clone(&self.shared);
        let answered = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            answer(&shared, Deadline(deadline))
        });
        answered.await.map_err(|error| ReadError::BadAnswer(format!("the question failed: {error}")))?
    }

    /// Does something with files off the threads that serve requests.
    async fn file(
        &self,
        act: impl FnOnce(&Shared) -> std::io::Result<()> + Send + 'static,
    ) -> Result<(), WriteError> {
        let shared = Arc::clone(&self.shared);
        let done = tokio::task::spawn_blocking(move || act(&shared)).await;
        done.map_err(std::io::Error::other).flatten().map_err(|error| WriteError::Away(error.to_string()))
    }
}

/// A buried document.
#[derive(Serialize)]
struct Buried<'a> {
    at: Timestamp,
    reason: &'a str,
    document: &'a Document,
}

#[async_trait]
impl ReviewStore for Embedded {
    async fn install(&self) -> Result<(), WriteError> {
        Ok(()) // opening made all there is
    }

    /// After a write that failed: whether the disk would take one now.
    async fn check(&self) -> Result<(), WriteError> {
        if self.shared.fault.lock().unwrap_or_else(PoisonError::into_inner).is_none() {
            return Ok(());
        }
        self.file(|shared| {
            let mut probe = tempfile::tempfile_in(&shared.folder)?;
            probe.write_all(&vec![0; PROBE_BYTES])?;
            probe.sync_all()
        })
        .await
    }

    async fn write(&self, batch: &[Arc<Document>]) -> Result<Vec<Verdict>, WriteError> {
        if batch.is_empty() {
            return Ok(Vec::new());
        }
        self.writer.write(batch).await
    }

    async fn bury(&self, document: &Document, reason: &str) -> Result<(), WriteError> {
        let buried = Buried { at: Timestamp::now(), reason, document };
        let mut line = serde_json::to_vec(&buried).map_err(|error| WriteError::Away(error.to_string()))?;
        line.push(b'\n');
        self.file(move |shared| {
            let _alone = shared.dead.lock().unwrap_or_else(PoisonError::into_inner);
            let mut file = File::options().create(true).append(true).open(shared.folder.join(DEAD_FILE))?;
            file.write_all(&line)?;
            file.sync_data()
        })
        .await
    }

    async fn get(&self, id: &ReviewId) -> Result<Option<Stored>, ReadError> {
        let id = id.clone();
        self.read(move |shared, deadline| search::get(shared, &id, deadline)).await
    }

    async fn search(&self, search: &Search) -> Result<SearchPage, ReadError> {
        let search = search.clone();
        self.read(move |shared, deadline| search::search(shared, &search, deadline)).await
    }

    async fn stats(&self, query: &StatsQuery) -> Result<Stats, ReadError> {
        let query = query.clone();
        self.read(move |shared, deadline| stats::stats(shared, &query, deadline)).await
    }

    async fn terms(&self, query: &TermsQuery) -> Result<Terms, ReadError> {
        let query = query.clone();
        self.read(move |shared, deadline| terms::terms(shared, &query, deadline)).await
    }

    async fn since(
        &self,
        query: &StreamQuery,
        after: &Position,
        limit: usize,
    ) -> Result<Vec<Stored>, ReadError> {
        let (query, after) = (query.clone(), after.clone());
        self.read(move |shared, deadline| search::since(shared, &query, &after, limit, deadline)).await
    }
}
