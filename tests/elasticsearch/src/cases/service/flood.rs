//! An index that takes nothing, as after the flood stage of a full disk.

use std::sync::Arc;

use reviews_contract::live::Clients;
use serde_json::{Value, json};
use tokio::sync::Mutex;

use super::{Pair, set};
use crate::cluster::Cluster;

const BLOCK: &str = "index.blocks.read_only_allow_delete";

/// With a spool reviews are taken all the same; without one their clients are told to come again.
pub(in crate::cases) async fn a_flood_stage_is_waited_out(cluster: Arc<Mutex<Cluster>>) {
    let cluster = cluster.lock().await;
    let pair = Pair::start(&cluster, "flood", Clients::default(), |setup| setup).await;
    pair.more(300).await;
    for live in [&pair.spooled, &pair.plain] {
        set(&cluster, &live.name, BLOCK, &json!(true)).await;
    }
    pair.is_cut_off().await;
    for live in [&pair.spooled, &pair.plain] {
        set(&cluster, &live.name, BLOCK, &Value::Null).await;
    }
    pair.more(300).await;
    pair.end(&cluster).await;
}
