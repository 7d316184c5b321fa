//! One review by its id, and those stored last.
//!
//! 1. Nobody says in which month a review was written, so all are asked for its id, as far as they are searchable.
//! 2. One that was acknowledged a moment ago is not searchable yet: then each month is asked for the document itself,
//!    which sees what is written at once.
//!
//! Where a shard that could hold it does not answer, it is not said to be missing.

use std::sync::Arc;

use ::elasticsearch::http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::client::Client;
use super::failure::{Cause, read};
use super::metrics::Operation;
use super::options::Options;
use super::query;
use super::search::{Found, GRACE, Raw, by, milliseconds};
use crate::query::{Position, StreamQuery};
use crate::review::{ReviewId, Stored};
use crate::store::ReadError;

/// Copies of one id that are looked at: one for each month that it was written in, and it is written in one.
const COPIES: usize = 10;
/// The most of one answer to a stream.
const SINCE_MAX: usize = 1_000;

/// One review. Of several copies, the one written last.
pub(super) async fn get(
    client: &Client,
    options: &Options,
    id: &ReviewId,
) -> Result<Option<Stored>, ReadError> {
    let body = json!({
        "query": {"ids": {"values": [id]}},
        "size": COPIES,
        "sort": [by("written_at", "date", "desc")],
        "track_total_hits": false,
    });
    let found = search(client, options, Operation::Get, &body, "true").await?;
    let searchable = found.hits.hits.into_iter().find_map(Raw::stored);
    if searchable.is_some() {
        return Ok(searchable);
    }
    fresh(client, options, id).await
}

async fn fresh(client: &Client, options: &Options, id: &ReviewId) -> Result<Option<Stored>, ReadError> {
    #[derive(Deserialize)]
    struct Documents {
        docs: Vec<Document>,
    }
    #[derive(Deserialize)]
    struct Document {
        #[serde(rename = "_source")]
        source: Option<Value>,
        error: Option<Cause>,
    }
    let months = months(client, options).await?;
    if months.is_empty() {
        return Ok(None);
    }
    let body = json!({
        "docs": months.iter().map(|month| json!({"_index": month, "_id": id})).collect::<Vec<_>>(),
    });
    let query = [("filter_path", "docs._source,docs.found,docs.error.type,docs.error.reason")];
    let limit = options.query_timeout;
    let answer = client.json(Operation::Get, Method::Post, "/_mget", &query, Some(&body), limit).await?;
    let Documents { docs } = read(&answer)?;
    let (mut newest, mut silent): (Option<Stored>, _) = (None, None);
    for document in docs {
        let stored = document.source.and_then(|source| serde_json::from_value::<Stored>(source).ok());
        newest = newest.into_iter().chain(stored).max_by_key(|stored| stored.review.written_at);
        silent = silent.or(document.error);
    }
    match (newest, silent) {
        (Some(stored), _) => Ok(Some(stored)),
        (None, Some(cause)) if cause.kind != "index_not_found_exception" => {
            Err(ReadError::Away(cause.told()))
        }
        (None, _) => Ok(None),
    }
}

/// The months there are.
async fn months(client: &Client, options: &Options) -> Result<Vec<String>, ReadError> {
    #[derive(Default, Deserialize)]
    struct Resolved {
        #[serde(default)]
        indices: Vec<Index>,
    }
    #[derive(Deserialize)]
    struct Index {
        name: String,
    }
    let path = format!("/_resolve/index/{}", options.index.pattern());
    let query = [("filter_path", "indices.name")];
    let limit = options.query_timeout;
    let answer = client.json(Operation::Get, Method::Get, path, &query, None, limit).await?;
    let Resolved { indices } = read(&answer)?;
    Ok(indices.into_iter().map(|index| index.name).collect())
}

/// What was stored after `after`. A shard that is away fails it: what is left out here, a stream would never see.
pub(super) async fn since(
    client: &Arc<Client>,
    options: &Options,
    query: &StreamQuery,
    after: &Position,
    limit: usize,
) -> Result<Vec<Stored>, ReadError> {
    let from = after.stored_at.as_millisecond();
    let mut body = json!({
        "query": query::of(&query.text, &query.filter),
        "size": limit.clamp(1, SINCE_MAX),
        "sort": [by("stored_at", "date", "asc"), by("id", "keyword", "asc")],
        "search_after": [from, after.id],
        "track_total_hits": false,
        "timeout": milliseconds(options.query_timeout),
    });
    // The range says by itself which shards have nothing; the place in the order alone does not.
    let range = json!({"range": {"stored_at": {"gte": from, "format": "epoch_millis"}}});
    if let Some(filters) = body["query"]["bool"]["filter"].as_array_mut() {
        filters.push(range);
    }
    let found = search(client, options, Operation::Since, &body, "false").await?;
    if found.timed_out {
        return Err(ReadError::TimedOut);
    }
    Ok(found.hits.hits.into_iter().filter_map(Raw::stored).collect())
}

async fn search(
    client: &Client,
    options: &Options,
    operation: Operation,
    body: &Value,
    partial: &str,
) -> Result<Found, ReadError> {
    let path = format!("/{}/_search", options.index.pattern());
    let query = [("allow_partial_search_results", partial)];
    let limit = options.query_timeout + GRACE;
    let answer = client.json(operation, Method::Post, path, &query, Some(body), limit).await?;
    read(&answer)
}
