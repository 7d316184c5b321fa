//! Points in time: what the pages of one search are taken from, whatever is written meanwhile.
//!
//! 1. The first page opens one, over the months that its filter can meet.
//! 2. It is closed at once where there is no second page, also where nobody waits for the answer any more.
//! 3. Else the cluster closes it [`KEEP_ALIVE`] after its last use. The last page does not close it: a client that lost
//!    that answer may ask again.
//! 4. One process leaves at most [`POINTS_MAX`] open: the one not used for longest is closed for a new one, and its
//!    cursor has expired then.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ::elasticsearch::http::Method;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;
use tokio::time::Instant;

use super::client::Client;
use super::failure::read;
use super::metrics::Operation;
use super::options::Options;
use super::query::indices;
use crate::store::ReadError;

/// Cursors live so long after their last use.
pub(super) const KEEP_ALIVE: Duration = Duration::from_mins(2);
/// The same as Elasticsearch writes it.
pub(super) const KEEP_ALIVE_TEXT: &str = "2m";
/// Open points of this process.
const POINTS_MAX: usize = 500;
/// A point of every month of a century is shorter.
const ID_MAX: usize = 256 * 1024;

/// The points that were handed out to clients, the least recently used first.
#[derive(Debug, Default)]
pub(super) struct Points(Mutex<VecDeque<(Instant, String)>>);

impl Points {
    /// `point` was used and `next` is what the cluster calls it from now on. Answers one to be closed.
    pub(super) fn used(&self, point: &str, next: &str) -> Option<String> {
        let mut points = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        points.retain(|(used, id)| now.duration_since(*used) < KEEP_ALIVE && id != point && id != next);
        points.push_back((now, next.to_owned()));
        if points.len() > POINTS_MAX { points.pop_front().map(|(_, id)| id) } else { None }
    }
}

/// A point that is closed when it is dropped, unless it was kept.
pub(super) struct Point {
    pub(super) id: String,
    client: Option<Arc<Client>>,
}

impl Point {
    /// A new one, over what the filter can meet.
    pub(super) async fn open(
        client: &Arc<Client>,
        options: &Options,
        from: Option<Timestamp>,
        to: Option<Timestamp>,
    ) -> Result<Self, ReadError> {
        #[derive(Deserialize)]
        struct Opened {
            id: String,
        }
        let path = format!("/{}/_pit", indices(&options.index, from, to));
        let query = [
            ("keep_alive", KEEP_ALIVE_TEXT),
            ("ignore_unavailable", "true"),
            // A shard that is away makes the page partial, not impossible.
            ("allow_partial_search_results", "true"),
        ];
        let limit = options.query_timeout;
        let answer = client.json(Operation::Search, Method::Post, path, &query, None, limit).await?;
        let Opened { id } = read(&answer)?;
        Ok(Self { id, client: Some(Arc::clone(client)) })
    }

    /// One that a client brought back.
    pub(super) fn of_client(id: &str) -> Result<Self, ReadError> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_=".contains(&byte);
        if id.is_empty() || id.len() > ID_MAX || !id.bytes().all(plain) {
            return Err(ReadError::CursorExpired);
        }
        Ok(Self { id: id.to_owned(), client: None })
    }

    /// Leaves it to its cursor.
    pub(super) fn keep(mut self) {
        self.client = None;
    }
}

impl Drop for Point {
    fn drop(&mut self) {
        if let Some(client) = self.client.take() {
            close(client, std::mem::take(&mut self.id));
        }
    }
}

/// Closes a point without waiting for it; one that is not closed closes by itself.
pub(super) fn close(client: Arc<Client>, id: String) {
    let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
    runtime.spawn(async move {
        let body = json!({ "id": id });
        let _ = client.json(Operation::Search, Method::Delete, "/_pit", &[], Some(&body), KEEP_ALIVE).await;
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_recently_used_is_closed() {
        let points = Points::default();
        for number in 0..POINTS_MAX {
            assert_eq!(points.used("", &number.to_string()), None);
        }
        assert_eq!(points.used("0", "0 renamed"), None);
        assert_eq!(points.used("", "one more"), Some("1".to_owned()));
    }

    #[test]
    fn a_clients_point_is_looked_at() {
        assert!(Point::of_client("7M6bBAIPcmV2_-A=").is_ok());
        for id in ["", "a b", "\"", "\u{fc}", &"a".repeat(ID_MAX + 1)] {
            assert!(matches!(Point::of_client(id), Err(ReadError::CursorExpired)));
        }
    }
}
