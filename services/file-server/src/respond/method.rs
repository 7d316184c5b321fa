//! Which methods there are: a bucket is read, never written (RFC 9110 §9.3).

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, Method, StatusCode, header::ALLOW, request::Parts};
use service_kit::Problem;

const ALLOWED: HeaderValue = HeaderValue::from_static("GET, HEAD, OPTIONS");

/// Answers what needs no object: 405 for a method that is not for reading, and `OPTIONS *`, which is of no site.
pub(super) fn check(request: &Parts) -> Option<Response> {
    match request.method {
        Method::OPTIONS if request.uri.path() == "*" => Some(options()),
        Method::GET | Method::HEAD | Method::OPTIONS => None,
        _ => {
            let problem = Problem::new(StatusCode::METHOD_NOT_ALLOWED, "objects are read with GET and HEAD");
            Some(allowing(problem.into_response()))
        }
    }
}

/// What may be asked of any path.
pub(super) fn options() -> Response {
    allowing(StatusCode::NO_CONTENT.into_response())
}

fn allowing(mut response: Response) -> Response {
    response.headers_mut().insert(ALLOW, ALLOWED);
    response
}
