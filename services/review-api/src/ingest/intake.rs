//! The way of a review from here on, and how long its client waits.
//!
//! 1. Without a spool a review goes to the queue. Its client hears when it is stored, or after `RETRY_FOR` that it was
//!    not. While the store is away, and when the queue is full, it hears so at once.
//! 2. With a spool a review is durable first. Its client waits `ACK_WAIT` for more, and not at all while the store is
//!    away.
//! 3. The memory of what is on its way is counted: in the [`Inbox`] until it is durable, then in the queue.

use std::sync::Arc;

use axum::http::StatusCode;
use jiff::Timestamp;
use tokio::time::{Instant, timeout, timeout_at};

use super::{IngestMetrics, IngestSettings};
use crate::batch::{Batcher, Budget, Outcome, Patience, Receipt, Room, weight};
use crate::problem::Problem;
use crate::review::{Document, Review};
use crate::spool::{Spool, SpoolError, Ticket};

/// When somebody comes again who found the queue full.
const BUSY_PAUSE: std::time::Duration = std::time::Duration::from_secs(1);
/// When somebody comes again who found the store away.
const AWAY_PAUSE: std::time::Duration = std::time::Duration::from_secs(5);
const AWAY: &str = "the store is away";
const NOT_IN_TIME: &str = "the store did not take it in time";

/// What became of a review.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Taken {
    /// It is stored now.
    Created,
    /// It was stored before.
    Duplicate,
    /// It is durable.
    Accepted,
    /// The store refuses it for good.
    Rejected(String),
    /// It is neither stored nor durable, as far as is known.
    Retry(String),
}

/// Why a review is not even looked at.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub(super) enum TurnedAway {
    /// There is no room for it: 429.
    #[error("too many reviews are on their way")]
    Busy,
    /// There is nobody to store it, and nowhere to keep it: 503.
    #[error("{AWAY}")]
    Away,
    /// The spool is full or broken: 503.
    #[error(transparent)]
    Spool(#[from] SpoolError),
}

/// Takes reviews in. Cheap to clone.
#[derive(Clone)]
pub struct Intake(Arc<Parts>);

struct Parts {
    batcher: Batcher,
    spool: Option<Arc<Spool>>,
    settings: IngestSettings,
    metrics: IngestMetrics,
    inbox: Inbox,
}

/// The memory of what is being read or made durable. Three can take of it, and none all that another one needs:
///
/// 1. Bulk requests, at most half of it. They wait for their turn.
/// 2. Lines of theirs that are being made durable, at most a quarter. They have a share of their own because a request
///    keeps its room while it waits for that of its lines: of one share, requests alone could take all, and wait for ever.
/// 3. Single posts, whatever is free, which without them is a quarter at least. They do not wait.
pub(super) struct Inbox {
    /// Single posts.
    pub all: Budget,
    /// Bulk requests.
    pub requests: Budget,
    /// Their lines.
    pub lines: Budget,
}

/// A review of many that is on its way.
pub(super) enum Underway {
    /// It is decided.
    Known(Taken),
    /// It is in the queue.
    Queued(Receipt),
    /// It is to be made durable, and holds its room in the inbox until it is.
    Spooling(Arc<Document>, Room),
}

impl Intake {
    /// Reviews go to `spool` where there is one, else to `batcher`.
    pub fn new(
        batcher: Batcher,
        spool: Option<Arc<Spool>>,
        settings: IngestSettings,
        metrics: IngestMetrics,
    ) -> Self {
        let inbox = Inbox::new(settings.inbox_bytes, &metrics);
        Self(Arc::new(Parts { batcher, spool, settings, metrics, inbox }))
    }

    pub(super) fn settings(&self) -> &IngestSettings {
        &self.0.settings
    }

    pub(super) fn metrics(&self) -> &IngestMetrics {
        &self.0.metrics
    }

    /// The memory of bodies that are being read.
    pub(super) fn inbox(&self) -> &Inbox {
        &self.0.inbox
    }

    /// Whether there is anybody to take a review.
    pub(super) fn open(&self) -> Result<(), TurnedAway> {
        if self.is_in_vain() { Err(TurnedAway::Away) } else { Ok(()) }
    }

    /// Takes one review, for a client that waits for nothing else.
    pub(super) async fn take_one(&self, review: Review) -> Result<Taken, TurnedAway> {
        let document = document(review);
        let Some(spool) = &self.0.spool else { return self.queue_one(document).await };
        let ticket = spool.append(document).await?;
        Ok(self.durable(ticket).await)
    }

