//! A store in memory that does as told.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use review_api::query::{Position, Search, SearchPage, Stats, StatsQuery, StreamQuery, Terms, TermsQuery};
use review_api::review::{Document, ReviewId, Stored};
use review_api::store::{ReadError, ReviewStore, Verdict, WriteError};
use tokio::sync::watch;

/// How the store behaves from now on.
#[derive(Clone, Default)]
pub struct Manner {
    /// No node answers.
    pub away: bool,
    /// It answers 429 to whole batches so often, and asks for this pause.
    pub overloaded: Option<(u32, Duration)>,
    /// It refuses larger batches.
    pub documents_max: Option<usize>,
    /// Dead letters cannot be written.
    pub no_burials: bool,
    /// A verdict is missing.
    pub forgetful: bool,
}

/// The store. An id beginning with `refused` is refused for good; one beginning with `again<n>-` is put off n times;
/// one beginning with `huge` is too large even alone.
pub struct Double {
    manner: Mutex<Manner>,
    stored: Mutex<HashMap<String, Arc<Document>>>,
    buried: Mutex<Vec<String>>,
    batches: Mutex<Vec<Vec<String>>>,
    put_off: Mutex<HashMap<String, u32>>,
    held: watch::Sender<bool>,
    in_flight: AtomicUsize,
    most_in_flight: AtomicUsize,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Double {
    pub fn new() -> Arc<Self> {
        Arc::new(Self {
            manner: Mutex::default(),
            stored: Mutex::default(),
            buried: Mutex::default(),
            batches: Mutex::default(),
            put_off: Mutex::default(),
            held: watch::Sender::new(false),
            in_flight: AtomicUsize::new(0),
            most_in_flight: AtomicUsize::new(0),
        })
    }

    pub fn behave(&self, change: impl FnOnce(&mut Manner)) {
        change(&mut lock(&self.manner));
    }

    /// Whether writes wait.
    pub fn hold(&self, held: bool) {
        self.held.send_replace(held);
    }

    /// The ids of every batch that came.
    pub fn batches(&self) -> Vec<Vec<String>> {
        lock(&self.batches).clone()
    }

    pub fn stored(&self) -> usize {
        lock(&self.stored).len()
    }

    pub fn has(&self, id: &str) -> bool {
        lock(&self.stored).contains_key(id)
    }

    pub fn buried(&self) -> Vec<String> {
        lock(&self.buried).clone()
    }

    pub fn in_flight(&self) -> usize {
        self.in_flight.load(Ordering::SeqCst)
    }

    pub fn most_in_flight(&self) -> usize {
        self.most_in_flight.load(Ordering::SeqCst)
    }

    fn verdict(&self, document: &Arc<Document>) -> Verdict {
        let id = document.review.id.as_str();
        if id.starts_with("refused") {
            return Verdict::Refused("the mapping does not allow it".to_owned());
        }
        let times = |kind| id.strip_prefix(kind).and_then(|rest| rest.split('-').next()?.parse().ok());
        if let Some(times) = times("again").or_else(|| times("busy")) {
            let mut put_off = lock(&self.put_off);
            let seen = put_off.entry(id.to_owned()).or_insert(0_u32);
            *seen += 1;
            if *seen <= times {
                let reason = "es_rejected_execution_exception".to_owned();
                return if id.starts_with("busy") { Verdict::Busy(reason) } else { Verdict::Again(reason) };
            }
        }
        let before = lock(&self.stored).insert(id.to_owned(), Arc::clone(document));
        if let Some(before) = before {
            lock(&self.stored).insert(id.to_owned(), before);
            return Verdict::Duplicate;
        }
        Verdict::Created
    }

    fn answer(&self, batch: &[Arc<Document>]) -> Result<Vec<Verdict>, WriteError> {
        let manner = lock(&self.manner).clone();
        if manner.away {
            return Err(WriteError::Away("connection refused".to_owned()));
        }
        if let Some((times, pause)) = manner.overloaded {
            let left = (times > 1).then(|| (times - 1, pause));
            lock(&self.manner).overloaded = left;
            let reason = "too many requests".to_owned();
            return Err(WriteError::Overloaded { reason, retry_after: Some(pause) });
        }
        let too_many = manner.documents_max.is_some_and(|max| batch.len() > max);
        if too_many || batch.iter().any(|document| document.review.id.as_str().starts_with("huge")) {
            return Err(WriteError::TooLarge);
        }
        let mut verdicts: Vec<_> = batch.iter().map(|document| self.verdict(document)).collect();
        if manner.forgetful {
            verdicts.pop();
        }
        Ok(verdicts)
    }
}

#[async_trait]
impl ReviewStore for Double {
    async fn install(&self) -> Result<(), WriteError> {
        Ok(())
    }

    async fn check(&self) -> Result<(), WriteError> {
        if lock(&self.manner).away { Err(WriteError::Away("connection refused".to_owned())) } else { Ok(()) }
    }

    async fn write(&self, batch: &[Arc<Document>]) -> Result<Vec<Verdict>, WriteError> {
        let ids = batch.iter().map(|document| document.review.id.to_string()).collect();
        lock(&self.batches).push(ids);
        let now = self.in_flight.fetch_add(1, Ordering::SeqCst) + 1;
        self.most_in_flight.fetch_max(now, Ordering::SeqCst);
        let mut held = self.held.subscribe();
        held.wait_for(|held| !held).await.expect("the store lives on");
        let answer = self.answer(batch);
        self.in_flight.fetch_sub(1, Ordering::SeqCst);
        answer
    }

    async fn bury(&self, document: &Document, _reason: &str) -> Result<(), WriteError> {
        if lock(&self.manner).no_burials {
            return Err(WriteError::Away("no room for the dead".to_owned()));
        }
        lock(&self.buried).push(document.review.id.to_string());
        Ok(())
    }

    async fn get(&self, _id: &ReviewId) -> Result<Option<Stored>, ReadError> {
        Err(ReadError::Unsupported("be asked"))
    }

    async fn search(&self, _search: &Search) -> Result<SearchPage, ReadError> {
        Err(ReadError::Unsupported("be asked"))
    }

    async fn stats(&self, _query: &StatsQuery) -> Result<Stats, ReadError> {
        Err(ReadError::Unsupported("be asked"))
    }

    async fn terms(&self, _query: &TermsQuery) -> Result<Terms, ReadError> {
        Err(ReadError::Unsupported("be asked"))
    }

    async fn since(
        &self,
        _query: &StreamQuery,
        _after: &Position,
        _limit: usize,
    ) -> Result<Vec<Stored>, ReadError> {
        Err(ReadError::Unsupported("be asked"))
    }
}
