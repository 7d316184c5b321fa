//! Points 3, 13, 22 and 24: what the store is asked for, and what becomes of it when something changes.

use bucket::Operation;
use bucket::testing::{Fault, Rule};
use tokio::io::AsyncReadExt;

use crate::support::{Answer, DEADLINE, Server, get, parse, seeded, until};

/// Longer than everything between the store and a client that does not read.
const LONG: usize = 24 * 1024 * 1024;

/// Objects are streamed from the store, with little read ahead.
const STREAMED: &[(&str, &str)] = &[("CACHE_OBJECT_MAX", "64KiB"), ("STREAM_MEMORY", "1MiB")];

/// [`STREAMED`], and what is known of an object is believed for an hour.
fn believed() -> Vec<(&'static str, &'static str)> {
    [STREAMED, &[("CACHE_TTL", "1h")]].concat()
}

#[tokio::test]
async fn point_03_if_range_is_pinned() {
    let server = Server::start(&believed()).await;
    let (old, new) = (seeded(200_000, 1), seeded(300_000, 2));
    server.put("a.bin", &old, "application/octet-stream").await;
    let first = server.ask(&get("/a.bin")).await;
    assert_eq!((first.status, &first.body), (200, &old));

    server.put("a.bin", &new, "application/octet-stream").await;
    server.store.forget();
    // The server still believes in the old object: only the store can tell that the range is of another.
    let rest = get("/a.bin").with("Range", "bytes=100000-").with("If-Range", first.etag());
    let whole = server.ask(&rest).await;
    assert_eq!((whole.status, whole.header("content-range")), (200, None));
    assert_eq!(whole.body, new);
    assert_ne!(whole.etag(), first.etag());
    let pinned =
        |seen: &bucket::testing::Seen| seen.header("if-match").is_some() || seen.header("range").is_none();
    assert!(server.store.seen().iter().all(pinned), "every ranged read names its version");
    server.stop().await;
}

#[tokio::test]
async fn point_13_a_range_without_if_range_is_of_the_new_object() {
    let server = Server::start(&believed()).await;
    let (old, new) = (seeded(200_000, 1), seeded(300_000, 2));
    server.put("a.bin", &old, "application/octet-stream").await;
    assert_eq!(server.ask(&get("/a.bin")).await.status, 200);
    server.put("a.bin", &new, "application/octet-stream").await;
    let part = server.ask(&get("/a.bin").with("Range", "bytes=150000-150009")).await;
    assert_eq!((part.status, part.header("content-range")), (206, Some("bytes 150000-150009/300000")));
    assert_eq!(part.body, new[150_000..=150_009]);
    server.stop().await;
}

#[tokio::test]
async fn point_13_an_object_that_changes_under_an_answer_breaks_it_off() {
    let server = Server::start(STREAMED).await;
    let (old, new) = (seeded(LONG, 1), seeded(LONG, 1_000_000_000));
    server.put("a.bin", &old, "application/octet-stream").await;
    // The read under way breaks off beyond what can be on its way to a client that does not read.
    server.store.fail(Rule::on(Operation::Get).after(1).times(1), Fault::ShortBody(LONG - 1024 * 1024));
    let mut connection = server.ask_slowly(&get("/a.bin")).await;
    let mut received = first_bytes(&mut connection).await;
    server.put("a.bin", &new, "application/octet-stream").await;

    let answer = rest(connection, &mut received).await;
    assert_eq!((answer.status, answer.length()), (200, Some(LONG)));
    assert!(!answer.is_complete(), "the client can see that it is not all");
    assert!(old.starts_with(&answer.body), "and what it has is of one version");
    let now = server.ask(&get("/a.bin")).await;
    assert!(now.is_complete() && now.body == new);
    server.stop().await;
}

#[tokio::test]
async fn point_13_a_read_that_breaks_off_goes_on_where_it_stopped() {
    let server = Server::start(STREAMED).await;
    let body = seeded(4 * 1024 * 1024, 1);
    server.put("a.bin", &body, "application/octet-stream").await;
    server.store.fail(Rule::on(Operation::Get).after(1).times(5), Fault::ShortBody(300_000));
    let answer = server.ask(&get("/a.bin")).await;
    assert!(answer.is_complete() && answer.body == body, "{} bytes", answer.body.len());
    // The object, its bytes, and the rest of them after each break.
    assert_eq!(server.store.count(Operation::Get), 7);
    server.stop().await;
}

#[tokio::test]
async fn point_13_a_read_that_brings_nothing_is_given_up() {
    let server = Server::start(STREAMED).await;
    server.put("a.bin", &seeded(4 * 1024 * 1024, 1), "application/octet-stream").await;
    server.store.fail(Rule::on(Operation::Get).after(1), Fault::ShortBody(0));
    assert_eq!(server.ask(&get("/a.bin")).await.status, 502);
    assert_eq!(server.store.count(Operation::Get), 4, "three times and not again");
    server.stop().await;
}

