//! Whether the service can do its work now, kept by the parts that know.
//!
//! 1. A part takes a [`ReadyHandle`] while the service is built; from then on it holds the service unready by its name.
//! 2. It says when it can work and when it no longer can, with a reason.
//! 3. A part that is dropped is not ready: a crashed task can't leave a stale yes behind.
//! 4. The drain makes the whole unready for good, whatever its parts say.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

/// The readiness of a whole service. Cheap to clone.
#[derive(Clone, Default)]
pub struct Readiness(Arc<Shared>);

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Default)]
struct State {
    draining: bool,
    /// The reason for which a part is not ready; `None` where it is.
    parts: BTreeMap<&'static str, Option<String>>,
}

/// One part's word in the service's readiness.
pub struct ReadyHandle {
    part: &'static str,
    readiness: Readiness,
}

impl Readiness {
    /// A new part, which is not ready yet.
    pub fn part(&self, part: &'static str) -> ReadyHandle {
        self.change(|state| state.parts.insert(part, Some("starting".to_owned())));
        ReadyHandle { part, readiness: self.clone() }
    }

    /// What is not ready and why, one `part: reason` each; empty where the service is ready.
    pub fn missing(&self) -> Vec<String> {
        let state = self.0.state.lock().unwrap_or_else(PoisonError::into_inner);
        let draining = state.draining.then(|| "service: draining".to_owned());
        let parts = state.parts.iter();
        let waiting = parts.filter_map(|(part, reason)| Some(format!("{part}: {}", reason.as_ref()?)));
        draining.into_iter().chain(waiting).collect()
    }

    /// Whether the service can do its work.
    pub fn is_ready(&self) -> bool {
        let state = self.0.state.lock().unwrap_or_else(PoisonError::into_inner);
        !state.draining && state.parts.values().all(Option::is_none)
    }

    /// Waits until the service is ready.
    pub async fn ready(&self) {
        loop {
            let changed = self.0.changed.notified();
            if self.is_ready() {
                return;
            }
            changed.await;
        }
    }

    pub(crate) fn drain(&self) {
        self.change(|state| state.draining = true);
    }

    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) {
        change(&mut self.0.state.lock().unwrap_or_else(PoisonError::into_inner));
        self.0.changed.notify_waiters();
    }
}

impl ReadyHandle {
    /// The part can do its work.
    pub fn set_ready(&self) {
        self.set(None);
    }

    /// The part cannot do its work, because of `reason`; /readyz shows it.
    pub fn set_unready(&self, reason: impl Into<String>) {
        self.set(Some(reason.into()));
    }

    fn set(&self, reason: Option<String>) {
        self.readiness.change(|state| state.parts.insert(self.part, reason));
    }
}

impl Drop for ReadyHandle {
    fn drop(&mut self) {
        self.set_unready("ended");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_holds_the_service_unready_by_name() {
        let readiness = Readiness::default();
        assert!(readiness.is_ready());
        let bucket = readiness.part("bucket");
        let cache = readiness.part("cache");
        bucket.set_ready();
        assert_eq!(readiness.missing(), ["cache: starting"]);
        cache.set_ready();
        assert!(readiness.is_ready());
        bucket.set_unready("refused");
        assert_eq!(readiness.missing(), ["bucket: refused"]);
        drop(cache);
        assert_eq!(readiness.missing(), ["bucket: refused", "cache: ended"]);
    }

    #[test]
    fn draining_outweighs_every_part() {
        let readiness = Readiness::default();
        let part = readiness.part("part");
        part.set_ready();
        readiness.drain();
        part.set_ready();
        assert_eq!(readiness.missing(), ["service: draining"]);
    }

    #[tokio::test]
    async fn ready_wakes_when_the_last_part_is() {
        let readiness = Readiness::default();
        let part = readiness.part("part");
        let waiting = tokio::spawn({
            let readiness = readiness.clone();
            async move { readiness.ready().await }
        });
        part.set_ready();
        waiting.await.expect("ready() returns");
    }
}
