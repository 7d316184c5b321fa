//! With a spool: durable first, stored when the store is there.

use std::time::Duration;

use axum::http::StatusCode;
use review_api::ingest::IngestSettings;
use serde_json::json;

use crate::support::{Options, Server, eventually, lines, review, spool_in};

fn spooled(folder: &tempfile::TempDir, ack_wait: Duration) -> Options {
    let ingest = IngestSettings { ack_wait, ..IngestSettings::default() };
    Options { ingest, spool: Some(spool_in(folder.path())), ..Options::default() }
}

#[tokio::test]
async fn a_store_that_answers_in_time_is_heard() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(spooled(&folder, Duration::from_secs(30))).await;
    assert_eq!(server.one(&review("r-1")).await.status, StatusCode::CREATED);
    assert_eq!(server.one(&review("r-1")).await.status, StatusCode::OK);
    let body = [lines(["r-1", "r-2"].map(str::to_owned)), lines(["refused-3".to_owned(), "r-2".to_owned()])]
        .concat();
    let bulk = server.post("/reviews/_bulk", &[], body).await;
    assert_eq!(bulk.statuses(), ["duplicate", "created", "rejected", "duplicate"]);
}

#[tokio::test]
async fn without_a_store_reviews_are_accepted_and_stored_later() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(spooled(&folder, Duration::from_millis(50))).await;
    server.store.behave(|manner| manner.away = true);
    let one = server.one(&review("r-1")).await;
    assert_eq!((one.status, one.json()), (StatusCode::ACCEPTED, json!({"id": "r-1", "status": "accepted"})));
    let bulk = server.post("/reviews/_bulk", &[], lines((0..3_000).map(|index| format!("b-{index}")))).await;
    assert_eq!((bulk.status, bulk.json()["accepted"].as_u64()), (StatusCode::OK, Some(3_000)));
    server.store.behave(|manner| manner.away = false);
    eventually("all is stored", async || server.store.stored() == 3_001).await;
    assert_eq!(server.one(&review("r-1")).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_full_spool_is_503_and_a_verdict() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut options = spooled(&folder, Duration::from_millis(10));
    if let Some(spool) = &mut options.spool {
        spool.max = 256 * 1024;
    }
    let server = Server::start(options).await;
    server.store.behave(|manner| manner.away = true);
    let bulk = server.post("/reviews/_bulk", &[], lines((0..3_000).map(|index| format!("b-{index}")))).await;
    let (accepted, retry) = (bulk.json()["accepted"].as_u64(), bulk.json()["retry"].as_u64());
    assert!(accepted > Some(100) && retry > Some(100), "{accepted:?} {retry:?}");
    assert_eq!(accepted.zip(retry).map(|(accepted, retry)| accepted + retry), Some(3_000));
    let longer = review(&"x".repeat(120)); // what is left of the spool may hold a shorter one
    let one = server.one(&longer).await;
    assert_eq!(one.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(!one.header("retry-after").is_empty());
    server.store.behave(|manner| manner.away = false);
    eventually("what was accepted is stored", async || Some(server.store.stored() as u64) == accepted).await;
    eventually("there is room again", async || {
        server.one(&longer).await.status != StatusCode::SERVICE_UNAVAILABLE
    })
    .await;
}
