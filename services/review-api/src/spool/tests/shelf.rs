//! A store that does as a test says: what it keeps, what it refuses, when it is away.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use prometheus_client::registry::Registry;
use tokio_util::sync::CancellationToken;

use crate::batch::{BatchMetrics, BatchSettings, Batcher};
use crate::dead::{Dead, DeadMetrics, DeadSettings};
use crate::query::{Position, Search, SearchPage, Stats, StatsQuery, StreamQuery, Terms, TermsQuery};
use crate::review::{Document, ReviewId, Stored};
use crate::store::{ReadError, ReviewStore, Verdict, WriteError};

/// Told of a document.
pub(crate) type Each = Box<dyn FnMut(&Document) + Send>;

/// What it has been given.
#[derive(Default)]
pub(crate) struct Shelf(Mutex<State>);

#[derive(Default)]
pub(crate) struct State {
    /// In the order in which they came.
    pub stored: Vec<String>,
    known: HashSet<String>,
    /// Copies of dead letters, with their reasons.
    pub buried: Vec<(String, String)>,
    /// Whether nothing is taken.
    pub away: bool,
    /// Why everything whose text has this word is refused.
    pub refused: Option<(&'static str, &'static str)>,
    /// Told of every document that is stored for the first time.
    pub each: Option<Each>,
}

impl Shelf {
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Knows these as stored before.
    pub(crate) fn knows(&self, ids: impl IntoIterator<Item = String>) {
        self.state().known.extend(ids);
    }
}

impl State {
    fn write(&mut self, document: &Document) -> Verdict {
        match self.refused {
            Some((word, reason)) if document.review.text.contains(word) => {
                return Verdict::Refused(reason.to_owned());
            }
            _ => {}
        }
        let id = document.review.id.to_string();
        if !self.known.insert(id.clone()) {
            return Verdict::Duplicate;
        }
        self.stored.push(id);
        if let Some(each) = &mut self.each {
            each(document);
        }
        Verdict::Created
    }

    fn present(&self) -> Result<(), WriteError> {
        if self.away { Err(WriteError::Away("as told".to_owned())) } else { Ok(()) }
    }
}

#[async_trait]
impl ReviewStore for Shelf {
    async fn install(&self) -> Result<(), WriteError> {
        Ok(())
    }

    async fn check(&self) -> Result<(), WriteError> {
        self.state().present()
    }

    async fn write(&self, batch: &[Arc<Document>]) -> Result<Vec<Verdict>, WriteError> {
        let mut state = self.state();
        state.present()?;
        Ok(batch.iter().map(|document| state.write(document)).collect())
    }

    async fn bury(&self, document: &Document, reason: &str) -> Result<(), WriteError> {
        let mut state = self.state();
        state.present()?;
        state.buried.push((document.review.id.to_string(), reason.to_owned()));
        Ok(())
    }

    async fn get(&self, _: &ReviewId) -> Result<Option<Stored>, ReadError> {
        Err(ReadError::Unsupported("read"))
    }

    async fn search(&self, _: &Search) -> Result<SearchPage, ReadError> {
        Err(ReadError::Unsupported("read"))
    }

    async fn stats(&self, _: &StatsQuery) -> Result<Stats, ReadError> {
        Err(ReadError::Unsupported("read"))
    }

    async fn terms(&self, _: &TermsQuery) -> Result<Terms, ReadError> {
        Err(ReadError::Unsupported("read"))
    }

    async fn since(&self, _: &StreamQuery, _: &Position, _: usize) -> Result<Vec<Stored>, ReadError> {
        Err(ReadError::Unsupported("read"))
    }
}

/// Dead letters and a running batcher in front of `shelf`, one batch at a time so that order can be told.
pub(crate) fn batcher(shelf: &Arc<Shelf>, dead: DeadSettings) -> (Batcher, Arc<Dead>, CancellationToken) {
    let registry = &mut Registry::default();
    let store: Arc<dyn ReviewStore> = Arc::clone(shelf) as _;
    let dead = Dead::open(dead, Arc::clone(&store), DeadMetrics::register(registry)).expect("opened");
    let dead = Arc::new(dead);
    // Small, so that a pump falls behind within a test.
    let settings = BatchSettings { concurrency: 1, queue_bytes: 256 << 10, ..BatchSettings::default() };
    let metrics = BatchMetrics::register(registry);
    let stop = CancellationToken::new();
    let (batcher, dispatcher) = Batcher::new(store, Arc::clone(&dead), settings, metrics, stop.clone());
    tokio::spawn(dispatcher.run());
    (batcher, dead, stop)
}
