//! Where reviews are kept. Two stores stand behind one trait: [`elasticsearch`], and [`embedded`] in this process.
//!
//! 1. [`ReviewStore::write`] takes a batch and gives a verdict per document, in order. A repeat is a duplicate.
//! 2. [`ReviewStore::get`], [`search`](ReviewStore::search), [`stats`](ReviewStore::stats),
//!    [`terms`](ReviewStore::terms) and [`since`](ReviewStore::since) give them back.
//! 3. What a store cannot do it says by [`ReadError::Unsupported`].

pub mod elasticsearch;
pub mod embedded;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::query::{Position, Search, SearchPage, Stats, StatsQuery, StreamQuery, Terms, TermsQuery};
use crate::review::{Document, ReviewId, Stored};

/// A place that keeps reviews. Every method may be called at once by many.
#[async_trait]
pub trait ReviewStore: Send + Sync + 'static {
    /// Makes what the store needs before the first write. Idempotent, also when many processes call it at once.
    async fn install(&self) -> Result<(), WriteError>;

    /// Whether the store takes writes now; asked every second or so, cheap.
    async fn check(&self) -> Result<(), WriteError>;

    /// Stores what is not there yet. The verdicts are in the order of `batch`; `Ok` holds one for each.
    async fn write(&self, batch: &[Arc<Document>]) -> Result<Vec<Verdict>, WriteError>;

    /// Keeps a document that was refused for good, with the reason, beside the reviews. Best effort: the file of
    /// [`crate::dead`] is what nothing is lost from.
    async fn bury(&self, document: &Document, reason: &str) -> Result<(), WriteError>;

    /// One review. A review whose write was acknowledged as stored is found at once, not only after a refresh.
    async fn get(&self, id: &ReviewId) -> Result<Option<Stored>, ReadError>;

    /// A page of the reviews that match.
    async fn search(&self, search: &Search) -> Result<SearchPage, ReadError>;

    /// Counts over the reviews that match.
    async fn stats(&self, query: &StatsQuery) -> Result<Stats, ReadError>;

    /// Terms that low ratings have more often than all.
    async fn terms(&self, query: &TermsQuery) -> Result<Terms, ReadError>;

    /// Reviews that match and were stored after `after`, oldest first by `(stored_at, id)`, at most `limit`.
    async fn since(
        &self,
        query: &StreamQuery,
        after: &Position,
        limit: usize,
    ) -> Result<Vec<Stored>, ReadError>;
}

/// What became of one document of a batch.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Verdict {
    /// It is stored now.
    Created,
    /// It was stored before: a success.
    Duplicate,
    /// The store will never take it, for this reason.
    Refused(String),
    /// A queue of the store is full (429 of the item): it may take it as soon as it has done with some of the rest.
    Busy(String),
    /// The store may take it later (5xx of the item, or an index that nothing may be written to).
    Again(String),
}

/// Why a whole batch has no verdicts. Some of its documents may be stored all the same.
#[derive(Clone, Debug, thiserror::Error)]
pub enum WriteError {
    /// The batch is too large for the store (413): send smaller ones.
    #[error("the store finds the batch too large")]
    TooLarge,
    /// The store asks for a pause (429).
    #[error("the store is overloaded: {reason}")]
    Overloaded {
        /// What it said.
        reason: String,
        /// The pause it asked for.
        retry_after: Option<Duration>,
    },
    /// No node answers, or what answers makes no sense: try again later.
    #[error("the store is away: {0}")]
    Away(String),
    /// The store refuses this service (401, 403) or its installation: an operator must act; trying again is harmless.
    #[error("the store refuses this service: {0}")]
    Denied(String),
}

/// Why a question has no answer.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ReadError {
    /// The store does not answer now: 503.
    #[error("the store is away: {0}")]
    Away(String),
    /// The store gave up within the time limit: 504.
    #[error("the query took too long")]
    TimedOut,
    /// The cursor's point in time is gone: 410, start again.
    #[error("the cursor has expired: ask for the first page again")]
    CursorExpired,
    /// The query is more than the store may be asked: 400.
    #[error("the query is too costly: {0}")]
    TooCostly(String),
    /// This store cannot do that: 501.
    #[error("this store cannot {0}")]
    Unsupported(&'static str),
    /// The store's answer makes no sense: 502.
    #[error("the store's answer makes no sense: {0}")]
    BadAnswer(String),
}
