//! Who loads in bulk keeps nobody else waiting, and does not wait for itself.

use std::time::Duration;

use axum::body::Body;
use axum::http::StatusCode;
use bytes::Bytes;
use futures::channel::mpsc::{UnboundedSender, unbounded};
use review_api::batch::BatchSettings;
use review_api::ingest::{IngestSettings, REVIEW_MAX};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::support::{Options, Server, eventually, lines, review, spool_in};

fn ids(count: usize) -> impl Iterator<Item = String> {
    (0..count).map(|index| format!("b-{index}"))
}

/// A body that goes on until its sender is dropped.
fn endless() -> (UnboundedSender<Result<Bytes, axum::Error>>, Body) {
    let (sender, receiver) = unbounded();
    (sender, Body::from_stream(receiver))
}

#[tokio::test]
async fn a_single_review_does_not_wait_for_the_lines_before_it() {
    let queue_bytes = 256 * 1024;
    let batch = BatchSettings { queue_bytes, count: 20, ..BatchSettings::default() };
    let server = Server::start(Options { batch, ..Options::default() }).await;
    server.store.hold(true);
    let (bulk, ()) = tokio::join!(server.post("/reviews/_bulk", &[], lines(ids(3_000))), async {
        let full = (queue_bytes / 4 * 3 - 1024) as u64;
        eventually("the lines' part of the queue is full", async || {
            server.metric("batch_queue_patient_bytes").await >= Some(full)
        })
        .await;
        let sound = review("single");
        let (single, begun) = tokio::join!(server.one(&sound), async {
            eventually("the single review is in the queue", async || {
                server.metric("batch_queue_bytes").await > server.metric("batch_queue_patient_bytes").await
            })
            .await;
            let begun = server.store.batches().len();
            server.store.hold(false);
            begun
        });
        assert_eq!(single.status, StatusCode::CREATED);
        let batches = server.store.batches();
        let at =
            batches.iter().position(|batch| batch.iter().any(|id| id == "single")).expect("it is stored");
        // Of one lane it would be behind all that waited, more than ten batches of 20. One may have been on its way.
        assert!((begun..=begun + 1).contains(&at), "in batch {at}, {begun} were sent before");
        assert!(batches[at].len() > 1, "the lines have their share of that batch");
    });
    assert_eq!(bulk.json()["created"], 3_000);
}

#[tokio::test]
async fn bulk_requests_that_are_read_leave_room_for_single_reviews() {
    let inbox_bytes = (REVIEW_MAX + (1 << 20)) * 2;
    let ingest = IngestSettings { inbox_bytes, ..IngestSettings::default() };
    let server = Server::start(Options { ingest, ..Options::default() }).await;
    let (senders, bodies): (Vec<_>, Vec<_>) = (0..3).map(|_| endless()).unzip();
    let loads =
        futures::future::join_all(bodies.into_iter().map(|body| server.post("/reviews/_bulk", &[], body)));
    let single = async {
        eventually("one is read, the others wait", async || {
            server.metric("bulk_requests_active").await == Some(1)
                && server.metric("bulk_requests_waiting").await == Some(2)
        })
        .await;
        assert_eq!(server.one(&review("single")).await.status, StatusCode::CREATED);
    };
    tokio::select! {
        _ = loads => panic!("no request has ended"),
        () = single => {}
    }
    drop(senders);
}

/// Requests keep their room while they wait for that of their lines: both of one share would wait for ever.
#[tokio::test]
async fn bulk_requests_do_not_wait_for_each_other_before_a_spool() {
    let folder = tempfile::tempdir().expect("a folder");
    for inbox_bytes in [1 << 20, (REVIEW_MAX + (1 << 20)) * 4] {
        let ingest = IngestSettings { inbox_bytes, ack_wait: Duration::ZERO, ..IngestSettings::default() };
        let spool = Some(spool_in(&folder.path().join(inbox_bytes.to_string())));
        let server = Server::start(Options { ingest, spool, ..Options::default() }).await;
        let loads = (0..4).map(|load| {
            let body = lines((0..500).map(|line| format!("{load}-{line}")));
            server.post("/reviews/_bulk", &[], body)
        });
        for answer in futures::future::join_all(loads).await {
            assert_eq!(answer.statuses().len(), 500);
        }
        assert_eq!(server.metric("inbox_bytes").await, Some(0));
    }
}

#[tokio::test]
async fn an_encoded_body_is_counted_by_what_it_may_become() {
    let server = Server::start(Options::default()).await;
    let mut stream = TcpStream::connect(server.address()).await.expect("connected");
    let head =
        "POST /reviews HTTP/1.1\r\nHost: test\r\nContent-Encoding: gzip\r\nContent-Length: 300\r\n\r\n";
    stream.write_all(head.as_bytes()).await.expect("written");
    eventually("its room is taken", async || server.metric("inbox_bytes").await == Some(REVIEW_MAX as u64))
        .await;
    drop(stream);
    eventually("its room is given back", async || server.metric("inbox_bytes").await == Some(0)).await;
}
