//! The service itself ends, in every way and again and again; and what it takes while it does not.

use std::sync::Arc;
use std::time::Duration;

use reqwest::Method;
use reviews_contract::live::{Clients, Load, Storm, seed, settle};
use tokio::sync::Mutex;

use super::{Live, audit, setup};
use crate::cluster::Cluster;

/// KiB that a service may ever have resident. Seen were 49 to 90 MiB, of a program that is not optimised.
const MEMORY: u64 = 128 * 1024;
/// KiB that it may grow by while it does what it did before.
const GROWTH: u64 = 24 * 1024;

/// SIGTERM, SIGKILL, one after the other, within its start and under load.
pub(in crate::cases) async fn a_hundred_ends_lose_and_double_nothing(cluster: Arc<Mutex<Cluster>>) {
    let cluster = cluster.lock().await;
    let (name, folder) = (cluster.name("storm"), tempfile::tempdir().expect("a folder"));
    let setup = setup(&cluster, &name, &folder).spooled();
    let storm = Storm { rounds: 100, seed: seed(), memory: MEMORY };
    let mut load = Load::start(&name, Clients::default(), storm.seed);
    storm.rage(&setup, &load).await;
    let process = settle(&setup, &mut load).await;
    assert_eq!(process.admin(Method::GET, "/-/dead-letters", None).await["total"], 0, "dead letters");
    let stored = audit(&cluster, &name, &load).await;
    assert_eq!(stored, load.ledger().sent(), "everything that was sent");
    assert_eq!(process.stop().await, 0);
}

/// What is taken in does not stay. A look may meet a batch on its way, so the least of several looks is what stays: by the tenth
/// all that is kept in memory at all has been filled many times over, and a leak would grow as much by the twentieth.
pub(in crate::cases) async fn memory_stays_flat_while_it_loads(cluster: Arc<Mutex<Cluster>>) {
    let cluster = cluster.lock().await;
    let clients = Clients { bulk: 4, lines: 1_000, pause: Duration::ZERO, ..Clients::default() };
    let live = Live::start(&cluster, "memory", clients, |setup| {
        // Clients wait for the store: what waits in the spool is another case's matter.
        setup.with("QUEUE_BYTES", "8MiB").with("BATCH_BYTES", "1MiB").with("ACK_WAIT", "30s").spooled()
    })
    .await;
    let mut seen = Vec::new();
    for _ in 0..20 {
        live.load.more(8_000).await;
        seen.extend(live.process.memory());
    }
    println!("  resident after each 8,000 reviews: {seen:?} KiB");
    if let [_, _, _, _, _, early @ .., _, _, _, _, _, _, _, _, _, _] = seen.as_slice() {
        let late = &seen[seen.len() - 5..];
        let (early, late) = (early.iter().min(), late.iter().min());
        assert!(late <= early.map(|early| early + GROWTH).as_ref(), "{early:?} KiB, then {late:?} KiB");
        let peak = live.process.peak_memory();
        assert!(peak <= Some(MEMORY), "{peak:?} KiB");
    }
    live.end(&cluster).await;
}
