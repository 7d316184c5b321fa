//! Asks the store, within bounds: so many questions at once, each so long.
//!
//! 1. A question waits a moment for its turn; past that the answer is 503, and when to come again.
//! 2. It takes [`QuerySettings::timeout`] at most: 504 then. The store's own limits are below that.
//! 3. What the store answers instead of a result becomes a problem. Names of hosts and the like are in the log only.

use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::metrics::QueryMetrics;
use super::stream::{StreamSettings, Streams};
use crate::problem::Problem;
use crate::review::Fault;
use crate::store::{ReadError, ReviewStore};

/// How long a question waits for its turn.
const TURN: Duration = Duration::from_millis(500);
/// When to come again where too much is asked or the store is away.
const AGAIN: Duration = Duration::from_secs(1);

/// What bounds questions.
#[derive(Clone, Copy, Debug)]
pub struct QuerySettings {
    /// How long one may take.
    pub timeout: Duration,
    /// How many are asked at once; at least 1.
    pub at_once: usize,
}

impl Default for QuerySettings {
    fn default() -> Self {
        Self { timeout: Duration::from_secs(5), at_once: 32 }
    }
}

/// What answers questions. Cheap to clone.
#[derive(Clone)]
pub struct Queries(Arc<Shared>);

struct Shared {
    store: Arc<dyn ReviewStore>,
    settings: QuerySettings,
    turns: Semaphore,
    metrics: QueryMetrics,
    streams: Streams,
}

impl Queries {
    /// Answers from `store`. Streams end when `draining` is cancelled.
    pub fn new(
        store: Arc<dyn ReviewStore>,
        settings: QuerySettings,
        streams: StreamSettings,
        draining: tokio_util::sync::CancellationToken,
        metrics: QueryMetrics,
    ) -> Self {
        let turns = Semaphore::new(settings.at_once);
        let streams = Streams::new(streams, draining);
        Self(Arc::new(Shared { store, settings, turns, metrics, streams }))
    }

    pub(super) fn store(&self) -> &Arc<dyn ReviewStore> {
        &self.0.store
    }

    pub(super) fn metrics(&self) -> &QueryMetrics {
        &self.0.metrics
    }

    pub(super) fn streams(&self) -> &Streams {
        &self.0.streams
    }

    /// The store's answer, within the bounds.
    pub(super) async fn ask<T>(
        &self,
        question: impl Future<Output = Result<T, ReadError>>,
    ) -> Result<T, Problem> {
        let Ok(Ok(_turn)) = timeout(TURN, self.0.turns.acquire()).await else {
            self.0.metrics.queries_refused.inc();
            let detail = "too many questions are being asked";
            return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail).with_retry_after(AGAIN));
        };
        let _counted = Counted::new(&self.0.metrics);
        self.within(question).await.map_err(|error| problem(&error))
    }

    /// The store's answer, or that it took too long.
    pub(super) async fn within<T>(
        &self,
        question: impl Future<Output = Result<T, ReadError>>,
    ) -> Result<T, ReadError> {
        timeout(self.0.settings.timeout, question).await.unwrap_or(Err(ReadError::TimedOut))
    }
}

/// Counts a question while it is asked, also where the client leaves before the answer.
struct Counted<'a>(&'a QueryMetrics);

impl<'a> Counted<'a> {
    fn new(metrics: &'a QueryMetrics) -> Self {
        metrics.queries_in_flight.inc();
        Self(metrics)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.queries_in_flight.dec();
    }
}

/// The answer to a request whose parameters are wrong.
pub(super) fn refusal(faults: Vec<Fault>) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "the parameters are not those of this route").with_errors(faults)
}

/// The answer to a question that has none.
pub(super) fn problem(error: &ReadError) -> Problem {
    match error {
        ReadError::Away(reason) => {
            tracing::warn!(reason, "a question found the store away");
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, "the store cannot answer now")
                .with_retry_after(AGAIN)
        }
        ReadError::BadAnswer(reason) => {
            tracing::error!(reason, "the store's answer to a question makes no sense");
            Problem::new(StatusCode::BAD_GATEWAY, "the store gave an answer that makes no sense")
        }
        ReadError::TimedOut => Problem::new(StatusCode::GATEWAY_TIMEOUT, error.to_string()),
        ReadError::CursorExpired => Problem::new(StatusCode::GONE, error.to_string()),
        ReadError::TooCostly(_) => Problem::new(StatusCode::BAD_REQUEST, error.to_string()),
        ReadError::Unsupported(_) => Problem::new(StatusCode::NOT_IMPLEMENTED, error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_failure_has_its_status_and_no_name_of_a_host_gets_out() {
        for (error, status) in [
            (ReadError::Away("es-1.internal".to_owned()), 503),
            (ReadError::BadAnswer("es-1.internal".to_owned()), 502),
            (ReadError::TimedOut, 504),
            (ReadError::CursorExpired, 410),
            (ReadError::TooCostly("too many buckets".to_owned()), 400),
            (ReadError::Unsupported("page by relevance"), 501),
        ] {
            let problem = problem(&error);
            assert_eq!(problem.status, status, "{error}");
            assert!(!problem.detail.contains("internal"), "{}", problem.detail);
        }
    }
}
