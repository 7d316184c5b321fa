//! Reviews with a ledger: against the real review-api, and against one that lies.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use drill::ledger::Reviews;
use drill::ledger::check::check;
use drill::traffic::failure::Kind;
use drill::traffic::wire::Wire;
use drill::traffic::{Source, Stream, Traffic};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::support::wait::until;

/// Sends some reviews, and gives what was sent with the failures.
async fn send(address: SocketAddr, file: Option<&std::path::Path>) -> (Arc<Reviews>, Vec<Kind>) {
    let url = format!("http://{address}/").parse().expect("a URL");
    let reviews = Arc::new(Reviews::new(&url, None, "test", 1, file).expect("a ledger"));
    let source = Source::Reviews(Arc::clone(&reviews));
    let traffic = Traffic::start(vec![Stream { source, rate: 50.0, in_flight: 4096 }], &Wire::default())
        .expect("a client");
    until("reviews were sent", || traffic.now()[0].1.requests >= 30).await;
    let tally = traffic.stop().await.pop().expect("one target").baseline;
    assert_eq!(reviews.acknowledged().len() as u64, tally.succeeded);
    (reviews, tally.failures.into_keys().collect())
}

#[tokio::test]
async fn the_real_one_loses_and_doubles_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let index = folder.path().join("index");
    let variables = [
        ("PORT", "0"),
        ("LISTEN_HOST", "127.0.0.1"),
        ("REVIEWS_STORE", "embedded"),
        ("REVIEWS_DIR", index.to_str().expect("a path")),
    ];
    let running = service_kit::testing::start("review-api", &variables, review_api::build).await;
    let ledger = folder.path().join("ledger");
    let (reviews, failures) = send(running.address("http"), Some(&ledger)).await;
    assert_eq!(failures, []);
    let found = check(&reviews, &Wire::default(), Duration::from_secs(30)).await.expect("it answers");
    assert_eq!((found.acknowledged, found.lost, found.doubled), (reviews.acknowledged().len() as u64, 0, 0));
    assert_eq!(review_load::ledger::acknowledged(&ledger).expect("a ledger"), reviews.acknowledged());
    running.stop().await;
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Lie {
    /// Every tenth is acknowledged and forgotten.
    Forget,
    /// Every tenth is listed, but not found by its id.
    Hide,
    /// Every tenth is listed twice.
    Double,
    /// Every tenth is acknowledged by a status that is none.
    Mumble,
}

#[derive(Clone)]
struct Liar {
    lie: Lie,
    ids: Arc<Mutex<Vec<String>>>,
}

impl Liar {
    async fn start(lie: Lie) -> (SocketAddr, JoinHandle<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let router = Router::new()
            .route("/reviews", post(take).get(list))
            .route("/reviews/{id}", get(one))
            .with_state(Self { lie, ids: Arc::default() });
        (address, tokio::spawn(async move { axum::serve(listener, router).await.expect("serves") }))
    }

    fn lies(&self, id: &str) -> bool {
        id.ends_with('7') && !self.ids.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }
}

async fn take(State(liar): State<Liar>, Json(review): Json<Value>) -> (StatusCode, Json<Value>) {
    let id = review["id"].as_str().unwrap_or_default().to_owned();
    let lies = liar.lies(&id);
    if !(lies && liar.lie == Lie::Forget) {
        liar.ids.lock().unwrap_or_else(PoisonError::into_inner).push(id.clone());
    }
    let status = if lies && liar.lie == Lie::Mumble { "perhaps" } else { "created" };
    (StatusCode::CREATED, Json(json!({ "id": id, "status": status })))
}

async fn list(State(liar): State<Liar>, Query(query): Query<HashMap<String, String>>) -> Json<Value> {
    assert!(query.contains_key("from"), "what was there before the run is not read");
    let ids = liar.ids.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let copies = |id: &String| if liar.lie == Lie::Double && id.ends_with('7') { 2 } else { 1 };
    let items: Vec<Value> =
        ids.iter().flat_map(|id| std::iter::repeat_n(json!({ "id": id }), copies(id))).collect();
    Json(json!({ "items": items, "next": null }))
}

async fn one(State(liar): State<Liar>, Path(id): Path<String>) -> StatusCode {
    let there = liar.ids.lock().unwrap_or_else(PoisonError::into_inner).contains(&id);
    if there && !(liar.lie == Lie::Hide && id.ends_with('7')) {
        StatusCode::OK
    } else {
        StatusCode::NOT_FOUND
    }
}

#[tokio::test]
async fn a_lie_is_found_out() {
    for (lie, lost, doubled) in
        [(Lie::Forget, true, false), (Lie::Hide, true, false), (Lie::Double, false, true)]
    {
        let (address, task) = Liar::start(lie).await;
        let (reviews, failures) = send(address, None).await;
        assert_eq!(failures, [], "{lie:?}");
        let found = check(&reviews, &Wire::default(), Duration::from_secs(1)).await.expect("it answers");
        let sevens = reviews.acknowledged().iter().filter(|id| id.ends_with('7')).count() as u64;
        assert!(sevens > 0);
        assert_eq!(
            (found.lost, found.doubled),
            (u64::from(lost) * sevens, u64::from(doubled) * sevens),
            "{lie:?}"
        );
        assert!(found.lost_ids.iter().chain(&found.doubled_ids).all(|id| id.ends_with('7')), "{found:?}");
        task.abort();
    }
}

#[tokio::test]
async fn an_answer_that_acknowledges_nothing_is_a_failure() {
    let (address, task) = Liar::start(Lie::Mumble).await;
    let (reviews, failures) = send(address, None).await;
    assert_eq!(failures, [Kind::WrongBody]);
    assert!(!reviews.acknowledged().iter().any(|id| id.ends_with('7')));
    task.abort();
}

#[tokio::test]
async fn a_service_that_is_away_is_no_finding() {
    let (address, task) = Liar::start(Lie::Double).await;
    let (reviews, _) = send(address, None).await;
    task.abort();
    let _ = task.await;
    let wire = Wire { timeout: Duration::from_secs(1), ..Wire::default() };
    check(&reviews, &wire, Duration::ZERO).await.expect_err("nobody knows");
}
