//! Dead letters: what the store refuses for good, kept with its reason, listed and sent again.
//!
//! 1. [`Dead::bury`] appends the document to a [`mod@file`] and syncs it, together with whatever else is refused at that
//!    moment, before anybody is told "rejected". A copy goes to the store's index of dead letters, if the store takes it.
//! 2. Without a folder the index is all there is: nobody is told "rejected" before the store has taken the copy.
//! 3. The file is bounded. Where it is full, what is refused stays undecided: it is tried again, not lost.
//! 4. [`admin`] lists the letters; [`replay`] sends them again.

mod admin;
mod file;
mod metrics;
mod replay;
#[cfg(test)]
mod tests;

use std::io;
use std::mem;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard, Semaphore, oneshot};

use crate::batch::Batcher;
use crate::folder::FolderLock;
use crate::review::Document;
use crate::store::{ReviewStore, WriteError};

use file::{DeadFile, Letter, Snapshot};

pub use metrics::DeadMetrics;

/// Copies on their way to the index at once; a letter beyond has none.
const COPIES: usize = 16;

/// Where dead letters are kept.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DeadSettings {
    /// The folder of the file; it is made where it is not there. One process at a time. Without it: the index alone.
    pub dir: Option<PathBuf>,
    /// Bytes that the file may have.
    pub max: u64,
}

impl Default for DeadSettings {
    fn default() -> Self {
        Self { dir: None, max: 256 << 20 }
    }
}

/// Why the file of dead letters cannot be opened. An operator must act.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has the folder: give each its own.
    #[error("the dead letters in {} are used by another process: one folder serves one process", folder.display())]
    Locked {
        /// The folder.
        folder: PathBuf,
    },
    /// The folder cannot be made, or the file not be read or written.
    #[error("the dead letters in {} cannot be opened: {source}", folder.display())]
    Unreadable {
        /// The folder.
        folder: PathBuf,
        /// The system's own word.
        source: io::Error,
    },
}

/// Why a document is not among the dead letters: it must not be told "rejected", but tried again.
#[derive(Clone, Debug, thiserror::Error)]
pub enum DeadError {
    /// The file holds as much as it may: replay the letters, or move the file away while the service is down.
    #[error("the file of dead letters is full")]
    Full,
    /// The disk took it not, or did not say that it is durable.
    #[error("the file of dead letters cannot be written: {0}")]
    Failed(String),
    /// There is no file, and the store took no copy.
    #[error("the index of dead letters cannot be written: {0}")]
    Index(#[source] WriteError),
}

/// What the store refuses for good.
pub struct Dead {
    store: Arc<dyn ReviewStore>,
    metrics: DeadMetrics,
    keeper: Option<Keeper>,
    copies: Arc<Semaphore>,
    /// Held while letters are sent again.
    replaying: Arc<AsyncMutex<()>>,
}

/// The file, and who waits for it.
struct Keeper {
    file: Arc<AsyncMutex<DeadFile>>,
    waiting: Mutex<Vec<Waiting>>,
    _lock: FolderLock,
}

/// A letter on its way into the file.
struct Waiting {
    at: Timestamp,
    reason: String,
    document: Document,
    told: oneshot::Sender<Result<(), DeadError>>,
}

impl Dead {
    /// Opens the file, where there is a folder for it. It blocks.
    pub fn open(
        settings: DeadSettings,
        store: Arc<dyn ReviewStore>,
        metrics: DeadMetrics,
    ) -> Result<Self, OpenError> {
        let max = settings.max;
        let keeper = settings.dir.map(|folder| Keeper::open(folder, max, &metrics)).transpose()?;
        let copies = Arc::new(Semaphore::new(COPIES));
        Ok(Self { store, metrics, keeper, copies, replaying: Arc::default() })
    }

    /// Keeps a document that was refused, durably. Cancelled, it may be kept or not.
    pub async fn bury(&self, document: &Document, reason: &str) -> Result<(), DeadError> {
        let kept = match &self.keeper {
            Some(keeper) => keeper.keep(document, reason, &self.metrics).await,
            None => self.store.bury(document, reason).await.map_err(DeadError::Index),
        };
        match &kept {
            Ok(()) => {
                self.metrics.dead_letters.inc();
                tracing::debug!(id = %document.review.id, reason, "the store refuses a review for good");
            }
            Err(_) => {
                self.metrics.dead_letter_failures.inc();
            }
        }
        if kept.is_ok() && self.keeper.is_some() {
            self.copy(document, reason);
        }
        kept
    }

