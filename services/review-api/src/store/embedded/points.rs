//! Moments of the index that cursors go on from.
//!
//! 1. A first page that is not the last leaves its view of the index here, under a name nobody can guess.
//! 2. The next page is looked for in that view, so that nothing written since moves what it shows.
//! 3. A view that nobody asks for in a while is let go, and the one idle longest where there are too many: a view keeps
//!    files of the index on disk which merges have made needless.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tantivy::Searcher;

/// The views that are held.
pub(super) struct Points {
    held: Mutex<HashMap<String, Point>>,
    most: usize,
    idle: Duration,
}

struct Point {
    searcher: Searcher,
    used: Instant,
}

impl Points {
    /// At most so many, each until it was idle for so long.
    pub(super) fn new(most: usize, idle: Duration) -> Self {
        Self { held: Mutex::new(HashMap::new()), most, idle }
    }

    /// Keeps a view; its name.
    pub(super) fn keep(&self, searcher: Searcher) -> String {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        while held.len() >= self.most.max(1) {
            let Some(oldest) = held.iter().min_by_key(|(_, point)| point.used).map(|(name, _)| name.clone())
            else {
                break;
            };
            held.remove(&oldest);
        }
        let name = format!("{:032x}", rand::random::<u128>());
        held.insert(name.clone(), Point { searcher, used: Instant::now() });
        name
    }

    /// The view of this name, if it is still held.
    pub(super) fn get(&self, name: &str) -> Option<Searcher> {
        self.sweep();
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let point = held.get_mut(name)?;
        point.used = Instant::now();
        Some(point.searcher.clone())
    }

    /// Lets go what was idle for too long.
    pub(super) fn sweep(&self) {
        let now = Instant::now();
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.retain(|_, point| now.duration_since(point.used) < self.idle);
    }
}
