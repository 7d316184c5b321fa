//! Pages of reviews.
//!
//! 1. A search runs on a [`Point`]; one more hit is asked for than wanted, to see whether there is another page.
//! 2. Hits are ordered by what the caller asks for, then by id: an order without ties. The cluster adds a tie-breaker of its
//!    own for a point in time, and what it says of the last hit is where the next page starts.
//! 3. Time limit, `terminate_after` and shards that are away leave a page partial, and it says so.

use std::sync::Arc;
use std::time::Duration;

use ::elasticsearch::http::Method;
use ::elasticsearch::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::client::Client;
use super::failure::{Shards, read};
use super::metrics::Operation;
use super::node::Answer;
use super::options::Options;
use super::point::{KEEP_ALIVE_TEXT, Point, Points, close};
use super::query;
use crate::query::{Hit, PAGE_MAX, Place, Search, SearchPage, Sort, Total};
use crate::review::{ReviewId, Stored};
use crate::store::ReadError;

/// Matches are counted up to this; beyond it, at least so many.
const COUNTED: u64 = 10_000;
/// Passages of a hit, and their characters.
const PASSAGES: u32 = 3;
const PASSAGE: u32 = 150;
/// Beyond the time limit of the shards, the way there and back.
pub(super) const GRACE: Duration = Duration::from_secs(1);

