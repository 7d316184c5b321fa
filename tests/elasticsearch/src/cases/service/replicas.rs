//! Many replicas that start at the same moment on a cluster that has nothing of theirs.

use std::sync::Arc;

use futures::future::join_all;
use reqwest::{Method, StatusCode};
use reviews_contract::live::{Process, Setup, client, made};
use serde_json::{Value, json};
use tokio::sync::Mutex;

use super::setup;
use crate::cluster::Cluster;
use crate::front::{Front, Rules};

/// So many replicas.
const REPLICAS: usize = 5;

/// As the cluster is. The bare distribution has no lifecycle policies; one that has them has ours.
pub(in crate::cases) async fn five_at_once_make_one_of_everything(cluster: Arc<Mutex<Cluster>>) {
    let cluster = cluster.lock().await;
    let (name, folder) = (cluster.name("five"), tempfile::tempdir().expect("a folder"));
    start_together(&setup(&cluster, &name, &folder), &name).await;
    let template = cluster.call(Method::GET, &format!("/_index_template/{name}"), None).await;
    let index = &template["index_templates"][0]["index_template"]["template"]["settings"]["index"];
    let policy = cluster.try_call(0, Method::GET, &format!("/_ilm/policy/{name}"), None).await;
    let has_policies = policy.is_some_and(|(status, _)| status == StatusCode::OK);
    let expected = if has_policies { json!(name) } else { Value::Null };
    assert_eq!(index["lifecycle"]["name"], expected, "{template}");
    let mapping = cluster.call(Method::GET, &format!("/{name}-{}/_mapping", made::month(0)), None).await;
    assert_eq!(mapping[format!("{name}-{}", made::month(0))]["mappings"]["dynamic"], "strict");
}

/// With lifecycle policies, which a front adds to the bare distribution. Those who start later write nothing again.
pub(in crate::cases) async fn five_at_once_make_one_policy(cluster: Arc<Mutex<Cluster>>) {
    let cluster = cluster.lock().await;
    let (name, folder) = (cluster.name("policy"), tempfile::tempdir().expect("a folder"));
    let front = Front::start(cluster.urls()[0].clone(), Rules { lifecycle: true, ..Rules::default() }).await;
    let setup = setup(&cluster, &name, &folder)
        .with("ELASTICSEARCH_URL", front.url())
        .with("ELASTICSEARCH_CA_FILE", front.authority().display().to_string())
        // The front reads templates.
        .with("ELASTICSEARCH_GZIP", "false");
    start_together(&setup, &name).await;
    let first = front.seen();
    assert_eq!(first.policies.keys().collect::<Vec<_>>(), [&name]);
    assert!(first.policies[&name]["phases"]["hot"].is_object(), "{:?}", first.policies);
    assert_eq!(first.policy_of.get(&name), Some(&name), "the template of the months names it");
    start_together(&setup, &name).await;
    assert_eq!(front.seen().written, first.written, "what is there is left alone");
}

/// Starts them all, and has all of them take the same review at once: one of them stores it.
async fn start_together(setup: &Setup, name: &str) {
    let replica = |number: usize| {
        let dead = setup.folder().join(format!("dead-{number}")).display().to_string();
        setup.clone().with("DEAD_LETTER_DIR", dead).with("RETRY_FOR", "30s")
    };
    let replicas: Vec<_> = (0..REPLICAS).map(replica).collect();
    let mut started: Vec<_> = replicas.iter().map(Process::spawn).collect();
    join_all(started.iter_mut().map(Process::listens)).await;
    join_all(started.iter().map(Process::is_ready)).await;
    let client = client();
    let review = made::review(name, 0).to_string();
    let posts = started.iter().map(|process| {
        let url = format!("http://{}/reviews", process.address());
        client.post(url).header("content-type", "application/json").body(review.clone()).send()
    });
    let answers = join_all(posts).await;
    let statuses: Vec<_> = answers.into_iter().map(|answer| answer.expect("an answer").status()).collect();
    let created = statuses.iter().filter(|status| **status == StatusCode::CREATED).count();
    let repeated = statuses.iter().filter(|status| **status == StatusCode::OK).count();
    assert!(created <= 1 && created + repeated == REPLICAS, "{statuses:?}");
    for process in started {
        assert_eq!(process.stop().await, 0);
    }
}
