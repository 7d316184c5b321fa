//! The service's ways in, on a port, with what is behind them.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use review_api::auth::{Auth, AuthMetrics, AuthSettings};
use review_api::batch::{BatchMetrics, BatchSettings, Batcher};
use review_api::dead::{Dead, DeadMetrics, DeadSettings};
use review_api::ingest::{IngestMetrics, IngestSettings, Intake};
use review_api::review::{Document, Review};
use review_api::spool::{Spool, SpoolMetrics, SpoolSettings};
use review_api::store::ReviewStore;
use serde_json::{Value, json};
use service_kit::{HttpOptions, Kit, NoSettings, Running};

use crate::double::Double;

/// What does not happen within this has not happened.
pub const DEADLINE: Duration = Duration::from_secs(30);

/// What a server is started with.
#[derive(Clone, Default)]
pub struct Options {
    pub batch: BatchSettings,
    pub ingest: IngestSettings,
    pub auth: AuthSettings,
    pub spool: Option<SpoolSettings>,
    /// Variables of the kit.
    pub variables: Vec<(&'static str, &'static str)>,
}

/// A running service.
pub struct Server {
    pub store: Arc<Double>,
    pub running: Running,
    client: Client<HttpConnector, Body>,
}

/// What a client is told.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Server {
    pub async fn start(options: Options) -> Self {
        let store = Double::new();
        let variables = options.variables.clone();
        let behind = Arc::clone(&store);
        let running = service_kit::testing::start(
            "review-api",
            &variables,
            async move |_: NoSettings, kit: &mut Kit| build(options, behind, kit),
        );
        let client = Client::builder(TokioExecutor::new()).build_http();
        Self { store, running: running.await, client }
    }

    pub fn address(&self) -> SocketAddr {
        self.running.address("http")
    }

    /// Sends a request whose path and query are `target`.
    pub async fn post(&self, target: &str, headers: &[(&str, &str)], body: impl Into<Body>) -> Answer {
        let mut request = Request::post(format!("http://{}{target}", self.address()));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(body.into()).expect("a request");
        let answered = tokio::time::timeout(DEADLINE, self.client.request(request)).await.expect("in time");
        let (parts, body) = answered.expect("an answer").into_parts();
        let body = tokio::time::timeout(DEADLINE, axum::body::to_bytes(Body::new(body), usize::MAX)).await;
        let body = body.expect("in time").expect("a whole answer").to_vec();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    /// Posts one review as JSON.
    pub async fn one(&self, review: &Value) -> Answer {
        self.post("/reviews", &[("content-type", "application/json")], review.to_string()).await
    }

    /// The value of a metric, with its labels if it has any: `reviews_total{status="created"}`.
    pub async fn metric(&self, name: &str) -> Option<u64> {
        let request = Request::get(format!("http://{}/metrics", self.running.admin())).body(Body::empty());
        let answer = self.client.request(request.expect("a request")).await.expect("metrics");
        let body = axum::body::to_bytes(Body::new(answer.into_body()), usize::MAX).await.expect("whole");
        let text = String::from_utf8(body.to_vec()).expect("text");
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))?;
        line.parse().ok()
    }
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("text"))
    }

    /// The statuses of a bulk answer's items.
    pub fn statuses(&self) -> Vec<String> {
        let json = self.json();
        let items = json["items"].as_array().unwrap_or_else(|| panic!("no items: {json}"));
        items.iter().map(|item| item["status"].as_str().expect("a status").to_owned()).collect()
    }
}

fn build(options: Options, store: Arc<Double>, kit: &mut Kit) -> anyhow::Result<()> {
    let listener = kit.listen("http", ([127, 0, 0, 1], 0).into())?;
    let (batch, ingest, auth, dead, spool) = kit.metrics().with(|registry| {
        (
            BatchMetrics::register(registry),
            IngestMetrics::register(registry),
            AuthMetrics::register(registry),
            DeadMetrics::register(registry),
            SpoolMetrics::register(registry),
        )
    });
    let store: Arc<dyn ReviewStore> = store;
    let dead = Arc::new(Dead::open(DeadSettings { dir: None, max: 1 << 20 }, Arc::clone(&store), dead)?);
    let batcher = Batcher::start(store, dead, options.batch, batch, kit);
    let spool = options.spool.map(|settings| Spool::open(settings, spool)).transpose()?.map(Arc::new);
    if let Some(spool) = &spool {
        kit.spawn("spool", Arc::clone(spool).run(batcher.clone(), kit.shutdown()));
    }
    let auth = Auth::open(&options.auth, auth, kit)?;
    let intake = Intake::new(batcher, spool, options.ingest, ingest);
    let (router, _) = review_api::ingest::routes(intake, auth).split_for_parts();
    kit.serve(listener, router, HttpOptions { body_limit: None, ..HttpOptions::default() });
    Ok(())
}

/// A sound review.
pub fn review(id: &str) -> Value {
    json!({
        "id": id, "delivery_id": "d-1", "text": "The milk was warm.", "rating": 2, "language": "en",
        "written_at": "2024-05-01T10:00:00Z", "hub": "Berlin",
    })
}

/// As many lines of sound reviews.
pub fn lines(ids: impl IntoIterator<Item = String>) -> String {
    ids.into_iter().map(|id| review(&id).to_string() + "\n").collect()
}

/// A sound document.
pub fn document(id: &str) -> Arc<Document> {
    let review: Review = serde_json::from_value(review(id)).expect("a review");
    Arc::new(Document { review, received_at: "2024-05-01T10:00:01Z".parse().expect("a time") })
}

/// Waits until `holds`.
pub async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let deadline = tokio::time::Instant::now() + DEADLINE;
    while !holds().await {
        assert!(tokio::time::Instant::now() < deadline, "never: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// A spool in `folder`.
pub fn spool_in(folder: &Path) -> SpoolSettings {
    SpoolSettings::new(folder)
}
