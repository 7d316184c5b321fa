//! For how long an answer is used, and what is asked after that.

use bucket::Operation;
use bucket::testing::{Fault, Rule};

use crate::support::{Server, cache_status, get, head, pattern};

#[tokio::test]
async fn a_fresh_object_is_not_asked_for_again() {
    let server = Server::start(&[("CACHE_TTL", "1h")]).await;
    server.put("a.txt", b"hello", "text/plain").await;
    let first = server.ask(&get("/a.txt")).await;
    assert_eq!((first.status, first.body.as_slice()), (200, b"hello".as_slice()));
    assert_eq!((cache_status(&first), first.header("age")), ("file-server; fwd=uri-miss; stored", None));

    for (request, status) in [
        (get("/a.txt"), 200),
        (head("/a.txt"), 200),
        (get("/a.txt").with("If-None-Match", first.etag()), 304),
    ] {
        let again = server.ask(&request).await;
        assert_eq!(again.status, status);
        assert!(cache_status(&again).starts_with("file-server; hit; ttl=3"), "{}", cache_status(&again));
        let age: u64 =
            again.header("age").expect("an answer from memory has an age").parse().expect("seconds");
        assert!(age < 3600);
    }
    assert_eq!(server.gets(), 1);
    assert_eq!(server.metric("cache_hits_total").await, 3);
    assert_eq!(server.metric("cache_misses_total").await, 1);
    server.stop().await;
}

#[tokio::test]
async fn after_its_time_it_is_revalidated() {
    let server = Server::start(&[("CACHE_TTL", "0s")]).await;
    server.put("a.bin", &pattern(50_000), "application/octet-stream").await;
    let first = server.ask(&get("/a.bin")).await;
    let sent = server.store.sent();

    let second = server.ask(&get("/a.bin")).await;
    assert_eq!((second.status, second.body == first.body), (200, true));
    assert_eq!(cache_status(&second), "file-server; fwd=stale; fwd-status=304; ttl=0");
    assert_eq!(server.store.sent(), sent, "the body did not come again");
    let asked = server.store.seen().pop().expect("it was asked");
    assert_eq!(asked.header("if-none-match"), Some(first.etag()));

    server.put("a.bin", b"another", "application/octet-stream").await;
    let third = server.ask(&get("/a.bin")).await;
    assert_eq!(third.body, b"another");
    assert_eq!(cache_status(&third), "file-server; fwd=stale; fwd-status=200; stored");
    assert_eq!(server.metric("cache_revalidated_total").await, 1);
    server.stop().await;
}

#[tokio::test]
async fn a_missing_object_is_remembered() {
    let server = Server::start(&[("CACHE_NEGATIVE_TTL", "1h"), ("CACHE_TTL", "1h")]).await;
    for _ in 0..3 {
        assert_eq!(server.ask(&get("/later.txt")).await.status, 404);
    }
    assert_eq!(server.gets_of("later.txt"), 1);
    server.put("later.txt", b"now", "text/plain").await;
    assert_eq!(server.ask(&get("/later.txt")).await.status, 404, "its time has not passed");
    assert_eq!(server.admin("POST", "/-/purge?key=later.txt", "").await.text(), "{\"purged\":1}");
    assert_eq!(server.ask(&get("/later.txt")).await.body, b"now");
    server.stop().await;
}

#[tokio::test]
async fn a_missing_object_is_looked_for_again() {
    let server = Server::start(&[("CACHE_NEGATIVE_TTL", "0s"), ("CACHE_TTL", "1h")]).await;
    assert_eq!(server.ask(&get("/later.txt")).await.status, 404);
    server.put("later.txt", b"now", "text/plain").await;
    assert_eq!(server.ask(&get("/later.txt")).await.body, b"now");
    server.stop().await;
}

#[tokio::test]
async fn an_objects_own_cache_control_is_heeded() {
    let server = Server::start(&[("CACHE_TTL", "1h")]).await;
    server.put_with_cache_control("private.txt", b"p", "private").await;
    server.put_with_cache_control("secret.txt", b"s", "no-store").await;
    server.put_with_cache_control("checked.txt", b"c", "no-cache").await;
    server.put_with_cache_control("short.txt", b"m", "max-age=0").await;
    server.put_with_cache_control("long.txt", b"l", "public, max-age=31536000").await;
    for (key, status) in [
        ("private.txt", "file-server; fwd=bypass; detail=streamed"),
        ("secret.txt", "file-server; fwd=bypass; detail=streamed"),
        ("checked.txt", "file-server; fwd=stale; fwd-status=304; ttl=0"),
        ("short.txt", "file-server; fwd=stale; fwd-status=304; ttl=0"),
    ] {
        let target = format!("/{key}");
        let first = server.ask(&get(&target)).await;
        let second = server.ask(&get(&target)).await;
        assert_eq!((first.status, second.status, first.body == second.body), (200, 200, true), "{key}");
        assert_eq!(cache_status(&second), status, "{key}");
        assert_eq!(second.header("cache-control"), first.header("cache-control"));
    }
    server.ask(&get("/long.txt")).await;
    assert!(cache_status(&server.ask(&get("/long.txt")).await).starts_with("file-server; hit; ttl=3"));
    server.stop().await;
}

#[tokio::test]
async fn what_may_no_longer_be_kept_is_forgotten() {
    let server = Server::start(&[("CACHE_TTL", "0s"), ("STALE_IF_ERROR", "1h")]).await;
    server.put("a.txt", b"public", "text/plain").await;
    assert_eq!(server.ask(&get("/a.txt")).await.body, b"public");
    server.put_with_cache_control("a.txt", b"private", "no-store").await;
    assert_eq!(server.ask(&get("/a.txt")).await.body, b"private");
    server.store.fail(Rule::any(), Fault::internal());
    assert_eq!(server.ask(&get("/a.txt")).await.status, 503, "neither the old one nor the new");
    server.stop().await;
}

#[tokio::test]
async fn of_a_long_object_only_the_metadata_is_kept() {
    let server =
        Server::start(&[("CACHE_TTL", "1h"), ("CACHE_OBJECT_MAX", "1KiB"), ("COMPRESS_MAX", "1KiB")]).await;
    let body = pattern(700_000);
    server.put("long.bin", &body, "application/octet-stream").await;
    server.put("short.bin", &body[..1024], "application/octet-stream").await;
    for _ in 0..2 {
        let answer = server.ask(&get("/long.bin")).await;
        assert!(answer.body == body, "the parts are put together in order");
        assert_eq!(
            (cache_status(&answer), answer.header("age")),
            ("file-server; fwd=bypass; detail=streamed", None)
        );
    }
    server.store.forget();
    for request in [head("/long.bin"), get("/long.bin").with("If-None-Match", "*")] {
        assert!(cache_status(&server.ask(&request).await).starts_with("file-server; hit; ttl=3"));
    }
    assert_eq!(server.store.count(Operation::Get), 0);
    server.ask(&get("/short.bin")).await;
    assert!(cache_status(&server.ask(&get("/short.bin")).await).starts_with("file-server; hit"));
    server.stop().await;
}
