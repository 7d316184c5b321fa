//! A batch of reviews as one `_bulk` request, and its answer as verdicts.
//!
//! 1. Each document becomes two lines: `create` with its index and id, and itself with the time of this attempt.
//! 2. The answer has an item for each, in order. `create` makes a repeat harmless: it meets the first copy, 409.
//! 3. What an item says of the document is final; what it says of index, shard or node is not.

use std::io::Write as _;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::failure::{Cause, write_error};
use super::node::Answer;
use super::options::IndexPrefix;
use crate::review::Document;
use crate::store::{Verdict, WriteError};

/// All we read of an answer.
pub(super) const FILTER: &str = "items.*.status,items.*.error.type,items.*.error.reason,items.*.error.caused_by.type,items.*.error.caused_by.reason";

/// Types of a 400 that say something of the index, not of the document: a closed index, too many shards for a new one.
const OF_THE_INDEX: [&str; 3] = ["index_closed_exception", "validation_exception", "cluster_block_exception"];

/// The type of a 429 that says that a queue is full. There are others: an index on a disk that is full is a 429 for as long.
const REJECTED: &str = "es_rejected_execution_exception";

/// A document as it is kept.
#[derive(Serialize)]
struct Source<'a> {
    id: &'a str,
    delivery_id: &'a str,
    text: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    rating: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<&'a str>,
    written_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    hub: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tour: Option<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    tags: &'a [String],
    received_at: Timestamp,
    stored_at: Timestamp,
    lag_ms: i64,
}

