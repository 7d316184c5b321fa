//! A page of reviews, one review, and those that came after another.
//!
//! 1. The first page looks at the index as it is now; a next page at the index as the first one saw it.
//! 2. One more than the page holds is looked for: if it is there, there is a next page.
//! 3. The reviews of the page are read, and the passages that match are marked.

use serde_json::Value;
use tantivy::query::TermQuery;
use tantivy::schema::IndexRecordOption;
use tantivy::{DocAddress, Searcher, Term};

use super::Shared;
use super::highlight::highlights;
use super::question::Question;
use super::rank::{After, Order, Rank, Ranked, first};
use super::scan::{Deadline, away};
use crate::query::{Hit, PAGE_MAX, Place, Position, Search, SearchPage, Sort, StreamQuery, Total};
use crate::review::{ReviewId, Stored};
use crate::store::ReadError;

/// See [`crate::store::ReviewStore::search`].
pub(super) fn search(shared: &Shared, search: &Search, deadline: Deadline) -> Result<SearchPage, ReadError> {
    let order = order_of(search.sort);
    let (searcher, after) = match &search.after {
        None => (shared.reader.searcher(), None),
        Some(place) => {
            let searcher = shared.points.get(&place.point).ok_or(ReadError::CursorExpired)?;
            (searcher, Some(after_of(order, &place.values).ok_or(ReadError::CursorExpired)?))
        }
    };
    let query = Question::of(shared.fields, &search.text, &search.filter)?.query();
    let size = search.size.clamp(1, PAGE_MAX);
    let (mut found, total) = first(&searcher, &query, (order, after.as_ref()), size + 1, deadline)?;
    let more = found.len() > size;
    found.truncate(size);
    let hits =
        found.iter().map(|ranked| hit(shared, &searcher, search, ranked)).collect::<Result<Vec<_>, _>>()?;
    let next = found.last().filter(|_| more).map(|last| {
        let point = match &search.after {
            Some(place) => place.point.clone(),
            None => shared.points.keep(searcher.clone()),
        };
        Place { point, values: values_of(order, last) }
    });
    Ok(SearchPage { hits, total: Total { value: total, exact: true }, next, partial: false })
}

/// See [`crate::store::ReviewStore::get`].
pub(super) fn get(shared: &Shared, id: &ReviewId, deadline: Deadline) -> Result<Option<Stored>, ReadError> {
    let searcher = shared.reader.searcher();
    let term = Term::from_field_text(shared.fields.id, id.as_str());
    let query = TermQuery::new(term, IndexRecordOption::Basic);
    let (found, _) = first(&searcher, &query, (Order::Oldest, None), 1, deadline)?;
    found.first().map(|ranked| stored(shared, &searcher, ranked.address)).transpose()
}

/// See [`crate::store::ReviewStore::since`].
pub(super) fn since(
    shared: &Shared,
    query: &StreamQuery,
    after: &Position,
    limit: usize,
    deadline: Deadline,
) -> Result<Vec<Stored>, ReadError> {
    if limit == 0 {
        return Ok(Vec::new());
    }
    let searcher = shared.reader.searcher();
    let at = after.stored_at.as_millisecond();
    let question = Question::of(shared.fields, &query.text, &query.filter)?.stored_from(at).query();
    let after = After { rank: Rank::new(Order::Stored, at, 0.0), id: after.id.clone() };
    let (found, _) = first(&searcher, &question, (Order::Stored, Some(&after)), limit, deadline)?;
    found.iter().map(|ranked| stored(shared, &searcher, ranked.address)).collect()
}

/// The review at a place of the index.
pub(super) fn stored(shared: &Shared, searcher: &Searcher, address: DocAddress) -> Result<Stored, ReadError> {
    shared.fields.stored(&searcher.doc(address).map_err(away)?)
}

fn hit(shared: &Shared, searcher: &Searcher, search: &Search, ranked: &Ranked) -> Result<Hit, ReadError> {
    let stored = stored(shared, searcher, ranked.address)?;
    let highlights =
        if search.highlight { highlights(&stored.review.text, &search.text) } else { Vec::new() };
    let score = (search.sort == Sort::Relevance).then_some(ranked.score);
    Ok(Hit { stored, score, highlights })
}

fn order_of(sort: Sort) -> Order {
    match sort {
        Sort::Newest => Order::Newest,
        Sort::Oldest => Order::Oldest,
        Sort::Relevance => Order::Relevance,
    }
}

fn values_of(order: Order, last: &Ranked) -> Vec<Value> {
    let mut values = vec![Value::from(last.time), Value::from(last.id.as_str())];
    if order == Order::Relevance {
        values.insert(0, Value::from(f64::from(last.score)));
    }
    values
}

/// What [`values_of`] wrote, or `None`: a client may have written anything.
fn after_of(order: Order, values: &[Value]) -> Option<After> {
    let (score, time, id) = match (order, values) {
        (Order::Relevance, [score, time, id]) => (score_of(score)?, time, id),
        (Order::Newest | Order::Oldest, [time, id]) => (0.0, time, id),
        _ => return None,
    };
    Some(After { rank: Rank::new(order, time.as_i64()?, score), id: id.as_str()?.to_owned() })
}

#[expect(clippy::cast_possible_truncation, reason = "a score was an f32 before it became a number of JSON")]
fn score_of(value: &Value) -> Option<f32> {
    let score = value.as_f64()? as f32;
    (score.is_finite() && score.is_sign_positive()).then_some(score)
}