#[tokio::test]
async fn point_13_several_ranges_are_of_one_version() {
    let server = Server::start(STREAMED).await;
    let (old, new) = (seeded(LONG, 1), seeded(LONG, 1_000_000_000));
    server.put("a.bin", &old, "application/octet-stream").await;
    let end = LONG - 2 * 1024 * 1024;
    let ranges = get("/a.bin").with("Range", &format!("bytes=0-{},{end}-", end - 1024));
    let mut connection = server.ask_slowly(&ranges).await;
    let mut received = first_bytes(&mut connection).await;
    server.put("a.bin", &new, "application/octet-stream").await;

    let answer = rest(connection, &mut received).await;
    assert_eq!(answer.status, 206);
    assert!(!answer.is_complete());
    let start =
        answer.body.windows(4).position(|four| four == b"\r\n\r\n").expect("the first part's head") + 4;
    assert!(
        old.starts_with(&answer.body[start..]),
        "the first part is of one version and the second never came"
    );
    server.stop().await;
}

#[tokio::test]
async fn point_13_a_store_that_does_not_know_if_match_mixes_nothing() {
    let server = Server::start(STREAMED).await;
    let body = seeded(2 * 1024 * 1024, 1);
    server.put("a.bin", &body, "application/octet-stream").await;
    assert!(server.ask(&get("/a.bin")).await.is_complete());
    // The read breaks off, and what is asked for after that comes with a tag of another version, and 206 all the same.
    let other = Fault::Header { name: "ETag", value: Some("\"another\"".to_owned()) };
    // The rule set last is asked first: the read that it strikes does not count here.
    server.store.fail(Rule::on(Operation::Get).after(1), other);
    server.store.fail(Rule::on(Operation::Get).after(1).times(1), Fault::ShortBody(1024 * 1024));
    let answer = server.ask(&get("/a.bin")).await;
    assert_eq!(answer.status, 200);
    assert!(!answer.is_complete() && body.starts_with(&answer.body), "{} bytes", answer.body.len());
    server.stop().await;
}

#[tokio::test]
async fn point_22_no_checksum_is_asked_for_or_sent() {
    let server = Server::start(STREAMED).await;
    server.put("a.bin", &seeded(1024 * 1024, 1), "application/octet-stream").await;
    assert!(server.ask(&get("/a.bin")).await.is_complete());
    assert_eq!(server.ask(&get("/a.bin").with("Range", "bytes=5-9")).await.status, 206);
    let seen = server.store.seen();
    assert!(seen.iter().any(|seen| seen.operation == Operation::Get && seen.header("range").is_some()));
    for seen in &seen {
        for (name, value) in &seen.headers {
            let name = name.to_ascii_lowercase();
            let checksum = name.starts_with("x-amz-checksum") || name.starts_with("x-amz-sdk-checksum");
            assert!(!checksum && name != "x-amz-trailer", "{}: {name}: {value}", seen.line);
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn point_24_a_client_that_goes_away_stops_the_reads() {
    let server = Server::start(STREAMED).await;
    server.put("a.bin", &seeded(LONG, 1), "application/octet-stream").await;
    let mut connection = server.ask_slowly(&get("/a.bin")).await;
    first_bytes(&mut connection).await;
    drop(connection);
    server.until_idle().await;
    until("no read is under way", || server.store.open() == 0).await;
    let reads = server.store.count(Operation::Get);
    assert!(server.store.sent() < LONG as u64, "{} bytes were read for nobody", server.store.sent());

    // A further request shows that nobody went on reading: it is revalidated, and read.
    assert_eq!(server.ask(&get("/a.bin").with("Range", "bytes=0-9")).await.status, 206);
    assert_eq!(server.store.count(Operation::Get), reads + 2);
    server.stop().await;
}

#[tokio::test]
async fn point_24_also_where_the_store_does_not_move() {
    let patient = [("STORE_READ_TIMEOUT", "10m"), ("STORE_TIMEOUT", "10m")];
    let server = Server::start(&[STREAMED, &patient].concat()).await;
    server.put("a.bin", &seeded(LONG, 1), "application/octet-stream").await;
    // The object is known, and then its parts stop half way.
    server.store.fail(Rule::on(Operation::Get).after(1), Fault::StallBody(1000));
    let connection = server.ask_slowly(&get("/a.bin")).await;
    until("a part is being read", || server.store.count(Operation::Get) >= 2).await;
    drop(connection);
    until("no read is under way", || server.store.open() == 0).await;
    server.stop().await;
}

/// What has come of an answer once its body has begun.
async fn first_bytes(connection: &mut tokio::net::TcpStream) -> Vec<u8> {
    let mut received = Vec::new();
    let begun = |received: &[u8]| {
        received
            .windows(4)
            .position(|four| four == b"\r\n\r\n")
            .is_some_and(|end| received.len() > end + 1024)
    };
    let reading = async {
        while !begun(&received) {
            assert_ne!(
                connection.read_buf(&mut received).await.expect("an answer"),
                0,
                "the answer ended early"
            );
        }
    };
    tokio::time::timeout(DEADLINE, reading).await.expect("the answer begins");
    received
}

/// The whole answer, from what had come of it on.
async fn rest(mut connection: tokio::net::TcpStream, received: &mut Vec<u8>) -> Answer {
    // A reset ends it too.
    let _ = tokio::time::timeout(DEADLINE, connection.read_to_end(received)).await.expect("the answer ends");
    parse(received)
}
