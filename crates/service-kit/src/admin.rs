//! The admin listener: is it alive, is it ready, what does it count.

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderName, StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;

use crate::metrics::{Metrics, OPENMETRICS};
use crate::readiness::Readiness;

/// /livez and /healthz say that the process runs and touch nothing else; /readyz names what is not ready.
pub(crate) fn routes(readiness: Readiness, metrics: Metrics) -> Router {
    Router::new()
        .route("/livez", get(alive))
        .route("/healthz", get(alive))
        .route("/readyz", get(ready).with_state(readiness))
        .route("/metrics", get(scrape).with_state(metrics))
}

async fn alive() -> &'static str {
    "ok\n"
}

async fn ready(State(readiness): State<Readiness>) -> (StatusCode, String) {
    match readiness.missing() {
        missing if missing.is_empty() => (StatusCode::OK, "ready\n".to_owned()),
        missing => (StatusCode::SERVICE_UNAVAILABLE, missing.join("\n") + "\n"),
    }
}

async fn scrape(State(metrics): State<Metrics>) -> impl IntoResponse {
    const TYPE: (HeaderName, &str) = (header::CONTENT_TYPE, OPENMETRICS);
    ([TYPE], metrics.encode())
}
