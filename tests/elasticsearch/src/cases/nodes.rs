//! Nodes that are lost, hang, and come back.

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use review_api::review::{Document, ReviewId};
use review_api::store::elasticsearch::ElasticsearchStore;
use review_api::store::{ReadError, ReviewStore, WriteError};
use tokio::sync::Mutex;

use super::{count, document, store, write_all};
use crate::cluster::{Cluster, wait_for};

const MAY: &str = "2026-05-01T00:00:00Z";
/// What takes seconds may take this long on a machine that does much else.
const PATIENCE: Duration = Duration::from_mins(2);

/// Every document is written to its end, in batches that are under way together.
async fn load(store: &ElasticsearchStore, name: &str) -> usize {
    let batch = |number: usize| -> Vec<Arc<Document>> {
        (0..25).map(|place| document(&format!("{name}-{number}-{place}"), MAY)).collect()
    };
    join_all((0..16).map(|number| write_all(store, batch(number)))).await.iter().map(Vec::len).sum()
}

/// Reads go on as well: ten, so that every node would be asked.
async fn reads(store: &ElasticsearchStore, name: &str) {
    let id = ReviewId::parse(&format!("{name}-0-0")).expect("an id");
    for _ in 0..10 {
        wait_for("an answer", PATIENCE, async || matches!(store.get(&id).await, Ok(Some(_)))).await;
    }
}

/// Connections are refused.
pub(super) async fn a_killed_node_is_passed_over_and_found_again(cluster: Arc<Mutex<Cluster>>) {
    let mut cluster = cluster.lock().await;
    let store = store(&cluster, "killed");
    let mut written = load(&store, "before").await;
    // Until its copy is made, an index lives on one node, and goes with it.
    cluster.is_complete().await;
    for node in 0..3 {
        let name = format!("killed{node}");
        let (more, ()) = tokio::join!(load(&store, &name), cluster.nodes[node].kill());
        written += more + load(&store, &format!("{name}-later")).await;
        reads(&store, &name).await;
        cluster.nodes[node].start();
        cluster.is_complete().await;
        assert_eq!(count(&cluster, "killed").await, written as u64, "acknowledged and stored");
    }
}

/// Connections stay, and nothing is answered.
pub(super) async fn a_hung_node_is_passed_over_and_found_again(cluster: Arc<Mutex<Cluster>>) {
    let cluster = cluster.lock().await;
    let store = store(&cluster, "hung");
    let mut written = load(&store, "before").await;
    // Until its copy is made, an index lives on one node, and goes with it.
    cluster.is_complete().await;
    for node in 0..3 {
        let name = format!("hung{node}");
        cluster.nodes[node].pause();
        written += load(&store, &name).await;
        reads(&store, &name).await;
        cluster.nodes[node].resume();
        cluster.is_complete().await;
        assert_eq!(count(&cluster, "hung").await, written as u64, "acknowledged and stored");
    }
}

/// All of them at once: it is said, and no later than the last is back it is over.
pub(super) async fn a_cluster_that_is_away_is_away_and_comes_back(cluster: Arc<Mutex<Cluster>>) {
    let mut cluster = cluster.lock().await;
    let store = store(&cluster, "away");
    let mut written = load(&store, "before").await;
    for node in &mut cluster.nodes {
        node.kill().await;
    }
    let lost = store.write(&[document("lost", MAY)]).await;
    assert!(matches!(lost, Err(WriteError::Away(_))), "{lost:?}");
    assert!(matches!(store.check().await, Err(WriteError::Away(_))));
    let id = ReviewId::parse("before-0-0").expect("an id");
    assert!(matches!(store.get(&id).await, Err(ReadError::Away(_))));
    for node in &mut cluster.nodes {
        node.start();
    }
    wait_for("a cluster that takes writes", PATIENCE, async || store.check().await.is_ok()).await;
    written += load(&store, "after").await;
    cluster.is_complete().await;
    reads(&store, "before").await;
    assert_eq!(count(&cluster, "away").await, written as u64, "acknowledged and stored");
}
