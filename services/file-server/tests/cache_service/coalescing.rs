//! One question to the store, however many want to know.

use std::time::Duration;

use bucket::Operation;
use bucket::testing::{Fault, Rule};
use futures::future::join_all;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::support::{Server, cache_status, get, pattern, until};

#[tokio::test(flavor = "multi_thread")]
async fn a_stampede_of_500_is_one_request() {
    let server = Server::start(&[("CACHE_TTL", "1h")]).await;
    let body = pattern(100_000);
    server.put("hot.bin", &body, "application/octet-stream").await;
    server.store.fail(Rule::on(Operation::Get), Fault::SlowFirstByte(Duration::from_millis(500)));
    let request = get("/hot.bin");
    let answers = join_all((0..500).map(|_| server.ask(&request))).await;
    assert!(answers.iter().all(|answer| answer.status == 200 && answer.body == body));
    assert_eq!(server.gets(), 1);
    let alone =
        answers.iter().filter(|answer| cache_status(answer) == "file-server; fwd=uri-miss; stored").count();
    let shared = answers.iter().filter(|answer| cache_status(answer).ends_with("; collapsed")).count();
    assert_eq!(alone, 1);
    assert!(shared > 0, "somebody waited for somebody else's answer");
    assert_eq!(server.metric("cache_coalesced_total").await, i64::try_from(shared).expect("a few hundred"));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stampede_on_what_is_not_there_is_one_request() {
    let server = Server::start(&[("CACHE_NEGATIVE_TTL", "1h"), ("CACHE_TTL", "1h")]).await;
    server.store.fail(Rule::on(Operation::Get), Fault::SlowFirstByte(Duration::from_millis(200)));
    let request = get("/none.bin");
    let answers = join_all((0..100).map(|_| server.ask(&request))).await;
    assert!(answers.iter().all(|answer| answer.status == 404));
    assert_eq!(server.gets_of("none.bin"), 1);
    server.stop().await;
}

#[tokio::test]
async fn it_goes_on_when_the_first_client_goes_away() {
    let server = Server::start(&[("CACHE_TTL", "1h")]).await;
    server.put("hot.txt", b"hello", "text/plain").await;
    server.store.fail(Rule::on(Operation::Get), Fault::SlowFirstByte(Duration::from_secs(1)));
    let mut first = TcpStream::connect(server.address()).await.expect("the server listens");
    first.write_all(&get("/hot.txt").bytes()).await.expect("the server reads");
    until("the store is asked", async || server.gets() == 1).await;
    drop(first);
    assert_eq!(server.ask(&get("/hot.txt")).await.body, b"hello");
    assert_eq!(server.gets(), 1);
    server.stop().await;
}

#[tokio::test]
async fn a_failure_is_shared_too_and_not_remembered() {
    let server = Server::start(&[("CACHE_TTL", "1h")]).await;
    server.put("hot.txt", b"hello", "text/plain").await;
    server.store.fail(Rule::on(Operation::Get), Fault::denied());
    let request = get("/hot.txt");
    let answers = join_all((0..20).map(|_| server.ask(&request))).await;
    assert!(answers.iter().all(|answer| answer.status == 403));
    server.store.heal();
    assert_eq!(server.ask(&request).await.body, b"hello");
    server.stop().await;
}
