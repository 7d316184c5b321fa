//! What an answer that is none of what was asked for means to the caller.

use ::elasticsearch::http::StatusCode;
use serde::Deserialize;
use serde_json::Value;

use super::node::{Answer, Silence};
use crate::store::{ReadError, WriteError};

/// A reason is shown to people and kept with dead letters: at most so many bytes of it.
const REASON_MAX: usize = 1_000;

/// Limits of the cluster that a query can reach.
const TOO_COSTLY: [&str; 4] = [
    "too_many_clauses",
    "too_many_nested_clauses",
    "too_many_buckets_exception",
    "too_many_scroll_contexts_exception",
];

/// The context of a point in time is not on the shard any more.
const NO_CONTEXT: &str = "search_context_missing_exception";

impl From<Silence> for WriteError {
    fn from(silence: Silence) -> Self {
        Self::Away(silence.to_string())
    }
}

impl From<Silence> for ReadError {
    fn from(silence: Silence) -> Self {
        match silence {
            Silence::Slow { .. } => Self::TimedOut,
            Silence::Dead { .. } => Self::Away(silence.to_string()),
        }
    }
}

/// What Elasticsearch says of one document or one request.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Cause {
    #[serde(default, rename = "type")]
    pub(super) kind: String,
    #[serde(default)]
    reason: Option<String>,
    #[serde(default)]
    caused_by: Option<Box<Cause>>,
    #[serde(default, rename = "root_cause")]
    roots: Vec<Cause>,
}

impl Cause {
    /// `type: reason; type: reason` of it and of what caused it, not longer than people read.
    pub(super) fn told(&self) -> String {
        let mut told = String::new();
        let mut next = Some(self);
        while let Some(cause) = next.filter(|_| told.len() < REASON_MAX) {
            let gap = if told.is_empty() { "" } else { "; " };
            told.push_str(gap);
            told.push_str(&cause.kind);
            if let Some(reason) = &cause.reason {
                told.push_str(": ");
                told.push_str(reason);
            }
            next = cause.caused_by.as_deref().or(cause.roots.first().filter(|root| root.kind != cause.kind));
        }
        told.truncate(told.floor_char_boundary(REASON_MAX));
        told
    }

    /// Whether it or what it comes from is of this type.
    pub(super) fn is(&self, kind: &str) -> bool {
        self.any(&|cause| cause.kind == kind)
    }

    /// A query that a shard cannot even be asked for has no type of its own, only this setting's name in its reason.
    fn has_too_many_clauses(&self) -> bool {
        self.reason.as_deref().is_some_and(|reason| reason.contains("maxClauseCount"))
    }

    fn any(&self, holds: &dyn Fn(&Self) -> bool) -> bool {
        let causes = self.roots.iter().chain(self.caused_by.as_deref());
        holds(self) || causes.into_iter().any(|cause| cause.any(holds))
    }
}

/// The cause that an answer names; a proxy's page has none.
pub(super) fn cause(answer: &Answer) -> Cause {
    #[derive(Deserialize)]
    struct Failed {
        error: Value,
    }
    let error = serde_json::from_slice::<Failed>(&answer.body).map(|failed| failed.error);
    match error {
        Ok(Value::String(reason)) => {
            Cause { reason: Some(reason), kind: "error".to_owned(), ..Cause::default() }
        }
        Ok(error) => serde_json::from_value(error).unwrap_or_default(),
        Err(_) => Cause::default(),
    }
}

fn told(answer: &Answer) -> String {
    let cause = cause(answer).told();
    if cause.is_empty() { format!("it answers {}", answer.status) } else { cause }
}

/// What an answer without success means to a writer.
pub(super) fn write_error(answer: &Answer) -> WriteError {
    let reason = told(answer);
    match answer.status {
        StatusCode::PAYLOAD_TOO_LARGE => WriteError::TooLarge,
        StatusCode::TOO_MANY_REQUESTS => WriteError::Overloaded { reason, retry_after: answer.retry_after },
        status if status.is_client_error() => WriteError::Denied(reason),
        _ => WriteError::Away(reason),
    }
}

