//! A node with a write queue of one, and requests of at most 64 KiB.

use std::sync::Arc;
use std::time::Duration;

use reviews_contract::live::{Clients, Setup, until};
use tokio::sync::Mutex;

use super::Pair;
use crate::cluster::Cluster;

/// 429 of items and of whole answers, and 413: all of it is sent again, in smaller batches, and stored once.
pub(in crate::cases) async fn a_full_queue_costs_time_and_nothing_else(cluster: Arc<Mutex<Cluster>>) {
    let cluster = cluster.lock().await;
    let clients =
        Clients { single: 24, bulk: 6, lines: 200, pause: Duration::from_millis(5), rejections: false };
    // Each batch is four requests within the node, and there are many at once. Clients wait for the store, with a spool too:
    // they would bring far more than such a node takes.
    let patient = |setup: Setup| setup.with("ACK_WAIT", "30s").with("RETRY_FOR", "30s");
    let pair = Pair::start(&cluster, "busy", clients, |setup| {
        patient(setup).with("REVIEWS_SHARDS", "4").with("BATCH_CONCURRENCY", "32").with("BATCH_WAIT", "0ms")
    })
    .await;
    let services = [&pair.spooled.process, &pair.plain.process];
    until("the write queue is full", async || {
        let mut turned_away = 0.0;
        for process in services {
            turned_away += process.metric("batch_retries_total{reason=\"item\"").await;
            turned_away += process.metric("batch_retries_total{reason=\"overloaded\"").await;
        }
        turned_away > 0.0
    })
    .await;
    until("batches were too large", async || {
        let mut halvings = 0.0;
        for process in services {
            halvings += process.metric("batch_halvings_total").await;
        }
        halvings > 0.0
    })
    .await;
    pair.more(500).await;
    pair.end(&cluster).await;
}
