//! POST /reviews.

use axum::http::StatusCode;
use futures::future::join_all;
use review_api::batch::BatchSettings;
use review_api::ingest::IngestSettings;
use serde_json::{Value, json};
use std::time::Duration;

use crate::support::{Options, Server, eventually, review};

const JSON: (&str, &str) = ("content-type", "application/json");

#[tokio::test]
async fn a_review_is_created_once() {
    let server = Server::start(Options::default()).await;
    let first = server.one(&review("r-1")).await;
    assert_eq!(first.status, StatusCode::CREATED);
    assert_eq!(first.json(), json!({"id": "r-1", "status": "created"}));
    assert_eq!(first.header("location"), "/reviews/r-1");
    let second = server.one(&review("r-1")).await;
    assert_eq!((second.status, second.json()), (StatusCode::OK, json!({"id": "r-1", "status": "duplicate"})));
    assert_eq!(server.metric("reviews_total{status=\"created\"}").await, Some(1));
    assert_eq!(server.metric("reviews_total{status=\"duplicate\"}").await, Some(1));
}

#[tokio::test]
async fn the_same_review_sent_at_once_by_many_is_created_once() {
    let server = Server::start(Options::default()).await;
    let sound = review("r-1");
    let answers = join_all((0..20).map(|_| server.one(&sound))).await;
    let created = answers.iter().filter(|answer| answer.status == StatusCode::CREATED).count();
    let duplicate = answers.iter().filter(|answer| answer.status == StatusCode::OK).count();
    assert_eq!((created, duplicate), (1, 19));
}

