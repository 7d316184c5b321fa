//! An object's bytes on their way: slow readers, readers that go away, many at once.

mod support;

use std::time::Duration;

use bucket::testing::{Fault, Rule};
use bucket::{BucketSettings, Conditions, Operation, StoreError, StoreMetrics, Timeouts};
use bytes::Bytes;
use futures::StreamExt;
use support::{key, stage, stage_with, until};

#[tokio::test]
async fn a_slow_reader_is_not_a_slow_store() {
    let read = Duration::from_millis(250);
    let stage = stage_with(|settings| BucketSettings {
        timeouts: Timeouts { read, ..Timeouts::default() },
        ..settings
    })
    .await;
    // More than fits between the two ends, so that the store really waits for the reader.
    let body = Bytes::from(vec![3; 16 * 1024 * 1024]);
    stage.put("big", body.clone()).await;
    let mut object = stage.bucket.get(&key("big"), None, &Conditions::none()).await.unwrap();
    let mut received = object.body.next().await.unwrap().unwrap().len();
    // A pause of four times what the store may take: the time limit must not run meanwhile.
    tokio::time::sleep(read * 4).await;
    while let Some(piece) = object.body.next().await {
        received += piece.unwrap().len();
    }
    assert_eq!(received, body.len());
}

#[tokio::test]
async fn a_reader_that_goes_away_ends_the_transfer() {
    let stage = stage().await;
    let size: u64 = 32 * 1024 * 1024;
    stage.put("big", vec![3; usize::try_from(size).unwrap()]).await;
    until("the put is over", || stage.faulty.open() == 0).await;
    let before = stage.faulty.sent();
    let mut object = stage.bucket.get(&key("big"), None, &Conditions::none()).await.unwrap();
    object.body.next().await.unwrap().unwrap();
    assert_eq!(stage.faulty.open(), 1);
    drop(object);
    until("the transfer has ended", || stage.faulty.open() == 0).await;
    assert!(stage.faulty.sent() - before < size, "all of it was sent");
}

#[tokio::test]
async fn after_an_error_it_has_ended() {
    let stage = stage().await;
    stage.put("a", vec![1; 10_000]).await;
    stage.faulty.fail(Rule::on(Operation::Get), Fault::ShortBody(100));
    let mut object = stage.bucket.get(&key("a"), None, &Conditions::none()).await.unwrap();
    let pieces: Vec<_> = object.body.by_ref().collect().await;
    assert!(matches!(
        pieces.last(),
        Some(Err(StoreError::Truncated { expected: 10_000, received: 100, .. }))
    ));
    assert!(object.body.next().await.is_none());
}

#[tokio::test]
async fn collect_refuses_what_is_too_much() {
    let stage = stage().await;
    stage.put("a", vec![1; 1001]).await;
    let object = stage.bucket.get(&key("a"), None, &Conditions::none()).await.unwrap();
    assert!(matches!(object.body.collect(1000).await, Err(StoreError::Invalid { .. })));
    let object = stage.bucket.get(&key("a"), None, &Conditions::none()).await.unwrap();
    assert_eq!(object.body.remaining(), 1001);
    assert_eq!(object.body.collect(1001).await.unwrap().len(), 1001);
    stage.put("empty", "").await;
    assert_eq!(stage.read("empty").await.unwrap(), "");
}

#[tokio::test]
async fn three_hundred_at_once() {
    let stage = stage().await;
    stage.put("a", vec![9; 200_000]).await;
    let reads = (0..300).map(|_| stage.read("a"));
    for body in futures::future::join_all(reads).await {
        assert_eq!(body.unwrap().len(), 200_000);
    }
}

#[tokio::test]
async fn what_is_counted() {
    let kit = service_kit::Metrics::default();
    let metrics = kit.with(StoreMetrics::register);
    let stage = stage().await;
    let bucket =
        bucket::Bucket::open(stage.faulty.settings(stage.store.settings("site")), metrics).await.unwrap();
    bucket.put(&key("a"), Bytes::from_static(b"twelve bytes"), &bucket::PutOptions::default()).await.unwrap();
    let object = bucket.get(&key("a"), None, &Conditions::none()).await.unwrap();
    object.body.collect(100).await.unwrap();
    bucket.head(&key("b"), &Conditions::none()).await.unwrap_err();
    let text = kit.encode();
    for line in [
        "store_requests_total{operation=\"put\",result=\"ok\"} 1",
        "store_requests_total{operation=\"get\",result=\"ok\"} 1",
        "store_requests_total{operation=\"head\",result=\"not_found\"} 1",
        "store_bytes_total{direction=\"read\"} 12",
        "store_bytes_total{direction=\"written\"} 12",
        "store_duration_seconds_count{operation=\"get\"} 1",
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
}
