//! The smallest service that can be slow, fail and read a body: what the kit's own tests start.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::extract::Path;
use axum::http::HeaderMap;
use axum::routing::{get, post};
use serde::Deserialize;
use service_kit::{HttpOptions, Kit, RequestId, Span, Topic, TraceContext};

/// The sample's settings; `RETRIES` and `PAUSE` are there to be wrong.
#[derive(Deserialize)]
#[serde(default)]
pub struct Settings {
    address: SocketAddr,
    #[serde(rename = "retries")]
    _retries: u8,
    #[serde(rename = "pause")]
    _pause: Span,
    #[serde(rename = "password")]
    _password: Option<service_kit::Secret>,
}

impl Default for Settings {
    fn default() -> Self {
        Self { address: ([127, 0, 0, 1], 0).into(), _retries: 0, _pause: Span::default(), _password: None }
    }
}

impl Topic for Settings {
    const SECRETS: &'static [&'static str] = &["PASSWORD"];
}

/// Wires the sample.
pub async fn build(settings: Settings, kit: &mut Kit) -> anyhow::Result<()> {
    let listener = kit.listen("http", settings.address)?;
    kit.serve(listener, routes(), HttpOptions { body_limit: Some(16), observed: true });
    Ok(())
}

/// The sample's routes.
pub fn routes() -> Router {
    Router::new()
        .route("/", get(|| async { "hello" }))
        .route("/sleep/{milliseconds}", get(sleep))
        .route("/panic", get(panic))
        .route("/length", post(|body: String| async move { body.len().to_string() }))
        .route("/trace", get(trace))
}

async fn sleep(Path(milliseconds): Path<u64>) -> &'static str {
    tokio::time::sleep(Duration::from_millis(milliseconds)).await;
    "slept"
}

async fn panic() {
    panic!("told to");
}

async fn trace(id: axum::Extension<RequestId>, trace: Option<axum::Extension<TraceContext>>) -> String {
    let mut onward = HeaderMap::new();
    if let Some(trace) = &trace {
        trace.carry_on(&mut onward);
    }
    let parent = onward.get("traceparent").map_or("", |value| value.to_str().unwrap_or_default());
    format!("{} {parent}", id.as_str())
}