    /// GET /-/dead-letters and POST /-/dead-letters/replay, for the admin listener.
    pub fn admin_routes(self: &Arc<Self>, batcher: Batcher) -> axum::Router {
        admin::routes(Arc::clone(self), batcher)
    }

    /// Lets the store have a copy. A storm of refusals must not keep it from its work, so some may have none.
    fn copy(&self, document: &Document, reason: &str) {
        let missed = self.metrics.dead_letter_copies_missed.clone();
        let Ok(permit) = Arc::clone(&self.copies).try_acquire_owned() else {
            missed.inc();
            return;
        };
        let (store, document, reason) = (Arc::clone(&self.store), document.clone(), reason.to_owned());
        tokio::spawn(async move {
            let _permit = permit;
            if let Err(error) = store.bury(&document, &reason).await {
                missed.inc();
                tracing::debug!(%error, id = %document.review.id, "the index has no copy of a dead letter");
            }
        });
    }
}

impl Keeper {
    fn open(folder: PathBuf, max: u64, metrics: &DeadMetrics) -> Result<Self, OpenError> {
        let failed = |source| OpenError::Unreadable { folder: folder.clone(), source };
        let lock = FolderLock::take(&folder).map_err(failed)?;
        let Some(lock) = lock else { return Err(OpenError::Locked { folder }) };
        let file = DeadFile::open(&folder, max).map_err(failed)?;
        gauge(metrics, &file);
        Ok(Self { file: Arc::new(AsyncMutex::new(file)), waiting: Mutex::default(), _lock: lock })
    }

    /// Whoever gets the file writes for all who wait by then: a batch of refusals costs one fsync or two.
    async fn keep(&self, document: &Document, reason: &str, metrics: &DeadMetrics) -> Result<(), DeadError> {
        let (told, answer) = oneshot::channel();
        let (reason, document) = (reason.to_owned(), document.clone());
        self.waiting().push(Waiting { at: Timestamp::now(), reason, document, told });
        let file = Arc::clone(&self.file).lock_owned().await;
        let group = mem::take(&mut *self.waiting());
        if group.is_empty() {
            drop(file); // somebody else has written it
        } else {
            let metrics = metrics.clone();
            tokio::task::spawn_blocking(move || write(file, group, &metrics));
        }
        answer.await.unwrap_or_else(|_| Err(DeadError::Failed("its writer has ended".to_owned())))
    }

    async fn snapshot(&self) -> io::Result<Snapshot> {
        self.file.lock().await.snapshot()
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, Vec<Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Appends what fits of a group, with one fsync. It blocks.
fn write(mut file: OwnedMutexGuard<DeadFile>, group: Vec<Waiting>, metrics: &DeadMetrics) {
    let mut lines = Vec::new();
    let mut kept = Vec::new();
    for Waiting { at, reason, document, told } in group {
        let number = file.next;
        let before = lines.len();
        let letter = Letter { number, at, reason, document };
        let written = serde_json::to_writer(&mut lines, &letter);
        lines.push(b'\n');
        let failed = match written {
            Err(error) => Some(DeadError::Failed(error.to_string())),
            Ok(()) if !file.fits(lines.len()) => Some(DeadError::Full),
            Ok(()) => None,
        };
        if let Some(error) = failed {
            lines.truncate(before);
            let _ = told.send(Err(error)); // it may have gone away
        } else {
            file.next += 1;
            kept.push(told);
        }
    }
    let appended = file.append(&lines, kept.len() as u64);
    gauge(metrics, &file);
    drop(file);
    let answer = appended.map_err(|error| DeadError::Failed(error.to_string()));
    for told in kept {
        let _ = told.send(answer.clone()); // it may have gone away
    }
}

fn gauge(metrics: &DeadMetrics, file: &DeadFile) {
    metrics.dead_letters_kept.set(i64::try_from(file.letters).unwrap_or(i64::MAX));
    metrics.dead_letter_bytes.set(i64::try_from(file.length()).unwrap_or(i64::MAX));
}
