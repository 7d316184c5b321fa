//! POST /reviews/_bulk: any number of lines, and what clients do to them.

use std::io::Write as _;
use std::time::Duration;

use axum::body::Body;
use axum::http::StatusCode;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use futures::StreamExt as _;
use review_api::batch::BatchSettings;
use review_api::ingest::{BulkAnswer, IngestSettings};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::{DEADLINE, Options, Server, eventually, lines, review};

const NDJSON: (&str, &str) = ("content-type", "application/x-ndjson");

fn ids(count: usize) -> impl Iterator<Item = String> {
    (0..count).map(|index| format!("r-{index}"))
}

/// A body without a length, in chunks of so many bytes.
fn chunked(body: &[u8], size: usize) -> Body {
    let chunks: Vec<_> = body.chunks(size).map(Bytes::copy_from_slice).map(Ok::<_, axum::Error>).collect();
    Body::from_stream(futures::stream::iter(chunks))
}

#[tokio::test]
async fn every_line_has_its_verdict_in_order() {
    let server = Server::start(Options::default()).await;
    let body = [
        review("a").to_string(),
        String::new(),
        "{\"rating\":9}".to_owned(),
        review("a").to_string() + "\r",
        "not json".to_owned(),
        "  \t\r".to_owned(),
        review("refused-b").to_string(),
        review("again1-c").to_string(),
        json!({"id": "d", "text": ""}).to_string(),
        review("e").to_string(), // without a line's end
    ];
    let answer = server.post("/reviews/_bulk", &[NDJSON], body.join("\n")).await;
    assert_eq!(answer.status, StatusCode::OK);
    let all: BulkAnswer = serde_json::from_slice(&answer.body).expect("the answer");
    let ids: Vec<_> = all.items.iter().map(|item| item.id.as_ref().map(ToString::to_string)).collect();
    let expected =
        [Some("a"), None, Some("a"), None, Some("refused-b"), Some("again1-c"), Some("d"), Some("e")];
    assert_eq!(ids, expected.map(|id| id.map(str::to_owned)));
    let statuses =
        ["created", "rejected", "duplicate", "rejected", "rejected", "created", "rejected", "created"];
    assert_eq!(answer.statuses(), statuses);
    assert_eq!((all.created, all.duplicate, all.accepted, all.rejected, all.retry), (3, 1, 0, 4, 0));
    let fields = |line: usize| all.items[line].errors.iter().map(|fault| &*fault.field).collect::<Vec<_>>();
    assert_eq!(fields(1), ["delivery_id", "text", "rating", "written_at"]);
    assert_eq!(fields(6), ["delivery_id", "text", "written_at"]);
    assert_eq!(server.metric("reviews_total{status=\"rejected\"}").await, Some(4));
    assert_eq!(server.metric("bulk_requests_active").await, Some(0));
}

#[tokio::test]
async fn lines_may_break_anywhere() {
    let server = Server::start(Options::default()).await;
    let text = "Füße 牛乳 👍 \\n\\u00e4";
    let body: String =
        ids(50).map(|id| review(&id).to_string().replace("The milk was warm.", text) + "\r\n").collect();
    for size in [1, 3, 101] {
        let answer = server.post("/reviews/_bulk", &[NDJSON], chunked(body.as_bytes(), size)).await;
        assert_eq!(answer.statuses(), vec![if size == 1 { "created" } else { "duplicate" }; 50]);
    }
}

#[tokio::test]
async fn an_empty_body_is_no_lines() {
    let server = Server::start(Options::default()).await;
    for body in ["", "\n\r\n"] {
        let answer = server.post("/reviews/_bulk", &[NDJSON], body).await;
        let nothing =
            json!({"items": [], "created": 0, "duplicate": 0, "accepted": 0, "rejected": 0, "retry": 0});
        assert_eq!((answer.status, answer.json()), (StatusCode::OK, nothing));
    }
}

#[tokio::test]
async fn a_line_that_is_too_long_is_passed_over() {
    let server = Server::start(Options::default()).await;
    let long = "x".repeat(5 << 20);
    let body = format!("{}\n{long}\n{}\n{long}", review("a"), review("b"));
    let answer = server.post("/reviews/_bulk", &[NDJSON], chunked(body.as_bytes(), 60_000)).await;
    assert_eq!(answer.statuses(), ["created", "rejected", "created", "rejected"]);
    assert_eq!(answer.json()["items"][1]["errors"][0]["reason"], "is longer than 262144 bytes");
}

