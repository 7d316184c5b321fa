//! What is served while the store fails.

use std::time::Instant;

use bucket::Key;
use bucket::testing::{Fault, Rule};

use crate::support::{Server, cache_status, get, until};

const TOLERANT: &[(&str, &str)] =
    &[("CACHE_TTL", "0s"), ("CACHE_NEGATIVE_TTL", "0s"), ("STALE_IF_ERROR", "1h")];

#[tokio::test]
async fn what_was_known_is_served_and_says_so() {
    // A server for each fault: shortly after one failure the store is not asked, and the next would not be met.
    for fault in [
        Fault::internal(),
        Fault::slow_down(None),
        Fault::Reset,
        Fault::Garbage { status: 200, body: "<p>hello" },
    ] {
        let server = Server::start(TOLERANT).await;
        server.put("a.txt", b"old", "text/plain").await;
        server.ask(&get("/a.txt")).await;
        server.put("a.txt", b"new", "text/plain").await;
        server.store.fail(Rule::any(), fault.clone());
        let answer = server.ask(&get("/a.txt")).await;
        assert_eq!((answer.status, answer.body.as_slice()), (200, b"old".as_slice()), "{fault:?}");
        let status = cache_status(&answer);
        let late = status
            .strip_prefix("file-server; fwd=stale; ttl=")
            .and_then(|rest| rest.strip_suffix("; detail=stale-if-error"));
        let late: i64 = late.unwrap_or_else(|| panic!("{fault:?}: {status}")).parse().expect("seconds");
        let age: i64 = answer.header("age").expect("it is old").parse().expect("seconds");
        assert_eq!(late, -age, "with a time of 0s it is late by its age");
        assert_eq!(server.metric("cache_stale_total").await, 1);
        server.store.heal();
        until("the new one is served", async || server.ask(&get("/a.txt")).await.body == b"new").await;
        server.stop().await;
    }
}

#[tokio::test]
async fn not_where_it_was_not_allowed() {
    let server = Server::start(&[("CACHE_TTL", "0s"), ("STALE_IF_ERROR", "0s")]).await;
    server.put("a.txt", b"old", "text/plain").await;
    server.ask(&get("/a.txt")).await;
    server.store.fail(Rule::any(), Fault::internal());
    let answer = server.ask(&get("/a.txt")).await;
    assert_eq!(answer.status, 503);
    assert!(answer.header("retry-after").is_some());
    server.stop().await;

    let server = Server::start(TOLERANT).await;
    server.put_with_cache_control("a.txt", b"old", "max-age=5, must-revalidate").await;
    server.put_with_cache_control("b.txt", b"old", "no-cache").await;
    for target in ["/a.txt", "/b.txt"] {
        server.store.heal();
        server.ask(&get(target)).await;
        server.store.fail(Rule::any(), Fault::internal());
        assert_eq!(server.ask(&get(target)).await.status, 503, "{target}");
    }
    server.stop().await;
}

#[tokio::test]
async fn that_there_is_nothing_is_never_stale() {
    let server = Server::start(TOLERANT).await;
    assert_eq!(server.ask(&get("/later.txt")).await.status, 404);
    server.store.fail(Rule::any(), Fault::internal());
    assert_eq!(server.ask(&get("/later.txt")).await.status, 503);
    server.stop().await;
}

#[tokio::test]
async fn only_failures_count_as_such() {
    let server = Server::start(TOLERANT).await;
    server.put("a.txt", b"old", "text/plain").await;
    server.put("b.txt", b"old", "text/plain").await;
    server.ask(&get("/a.txt")).await;
    server.ask(&get("/b.txt")).await;
    server.bucket.delete(&Key::parse("a.txt").expect("a key")).await.expect("deleted");
    assert_eq!(server.ask(&get("/a.txt")).await.status, 404, "the store knows better");
    server.store.fail(Rule::any().key("b.txt"), Fault::denied());
    assert_eq!(server.ask(&get("/b.txt")).await.status, 403, "so it does when it denies");
    server.stop().await;
}

#[tokio::test]
async fn nobody_waits_for_a_store_that_is_known_to_fail() {
    let server = Server::start(&[
        ("CACHE_TTL", "0s"),
        ("STALE_IF_ERROR", "1h"),
        ("STORE_READ_TIMEOUT", "200ms"),
        ("STORE_TIMEOUT", "1s"),
    ])
    .await;
    server.put("a.txt", b"old", "text/plain").await;
    server.ask(&get("/a.txt")).await;
    server.store.fail(Rule::any(), Fault::Silence);
    // The first waits until the store's time has passed, and then gets what was known.
    assert_eq!(server.ask(&get("/a.txt")).await.body, b"old");
    let (before, begun) = (server.gets(), Instant::now());
    for _ in 0..20 {
        let answer = server.ask(&get("/a.txt")).await;
        assert_eq!(answer.body, b"old");
        let status = cache_status(&answer);
        assert!(status.starts_with("file-server; hit; ttl="), "nothing was forwarded for it: {status}");
    }
    // In a second, at most one question is begun, which is asked three times.
    let most = 3 * (usize::try_from(begun.elapsed().as_secs()).expect("short") + 1);
    assert!(server.gets() <= before + most, "{} and {before}", server.gets());
    server.store.heal();
    server.put("a.txt", b"new", "text/plain").await;
    until("the new one is served", async || server.ask(&get("/a.txt")).await.body == b"new").await;
    server.stop().await;
}
