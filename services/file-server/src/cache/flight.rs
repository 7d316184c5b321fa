//! One errand to the store, however many wait for its answer.
//!
//! 1. The first who needs something sends a task off for it; whoever needs the same meanwhile waits for that task.
//! 2. The task belongs to nobody: it ends, and what it learnt is kept, also when all who waited have gone.
//! 3. It is taken off the list when it ends, panics included: by then its answer is in the cache.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::FutureExt;
use futures::future::Shared;

use super::entry::{Entry, Work};
use super::key::EntryKey;
use super::status::Source;
use crate::store::StoreError;

/// What is fetched or made.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) enum Errand {
    /// What the store has.
    Load,
    /// Another form of what is known.
    Form(Work),
}

/// What an errand came back with.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub entry: Arc<Entry>,
    pub source: Source,
}

/// An errand under way.
pub(super) type Flight = Shared<Pin<Box<dyn Future<Output = Result<Answer, StoreError>> + Send>>>;

type Key = (EntryKey, Errand);

/// Every errand under way.
#[derive(Clone, Default)]
pub(super) struct Flights(Arc<Mutex<List>>);

#[derive(Default)]
struct List {
    flights: HashMap<Key, (u64, Flight)>,
    /// Tells a flight from a later one for the same.
    next: u64,
}

impl Flights {
    /// The errand under way, or else one that begins now; true where it was under way.
    pub(super) fn join<F>(&self, key: Key, begin: impl FnOnce() -> F) -> (Flight, bool)
    where
        F: Future<Output = Result<Answer, StoreError>> + Send + 'static,
    {
        let mut list = self.lock();
        if let Some((_, flight)) = list.flights.get(&key) {
            return (flight.clone(), true);
        }
        let number = list.next;
        list.next += 1;
        let landing = Landing { flights: self.clone(), key: key.clone(), number };
        let errand = begin();
        let task = tokio::spawn(async move {
            let _landing = landing;
            errand.await
        });
        // A task that panicked has logged it.
        let flight = task.map(|ended| ended.unwrap_or(Err(StoreError::BadAnswer))).boxed().shared();
        list.flights.insert(key, (number, flight.clone()));
        (flight, false)
    }

    /// Forgets what is under way: who comes from now on asks anew.
    pub(super) fn forget(&self) {
        self.lock().flights.clear();
    }

    fn lock(&self) -> MutexGuard<'_, List> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes an errand off the list when it ends.
struct Landing {
    flights: Flights,
    key: Key,
    number: u64,
}

impl Drop for Landing {
    fn drop(&mut self) {
        let mut list = self.flights.lock();
        // After a purge another may fly in its place.
        if list.flights.get(&self.key).is_some_and(|(number, _)| *number == self.number) {
            list.flights.remove(&self.key);
        }
    }
}
