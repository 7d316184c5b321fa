//! A node that takes little at once.

use std::sync::Arc;

use futures::future::join_all;
use review_api::review::Document;
use review_api::store::{ReviewStore, Verdict, WriteError};
use tokio::sync::Mutex;

use super::{count, document, store, write_all};
use crate::cluster::Cluster;

const MAY: &str = "2026-05-01T00:00:00Z";

fn batch(name: &str, documents: usize) -> Vec<Arc<Document>> {
    (0..documents).map(|number| document(&format!("{name}-{number}"), MAY)).collect()
}

/// 413, also where it is the unpacked body that is too large; half of the half of it is not.
pub(super) async fn a_batch_beyond_the_limit_is_too_large(cluster: Arc<Mutex<Cluster>>) {
    let cluster = cluster.lock().await;
    let store = store(&cluster, "large");
    store.install().await.expect("installed");
    let large = batch("l", 1_000);
    for _ in 0..3 {
        let error = store.write(&large).await.expect_err("about 300 KiB");
        assert!(matches!(error, WriteError::TooLarge), "{error}");
    }
    for part in large.chunks(100) {
        let verdicts = store.write(part).await.expect("verdicts");
        assert!(verdicts.iter().all(|verdict| *verdict == Verdict::Created), "{verdicts:?}");
    }
    assert_eq!(count(&cluster, "large").await, 1_000);
}

/// 429s inside answers with 200, and of whole answers.
pub(super) async fn a_full_queue_is_tried_again_and_nothing_is_lost(cluster: Arc<Mutex<Cluster>>) {
    let cluster = cluster.lock().await;
    let store = store(&cluster, "queue");
    store.install().await.expect("installed");
    let mut rejected = 0;
    for round in 0..20 {
        let name = |number: usize| format!("q{round}-{number}");
        let first = join_all((0..32).map(|number| {
            let (store, batch) = (&store, batch(&name(number), 20));
            async move { (store.write(&batch).await, batch) }
        }));
        let mut again = Vec::new();
        for (answer, batch) in first.await {
            match answer {
                Ok(verdicts) => {
                    again.extend(batch.into_iter().zip(verdicts).filter_map(|(document, verdict)| {
                        matches!(verdict, Verdict::Busy(_)).then_some(document)
                    }));
                }
                Err(WriteError::Overloaded { .. }) => again.extend(batch),
                Err(error) => panic!("{error}"),
            }
        }
        rejected += again.len();
        for part in again.chunks(20) {
            let done = write_all(&store, part.to_vec()).await;
            assert!(done.iter().all(|(_, verdict)| *verdict == Verdict::Created), "{done:?}");
        }
        if rejected > 0 && round >= 2 {
            assert_eq!(count(&cluster, "queue").await, (round + 1) * 32 * 20);
            return;
        }
    }
    panic!("the queue was never full: the case shows nothing");
}
