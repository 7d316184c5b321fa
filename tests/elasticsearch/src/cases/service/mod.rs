//! What review-api does as a process before real nodes, under load.
//!
//! 1. [`Live`] is one service, its clients and the indices that it fills; [`Pair`] is two, with and without a spool.
//! 2. A case starts one of them, does something to the service or the nodes, and ends it: by then every review that was
//!    sent is acknowledged, and [`Live::end`] finds each of them in the indices, once.

pub(super) mod access;
pub(super) mod busy;
pub(super) mod dead;
pub(super) mod ends;
pub(super) mod flood;
pub(super) mod lost;
pub(super) mod replicas;

use std::path::PathBuf;

use reqwest::Method;
use reviews_contract::live::made::MONTHS;
use reviews_contract::live::{Audit, Clients, Load, Process, Setup, drained};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::cluster::Cluster;

/// Hits of a page; Elasticsearch gives no more.
const PAGE: usize = 10_000;

/// review-api as cargo built it, beside this program, or the one that is asked for.
fn program() -> PathBuf {
    let built = || {
        let own = std::env::current_exe().expect("this program is a file");
        own.ancestors().nth(2).expect("it lies in target/PROFILE/deps").join("review-api")
    };
    std::env::var_os("REVIEW_API").map_or_else(built, PathBuf::from)
}

/// A service that keeps its reviews in indices named after `name`.
fn setup(cluster: &Cluster, name: &str, folder: &TempDir) -> Setup {
    let urls: Vec<_> = cluster.urls().iter().map(ToString::to_string).collect();
    let replicas = u32::from(cluster.nodes.len() > 1);
    let setup = Setup::new(program(), folder.path())
        .with("ELASTICSEARCH_URL", urls.join(","))
        .with("REVIEWS_INDEX", name)
        .with("REVIEWS_REPLICAS", replicas.to_string())
        .with("DEAD_LETTER_DIR", folder.path().join("dead").display().to_string())
        .with("RETRY_FOR", "1s")
        .with("ACK_WAIT", "250ms")
        .with("SPOOL_SEGMENT", "1MiB");
    cluster.access().variables().into_iter().fold(setup, |setup, (name, value)| setup.with(name, value))
}

/// A service under load.
struct Live {
    name: String,
    process: Process,
    load: Load,
    setup: Setup,
    _folder: TempDir,
}

impl Live {
    /// Starts it, and its clients as soon as it is ready. `adapt` says what is special about it.
    async fn start(
        cluster: &Cluster,
        name: &str,
        clients: Clients,
        adapt: impl FnOnce(Setup) -> Setup,
    ) -> Self {
        let live = Self::prepare(cluster, name, clients, adapt).await;
        live.open();
        live
    }

    /// Starts it; nobody posts yet.
    async fn prepare(
        cluster: &Cluster,
        name: &str,
        clients: Clients,
        adapt: impl FnOnce(Setup) -> Setup,
    ) -> Self {
        let (name, folder) = (cluster.name(name), tempfile::tempdir().expect("a folder"));
        let setup = adapt(setup(cluster, &name, &folder));
        let process = Process::start(&setup).await;
        process.is_installed().await;
        let load = Load::start(&name, clients, 0);
        Self { name, process, load, setup, _folder: folder }
    }

    /// Lets its clients post.
    fn open(&self) {
        self.load.target(Some(self.process.address()));
    }

    /// Lets every client come to an end, wants every review in the indices once, and ends the service.
    async fn end(mut self, cluster: &Cluster) {
        self.load.finish().await;
        drained(&self.setup, &self.process).await;
        let letters = self.process.admin(Method::GET, "/-/dead-letters", None).await;
        assert_eq!(letters["total"], 0, "dead letters");
        let stored = audit(cluster, &self.name, &self.load).await;
        assert_eq!(stored, self.load.ledger().sent(), "everything that was sent");
        assert_eq!(self.process.stop().await, 0);
        // The next case's nodes have less to recover.
        let months = MONTHS.map(|month| format!("{}-{month}", self.name)).join(",");
        cluster.call(Method::DELETE, &format!("/{months}?ignore_unavailable=true"), None).await;
    }
}

/// Two services under load: one makes reviews durable first, the other one keeps its clients waiting.
struct Pair {
    spooled: Live,
    plain: Live,
}

impl Pair {
    async fn start(cluster: &Cluster, name: &str, clients: Clients, adapt: impl Fn(Setup) -> Setup) -> Self {
        let spooled =
            Live::start(cluster, &format!("{name}-spooled"), clients, |setup| adapt(setup).spooled()).await;
        let plain = Live::start(cluster, &format!("{name}-plain"), clients, adapt).await;
        Self { spooled, plain }
    }

    /// Waits until both have acknowledged so many more.
    async fn more(&self, count: usize) {
        tokio::join!(self.spooled.load.more(count), self.plain.load.more(count));
    }

    /// Waits until the one accepts reviews, and the other one turns them away and acknowledges none.
    async fn is_cut_off(&self) {
        self.spooled.load.more_answers("202", 20).await;
        // Those that were on their way may have come through.
        self.plain.load.more_answers("503", 20).await;
        let before = self.plain.load.ledger().acknowledged();
        self.plain.load.more_answers("503", 20).await;
        assert_eq!(self.plain.load.ledger().acknowledged(), before, "acknowledged, and by whom?");
    }

    async fn end(self, cluster: &Cluster) {
        self.spooled.end(cluster).await;
        self.plain.end(cluster).await;
    }
}

/// Holds the indices against the load; returns how many reviews they have.
async fn audit(cluster: &Cluster, name: &str, load: &Load) -> usize {
    cluster.refresh(&format!("{name}-20*")).await;
    let mut audit = Audit::new(load.run(), load.ledger());
    let mut stored = 0;
    for month in MONTHS {
        let mut after = None;
        loop {
            let mut query = json!({"size": PAGE, "sort": [{"id": "asc"}]});
            if let Some(after) = after.take() {
                query["search_after"] = after;
            }
            // A month that had to be made again may have no review yet.
            let path = format!("/{name}-{month}/_search?ignore_unavailable=true");
            let found = cluster.call(Method::POST, &path, Some(query)).await;
            assert_eq!(found["_shards"]["failed"], 0, "{}", found["_shards"]);
            let hits = found["hits"]["hits"].as_array().expect("hits");
            for hit in hits {
                assert_eq!(hit["_id"], hit["_source"]["id"]);
                audit.see(&hit["_source"]);
            }
            stored += hits.len();
            if hits.len() < PAGE {
                break;
            }
            after = hits.last().map(|hit| hit["sort"].clone());
        }
    }
    audit.end();
    let all = cluster.call(Method::GET, &format!("/{name}-20*/_count"), None).await;
    assert_eq!(all["count"], stored, "nothing is in an index of another month");
    stored
}

/// Sets one setting of all months, or with null takes it back.
async fn set(cluster: &Cluster, name: &str, setting: &str, value: &Value) {
    let path = format!("/{name}-20*/_settings");
    cluster.call(Method::PUT, &path, Some(json!({setting: value}))).await;
}
