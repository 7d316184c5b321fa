//! Whether the store is away.
//!
//! 1. Each whole batch and each probe that fails for want of a store counts, until one succeeds.
//! 2. From the second on it is away: one may be a connection that a restarted node has closed.

use std::sync::atomic::{AtomicU32, Ordering};

/// So many failures in a row are no accident.
const AWAY_FROM: u32 = 2;

/// Shared by whoever writes and whoever asks.
#[derive(Default)]
pub(super) struct Health {
    failures: AtomicU32,
}

impl Health {
    pub fn is_away(&self) -> bool {
        self.failures.load(Ordering::Relaxed) >= AWAY_FROM
    }

    pub fn succeeded(&self) {
        if self.failures.swap(0, Ordering::Relaxed) >= AWAY_FROM {
            tracing::info!("the store is back");
        }
    }

    pub fn failed(&self, error: &dyn std::error::Error) {
        // Only the dispatcher calls this: nobody else counts in between.
        let before = self.failures.load(Ordering::Relaxed);
        self.failures.store(before.saturating_add(1), Ordering::Relaxed);
        if before.saturating_add(1) == AWAY_FROM {
            tracing::warn!(%error, "the store takes nothing");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::WriteError;

    #[test]
    fn one_failure_is_an_accident_and_one_success_ends_it() {
        let health = Health::default();
        let error = WriteError::Away("refused".to_owned());
        health.failed(&error);
        assert!(!health.is_away());
        health.failed(&error);
        assert!(health.is_away());
        health.succeeded();
        assert!(!health.is_away());
    }
}
