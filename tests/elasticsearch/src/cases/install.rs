//! Templates.

use std::sync::Arc;

use futures::future::join_all;
use reqwest::Method;
use review_api::store::{ReviewStore, Verdict, WriteError};
use serde_json::{Value, json};
use tokio::sync::Mutex;

use super::{document, store, write_one};
use crate::cluster::Cluster;

async fn template(cluster: &Cluster, name: &str) -> Value {
    let found = cluster.call(Method::GET, &format!("/_index_template/{name}"), None).await;
    found["index_templates"][0]["index_template"].clone()
}

/// As eight replicas of the service do that start together, and each writes at once.
pub(super) async fn eight_at_once_make_one_template(cluster: Arc<Mutex<Cluster>>) {
    let cluster = cluster.lock().await;
    let stores: Vec<_> = (0..8).map(|_| store(&cluster, "eight")).collect();
    let begin = async |number: usize| {
        let store = &stores[number];
        store.install().await.expect("installed");
        store.check().await.expect("it takes writes");
        write_one(store, &document(&format!("e{number}"), "2026-05-01T00:00:00Z")).await
    };
    let verdicts = join_all((0..8).map(begin)).await;
    assert!(verdicts.iter().all(|verdict| *verdict == Verdict::Created), "{verdicts:?}");
    let template = template(&cluster, "eight").await;
    assert_eq!(template["index_patterns"], json!(["eight-20*"]));
    assert_eq!(template["template"]["settings"]["index"]["refresh_interval"], "1s");
    assert_eq!(template["template"]["settings"]["index"]["number_of_replicas"], "0");
    assert_eq!(template["template"]["mappings"]["dynamic"], "strict");
    let mapping = cluster.call(Method::GET, "/eight-2026.05/_mapping", None).await;
    let mapping = &mapping["eight-2026.05"]["mappings"];
    assert_eq!(mapping["dynamic"], "strict");
    assert_eq!(mapping["properties"]["id"]["type"], "keyword");
}

/// A service that may read templates and not write them starts all the same, once an operator has made them.
pub(super) async fn what_is_there_already_is_left_alone(cluster: Arc<Mutex<Cluster>>) {
    let cluster = cluster.lock().await;
    store(&cluster, "twice").install().await.expect("installed");
    let version = async || {
        let state = cluster.call(Method::GET, "/_cluster/state/version", None).await;
        state["version"].as_u64().expect("a version")
    };
    let before = version().await;
    store(&cluster, "twice").install().await.expect("installed");
    assert_eq!(version().await, before, "the second changed nothing of the cluster");
}

/// In a rolling update an old process may start after a new one.
pub(super) async fn a_newer_template_is_left_alone(cluster: Arc<Mutex<Cluster>>) {
    let cluster = cluster.lock().await;
    let newer = json!({"index_patterns": ["newer-20*"], "version": 999, "priority": 500});
    cluster.call(Method::PUT, "/_index_template/newer", Some(newer)).await;
    store(&cluster, "newer").install().await.expect("installed");
    assert_eq!(template(&cluster, "newer").await["version"], 999);
}

/// It says which one is in the way.
pub(super) async fn a_foreign_template_of_the_same_rank_is_a_refusal(cluster: Arc<Mutex<Cluster>>) {
    let cluster = cluster.lock().await;
    let foreign = json!({"index_patterns": ["foreign-20*"], "priority": 500});
    cluster.call(Method::PUT, "/_index_template/somebody", Some(foreign)).await;
    let store = store(&cluster, "foreign");
    let error = store.install().await.expect_err("two templates of one rank");
    assert!(matches!(&error, WriteError::Denied(reason) if reason.contains("somebody")), "{error}");
    let write = store.write(&[document("f", "2026-05-01T00:00:00Z")]).await;
    assert!(matches!(write, Err(WriteError::Denied(_))), "{write:?}");
    cluster.call(Method::DELETE, "/_index_template/somebody", None).await;
    assert_eq!(write_one(&store, &document("f", "2026-05-01T00:00:00Z")).await, Verdict::Created);
}

/// A write installs first.
pub(super) async fn a_month_is_made_as_we_want_it_though_nobody_installed(cluster: Arc<Mutex<Cluster>>) {
    let cluster = cluster.lock().await;
    let store = store(&cluster, "nobody");
    assert_eq!(write_one(&store, &document("n", "2026-05-01T00:00:00Z")).await, Verdict::Created);
    let mapping = cluster.call(Method::GET, "/nobody-2026.05/_mapping", None).await;
    assert_eq!(mapping["nobody-2026.05"]["mappings"]["dynamic"], "strict");
}

/// As on a cluster that was replaced by an empty one: the check sees it, and the next month is as it should be.
pub(super) async fn a_template_that_went_away_is_made_again(cluster: Arc<Mutex<Cluster>>) {
    let cluster = cluster.lock().await;
    let store = store(&cluster, "gone");
    store.install().await.expect("installed");
    cluster.call(Method::DELETE, "/_index_template/gone", None).await;
    store.check().await.expect("installed again");
    assert_eq!(template(&cluster, "gone").await["index_patterns"], json!(["gone-20*"]));
}