#[tokio::test]
async fn an_id_is_derived_from_the_key_or_the_content() {
    let server = Server::start(Options::default()).await;
    let mut nameless = review("x");
    nameless.as_object_mut().expect("an object").remove("id");
    let first = server.one(&nameless).await.json();
    assert!(first["id"].as_str().expect("an id").starts_with("c-"), "{first}");
    assert_eq!(server.one(&nameless).await.status, StatusCode::OK);
    let keyed = [JSON, ("idempotency-key", "\"8e03978e\"")];
    let by_key = server.post("/reviews", &keyed, nameless.to_string()).await;
    assert_eq!(by_key.status, StatusCode::CREATED);
    assert!(by_key.json()["id"].as_str().expect("an id").starts_with("k-"));
    let plain = [JSON, ("idempotency-key", "8e03978e")];
    assert_eq!(server.post("/reviews", &plain, nameless.to_string()).await.status, StatusCode::OK);
    let bad = [JSON, ("idempotency-key", "")];
    assert_eq!(
        server.post("/reviews", &bad, nameless.to_string()).await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
}

#[tokio::test]
async fn every_fault_is_in_the_answer() {
    let server = Server::start(Options::default()).await;
    let faulty =
        json!({"delivery_id": "", "text": 5, "rating": "5", "written_at": "2014-01-01T00:00:00Z", "a": 1});
    let answer = server.one(&faulty).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(answer.header("content-type"), "application/problem+json");
    let json = answer.json();
    let fields: Vec<_> =
        json["errors"].as_array().expect("a list").iter().map(|fault| &fault["field"]).collect();
    assert_eq!(fields, ["a", "delivery_id", "text", "rating", "written_at"]);
    let bad = server.post("/reviews", &[JSON], vec![b'{', 0xff]).await;
    assert_eq!(
        (bad.status, &bad.json()["errors"][0]["field"]),
        (StatusCode::UNPROCESSABLE_ENTITY, &json!(""))
    );
    assert_eq!(server.store.batches().len(), 0);
}

#[tokio::test]
async fn a_lenient_caller_may_send_more() {
    let server = Server::start(Options::default()).await;
    let mut more = review("r-1");
    more["colour"] = Value::from("red");
    assert_eq!(server.one(&more).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let lenient = server.post("/reviews?lenient", &[JSON], more.to_string()).await;
    assert_eq!(lenient.status, StatusCode::CREATED);
    let odd = server.post("/reviews?lenient=perhaps", &[JSON], more.to_string()).await;
    assert_eq!(odd.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn bodies_that_nobody_reads_are_refused_by_their_head() {
    let server = Server::start(Options::default()).await;
    let sound = review("r-1").to_string();
    for headers in [&[("content-type", "text/plain")][..], &[JSON, ("content-encoding", "br")]] {
        let answer = server.post("/reviews", headers, sound.clone()).await;
        assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{headers:?}");
    }
    let long = format!("{}{sound}", " ".repeat(256 * 1024));
    assert_eq!(server.post("/reviews", &[JSON], long.clone()).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    let chunks = futures::stream::iter(
        long.into_bytes()
            .chunks(10_000)
            .map(|chunk| Ok::<_, axum::Error>(chunk.to_vec()))
            .collect::<Vec<_>>(),
    );
    let unannounced = axum::body::Body::from_stream(chunks);
    assert_eq!(server.post("/reviews", &[JSON], unannounced).await.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn what_the_store_refuses_is_unprocessable() {
    let server = Server::start(Options::default()).await;
    let answer = server.one(&review("refused-1")).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(answer.json()["errors"][0]["reason"], "the mapping does not allow it");
    assert_eq!(server.store.buried(), ["refused-1"]);
}

#[tokio::test]
async fn a_full_queue_is_429() {
    let batch = BatchSettings { queue_bytes: 1, ..BatchSettings::default() };
    let server = Server::start(Options { batch, ..Options::default() }).await;
    server.store.hold(true);
    let sound = review("r-1");
    let ((), first) = tokio::join!(
        async {
            eventually("the first is with the store", async || server.store.in_flight() == 1).await;
            let second = server.one(&review("r-2")).await;
            assert_eq!(second.status, StatusCode::TOO_MANY_REQUESTS);
            assert_eq!(second.header("retry-after"), "1");
            server.store.hold(false);
        },
        server.one(&sound),
    );
    assert_eq!(first.status, StatusCode::CREATED);
    assert_eq!(server.metric("reviews_turned_away_total{reason=\"busy\"}").await, Some(1));
    assert_eq!(server.one(&review("r-2")).await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn a_full_inbox_is_429_before_the_body_is_read() {
    let ingest = IngestSettings { inbox_bytes: 1, ..IngestSettings::default() };
    let server = Server::start(Options { ingest, ..Options::default() }).await;
    server.store.hold(true);
    let sound = review("r-1");
    let ((), first) = tokio::join!(
        async {
            eventually("the first is with the store", async || server.store.in_flight() == 1).await;
            assert_eq!(server.one(&review("r-2")).await.status, StatusCode::TOO_MANY_REQUESTS);
            server.store.hold(false);
        },
        server.one(&sound),
    );
    assert_eq!(first.status, StatusCode::CREATED);
}

#[tokio::test]
async fn a_store_that_is_away_is_503() {
    let ingest = IngestSettings { retry_for: Duration::from_millis(300), ..IngestSettings::default() };
    let server = Server::start(Options { ingest, ..Options::default() }).await;
    server.store.behave(|manner| manner.away = true);
    let waited = server.one(&review("r-1")).await;
    assert_eq!(waited.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(!waited.header("retry-after").is_empty());
    eventually("it is known to be away", async || {
        let answer = server.one(&review("r-2")).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
        answer.json()["detail"] == "the store is away"
    })
    .await;
    assert_eq!(server.metric("store_away").await, Some(1));
    server.store.behave(|manner| manner.away = false);
    eventually("it is back", async || server.one(&review("r-3")).await.status == StatusCode::CREATED).await;
    assert!(!server.store.has("r-2"));
}

#[tokio::test]
async fn a_store_that_hangs_is_not_waited_for_beyond_patience() {
    let ingest = IngestSettings { retry_for: Duration::from_millis(200), ..IngestSettings::default() };
    let server = Server::start(Options { ingest, ..Options::default() }).await;
    server.store.hold(true);
    assert_eq!(server.one(&review("r-1")).await.status, StatusCode::SERVICE_UNAVAILABLE);
    server.store.hold(false);
    eventually("it is stored all the same", async || server.store.has("r-1")).await;
    assert_eq!(server.one(&review("r-1")).await.status, StatusCode::OK, "and the repeat is a duplicate");
}
