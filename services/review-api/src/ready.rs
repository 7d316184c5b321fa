//! When the service says that it can work.
//!
//! 1. What the store needs is made, with growing pauses until it takes it.
//! 2. From then on the batcher knows whether the store takes writes: it asks once a second where nothing is written.
//!    Without a spool the service is as ready as the store is.
//! 3. With a spool the service is ready from the start and whatever the store does: it keeps what it takes. The metric
//!    tells how the store fares.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use prometheus_client::metrics::gauge::Gauge;
use service_kit::{Kit, ReadyHandle};

use crate::batch::Batcher;
use crate::store::ReviewStore;

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// Between two looks.
const PAUSE: Duration = Duration::from_secs(1);

service_kit::metrics! {
    /// How the store fares.
    pub(crate) struct ReadyMetrics {
        /// Whether the store takes writes, as far as is known: 1 or 0.
        pub(crate) store_up: Gauge,
    }
}

/// Holds the service unready as long as reviews could not be taken.
pub(crate) fn watch(kit: &mut Kit, store: Arc<dyn ReviewStore>, batcher: Batcher, spooled: bool) {
    let ready = kit.readiness("store");
    let metrics = kit.metrics().with(ReadyMetrics::register);
    let shutdown = kit.shutdown();
    kit.spawn("store readiness", async move {
        if spooled {
            ready.set_ready();
        }
        let watch = Watch { ready, metrics, spooled };
        shutdown.run_until_cancelled(watch.run(&*store, &batcher)).await;
        Ok(())
    });
}

struct Watch {
    ready: ReadyHandle,
    metrics: ReadyMetrics,
    spooled: bool,
}

impl Watch {
    async fn run(&self, store: &dyn ReviewStore, batcher: &Batcher) -> Infallible {
        self.install(store).await;
        loop {
            if batcher.store_is_away() {
                self.away("it takes no writes");
            } else {
                self.metrics.store_up.set(1);
                self.ready.set_ready();
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn install(&self, store: &dyn ReviewStore) {
        let mut pause = FIRST_PAUSE;
        while let Err(error) = store.install().await {
            tracing::warn!(%error, "the store is not installed yet");
            self.away(&error.to_string());
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    fn away(&self, reason: &str) {
        self.metrics.store_up.set(0);
        if !self.spooled {
            self.ready.set_unready(reason);
        }
    }
}
