//! Documents, and what an operator may do to the indices they go into.

use std::sync::Arc;

use reqwest::Method;
use review_api::review::ReviewId;
use review_api::store::{ReviewStore, Verdict};
use serde_json::{Value, json};
use tokio::sync::Mutex;

use super::{count, document, store, write_all, write_one};
use crate::cluster::Cluster;

const MAY: &str = "2026-05-01T00:00:00Z";

/// Also those that mean something in a path.
pub(super) async fn every_id_is_kept_as_it_is(cluster: Arc<Mutex<Cluster>>) {
    let cluster = cluster.lock().await;
    let store = store(&cluster, "ids");
    let longest = "x".repeat(128);
    for id in ["...", "_id", "_all", "_doc", "~", ":", "-", "a.b_c~d:e-f", &longest] {
        let document = document(id, MAY);
        assert_eq!(write_one(&store, &document).await, Verdict::Created, "{id}");
        let fresh = store.get(&document.review.id).await.expect("an answer").expect("there at once");
        assert_eq!(fresh.review, document.review);
        // A store keeps milliseconds of its own times.
        assert!(fresh.stored_at.as_millisecond() >= fresh.received_at.as_millisecond(), "{fresh:?}");
    }
}

/// From this process or another, alone or in one batch.
pub(super) async fn a_repeat_is_a_duplicate_whoever_sends_it(cluster: Arc<Mutex<Cluster>>) {
    let cluster = cluster.lock().await;
    let (one, other) = (store(&cluster, "repeat"), store(&cluster, "repeat"));
    let first = document("r", MAY);
    assert_eq!(write_one(&one, &first).await, Verdict::Created);
    assert_eq!(write_one(&other, &first).await, Verdict::Duplicate);
    let twice = [document("s", MAY), document("s", MAY)];
    assert_eq!(one.write(&twice).await.expect("verdicts"), [Verdict::Created, Verdict::Duplicate]);
    assert_eq!(count(&cluster, "repeat").await, 2);
}

/// An index whose fields somebody made otherwise: what it cannot take is refused with the reason, the rest is not.
pub(super) async fn a_document_that_the_mapping_refuses_is_refused_alone(cluster: Arc<Mutex<Cluster>>) {
    let cluster = cluster.lock().await;
    let store = store(&cluster, "conflict");
    store.install().await.expect("installed");
    let mappings = json!({"mappings": {"properties": {"hub": {"type": "integer"}}}});
    let may: Value = cluster.call(Method::PUT, "/conflict-2026.05", Some(mappings)).await;
    assert_eq!(may["acknowledged"], true);
    let batch = [document("a", MAY), document("b", "2026-06-01T00:00:00Z")];
    let verdicts = store.write(&batch).await.expect("verdicts");
    assert!(matches!(&verdicts[0], Verdict::Refused(reason) if reason.contains("hub")), "{verdicts:?}");
    assert_eq!(verdicts[1], Verdict::Created);
    store.bury(&batch[0], "hub is no number").await.expect("buried");
    store.bury(&batch[0], "hub is still no number").await.expect("buried again, once");
    cluster.refresh("dead-conflict").await;
    let dead = cluster.call(Method::GET, "/dead-conflict/_search", None).await;
    let graves = dead["hits"]["hits"].as_array().expect("hits");
    assert_eq!(graves.len(), 1, "{dead}");
    assert_eq!(graves[0]["_source"]["reason"], "hub is still no number");
    assert_eq!(graves[0]["_source"]["document"]["id"], "a");
}

/// The flood stage of a full disk, and an operator's own block.
pub(super) async fn a_read_only_index_is_tried_again(cluster: Arc<Mutex<Cluster>>) {
    let cluster = cluster.lock().await;
    let store = store(&cluster, "readonly");
    assert_eq!(write_one(&store, &document("before", MAY)).await, Verdict::Created);
    for block in ["index.blocks.read_only_allow_delete", "index.blocks.write", "index.blocks.read_only"] {
        let set = async |value: Value| {
            cluster.call(Method::PUT, "/readonly-2026.05/_settings", Some(json!({block: value}))).await;
        };
        let held = document(block, MAY);
        set(json!(true)).await;
        let verdict = write_one(&store, &held).await;
        assert!(
            matches!(&verdict, Verdict::Again(reason) if reason.contains("cluster_block")),
            "{verdict:?}"
        );
        set(Value::Null).await;
        assert_eq!(write_one(&store, &held).await, Verdict::Created, "{block}");
    }
}

/// Elasticsearch calls that a bad request.
pub(super) async fn a_closed_index_is_tried_again(cluster: Arc<Mutex<Cluster>>) {
    let cluster = cluster.lock().await;
    let store = store(&cluster, "closed");
    assert_eq!(write_one(&store, &document("before", MAY)).await, Verdict::Created);
    cluster.call(Method::POST, "/closed-2026.05/_close", None).await;
    let verdict = write_one(&store, &document("held", MAY)).await;
    assert!(matches!(verdict, Verdict::Again(_)), "{verdict:?}");
    cluster.call(Method::POST, "/closed-2026.05/_open", None).await;
    let done = write_all(&store, vec![document("held", MAY)]).await;
    assert_eq!(done[0].1, Verdict::Created);
}

/// And that too: the cluster has as many shards as it may have, or makes no index by itself.
pub(super) async fn a_month_that_may_not_be_made_is_tried_again(cluster: Arc<Mutex<Cluster>>) {
    let cluster = cluster.lock().await;
    let store = store(&cluster, "unmade");
    store.install().await.expect("installed");
    let settings = [("cluster.max_shards_per_node", json!(1)), ("action.auto_create_index", json!("false"))];
    for (number, (name, value)) in settings.into_iter().enumerate() {
        let set = async |value: Value| {
            cluster.call(Method::PUT, "/_cluster/settings", Some(json!({"persistent": {name: value}}))).await;
        };
        let held = document("held", &format!("2026-0{}-01T00:00:00Z", number + 1));
        set(value).await;
        let verdict = write_one(&store, &held).await;
        set(Value::Null).await;
        assert!(matches!(verdict, Verdict::Again(_)), "{name}: {verdict:?}");
        assert_eq!(write_one(&store, &held).await, Verdict::Created, "{name}");
    }
}

/// The id and the time of writing belong together; the one written last is given back.
pub(super) async fn one_id_in_two_months_is_two_copies(cluster: Arc<Mutex<Cluster>>) {
    let cluster = cluster.lock().await;
    let store = store(&cluster, "months");
    let june = document("m", "2026-06-30T23:59:59.999999999Z");
    assert_eq!(write_one(&store, &june).await, Verdict::Created);
    assert_eq!(write_one(&store, &document("m", MAY)).await, Verdict::Created);
    let id = ReviewId::parse("m").expect("an id");
    for refreshed in [false, true] {
        let found = store.get(&id).await.expect("an answer").expect("there");
        assert_eq!(found.review.written_at, june.review.written_at, "refreshed: {refreshed}");
        cluster.refresh("months-20*").await;
    }
}
