//! From the log to the store.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::super::segment;
use super::shelf::{Shelf, batcher};
use super::*;
use crate::batch::Outcome;
use crate::dead::DeadSettings;

const PATIENCE: Duration = Duration::from_secs(30);

/// Waits until something is so.
pub(super) async fn until(so: impl Fn() -> bool) {
    let waiting = async {
        while !so() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.expect("it comes to pass");
}

/// A spool whose pump runs.
struct Pumped {
    spool: Arc<Spool>,
    stop: CancellationToken,
    pump: tokio::task::JoinHandle<anyhow::Result<()>>,
}

impl Pumped {
    fn start(settings: SpoolSettings, shelf: &Arc<Shelf>) -> Self {
        let spool = open(settings);
        let (batcher, _dead, _batching) = batcher(shelf, DeadSettings::default());
        let stop = CancellationToken::new();
        let pump = tokio::spawn(Arc::clone(&spool).run(batcher, stop.clone()));
        Self { spool, stop, pump }
    }

    async fn append(&self, id: &str) -> Ticket {
        self.spool.append(Arc::new(document(id, "milk"))).await.expect("appended")
    }

    async fn stop(self) {
        self.stop.cancel();
        self.pump.await.expect("no panic").expect("no fault");
    }
}

#[tokio::test]
async fn whoever_waits_is_told_what_the_store_makes_of_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let shelf = Arc::new(Shelf::default());
    shelf.state().refused = Some(("sour", "as told"));
    let pumped = Pumped::start(SpoolSettings::new(folder.path()), &shelf);
    // One by one: the pump goes to sleep before each, and must wake for each.
    for id in ids(0..100) {
        assert_eq!(pumped.append(&id).await.outcome().await, Outcome::Created);
    }
    assert_eq!(pumped.append("r7").await.outcome().await, Outcome::Duplicate);
    let sour = pumped.spool.append(Arc::new(document("s1", "sour milk"))).await.expect("appended");
    assert_eq!(sour.outcome().await, Outcome::Rejected("as told".to_owned()));
    assert_eq!(shelf.state().stored, ids(0..100).collect::<Vec<_>>());
    assert_eq!(pumped.spool.log.metrics.spool_read_back.get(), 0, "it kept up");
    pumped.stop().await;
    assert_eq!(contents(folder.path()), (Vec::new(), 0), "nothing is sent again");
}

#[tokio::test]
async fn a_pump_that_is_behind_reads_from_disk_in_order_and_catches_up() {
    let folder = tempfile::tempdir().expect("a folder");
    let settings = SpoolSettings {
        segment: 64 << 10,
        memory: 8 << 10, // some thirty records
        ..SpoolSettings::new(folder.path())
    };
    let shelf = Arc::new(Shelf::default());
    shelf.state().away = true;
    let pumped = Pumped::start(settings, &shelf);
    let appending = (0..4).map(|group| {
        let spool = Arc::clone(&pumped.spool);
        tokio::spawn(async move {
            for number in 0..1_000 {
                let document = document(&format!("r{group}-{number}"), "milk");
                drop(spool.append(Arc::new(document)).await.expect("appended"));
            }
        })
    });
    for ended in futures::future::join_all(appending).await {
        ended.expect("no panic");
    }
    shelf.state().away = false;
    until(|| shelf.state().stored.len() == 4_000).await;
    for group in 0..4 {
        let prefix = format!("r{group}-");
        let stored: Vec<_> =
            shelf.state().stored.iter().filter(|id| id.starts_with(&prefix)).cloned().collect();
        let expected: Vec<_> = (0..1_000).map(|number| format!("{prefix}{number}")).collect();
        assert_eq!(stored, expected, "in the order in which they were appended");
    }
    assert!(pumped.spool.log.metrics.spool_read_back.get() > 0);
    assert_eq!(pumped.append("last").await.outcome().await, Outcome::Created, "it has caught up");
    until(|| segment::list(folder.path()).expect("readable").len() == 1).await;
    pumped.stop().await;
}

#[tokio::test]
async fn nobody_waits_for_what_lies_on_disk_only() {
    let folder = tempfile::tempdir().expect("a folder");
    let spool = open(SpoolSettings { memory: 2_000, ..SpoolSettings::new(folder.path()) });
    let mut tickets = Vec::new();
    for id in ids(0..50) {
        tickets.push(spool.append(Arc::new(document(&id, "milk"))).await.expect("appended"));
    }
    for ticket in tickets {
        assert!(matches!(ticket.outcome().await, Outcome::Retry(_)));
    }
    drop(spool);
    assert_eq!(contents(folder.path()).0, ids(0..50).collect::<Vec<_>>());
}

#[tokio::test]
async fn what_had_no_verdict_is_sent_again_after_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let settings = SpoolSettings::new(folder.path());
    let shelf = Arc::new(Shelf::default());
    let pumped = Pumped::start(settings.clone(), &shelf);
    for id in ids(0..10) {
        assert_eq!(pumped.append(&id).await.outcome().await, Outcome::Created);
    }
    shelf.state().away = true;
    for id in ids(10..20) {
        drop(pumped.append(&id).await);
    }
    assert_eq!(pumped.spool.log.depth().next, 21);
    pumped.stop().await;
    shelf.state().away = false;

    let pumped = Pumped::start(settings, &shelf);
    until(|| pumped.spool.log.lowest() == 21).await;
    assert_eq!(shelf.state().stored, ids(0..20).collect::<Vec<_>>());
    pumped.stop().await;
}

#[tokio::test]
async fn what_cannot_be_read_holds_nothing_up() {
    let folder = tempfile::tempdir().expect("a folder");
    let settings = SpoolSettings::new(folder.path());
    drop(Hand::new(settings.clone()).write(ids(0..5)));
    let path = segment::path(folder.path(), 1);
    let mut bytes = std::fs::read(&path).expect("there");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&path, bytes).expect("written");

    let shelf = Arc::new(Shelf::default());
    let pumped = Pumped::start(settings, &shelf);
    until(|| pumped.spool.log.lowest() == 6).await;
    assert_eq!(shelf.state().stored, ["r0", "r1", "r3", "r4"]);
    assert_eq!(pumped.spool.log.metrics.spool_damaged_records.get(), 1);
    pumped.stop().await;
}

#[tokio::test]
async fn an_operator_is_told_what_waits() {
    let folder = tempfile::tempdir().expect("a folder");
    let spool = open(SpoolSettings::new(folder.path()));
    drop(spool.append(Arc::new(document("r0", "milk"))).await.expect("appended"));
    drop(spool.append(Arc::new(document("r1", "milk"))).await.expect("appended"));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let serving = tokio::spawn(axum::serve(listener, spool.admin_routes()).into_future());
    let (head, body) =
        tokio::task::spawn_blocking(move || service_kit::testing::ask(address, "GET", "/-/spool", &[]))
            .await
            .expect("an answer");
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    let body: serde_json::Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!(body["records"], 2);
    assert_eq!(body["segments"], 1);
    assert_eq!(body["oldest"], "2026-11-21T10:00:00Z");
    assert_eq!(body["bytes"], segment::list(folder.path()).expect("readable")[0].1);
    serving.abort();
}
