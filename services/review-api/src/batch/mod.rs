//! Reviews of many clients share one request to the store, which is made again as long as it must.
//!
//! 1. [`Room`] is taken before anything is kept: the queue is bounded in bytes, those in flight included. Single posts
//!    and bulk loads have lanes of their own ([`queue`]), so that neither keeps the other waiting.
//! 2. [`dispatch`] gathers what comes into batches, by bytes, count and a few milliseconds; a batch goes when the pace
//!    allows one more. Of two documents with one id the second waits for what becomes of the first.
//! 3. [`pace`] says how many batches may be in flight: one more while the store keeps up, half as many when it fails.
//! 4. [`worker`] writes a batch, halves it where the store finds it too large, buries what is refused for good, and
//!    tells everybody who waits.
//! 5. [`retry`] is a pure function: how long to wait before the next attempt, or that there is none.
//! 6. [`health`] knows whether the store is away, so that nobody has to wait to be told so.

mod by_id;
mod dispatch;
mod health;
mod metrics;
mod pace;
mod queue;
pub mod retry;
mod worker;

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use service_kit::Kit;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::dead::Dead;
use crate::review::Document;
use crate::store::ReviewStore;

pub use dispatch::Dispatcher;
pub use metrics::BatchMetrics;
pub use queue::{Budget, Room};

use health::Health;

/// What a document takes in memory beside its texts: itself, its place in the queue and whoever waits for it.
const OVERHEAD: usize = 512;

/// How batches are made.
#[derive(Clone, Copy, Debug)]
pub struct BatchSettings {
    /// A batch has at most so many bytes of documents, as [`weight`] counts them; one document may have more.
    pub bytes: usize,
    /// A batch has at most so many documents; at least 1.
    pub count: usize,
    /// A batch that is not full goes when its first document has waited so long.
    pub wait: Duration,
    /// The most batches in flight; at least 1.
    pub concurrency: usize,
    /// The bytes of all documents that wait or are in flight.
    pub queue_bytes: usize,
}

impl Default for BatchSettings {
    fn default() -> Self {
        Self {
            bytes: 4 << 20,
            count: 2_000,
            wait: Duration::from_millis(5),
            concurrency: 8,
            queue_bytes: 32 << 20,
        }
    }
}

/// How long a document is tried.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Patience {
    /// Until the store has given its verdict: somebody else (the spool) keeps it meanwhile.
    Forever,
    /// Until then, and [`Outcome::Retry`] after.
    Until(Instant),
}

/// What became of a document.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// It is stored now.
    Created,
    /// It was stored before: a success.
    Duplicate,
    /// The store will never take it, for this reason; it is among the dead letters.
    Rejected(String),
    /// It was not stored in time, for this reason; whoever sent it sends it again. With [`Patience::Forever`] only
    /// when the service ends.
    Retry(String),
}

/// Resolves to what became of a document. Dropped, the document is stored all the same, but no longer waited for.
#[derive(Debug)]
pub struct Receipt(oneshot::Receiver<Outcome>);

impl Future for Receipt {
    type Output = Outcome;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Outcome> {
        let resolved = ready!(Pin::new(&mut self.0).poll(context));
        Poll::Ready(resolved.unwrap_or_else(|_| Outcome::Retry(ENDING.to_owned())))
    }
}

/// Why a document that was not looked at any more is to be sent again.
const ENDING: &str = "the service is ending";

/// A document in the queue.
struct Entry {
    document: Arc<Document>,
    room: Room,
    patience: Patience,
    /// How often the store has said "later" to it since it last seemed to get on; never 0 again once it has.
    attempts: u32,
    waiting: oneshot::Sender<Outcome>,
}

impl Entry {
    /// Whether there is nobody left to try it for.
    fn is_over(&self, now: Instant) -> bool {
        matches!(self.patience, Patience::Until(end) if end <= now || self.waiting.is_closed())
    }

    /// Gives the room back and tells whoever waits. One who has gone is not missed.
    fn resolve(self, outcome: Outcome) {
        drop(self.room);
        let _ = self.waiting.send(outcome);
    }
}

/// The way into the store. Cheap to clone.
#[derive(Clone)]
pub struct Batcher {
    /// Bounded by the bytes of the rooms, which every entry has.
    queue: mpsc::UnboundedSender<Entry>,
    /// Everything.
    all: Budget,
    /// What may be taken by those who wait for room, so that there is some for those who do not.
    patient: Budget,
    health: Arc<Health>,
}

impl Batcher {
    /// Starts batching in the background of `kit`.
    pub fn start(
        store: Arc<dyn ReviewStore>,
        dead: Arc<Dead>,
        settings: BatchSettings,
        metrics: BatchMetrics,
        kit: &mut Kit,
    ) -> Self {
        let (batcher, dispatcher) = Self::new(store, dead, settings, metrics, kit.shutdown());
        kit.spawn("batcher", dispatcher.run());
        batcher
    }

    /// A batcher and what must run for it to do anything. Once `shutdown` is cancelled everything that waits is tried
    /// one last time, and nothing new is taken.
    pub fn new(
        store: Arc<dyn ReviewStore>,
        dead: Arc<Dead>,
        settings: BatchSettings,
        metrics: BatchMetrics,
        shutdown: CancellationToken,
    ) -> (Self, Dispatcher) {
        let (queue, arrivals) = mpsc::unbounded_channel();
        let health = Arc::new(Health::default());
        let all = Budget::new(settings.queue_bytes, metrics.batch_queue_bytes.clone());
        let patient = all.part(all.total() / 4 * 3, metrics.batch_queue_patient_bytes.clone());
        let batcher = Self { queue, all, patient, health: Arc::clone(&health) };
        (batcher, Dispatcher::new(store, dead, settings, metrics, (arrivals, health, shutdown)))
    }

    /// Waits for room for a document of so many bytes ([`weight`]). At most three quarters of the queue are taken so:
    /// the rest is for [`try_room`](Self::try_room), or one bulk load would refuse every single review. Nor do single
    /// reviews wait until all of a bulk load is written: where both wait, each has half of every batch.
    pub async fn room(&self, bytes: usize) -> Room {
        self.patient.take(bytes).await
    }

    /// Room for a document of so many bytes ([`weight`]), where there is some now.
    pub fn try_room(&self, bytes: usize) -> Option<Room> {
        self.all.try_take(bytes)
    }

    /// Hands a document over. It is tried as long as `patience` says, whether or not somebody waits.
    pub fn push(&self, room: Room, document: Arc<Document>, patience: Patience) -> Receipt {
        let (waiting, receipt) = oneshot::channel();
        // Refused only after the end; the receipt, whose other half is dropped then, says so.
        let _ = self.queue.send(Entry { document, room, patience, attempts: 0, waiting });
        Receipt(receipt)
    }

    /// Whether the store is away: the last writes all failed, and probing once a second still fails.
    pub fn store_is_away(&self) -> bool {
        self.health.is_away()
    }
}

/// The bytes of room that a document takes.
pub fn weight(document: &Document) -> usize {
    let review = &document.review;
    let optional = [&review.language, &review.hub, &review.tour];
    OVERHEAD
        + review.id.as_str().len()
        + review.delivery_id.len()
        + review.text.len()
        + optional.into_iter().flatten().map(String::len).sum::<usize>()
        + review.tags.iter().map(|tag| tag.len() + size_of::<String>()).sum::<usize>()
}
