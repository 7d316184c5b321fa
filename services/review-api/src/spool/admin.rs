//! GET /-/spool: what waits, and since when.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use jiff::Timestamp;
use serde::Serialize;

use super::log::{Depth, Log};
use super::reader::{Item, Reader};
use crate::problem::Problem;

/// The answer.
#[derive(Serialize)]
struct Status {
    /// Reviews that the store has no verdict on.
    records: u64,
    /// Bytes on disk, and how many there may be.
    bytes: u64,
    max_bytes: u64,
    segments: usize,
    /// When the oldest of them was taken.
    oldest: Option<Timestamp>,
}

pub(super) fn routes(log: Arc<Log>) -> Router {
    Router::new().route("/-/spool", get(status)).with_state(log)
}

async fn status(State(log): State<Arc<Log>>) -> Response {
    let Depth { lowest, next, bytes, segments } = log.depth();
    let oldest = tokio::task::spawn_blocking({
        let log = Arc::clone(&log);
        move || oldest(&log)
    });
    match oldest.await.map_err(std::io::Error::other).flatten() {
        Ok(oldest) => {
            let (records, max_bytes) = (next - lowest, log.settings.max);
            Json(Status { records, bytes, max_bytes, segments, oldest }).into_response()
        }
        Err(error) => {
            let detail = format!("the spool cannot be read: {error}");
            Problem::new(StatusCode::INTERNAL_SERVER_ERROR, detail).into_response()
        }
    }
}

/// Looks the oldest record up on disk: this is asked rarely, and appending must not pay for it.
fn oldest(log: &Log) -> std::io::Result<Option<Timestamp>> {
    let Some(plan) = log.oldest() else { return Ok(None) };
    let (items, _) = Reader::new(log.folder()).read(&plan)?;
    Ok(items.first().and_then(|item| match item {
        Item::Record(entry) => Some(entry.document.received_at),
        Item::Lost(_) => None,
    }))
}