    async fn queue_one(&self, document: Arc<Document>) -> Result<Taken, TurnedAway> {
        self.open()?;
        let room = self.0.batcher.try_room(weight(&document)).ok_or(TurnedAway::Busy)?;
        let end = Instant::now() + self.0.settings.retry_for;
        let receipt = self.0.batcher.push(room, document, Patience::Until(end));
        // The batcher keeps to the time too, but not while a store does not answer.
        let outcome = timeout_at(end, receipt).await;
        Ok(outcome.map_or_else(|_| Taken::Retry(NOT_IN_TIME.to_owned()), Taken::from))
    }

    /// Takes one of many reviews: waits for room, but not for what becomes of it.
    pub(super) async fn enter(&self, review: Review) -> Underway {
        let document = document(review);
        if self.0.spool.is_some() {
            let room = self.0.inbox.lines.take(weight(&document)).await;
            return Underway::Spooling(document, room);
        }
        if self.is_in_vain() {
            return Underway::Known(Taken::Retry(AWAY.to_owned()));
        }
        let patience = self.0.settings.retry_for;
        match timeout(patience, self.0.batcher.room(weight(&document))).await {
            Err(_) => Underway::Known(Taken::Retry(NOT_IN_TIME.to_owned())),
            Ok(room) => {
                let patience = Patience::Until(Instant::now() + patience);
                Underway::Queued(self.0.batcher.push(room, document, patience))
            }
        }
    }

    /// Waits for what becomes of one of many.
    pub(super) async fn follow(&self, underway: Underway) -> Taken {
        match (underway, &self.0.spool) {
            (Underway::Known(taken), _) => taken,
            (Underway::Queued(receipt), _) => receipt.await.into(),
            (Underway::Spooling(..), None) => Taken::Retry(AWAY.to_owned()),
            (Underway::Spooling(document, room), Some(spool)) => {
                let appended = spool.append(document).await;
                drop(room);
                match appended {
                    Ok(ticket) => self.durable(ticket).await,
                    Err(error) => Taken::Retry(error.to_string()),
                }
            }
        }
    }

    async fn durable(&self, ticket: Ticket) -> Taken {
        if self.0.batcher.store_is_away() {
            return Taken::Accepted;
        }
        match timeout(self.0.settings.ack_wait, ticket.outcome()).await {
            Ok(Outcome::Created) => Taken::Created,
            Ok(Outcome::Duplicate) => Taken::Duplicate,
            Ok(Outcome::Rejected(reason)) => Taken::Rejected(reason),
            Ok(Outcome::Retry(_)) | Err(_) => Taken::Accepted,
        }
    }

    fn is_in_vain(&self) -> bool {
        self.0.spool.is_none() && self.0.batcher.store_is_away()
    }
}

impl Inbox {
    fn new(bytes: usize, metrics: &IngestMetrics) -> Self {
        let all = Budget::new(bytes, metrics.inbox_bytes.clone());
        let requests = all.part(bytes / 2, metrics.inbox_bulk_bytes.clone());
        let lines = all.part(bytes / 4, metrics.inbox_line_bytes.clone());
        Self { all, requests, lines }
    }
}

impl From<Outcome> for Taken {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Created => Self::Created,
            Outcome::Duplicate => Self::Duplicate,
            Outcome::Rejected(reason) => Self::Rejected(reason),
            Outcome::Retry(reason) => Self::Retry(reason),
        }
    }
}

impl TurnedAway {
    pub(super) fn reason(&self) -> &'static str {
        match self {
            Self::Busy => "busy",
            Self::Away => "away",
            Self::Spool(_) => "spool",
        }
    }
}

impl From<TurnedAway> for Problem {
    fn from(reason: TurnedAway) -> Self {
        let (status, pause) = match reason {
            TurnedAway::Busy => (StatusCode::TOO_MANY_REQUESTS, BUSY_PAUSE),
            TurnedAway::Away | TurnedAway::Spool(_) => (StatusCode::SERVICE_UNAVAILABLE, AWAY_PAUSE),
        };
        Self::new(status, reason.to_string()).with_retry_after(pause)
    }
}

/// What is to be asked of somebody whose review is not known to be stored.
pub(super) fn come_again(reason: String) -> Problem {
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, reason).with_retry_after(BUSY_PAUSE)
}

/// The review as it came. What is stored counts milliseconds, so that it is found by what a client was shown.
fn document(review: Review) -> Arc<Document> {
    let now = Timestamp::now();
    let received_at = Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now);
    Arc::new(Document { review, received_at })
}
