//! What this service answers where it cannot do what was asked: RFC 9457, with every fault of the request.

use std::time::Duration;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::review::Fault;

/// An `application/problem+json` answer. Its `type` is `about:blank`: the status says which problem it is.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
pub struct Problem {
    /// The status in words.
    pub title: String,
    /// The status.
    #[schema(minimum = 400, maximum = 599)]
    pub status: u16,
    /// What was wrong with this very request, for a person.
    pub detail: String,
    /// Every fault, by parameter or field.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<Fault>,
    /// When to come again.
    #[serde(skip)]
    retry_after: Option<Duration>,
}

impl Problem {
    /// A problem of this status.
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        let title = status.canonical_reason().unwrap_or("Error").to_owned();
        Self { title, status: status.as_u16(), detail: detail.into(), errors: Vec::new(), retry_after: None }
    }

    /// With everything that is wrong.
    #[must_use]
    pub fn with_errors(mut self, errors: Vec<Fault>) -> Self {
        self.errors = errors;
        self
    }

    /// With a Retry-After of whole seconds, rounded up: a client that comes early comes in vain.
    #[must_use]
    pub fn with_retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let mut response =
            (status, [(header::CONTENT_TYPE, "application/problem+json")], body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(wait) = self.retry_after {
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            headers.insert(header::RETRY_AFTER, seconds.max(1).into());
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_rounded_up_and_never_nothing() {
        for (milliseconds, seconds) in [(0, "1"), (1, "1"), (1000, "1"), (1001, "2"), (30_000, "30")] {
            let wait = Duration::from_millis(milliseconds);
            let problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, "away").with_retry_after(wait);
            let response = problem.into_response();
            assert_eq!(response.headers()[header::RETRY_AFTER], seconds, "{milliseconds} ms");
        }
    }

    #[test]
    fn an_empty_list_of_faults_is_left_out() {
        let problem = Problem::new(StatusCode::NOT_FOUND, "no such review");
        let json = serde_json::to_value(&problem).expect("it is JSON");
        assert_eq!(
            json,
            serde_json::json!({"title": "Not Found", "status": 404, "detail": "no such review"})
        );
    }
}
