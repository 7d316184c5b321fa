//! When the service says that it can work: once every bucket has answered.
//!
//! 1. Each bucket is asked until it answers, with growing pauses. A wrong endpoint, key or bucket name thus holds a new
//!    replica unready, and a rollout stops there.
//! 2. From then on it stays ready whatever the store does. The store is shared: were a replica unready while the store
//!    is away, all of them would be, at once, and clients would get nothing, where they now get what is cached, stale
//!    within `STALE_IF_ERROR`, and a 503 that says when to come back. How the store fares is in the metrics.

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use service_kit::Kit;

use crate::sites::{Site, Sites};

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Holds the service unready until every site's bucket has answered.
pub(crate) fn watch(kit: &mut Kit, sites: Arc<Sites>) {
    let ready = kit.readiness("store");
    let shutdown = kit.shutdown();
    kit.spawn("store readiness", async move {
        let answered = join_all(sites.iter().map(|site| answered(site)));
        if shutdown.run_until_cancelled(answered).await.is_some() {
            ready.set_ready();
            // The handle is the service's word: dropped, it would take it back.
            shutdown.cancelled().await;
        }
        Ok(())
    });
}

async fn answered(site: &Site) {
    let mut pause = FIRST_PAUSE;
    while let Err(error) = site.store.answers().await {
        tracing::warn!(site = site.name, %error, "waiting for the bucket");
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}
