//! Questions over HTTP: `GET /reviews`, `/reviews/{id}`, `/reviews/stats`, `/reviews/terms`, `/reviews/stream`.
//!
//! 1. The parameters are read; what is wrong with them is 400, all of it at once.
//! 2. The store is asked, within bounds.
//! 3. The answer is JSON that no cache keeps: reviews are people's words.

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Json, Response};
use jiff::Timestamp;
use serde::Serialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::answers::{NoAnswer, SearchAnswer};
use super::ask::{Queries, refusal};
use super::documented::{
    FilterParams, PageParams, PeriodParams, RatingParams, StatsParams, TermsParams, TextParams,
};
use super::params::{self, SearchParams};
use super::reader::Reader;
use super::{Stats, Terms, stream};
use crate::auth::NotAdmitted;
use crate::problem::Problem;
use crate::review::{Fault, ReviewId, Stored};

/// The routes and what the document says of them.
pub fn routes(queries: Queries) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(search))
        .routes(routes!(stats))
        .routes(routes!(terms))
        .routes(routes!(stream::stream))
        .routes(routes!(one))
        .with_state(queries)
}

/// Finds reviews.
///
/// Words, phrases, exclusions and exact filters; by time or by relevance; page by page. A page's cursor sees the
/// reviews that were there when the first page was asked for.
#[utoipa::path(
    get,
    path = "/reviews",
    tag = "query",
    params(TextParams, FilterParams, PeriodParams, RatingParams, PageParams),
    security((), ("read" = [])),
    responses(
        (status = 200, description = "A page", body = SearchAnswer, headers(
            ("Link" = Option<String>, description = "The next page, `rel=\"next\"`"),
        )),
        (status = 410, description = "The cursor has expired: ask for the first page again", body = Problem,
            content_type = "application/problem+json"),
        NoAnswer,
        NotAdmitted,
    )
)]
async fn search(State(queries): State<Queries>, RawQuery(query): RawQuery) -> Result<Response, Problem> {
    let params = SearchParams::read(Reader::new(query.as_deref()), Timestamp::now()).map_err(refusal)?;
    let page = queries.ask(queries.store().search(&params.search)).await?;
    let next = page.next.map(|place| params.continued(place));
    let link = next.as_ref().map(|(_, query)| format!("</reviews?{query}>; rel=\"next\""));
    let answer = SearchAnswer {
        items: page.hits,
        total: page.total,
        next: next.map(|(cursor, _)| cursor),
        partial: page.partial,
    };
    let mut response = fresh(&answer);
    // It is percent-encoded: there is nothing in it that a header could not hold.
    if let Some(link) = link.and_then(|link| HeaderValue::try_from(link).ok()) {
        response.headers_mut().insert(header::LINK, link);
    }
    Ok(response)
}

/// Counts reviews.
///
/// Volume and ratings by interval, low ratings against the period before, the worst hubs, languages, and what reviews
/// waited for. Without `from` the seven days before `to`, without `to` up to now.
#[utoipa::path(
    get,
    path = "/reviews/stats",
    tag = "query",
    params(TextParams, FilterParams, PeriodParams, RatingParams, StatsParams),
    security((), ("read" = [])),
    responses((status = 200, description = "Statistics", body = Stats), NoAnswer, NotAdmitted)
)]
async fn stats(State(queries): State<Queries>, RawQuery(query): RawQuery) -> Result<Response, Problem> {
    let query = params::stats(&mut Reader::new(query.as_deref()), Timestamp::now()).map_err(refusal)?;
    Ok(fresh(&queries.ask(queries.store().stats(&query)).await?))
}

/// Finds the terms of low ratings.
///
/// Terms that reviews with a rating of 1 or 2 have more often than all reviews that match, from a sample.
#[utoipa::path(
    get,
    path = "/reviews/terms",
    tag = "query",
    params(TextParams, FilterParams, PeriodParams, TermsParams),
    security((), ("read" = [])),
    responses((status = 200, description = "Terms, the most telling first", body = Terms), NoAnswer, NotAdmitted)
)]
async fn terms(State(queries): State<Queries>, RawQuery(query): RawQuery) -> Result<Response, Problem> {
    let query = params::terms(&mut Reader::new(query.as_deref()), Timestamp::now()).map_err(refusal)?;
    Ok(fresh(&queries.ask(queries.store().terms(&query)).await?))
}

/// Gives one review.
///
/// A review whose write was answered 201 is here at once.
#[utoipa::path(
    get,
    path = "/reviews/{id}",
    tag = "query",
    params(("id" = String, Path, description = "The review's id", min_length = 1, max_length = 128,
        pattern = "^[A-Za-z0-9._~:-]+$")),
    security((), ("read" = [])),
    responses(
        (status = 200, description = "The review", body = Stored),
        (status = 404, description = "There is none with this id", body = Problem,
            content_type = "application/problem+json"),
        NoAnswer,
        NotAdmitted,
    )
)]
async fn one(
    State(queries): State<Queries>,
    id: Result<Path<String>, PathRejection>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    params::none(&mut Reader::new(query.as_deref())).map_err(refusal)?;
    let id = id.map_err(|rejection| rejection.body_text());
    let id = id.and_then(|Path(id)| ReviewId::parse(&id).map_err(|invalid| invalid.to_string()));
    let id = id.map_err(|reason| refusal(vec![Fault { field: "id".to_owned(), reason }]))?;
    let found = queries.ask(queries.store().get(&id)).await?;
    let stored =
        found.ok_or_else(|| Problem::new(StatusCode::NOT_FOUND, "there is no review with this id"))?;
    Ok(fresh(&stored))
}

fn fresh(answer: &impl Serialize) -> Response {
    let no_store = (header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    ([no_store], Json(answer)).into_response()
}