/// What an answer without success means to a reader.
pub(super) fn read_error(answer: &Answer) -> ReadError {
    let cause = cause(answer);
    if cause.is(NO_CONTEXT) {
        ReadError::CursorExpired
    } else if TOO_COSTLY.iter().any(|kind| cause.is(kind)) || cause.any(&Cause::has_too_many_clauses) {
        ReadError::TooCostly(told(answer))
    } else if answer.status == StatusCode::BAD_REQUEST {
        ReadError::BadAnswer(told(answer))
    } else {
        ReadError::Away(told(answer))
    }
}

/// The answer's JSON, or why there is none.
pub(super) fn read<T: for<'de> Deserialize<'de>>(answer: &Answer) -> Result<T, ReadError> {
    if !answer.status.is_success() {
        return Err(read_error(answer));
    }
    serde_json::from_slice(&answer.body).map_err(|error| ReadError::BadAnswer(error.to_string()))
}

/// What happened on the shards of a search.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Shards {
    #[serde(default)]
    total: u32,
    #[serde(default)]
    failed: u32,
    #[serde(default)]
    failures: Vec<Failure>,
}

#[derive(Debug, Deserialize)]
struct Failure {
    reason: Cause,
}

impl Shards {
    /// Whether some have no part in the answer.
    pub(super) fn are_missing(&self) -> bool {
        self.failed > 0
    }

    /// Whether the point in time that was asked for is none, or is gone from some. A made-up one can be read as one of no
    /// shard at all.
    pub(super) fn lost_the_point(&self) -> bool {
        self.total == 0 || self.failures.iter().any(|failure| failure.reason.is(NO_CONTEXT))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Answer {
        let status = StatusCode::from_u16(status).expect("a status");
        Answer { status, retry_after: None, body: body.to_owned().into() }
    }

    #[test]
    fn a_cause_is_told_with_what_caused_it() {
        let body = r#"{"error":{"root_cause":[{"type":"a","reason":"no"}],"type":"b","reason":"failed",
            "caused_by":{"type":"c","reason":"because"}},"status":400}"#;
        assert_eq!(cause(&answer(400, body)).told(), "b: failed; c: because");
        let body = r#"{"error":"no handler found for uri [/_ilm]"}"#;
        assert_eq!(cause(&answer(400, body)).told(), "error: no handler found for uri [/_ilm]");
        assert_eq!(told(&answer(502, "<html>")), "it answers 502 Bad Gateway");
        let long = format!(r#"{{"error":{{"type":"t","reason":"{}"}}}}"#, "\u{fc}".repeat(REASON_MAX));
        assert!(cause(&answer(400, &long)).told().len() <= REASON_MAX);
    }

    #[test]
    fn a_writer_knows_what_to_do() {
        let of = |status| write_error(&answer(status, ""));
        assert!(matches!(of(413), WriteError::TooLarge));
        assert!(matches!(of(429), WriteError::Overloaded { .. }));
        assert!(matches!(of(401), WriteError::Denied(_)) && matches!(of(403), WriteError::Denied(_)));
        assert!(matches!(of(500), WriteError::Away(_)) && matches!(of(503), WriteError::Away(_)));
        assert!(matches!(of(302), WriteError::Away(_)));
    }

    #[test]
    fn a_reader_knows_what_to_do() {
        let gone = r#"{"error":{"root_cause":[{"type":"search_context_missing_exception"}],
            "type":"search_phase_execution_exception","reason":"all shards failed"}}"#;
        assert!(matches!(read_error(&answer(404, gone)), ReadError::CursorExpired));
        let costly = r#"{"error":{"type":"search_phase_execution_exception","reason":"",
            "caused_by":{"type":"too_many_nested_clauses"}}}"#;
        assert!(matches!(read_error(&answer(400, costly)), ReadError::TooCostly(_)));
        let clauses = r#"{"error":{"root_cause":[{"type":"query_shard_exception",
            "reason":"failed to create query: maxClauseCount is set to 8192"}],"type":"search_phase_execution_exception"}}"#;
        assert!(matches!(read_error(&answer(400, clauses)), ReadError::TooCostly(_)));
        assert!(matches!(read_error(&answer(400, "{}")), ReadError::BadAnswer(_)));
        assert!(matches!(read_error(&answer(429, "{}")), ReadError::Away(_)));
        assert!(matches!(read::<Shards>(&answer(200, "[")), Err(ReadError::BadAnswer(_))));
    }
}
