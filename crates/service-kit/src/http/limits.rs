//! What a request's body may be: so long, and without longer pauses.
//!
//! 1. A length that is announced and too long is answered 413 before any of it is read.
//! 2. One that is not announced is cut off at the limit; what reads it then answers 413 (axum's extractors do).
//! 3. A pause longer than `HTTP_BODY_TIMEOUT` ends the reading.
//!
//! A request without a body, which most are, passes untouched.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, Response, StatusCode, header};
use axum::response::IntoResponse;
use http_body::Body as _;
use http_body_util::Limited;
use tower_http::timeout::TimeoutBody;

use super::Problem;

/// The limits of one listener.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) body: Option<usize>,
    pub(crate) pause: Duration,
}

impl Limits {
    /// The request with its body bounded, or the answer to one whose body is too long. Boxed: it is the rare case.
    pub(super) fn apply(self, request: Request<Body>) -> Result<Request<Body>, Box<Response<Body>>> {
        if request.body().is_end_stream() {
            return Ok(request);
        }
        let Some(limit) = self.body else {
            return Ok(request.map(|body| Body::new(TimeoutBody::new(self.pause, body))));
        };
        if announced(&request).is_some_and(|length| length > limit as u64) {
            let detail = format!("the body may be {limit} bytes long");
            return Err(Box::new(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail).into_response()));
        }
        Ok(request.map(|body| Body::new(Limited::new(TimeoutBody::new(self.pause, body), limit))))
    }
}

fn announced(request: &Request<Body>) -> Option<u64> {
    request.headers().get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}
