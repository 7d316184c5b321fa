//! Errors as RFC 9457 describes them, where a service's contract does not fix the body.

use std::borrow::Cow;

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

/// An `application/problem+json` answer. Its `type` is `about:blank`: the status says which problem it is.
#[derive(Clone, Debug, Serialize)]
pub struct Problem {
    title: &'static str,
    status: u16,
    detail: Cow<'static, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
}

impl Problem {
    /// A problem of this status; `detail` says to a person what was wrong with this very request.
    pub fn new(status: StatusCode, detail: impl Into<Cow<'static, str>>) -> Self {
        let title = status.canonical_reason().unwrap_or("Error");
        Self { title, status: status.as_u16(), detail: detail.into(), request_id: None }
    }

    /// Names the request, so that its log line can be found.
    #[must_use]
    pub fn with_request_id(mut self, id: &super::RequestId) -> Self {
        self.request_id = Some(id.as_str().to_owned());
        self
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&self).unwrap_or_default();
        (status, [(header::CONTENT_TYPE, "application/problem+json")], body).into_response()
    }
}
