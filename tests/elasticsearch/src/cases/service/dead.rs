//! What a store refuses for good.

use std::sync::Arc;

use reqwest::Method;
use reviews_contract::live::made::{MONTHS, month, number, review};
use reviews_contract::live::{Clients, Setup, drained, until};
use serde_json::{Value, json};
use tokio::sync::Mutex;

use super::{Live, audit};
use crate::cluster::Cluster;

/// The index of one month was made otherwise. What it refuses is kept with its reason, and once the index is mended it is
/// sent again.
pub(in crate::cases) async fn a_mapping_conflict_is_kept_and_comes_back(cluster: Arc<Mutex<Cluster>>) {
    let cluster = cluster.lock().await;
    for spooled in [true, false] {
        let clients = Clients { rejections: true, ..Clients::default() };
        let name = if spooled { "conflict-spooled" } else { "conflict-plain" };
        // Clients hear what becomes of their reviews, whatever it is.
        let patient = |setup: Setup| setup.with("ACK_WAIT", "30s").with("RETRY_FOR", "30s");
        let adapt = |setup| if spooled { patient(setup).spooled() } else { patient(setup) };
        let mut live = Live::prepare(&cluster, name, clients, adapt).await;
        let spoilt = format!("/{}-{}", live.name, MONTHS[2]);
        let mappings = json!({"mappings": {"properties": {"hub": {"type": "integer"}}}});
        cluster.call(Method::PUT, &spoilt, Some(mappings)).await;
        live.open();
        live.load.more(200).await;
        until("reviews are refused", async || live.load.ledger().rejected() >= 20).await;
        live.load.finish().await;
        drained(&live.setup, &live.process).await;

        let refused = (0..live.load.ledger().sent()).filter(|number| month(*number) == MONTHS[2]).count();
        let letters = letters(&live).await;
        assert_eq!(letters.len(), refused, "each of that month, and no other");
        for letter in &letters {
            is_whole(&live, letter);
        }
        is_copied(&cluster, &live.name).await;

        let again = live.process.admin(Method::POST, "/-/dead-letters/replay", Some(json!({}))).await;
        assert_eq!(
            again,
            json!({"created": 0, "duplicate": 0, "rejected": refused, "retry": 0}),
            "still spoilt"
        );
        cluster.call(Method::DELETE, &spoilt, None).await;
        let again = live.process.admin(Method::POST, "/-/dead-letters/replay", Some(json!({}))).await;
        assert_eq!(again, json!({"created": refused, "duplicate": 0, "rejected": 0, "retry": 0}), "mended");
        assert_eq!(audit(&cluster, &live.name, &live.load).await, live.load.ledger().sent());
        live.end(&cluster).await;
    }
}

/// Every letter, page by page.
async fn letters(live: &Live) -> Vec<Value> {
    let (mut letters, mut after) = (Vec::new(), json!(0));
    loop {
        let path = format!("/-/dead-letters?size=100&after={after}");
        let mut page = live.process.admin(Method::GET, &path, None).await;
        assert_eq!(page["unreadable"], 0, "{page}");
        letters.extend(page["letters"].as_array().expect("letters").iter().cloned());
        after = page["next"].take();
        if after.is_null() {
            return letters;
        }
    }
}

/// It is the review as it was sent, and says why it was refused.
fn is_whole(live: &Live, letter: &Value) {
    let document = &letter["document"];
    let number = number(live.load.run(), document["id"].as_str().expect("an id")).expect("one of ours");
    let sent = review(live.load.run(), number);
    assert!(document["text"] == sent["text"] && document["hub"] == sent["hub"], "{letter}");
    assert!(letter["reason"].as_str().is_some_and(|reason| reason.contains("hub")), "{letter}");
}

/// The index of dead letters has copies, with the reason.
async fn is_copied(cluster: &Cluster, name: &str) {
    until("copies are searchable", async || {
        cluster.refresh(&format!("dead-{name}")).await;
        let found = cluster.call(Method::GET, &format!("/dead-{name}/_search?q=reason:hub"), None).await;
        found["hits"]["total"]["value"].as_u64() > Some(0)
    })
    .await;
}
