//! Terms that low ratings have more often than all reviews that match.
//!
//! 1. Low ratings are given a random order, the same for the same question, and each shard looks at the first [`SAMPLE`].
//! 2. Passages that it has seen are left out: a text that many send is one voice.
//! 3. What is left is compared with everything that matches, whatever its rating.

use ::elasticsearch::http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::client::Client;
use super::failure::read;
use super::metrics::Operation;
use super::options::Options;
use super::query;
use super::search::{Found, GRACE, milliseconds};
use crate::query::{Filter, LOW_RATING, Term, Terms, TermsQuery};
use crate::store::ReadError;

/// Low ratings that a shard looks at.
const SAMPLE: u32 = 1_000;
/// Fewer reviews with a term say nothing.
const LEAST: u32 = 3;
/// The most terms of an answer.
const TERMS_MAX: usize = 100;
/// Any number, but always the same.
const SEED: u32 = 17;

/// Significant terms.
pub(super) async fn terms(
    client: &Client,
    options: &Options,
    asked: &TermsQuery,
) -> Result<Terms, ReadError> {
    let all = Filter { min_rating: None, max_rating: None, ..asked.filter.clone() };
    let low = Filter { max_rating: Some(LOW_RATING), ..all.clone() };
    let mut body = json!({
        "query": {"function_score": {
            "query": query::of(&asked.text, &low),
            "random_score": {"seed": SEED, "field": "_seq_no"},
            "boost_mode": "replace",
        }},
        "size": 0,
        "track_total_hits": false,
        "timeout": milliseconds(options.query_timeout),
        "aggs": {"sample": {
            "sampler": {"shard_size": SAMPLE},
            "aggs": {"terms": {"significant_text": {
                "field": "text",
                "size": asked.size.clamp(1, TERMS_MAX),
                "min_doc_count": LEAST,
                "filter_duplicate_text": true,
                "background_filter": query::of(&asked.text, &all),
            }}},
        }},
    });
    if options.terminate_after > 0 {
        body["terminate_after"] = options.terminate_after.into();
    }
    let path = format!("/{}/_search", query::indices(&options.index, all.from, all.to));
    let parameters = [("ignore_unavailable", "true")];
    let limit = options.query_timeout + GRACE;
    let answer = client.json(Operation::Terms, Method::Post, path, &parameters, Some(&body), limit).await?;
    let found: Found = read(&answer)?;
    let aggregations = read::<Aggregated>(&answer)?.aggregations;
    let significant = match aggregations {
        Value::Null => Significant::default(),
        mut all => serde_json::from_value(all["sample"]["terms"].take())
            .map_err(|error| ReadError::BadAnswer(error.to_string()))?,
    };
    if found.timed_out && significant.doc_count == 0 {
        return Err(ReadError::TimedOut);
    }
    let terms = significant.buckets.into_iter();
    Ok(Terms {
        terms: terms
            .map(|found| Term {
                term: found.key,
                low: found.doc_count,
                all: found.bg_count,
                score: found.score,
            })
            .collect(),
        low: significant.doc_count,
        all: significant.bg_count,
    })
}

#[derive(Deserialize)]
struct Aggregated {
    #[serde(default)]
    aggregations: Value,
}

#[derive(Default, Deserialize)]
struct Significant {
    #[serde(default)]
    doc_count: u64,
    #[serde(default)]
    bg_count: u64,
    #[serde(default)]
    buckets: Vec<Bucket>,
}

#[derive(Deserialize)]
struct Bucket {
    key: String,
    doc_count: u64,
    bg_count: u64,
    score: f64,
}
