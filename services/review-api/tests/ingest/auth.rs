//! Tokens and rates, over HTTP.

use std::fs;

use axum::body::Body;
use axum::http::StatusCode;
use review_api::auth::AuthSettings;

use crate::support::{Options, Server, eventually, lines, review};

const JSON: (&str, &str) = ("content-type", "application/json");

fn with(auth: AuthSettings) -> Options {
    Options { auth, variables: vec![("RELOAD_INTERVAL", "10ms")], ..Options::default() }
}

async fn post(server: &Server, token: &str) -> crate::support::Answer {
    let bearer = format!("Bearer {token}");
    server.post("/reviews", &[JSON, ("authorization", &bearer)], review("r-1").to_string()).await
}

#[tokio::test]
async fn only_who_may_write_writes() {
    let folder = tempfile::tempdir().expect("a folder");
    let (write, read) = (folder.path().join("write"), folder.path().join("read"));
    fs::write(&write, "# who may write\nshop w1\nw2\n").expect("written");
    fs::write(&read, "r1\n").expect("written");
    let auth = AuthSettings {
        write_tokens_file: Some(write.clone()),
        read_tokens_file: Some(read),
        ..AuthSettings::default()
    };
    let server = Server::start(with(auth)).await;
    assert_eq!(post(&server, "w1").await.status, StatusCode::CREATED);
    assert_eq!(post(&server, "w2").await.status, StatusCode::OK);
    let missing = server.one(&review("r-2")).await;
    assert_eq!(missing.status, StatusCode::UNAUTHORIZED);
    assert_eq!(missing.header("www-authenticate"), "Bearer realm=\"reviews\"");
    assert_eq!(missing.header("content-type"), "application/problem+json");
    let unknown = post(&server, "w3").await;
    assert_eq!(unknown.status, StatusCode::UNAUTHORIZED);
    assert!(unknown.header("www-authenticate").contains("invalid_token"));
    let forbidden = post(&server, "r1").await;
    assert_eq!(forbidden.status, StatusCode::FORBIDDEN);
    assert!(forbidden.header("www-authenticate").contains("insufficient_scope"));
    let bulk = server.post("/reviews/_bulk", &[], lines(["r-2".to_owned()])).await;
    assert_eq!(bulk.status, StatusCode::UNAUTHORIZED);
    let refused = "tokens_refused_total{scope=\"write\",reason=\"missing\"}";
    assert_eq!(server.metric(refused).await, Some(2));

    fs::write(&write, "w3\n").expect("written");
    eventually("the new token is known", async || post(&server, "w3").await.status == StatusCode::OK).await;
    assert_eq!(post(&server, "w1").await.status, StatusCode::UNAUTHORIZED);
    fs::write(&write, "one two three\n").expect("written");
    eventually("the faulty file is seen", async || {
        let name = "settings_reloads_total{setting=\"WRITE_TOKENS_FILE\",result=\"refused\"}";
        server.metric(name).await == Some(1)
    })
    .await;
    assert_eq!(post(&server, "w3").await.status, StatusCode::OK, "the old tokens stay");
}

#[tokio::test]
async fn a_refusal_is_seen_by_a_client_that_sends_much() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = folder.path().join("write");
    fs::write(&write, "w1\n").expect("written");
    let auth = AuthSettings { write_tokens_file: Some(write), ..AuthSettings::default() };
    let server = Server::start(with(auth)).await;
    let body = lines((0..1_000).map(|index| format!("r-{index}")));
    let chunks: Vec<_> =
        body.into_bytes().chunks(1_000).map(|chunk| Ok::<_, axum::Error>(chunk.to_vec())).collect();
    let answer = server.post("/reviews/_bulk", &[], Body::from_stream(futures::stream::iter(chunks))).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert_eq!(server.store.batches().len(), 0);
}

#[tokio::test]
async fn too_many_reviews_are_429_and_bulk_loads_are_slowed() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = folder.path().join("write");
    fs::write(&write, "shop w1\nw2\n").expect("written");
    // One a minute would be too slow to be seen to pass: so the burst is small and the rate is not.
    let auth = AuthSettings {
        write_tokens_file: Some(write),
        rate_limit: 1,
        rate_burst: 2,
        ..AuthSettings::default()
    };
    let server = Server::start(with(auth)).await;
    eventually("the token has sent too many", async || {
        let answer = post(&server, "w1").await;
        if answer.status != StatusCode::TOO_MANY_REQUESTS {
            return false;
        }
        assert_eq!(answer.header("retry-after"), "1");
        true
    })
    .await;
    assert_ne!(post(&server, "w2").await.status, StatusCode::TOO_MANY_REQUESTS, "each token has its own");
    assert!(server.metric("rate_limited_total{token=\"shop\"}").await >= Some(1));
    assert_eq!(server.metric("rate_limited_total{token=\"-\"}").await, None);
    let bearer = [("authorization", "Bearer w1")];
    let bulk = server.post("/reviews/_bulk", &bearer, lines(["a", "b", "c"].map(str::to_owned))).await;
    assert_eq!(bulk.statuses(), ["created"; 3]);
    assert!(server.metric("rate_paced_total{token=\"shop\"}").await >= Some(1));
}
