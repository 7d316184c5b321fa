//! GET /-/dead-letters: what the store has refused. POST /-/dead-letters/replay: send it again.

use std::collections::HashSet;
use std::io;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};

use super::file::{Letter, Page};
use super::{Dead, Keeper};
use crate::batch::Batcher;
use crate::problem::Problem;

/// Letters of a page, if not said otherwise; and at most.
const SIZE: usize = 100;
const SIZE_MAX: usize = 1_000;
/// About how many bytes a page has at most, however many letters were asked for.
const PAGE_BYTES: usize = 4 * 1024 * 1024;

type Admin = (Arc<Dead>, Batcher);

/// Which page.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Which {
    /// The letters after this number.
    #[serde(default)]
    after: u64,
    size: Option<usize>,
}

/// A page of letters, oldest first.
#[derive(Serialize)]
struct Listed {
    letters: Vec<Letter>,
    /// What to give as `after` for the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<u64>,
    /// Letters in the file.
    total: u64,
    /// Lines of the file before the end of this page that make no sense.
    unreadable: u64,
}

/// Which letters to send again.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Again {
    /// Those of these reviews; all, without it.
    ids: Option<HashSet<String>>,
}

pub(super) fn routes(dead: Arc<Dead>, batcher: Batcher) -> Router {
    Router::new()
        .route("/-/dead-letters", get(list))
        .route("/-/dead-letters/replay", post(replay))
        .with_state((dead, batcher))
}

async fn list(
    State((dead, _)): State<Admin>,
    which: Result<Query<Which>, QueryRejection>,
) -> Result<Response, Problem> {
    let keeper = keeper(&dead)?;
    let Query(Which { after, size }) =
        which.map_err(|error| Problem::new(StatusCode::BAD_REQUEST, error.body_text()))?;
    let size = size.unwrap_or(SIZE);
    if !(1..=SIZE_MAX).contains(&size) {
        let detail = format!("size must be 1 to {SIZE_MAX}");
        return Err(Problem::new(StatusCode::BAD_REQUEST, detail));
    }
    let mut snapshot = keeper.snapshot().await.map_err(|error| unreadable(&error))?;
    let total = snapshot.letters;
    let reading = tokio::task::spawn_blocking(move || {
        snapshot.page((size, PAGE_BYTES), |letter| letter.number > after)
    });
    let page = reading.await.map_err(io::Error::other).flatten().map_err(|error| unreadable(&error))?;
    let Page { letters, more, unreadable } = page;
    let next = letters.last().filter(|_| more).map(|letter| letter.number);
    Ok(Json(Listed { letters, next, total, unreadable }).into_response())
}

async fn replay(State((dead, batcher)): State<Admin>, body: Bytes) -> Result<Response, Problem> {
    keeper(&dead)?;
    let Again { ids } = serde_json::from_slice(&body).map_err(|error| {
        let detail = format!("the body must be {{\"ids\":[…]}} or, for all letters, {{}}: {error}");
        Problem::new(StatusCode::BAD_REQUEST, detail)
    })?;
    let Ok(turn) = Arc::clone(&dead.replaying).try_lock_owned() else {
        return Err(Problem::new(StatusCode::CONFLICT, "dead letters are being sent again already"));
    };
    // A task of its own: it ends, and takes out what is stored, also when nobody waits for the answer any more.
    let replayed = tokio::spawn(dead.replay(batcher, ids, turn)).await;
    match replayed.map_err(io::Error::other).flatten() {
        Ok(replayed) => Ok(Json(replayed).into_response()),
        Err(error) => Err(unreadable(&error)),
    }
}

fn keeper(dead: &Dead) -> Result<&Keeper, Problem> {
    let missing =
        "there is no file of dead letters (DEAD_LETTER_DIR); those there are lie in the store's index";
    dead.keeper.as_ref().ok_or_else(|| Problem::new(StatusCode::NOT_FOUND, missing))
}

fn unreadable(error: &io::Error) -> Problem {
    let detail = format!("the file of dead letters cannot be read or written: {error}");
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, detail)
}
