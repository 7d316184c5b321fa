//! Nodes of three that are killed, hang, are restarted one by one, and are all away for a minute.

use std::sync::Arc;
use std::time::Duration;

use reqwest::{Client, Method, StatusCode};
use reviews_contract::live::{Clients, client, made, until};
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::{Live, Pair};
use crate::cluster::Cluster;

/// So long nobody is there.
const AWAY: Duration = Duration::from_mins(1);
/// KiB that a service may have resident while it keeps what nobody takes.
const MEMORY: u64 = 128 * 1024;

/// The master, without a word: connections are refused.
pub(in crate::cases) async fn the_master_is_killed(cluster: Arc<Mutex<Cluster>>) {
    let mut cluster = cluster.lock().await;
    let pair = begin(&cluster, "killed").await;
    let master = master(&cluster).await;
    cluster.nodes[master].kill().await;
    pair.more(300).await;
    read(&pair).await;
    cluster.nodes[master].start();
    cluster.is_complete().await;
    pair.more(100).await;
    pair.end(&cluster).await;
}

/// The master again; connections stay, and nothing is answered.
pub(in crate::cases) async fn the_master_hangs(cluster: Arc<Mutex<Cluster>>) {
    let cluster = cluster.lock().await;
    let pair = begin(&cluster, "hung").await;
    let master = master(&cluster).await;
    cluster.nodes[master].pause();
    pair.more(300).await;
    read(&pair).await;
    cluster.nodes[master].resume();
    cluster.is_complete().await;
    pair.more(100).await;
    pair.end(&cluster).await;
}

/// As an operator updates a cluster: one after the other, each when the one before is back.
pub(in crate::cases) async fn all_are_restarted_one_by_one(cluster: Arc<Mutex<Cluster>>) {
    let mut cluster = cluster.lock().await;
    let pair = begin(&cluster, "rolled").await;
    for node in 0..cluster.nodes.len() {
        cluster.nodes[node].stop().await;
        pair.more(100).await;
        cluster.nodes[node].start();
        cluster.is_complete().await;
    }
    pair.more(100).await;
    pair.end(&cluster).await;
}

/// With a spool reviews are taken for all of the minute and stored afterwards. Without one clients are told to come again,
/// and what they were told before holds.
pub(in crate::cases) async fn the_cluster_is_away_for_a_minute(cluster: Arc<Mutex<Cluster>>) {
    let mut cluster = cluster.lock().await;
    let pair = begin(&cluster, "away").await;
    for node in &mut cluster.nodes {
        node.kill().await;
    }
    let since = Instant::now();
    pair.is_cut_off().await;
    let before = pair.plain.load.ledger().acknowledged();
    while since.elapsed() < AWAY {
        pair.spooled.load.more_answers("202", 1).await;
    }
    assert_eq!(pair.plain.load.ledger().acknowledged(), before, "acknowledged, and by whom?");
    let waiting = pair.spooled.process.admin(Method::GET, "/-/spool", None).await;
    println!("  {} reviews wait after a minute", waiting["records"]);
    for (live, ready) in [(&pair.spooled, StatusCode::OK), (&pair.plain, StatusCode::SERVICE_UNAVAILABLE)] {
        let (status, _) = live.process.ask(Method::GET, "/readyz", None).await.expect("an answer");
        assert_eq!(status, ready, "{}", live.name);
        let (read, name) = (status_of(&client(), live).await, &live.name);
        assert_eq!(read, Some(StatusCode::SERVICE_UNAVAILABLE), "{name}: reading");
    }
    for node in &mut cluster.nodes {
        node.start();
    }
    cluster.is_complete().await;
    pair.more(300).await;
    for live in [&pair.spooled, &pair.plain] {
        let peak = live.process.peak_memory();
        assert!(peak.is_none_or(|peak| peak <= MEMORY), "{}: {peak:?} KiB were resident", live.name);
    }
    pair.end(&cluster).await;
}

/// Two services under a load that a cluster which is restarting bears, and a copy of every shard.
async fn begin(cluster: &Cluster, name: &str) -> Pair {
    let clients = Clients { lines: 20, pause: Duration::from_millis(100), ..Clients::default() };
    let pair = Pair::start(cluster, name, clients, |setup| setup).await;
    pair.more(200).await;
    // Until its copy is made, an index lives on one node, and goes with it.
    cluster.is_complete().await;
    pair
}

/// The number of the node that is the master.
async fn master(cluster: &Cluster) -> usize {
    let found = cluster.call(Method::GET, "/_cluster/state/master_node,nodes", None).await;
    let id = found["master_node"].as_str().expect("a master");
    let name = found["nodes"][id]["name"].as_str().and_then(|name| name.strip_prefix("node-"));
    name.and_then(|number| number.parse().ok()).expect("one of our nodes")
}

/// What was stored before is found by its id, whichever node is asked: ten times, so that every one would be.
async fn read(pair: &Pair) {
    let client = client();
    for live in [&pair.spooled, &pair.plain] {
        for _ in 0..10 {
            until("a review is read", async || status_of(&client, live).await == Some(StatusCode::OK)).await;
        }
    }
}

/// The answer to a question for the first review; none where there is none.
async fn status_of(client: &Client, live: &Live) -> Option<StatusCode> {
    let url = format!("http://{}/reviews/{}", live.process.address(), made::id(live.load.run(), 0));
    Some(client.get(url).send().await.ok()?.status())
}