#[tokio::test]
async fn gzip_is_read_and_its_faults_are_told() {
    let server = Server::start(Options::default()).await;
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(lines(ids(3_000)).as_bytes()).expect("into memory");
    let sound = encoder.finish().expect("into memory");
    let gzip = [NDJSON, ("content-encoding", "gzip")];
    let answer = server.post("/reviews/_bulk", &gzip, chunked(&sound, 1_000)).await;
    assert_eq!((answer.status, answer.json()["created"].as_u64()), (StatusCode::OK, Some(3_000)));
    let broken = server.post("/reviews/_bulk", &gzip, sound[..sound.len() / 2].to_vec()).await;
    assert_eq!(broken.status, StatusCode::BAD_REQUEST);
    assert!(broken.json()["detail"].as_str().expect("a text").contains("gzip"));
    let unknown = server.post("/reviews/_bulk", &[NDJSON, ("content-encoding", "zstd")], sound).await;
    assert_eq!(unknown.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert_eq!(unknown.header("accept-encoding"), "gzip");
}

/// Sends all of a body before it reads anything of the answer, as simple clients do.
#[tokio::test]
async fn a_client_that_reads_nothing_before_it_has_written_all_is_answered() {
    let server = Server::start(Options::default()).await;
    // The answer is far larger than what sockets hold, and than what is kept in memory.
    let count = 60_000;
    let mut stream = TcpStream::connect(server.address()).await.expect("connected");
    let head = "POST /reviews/_bulk HTTP/1.1\r\nHost: test\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n";
    let writing = async {
        stream.write_all(head.as_bytes()).await.expect("written");
        for index in 0..count / 100 {
            let lines = lines((0..100).map(|line| format!("r-{}", index * 100 + line)));
            let chunk = format!("{:x}\r\n{lines}\r\n", lines.len());
            stream.write_all(chunk.as_bytes()).await.expect("written");
        }
        stream.write_all(b"0\r\n\r\n").await.expect("written");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.expect("read");
        String::from_utf8(answer).expect("text")
    };
    let answer = tokio::time::timeout(4 * DEADLINE, writing).await.expect("no deadlock");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    let all: BulkAnswer = serde_json::from_str(body).expect("the answer");
    assert_eq!((all.items.len(), all.created), (count, count as u64));
    assert!(
        all.items
            .iter()
            .enumerate()
            .all(|(index, item)| item.id.as_ref().is_some_and(|id| id.as_str() == format!("r-{index}")))
    );
}

#[tokio::test]
async fn a_slow_store_stops_the_reading_and_memory_stays_bounded() {
    let queue_bytes = 256 * 1024;
    let batch = BatchSettings { queue_bytes, count: 50, ..BatchSettings::default() };
    let server = Server::start(Options { batch, ..Options::default() }).await;
    server.store.hold(true);
    let body = lines(ids(60_000));
    let length = body.len() as u64;
    let ((), answer) = tokio::join!(
        async {
            let full = i64::try_from(queue_bytes / 4 * 3 - 1024).expect("small").unsigned_abs();
            eventually("the queue is full", async || {
                server.metric("batch_queue_bytes").await.is_some_and(|bytes| bytes >= full)
            })
            .await;
            let received = server.metric("reviews_received_bytes_total").await.expect("a count");
            assert!(received < length / 4, "{received} of {length} bytes were read");
            let sound = review("single");
            let single = server.one(&sound);
            let release = async {
                eventually("a single review has room", async || {
                    server.metric("batch_queue_bytes").await
                        > server.metric("batch_queue_patient_bytes").await
                })
                .await;
                server.store.hold(false);
            };
            let (single, ()) = tokio::join!(single, release);
            assert_eq!(single.status, StatusCode::CREATED, "a bulk load leaves room for single reviews");
            eventually("all is stored", async || {
                let bytes = server.metric("batch_queue_bytes").await.expect("a gauge");
                assert!(bytes <= queue_bytes as u64, "{bytes} bytes");
                server.store.stored() == 60_001
            })
            .await;
        },
        server.post("/reviews/_bulk", &[NDJSON], chunked(body.as_bytes(), 16_000)),
    );
    assert_eq!(answer.json()["created"], 60_000);
    assert_eq!(server.metric("batch_queue_bytes").await, Some(0));
    assert_eq!(server.metric("inbox_bytes").await, Some(0));
}

#[tokio::test]
async fn a_client_that_goes_away_leaves_nothing_behind() {
    let server = Server::start(Options::default()).await;
    let (sender, receiver) = futures::channel::mpsc::unbounded::<Result<Bytes, axum::Error>>();
    let sending = server.post("/reviews/_bulk", &[NDJSON], Body::from_stream(receiver.boxed()));
    sender.unbounded_send(Ok(lines(ids(500)).into())).expect("open");
    sender.unbounded_send(Ok("{\"id\":\"half".into())).expect("open");
    {
        let mut sending = std::pin::pin!(sending);
        let stored = eventually("what came is stored", async || server.store.stored() == 500);
        tokio::select! {
            _ = &mut sending => panic!("the request has not ended"),
            () = stored => {}
        }
    } // the request is given up here
    eventually("the request is forgotten", async || {
        server.metric("bulk_requests_active").await == Some(0)
            && server.metric("inbox_bytes").await == Some(0)
    })
    .await;
    drop(sender);
    let again = server.post("/reviews/_bulk", &[NDJSON], lines(ids(501))).await;
    assert_eq!((again.json()["duplicate"].as_u64(), again.json()["created"].as_u64()), (Some(500), Some(1)));
}

#[tokio::test]
async fn a_store_that_goes_away_meanwhile_is_a_verdict() {
    let ingest = IngestSettings { retry_for: Duration::from_millis(200), ..IngestSettings::default() };
    let server = Server::start(Options { ingest, ..Options::default() }).await;
    let (sender, receiver) = futures::channel::mpsc::unbounded::<Result<Bytes, axum::Error>>();
    let (answer, ()) =
        tokio::join!(server.post("/reviews/_bulk", &[NDJSON], Body::from_stream(receiver)), async {
            sender.unbounded_send(Ok(lines(ids(10)).into())).expect("open");
            eventually("what came is stored", async || server.store.stored() == 10).await;
            server.store.behave(|manner| manner.away = true);
            sender
                .unbounded_send(Ok(lines((10..20).map(|index| format!("r-{index}"))).into()))
                .expect("open");
            drop(sender);
        });
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!((answer.json()["created"].as_u64(), answer.json()["retry"].as_u64()), (Some(10), Some(10)));
    eventually("nothing is taken any more", async || {
        let refused = server.post("/reviews/_bulk", &[NDJSON], lines(ids(1))).await;
        refused.status == StatusCode::SERVICE_UNAVAILABLE && !refused.header("retry-after").is_empty()
    })
    .await;
}

#[tokio::test]
async fn many_rejected_lines_behind_a_slow_one_are_bounded_and_in_order() {
    let server = Server::start(Options::default()).await;
    server.store.hold(true);
    let faulty =
        format!("{{{}}}\n", (0..60).map(|index| format!("\"{index}\":1")).collect::<Vec<_>>().join(","));
    let body = review("first").to_string() + "\n" + &faulty.repeat(5_000);
    let length = body.len() as u64;
    let ((), answer) = tokio::join!(
        async {
            eventually("the first is with the store", async || server.store.in_flight() == 1).await;
            let received = server.metric("reviews_received_bytes_total").await.expect("a count");
            assert!(received < length / 2, "{received} of {length}");
            server.store.hold(false);
        },
        server.post("/reviews/_bulk", &[NDJSON], chunked(body.as_bytes(), 10_000)),
    );
    let statuses = answer.statuses();
    assert_eq!((statuses.len(), statuses[0].as_str()), (5_001, "created"));
    assert!(statuses[1..].iter().all(|status| status == "rejected"));
}

#[tokio::test]
async fn an_answer_that_cannot_be_kept_is_503() {
    let temp_dir = Some("/proc/nowhere".into());
    let ingest = IngestSettings { temp_dir, ..IngestSettings::default() };
    let server = Server::start(Options { ingest, ..Options::default() }).await;
    let short = server.post("/reviews/_bulk", &[NDJSON], lines(ids(10))).await;
    assert_eq!(short.status, StatusCode::OK, "it needs no file");
    let long = server.post("/reviews/_bulk", &[NDJSON], lines(ids(40_000))).await;
    assert_eq!(long.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(!long.header("retry-after").is_empty());
}

#[tokio::test]
async fn a_service_that_ends_finishes_what_it_has_begun() {
    let server = Server::start(Options::default()).await;
    server.store.hold(true);
    let mut stream = TcpStream::connect(server.address()).await.expect("connected");
    let body = lines(ids(5_000));
    let head =
        format!("POST /reviews/_bulk HTTP/1.1\r\nHost: test\r\nContent-Length: {}\r\n\r\n", body.len());
    stream.write_all((head + &body[..body.len() - 10]).as_bytes()).await.expect("written");
    eventually("some are with the store", async || server.store.in_flight() > 0).await;
    let (store, address) = (server.store.clone(), server.address());
    let (outcome, answer) = tokio::join!(server.running.stop(), async {
        eventually("the listener is closed", async || TcpStream::connect(address).await.is_err()).await;
        store.hold(false);
        stream.write_all(&body.as_bytes()[body.len() - 10..]).await.expect("written");
        let mut answer = String::new();
        tokio::time::timeout(DEADLINE, stream.read_to_string(&mut answer))
            .await
            .expect("in time")
            .expect("read");
        answer
    });
    assert_eq!((outcome.cut, outcome.exit_code()), (0, 0));
    let all: BulkAnswer =
        serde_json::from_str(answer.split_once("\r\n\r\n").expect("a head").1).expect("whole");
    assert_eq!((all.created, store.stored()), (5_000, 5_000));
}
