//! Reads the body of a request whose answer does not depend on it.
//!
//! 1. A client that is still sending when the connection closes may never see its answer (RFC 9112, section 9.6): so
//!    the body is read before the answer goes out, and the connection can carry the next request.
//! 2. Reading stops at a bound; a client that wants to send more has its connection closed after the answer.

use std::future::poll_fn;
use std::pin::Pin;

use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, header};
use http_body::Body as _;

/// Reads `body` to its end, or up to `max` bytes, and forgets it. `Err` where it ends early or is not what its head
/// announced: such a request is answered 400.
pub async fn discard_body(mut body: Body, max: usize) -> Result<(), axum::Error> {
    let mut seen = 0;
    while seen <= max {
        match poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
            None => break,
            Some(frame) => seen += frame?.data_ref().map_or(0, bytes::Bytes::len),
        }
    }
    Ok(())
}

/// An empty answer after which the connection ends.
pub fn closing(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}