/// An answer to `_search`, as far as we read it.
#[derive(Debug, Deserialize)]
pub(super) struct Found {
    #[serde(default)]
    pub(super) timed_out: bool,
    #[serde(default)]
    terminated_early: bool,
    #[serde(rename = "_shards", default)]
    pub(super) shards: Shards,
    pub(super) hits: Hits,
    #[serde(default)]
    pit_id: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Hits {
    #[serde(default)]
    total: Option<Counted>,
    #[serde(default)]
    pub(super) hits: Vec<Raw>,
}

#[derive(Debug, Deserialize)]
struct Counted {
    value: u64,
    relation: String,
}

/// A hit as it comes.
#[derive(Debug, Deserialize)]
pub(super) struct Raw {
    #[serde(rename = "_source")]
    source: Value,
    #[serde(rename = "_score", default)]
    score: Option<f32>,
    #[serde(default)]
    sort: Vec<Value>,
    #[serde(default)]
    highlight: Highlight,
}

#[derive(Debug, Default, Deserialize)]
struct Highlight {
    #[serde(default)]
    text: Vec<String>,
}

impl Found {
    /// Whether something that matches may be missing.
    pub(super) fn is_partial(&self) -> bool {
        self.timed_out || self.terminated_early || self.shards.are_missing()
    }
}

impl Raw {
    /// The review; none where the document is not ours. The mapping keeps such out, but not those of a hand-made index.
    pub(super) fn stored(self) -> Option<Stored> {
        serde_json::from_value(self.source)
            .inspect_err(|error| tracing::warn!(%error, "a document of the index is no review: left out"))
            .ok()
    }
}

/// A page.
pub(super) async fn search(
    client: &Arc<Client>,
    options: &Options,
    points: &Points,
    search: &Search,
) -> Result<SearchPage, ReadError> {
    let size = search.size.clamp(1, PAGE_MAX);
    let point = match &search.after {
        Some(place) => {
            check(place, search.sort)?;
            Point::of_client(&place.point)?
        }
        None => Point::open(client, options, search.filter.from, search.filter.to).await?,
    };
    let body = body(search, size, &point.id, options);
    let limit = options.query_timeout + GRACE;
    let answer = client.json(Operation::Search, Method::Post, "/_search", &[], Some(&body), limit).await?;
    let mut found: Found = read(&answer).map_err(|error| of_cursor(error, &answer, search))?;
    if search.after.is_some() && found.shards.lost_the_point() {
        return Err(ReadError::CursorExpired);
    }
    let partial = found.is_partial();
    let mut raw = std::mem::take(&mut found.hits.hits);
    if raw.is_empty() && found.timed_out {
        return Err(ReadError::TimedOut);
    }
    let more = raw.len() > size;
    raw.truncate(size);
    let next = raw.last_mut().filter(|_| more).map(|last| {
        let id = found.pit_id.unwrap_or_else(|| point.id.clone());
        Place { point: id, values: std::mem::take(&mut last.sort) }
    });
    if let Some(place) = &next {
        if let Some(old) = points.used(&point.id, &place.point) {
            close(Arc::clone(client), old);
        }
        point.keep();
    }
    let total = found.hits.total.map_or(Total { value: 0, exact: !partial }, |total| Total {
        value: total.value,
        exact: total.relation == "eq" && !partial,
    });
    let hits = raw.into_iter().filter_map(|raw| hit(raw, search.sort)).collect();
    Ok(SearchPage { hits, total, next, partial })
}

fn body(search: &Search, size: usize, point: &str, options: &Options) -> Value {
    let mut body = json!({
        "pit": {"id": point, "keep_alive": KEEP_ALIVE_TEXT},
        "query": query::of(&search.text, &search.filter),
        "size": size + 1,
        "sort": order(search.sort),
        "track_total_hits": COUNTED,
        "timeout": milliseconds(options.query_timeout),
    });
    if let Some(place) = &search.after {
        body["search_after"] = place.values.clone().into();
    }
    if options.terminate_after > 0 {
        body["terminate_after"] = options.terminate_after.into();
    }
    if search.highlight && search.text.clauses.iter().any(|clause| !clause.excluded) {
        body["highlight"] = json!({
            "type": "unified", "encoder": "html", "pre_tags": ["<mark>"], "post_tags": ["</mark>"],
            "fields": {"text": {"number_of_fragments": PASSAGES, "fragment_size": PASSAGE}},
        });
    }
    body
}

/// A field that no index has yet is one without values.
pub(super) fn by(field: &str, kind: &str, order: &str) -> Value {
    json!({field: {"order": order, "unmapped_type": kind}})
}

fn order(sort: Sort) -> Vec<Value> {
    let (newest, id) = (by("written_at", "date", "desc"), by("id", "keyword", "asc"));
    match sort {
        Sort::Newest => vec![newest, id],
        Sort::Oldest => vec![by("written_at", "date", "asc"), id],
        Sort::Relevance => vec![json!({"_score": {"order": "desc"}}), newest, id],
    }
}

/// A place of another order, or that no search has ever said.
fn check(place: &Place, sort: Sort) -> Result<(), ReadError> {
    let values = match (sort, place.values.as_slice()) {
        (Sort::Relevance, [score, rest @ ..]) if score.is_number() => rest,
        (Sort::Newest | Sort::Oldest, values) => values,
        (Sort::Relevance, _) => return Err(ReadError::CursorExpired),
    };
    let [written_at, id, tie @ ..] = values else { return Err(ReadError::CursorExpired) };
    let is_id = id.as_str().is_some_and(|id| ReviewId::parse(id).is_ok());
    let is_tie = tie.len() <= 1 && tie.iter().all(Value::is_i64);
    if written_at.is_i64() && is_id && is_tie { Ok(()) } else { Err(ReadError::CursorExpired) }
}

/// Of a request that is ours but for the client's cursor, a 400 is the cursor's.
fn of_cursor(error: ReadError, answer: &Answer, search: &Search) -> ReadError {
    match error {
        ReadError::BadAnswer(_) if search.after.is_some() && answer.status == StatusCode::BAD_REQUEST => {
            ReadError::CursorExpired
        }
        error => error,
    }
}

fn hit(mut raw: Raw, sort: Sort) -> Option<Hit> {
    let score = raw.score.filter(|_| sort == Sort::Relevance);
    let highlights = std::mem::take(&mut raw.highlight.text);
    Some(Hit { stored: raw.stored()?, score, highlights })
}

/// A span as Elasticsearch writes it.
pub(super) fn milliseconds(span: Duration) -> String {
    format!("{}ms", span.as_millis())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_fits_its_order() {
        let place = |values: Value| Place {
            point: "p".to_owned(),
            values: values.as_array().expect("values").clone(),
        };
        let ok = |values, sort| check(&place(values), sort).is_ok();
        assert!(ok(json!([1, "a", 3]), Sort::Newest) && ok(json!([1, "a"]), Sort::Oldest));
        assert!(ok(json!([1.5, 1, "a", 3]), Sort::Relevance));
        for values in
            [json!([]), json!(["a"]), json!(["now", "a", 3]), json!([1, 2, 3]), json!([1, "a", 3, 4])]
        {
            assert!(!ok(values.clone(), Sort::Newest), "{values}");
        }
        for values in [json!([]), json!([1, "a", 3]), json!([1.5, 1, {"a": 1}])] {
            assert!(!ok(values.clone(), Sort::Relevance), "{values}");
        }
    }
}
