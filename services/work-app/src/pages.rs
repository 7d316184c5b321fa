//! Everything that is answered alike each time, and how an answer is put together.
//!
//! 1. Plain words are what Flask makes of a view that returns a string: HTML without markup.
//! 2. Error pages are Werkzeug's, an entity and a full stop in place.
//! 3. HEAD is GET without its body.

use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, header};
use bytes::Bytes;

const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// The methods of every route, as Allow tells them.
const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, OPTIONS");

const NOT_FOUND: &str = "<!doctype html>\n<html lang=en>\n<title>404 Not Found</title>\n<h1>Not Found</h1>\n\
     <p>The requested URL was not found on the server. If you entered the URL manually please check your spelling and \
     try again.</p>\n";
const METHOD_NOT_ALLOWED: &str = "<!doctype html>\n<html lang=en>\n<title>405 Method Not Allowed</title>\n\
     <h1>Method Not Allowed</h1>\n<p>The method is not allowed for the requested URL.</p>\n";

/// The process runs.
pub fn alive(with_body: bool) -> Response<Body> {
    answer(StatusCode::OK, HTML, Bytes::from_static(b"ok"), with_body)
}

/// It can be sent work.
pub fn ready(with_body: bool) -> Response<Body> {
    answer(StatusCode::OK, HTML, Bytes::from_static(b"ready"), with_body)
}

/// It cannot, yet or any longer.
pub fn not_ready(with_body: bool) -> Response<Body> {
    answer(StatusCode::SERVICE_UNAVAILABLE, HTML, Bytes::from_static(b"not ready"), with_body)
}

/// The work was done; `body` is JSON.
pub fn done(body: Bytes, with_body: bool) -> Response<Body> {
    answer(StatusCode::OK, JSON, body, with_body)
}

/// The work failed.
pub fn failed(with_body: bool) -> Response<Body> {
    answer(StatusCode::INTERNAL_SERVER_ERROR, JSON, Bytes::from_static(b"{\"ok\":false}\n"), with_body)
}

/// No route has this path.
pub fn not_found(with_body: bool) -> Response<Body> {
    answer(StatusCode::NOT_FOUND, HTML, Bytes::from_static(NOT_FOUND.as_bytes()), with_body)
}

/// The route has no such method.
pub fn method_not_allowed() -> Response<Body> {
    let page = Bytes::from_static(METHOD_NOT_ALLOWED.as_bytes());
    with_methods(answer(StatusCode::METHOD_NOT_ALLOWED, HTML, page, true))
}

/// What the route can be asked.
pub fn methods() -> Response<Body> {
    with_methods(answer(StatusCode::OK, HTML, Bytes::new(), true))
}

/// Puts an answer together; without its body it still tells the length.
pub fn answer(status: StatusCode, kind: HeaderValue, body: Bytes, with_body: bool) -> Response<Body> {
    let length = HeaderValue::from(body.len());
    let mut response = Response::new(if with_body { Body::from(body) } else { Body::empty() });
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response.headers_mut().insert(header::CONTENT_LENGTH, length);
    response
}

fn with_methods(mut response: Response<Body>) -> Response<Body> {
    response.headers_mut().insert(header::ALLOW, METHODS);
    response
}