/// The lines of `batch`, stored at `now`.
pub(super) fn lines(batch: &[Arc<Document>], index: &IndexPrefix, now: Timestamp) -> Vec<u8> {
    let room = batch.iter().map(|document| document.review.text.len() + 512).sum();
    let mut lines = Vec::with_capacity(room);
    for document in batch {
        let review = &document.review;
        let month = index.month(review.written_at);
        // Neither name holds a character that JSON escapes: their types see to it. A vector takes whatever is written.
        let _ = writeln!(lines, r#"{{"create":{{"_index":"{month}","_id":"{}"}}}}"#, review.id);
        let source = Source {
            id: review.id.as_str(),
            delivery_id: &review.delivery_id,
            text: &review.text,
            rating: review.rating,
            language: review.language.as_deref(),
            written_at: review.written_at,
            hub: review.hub.as_deref(),
            tour: review.tour.as_deref(),
            tags: &review.tags,
            received_at: document.received_at,
            stored_at: now,
            lag_ms: (now.as_millisecond() - document.received_at.as_millisecond()).max(0),
        };
        let _ = serde_json::to_writer(&mut lines, &source);
        lines.push(b'\n');
    }
    lines
}

/// The lines that keep a document that was refused, in place of what was kept of it before.
pub(super) fn grave(document: &Document, reason: &str, index: &IndexPrefix, now: Timestamp) -> Vec<u8> {
    let action = json!({"index": {"_index": index.dead(), "_id": document.review.id}});
    let source = json!({"id": document.review.id, "reason": reason, "at": now, "document": document});
    format!("{action}\n{source}\n").into_bytes()
}

#[derive(Deserialize)]
struct Items {
    items: Vec<Item>,
}

/// `{"create": {…}}` or `{"index": {…}}`.
#[derive(Deserialize)]
struct Item {
    #[serde(alias = "index")]
    create: Outcome,
}

#[derive(Deserialize)]
struct Outcome {
    status: u16,
    #[serde(default)]
    error: Cause,
}

/// A verdict for each of `expected` documents, or none at all.
pub(super) fn verdicts(answer: &Answer, expected: usize) -> Result<Vec<Verdict>, WriteError> {
    if !answer.status.is_success() {
        return Err(write_error(answer));
    }
    let Items { items } = serde_json::from_slice(&answer.body)
        .map_err(|error| WriteError::Away(format!("its answer makes no sense: {error}")))?;
    if items.len() != expected {
        let found = items.len();
        return Err(WriteError::Away(format!("its answer has {found} items for {expected} documents")));
    }
    Ok(items.into_iter().map(|item| verdict(&item.create)).collect())
}

fn verdict(outcome: &Outcome) -> Verdict {
    let of_the_index = OF_THE_INDEX.contains(&outcome.error.kind.as_str());
    match outcome.status {
        200 | 201 => Verdict::Created,
        409 => Verdict::Duplicate,
        400 if !of_the_index => Verdict::Refused(outcome.error.told()),
        429 if outcome.error.is(REJECTED) => Verdict::Busy(format!("429 {}", outcome.error.told())),
        status => Verdict::Again(format!("{status} {}", outcome.error.told())),
    }
}

#[cfg(test)]
mod tests {
    use ::elasticsearch::http::StatusCode;

    use super::*;
    use crate::review::{Review, ReviewId};

    fn document() -> Document {
        let time = |text: &str| text.parse().expect("a time");
        Document {
            review: Review {
                id: ReviewId::parse("r~1").expect("an id"),
                delivery_id: "d".to_owned(),
                text: "cold \"milk\"\n".to_owned(),
                rating: Some(1),
                language: None,
                written_at: time("2026-10-31T23:59:59.123456Z"),
                hub: Some("h\u{fc}b".to_owned()),
                tour: None,
                tags: Vec::new(),
            },
            received_at: time("2026-11-21T10:00:00.5Z"),
        }
    }

    fn answer(body: &str) -> Answer {
        Answer { status: StatusCode::OK, retry_after: None, body: body.to_owned().into() }
    }

    #[test]
    fn a_document_is_two_lines() {
        let now = "2026-11-21T10:00:01.75Z".parse().expect("a time");
        let index = IndexPrefix::parse("reviews").expect("a prefix");
        let lines = String::from_utf8(lines(&[Arc::new(document())], &index, now)).expect("text");
        assert_eq!(
            lines,
            concat!(
                r#"{"create":{"_index":"reviews-2026.10","_id":"r~1"}}"#,
                "\n",
                r#"{"id":"r~1","delivery_id":"d","text":"cold \"milk\"\n","rating":1,"#,
                r#""written_at":"2026-10-31T23:59:59.123456Z","hub":"hüb","#,
                r#""received_at":"2026-11-21T10:00:00.5Z","stored_at":"2026-11-21T10:00:01.75Z","lag_ms":1250}"#,
                "\n"
            )
        );
    }

    #[test]
    fn an_item_is_a_verdict() {
        // As 8.19.4 and 9.2.8 answer, through FILTER.
        let items = r#"{"items":[{"create":{"status":201}},
            {"create":{"status":409,"error":{"type":"version_conflict_engine_exception","reason":"[1]: version conflict"}}},
            {"create":{"status":400,"error":{"type":"strict_dynamic_mapping_exception","reason":"[1:93] mapping set to strict"}}},
            {"create":{"status":429,"error":{"type":"es_rejected_execution_exception","reason":"rejected"}}},
            {"create":{"status":429,"error":{"type":"cluster_block_exception","reason":"flood-stage"}}},
            {"create":{"status":403,"error":{"type":"cluster_block_exception","reason":"index write (api)"}}},
            {"create":{"status":400,"error":{"type":"index_closed_exception","reason":"closed"}}},
            {"create":{"status":400,"error":{"type":"validation_exception","reason":"maximum normal shards open"}}},
            {"create":{"status":404,"error":{"type":"index_not_found_exception","reason":"no such index"}}},
            {"create":{"status":503,"error":{"type":"unavailable_shards_exception","reason":"primary shard is not active"}}}]}"#;
        let verdicts = verdicts(&answer(items), 10).expect("verdicts");
        assert_eq!(verdicts[..2], [Verdict::Created, Verdict::Duplicate]);
        let reason = "strict_dynamic_mapping_exception: [1:93] mapping set to strict";
        assert_eq!(verdicts[2], Verdict::Refused(reason.to_owned()));
        assert!(matches!(verdicts[3], Verdict::Busy(_)), "{:?}", verdicts[3]);
        for verdict in &verdicts[4..] {
            assert!(matches!(verdict, Verdict::Again(_)), "{verdict:?}");
        }
    }

    #[test]
    fn an_answer_that_makes_no_sense_is_no_verdict() {
        for body in ["", "{}", "[]", r#"{"items":[]}"#, r#"{"items":[{"delete":{"status":200}}]}"#] {
            assert!(matches!(verdicts(&answer(body), 1), Err(WriteError::Away(_))), "{body}");
        }
    }
}
