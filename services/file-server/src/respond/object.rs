//! A representation that was found, held against what the request says of it.
//!
//! 1. The conditions (RFC 9110 §13.2.2): 304, 412, or on.
//! 2. The Range, for GET, unless If-Range took it away: one range or several with 206, or 416.
//! 3. The bytes. Every read is pinned to the version that the headers describe; where that is gone before the first
//!    byte came, the error is [`StoreError::Changed`] and nothing was sent yet.

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use http::{
    HeaderMap, HeaderValue, Method, StatusCode,
    header::{ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE},
};
use service_kit::Problem;

use super::{several, visit::Visit};
use crate::{
    cache::Hit,
    http::{
        conditional::{Decision, Validators, evaluate},
        multipart::Multipart,
        range::{ByteRange, Selection, select, unsatisfied},
    },
    store::StoreError,
};

/// The answer of this representation to this request.
pub(super) async fn answer(visit: &Visit<'_>, hit: Hit) -> Result<Response, StoreError> {
    let request = visit.request;
    let chosen = &hit.representation;
    let current = Validators { etag: chosen.etag.as_ref(), last_modified: chosen.last_modified };
    let selection = match evaluate(&request.method, &request.headers, current) {
        Decision::NotModified => return Ok(not_modified(&hit)),
        Decision::PreconditionFailed => return Ok(precondition_failed(visit, &hit)),
        Decision::Send if request.method == Method::GET => select(&request.headers, chosen.length),
        Decision::Send | Decision::SendWhole => Selection::Whole,
    };
    match selection {
        Selection::Whole => visit.all_of(&hit).await,
        Selection::One(range) => Box::pin(visit.one(&hit, range)).await,
        Selection::Several(ranges) => {
            let content_type = chosen.headers.get(CONTENT_TYPE);
            match Multipart::new(&ranges, chosen.length, content_type, rand::random()) {
                Some(multipart) => Box::pin(several::answer(visit, hit, multipart)).await,
                None => Box::pin(visit.all_of(&hit)).await,
            }
        }
        Selection::Unsatisfiable => Ok(unsatisfiable(visit, &hit)),
    }
}

impl Visit<'_> {
    async fn all_of(&self, hit: &Hit) -> Result<Response, StoreError> {
        let body = self.whole(hit).await?;
        Ok(with_headers(StatusCode::OK, self.headers(hit), body))
    }

    async fn one(&self, hit: &Hit, range: ByteRange) -> Result<Response, StoreError> {
        let mut headers = self.headers(hit);
        headers.insert(CONTENT_LENGTH, range.len().into());
        insert(&mut headers, CONTENT_RANGE, &range.content_range(hit.representation.length));
        let body = self.cache.open(hit, range.first()..range.last() + 1).await?;
        Ok(with_headers(StatusCode::PARTIAL_CONTENT, headers, body))
    }

    /// The whole body; none for HEAD, for which nothing is read.
    pub(super) async fn whole(&self, hit: &Hit) -> Result<Body, StoreError> {
        if self.request.method == Method::HEAD {
            return Ok(Body::empty());
        }
        self.cache.open(hit, 0..hit.representation.length).await
    }

    /// The headers of a 200.
    pub(super) fn headers(&self, hit: &Hit) -> HeaderMap {
        let mut headers = hit.representation.headers.clone();
        hit.write_status(&mut headers, self.request.method != Method::HEAD);
        headers
    }
}

fn not_modified(hit: &Hit) -> Response {
    let mut headers = hit.representation.not_modified.clone();
    hit.write_status(&mut headers, false);
    with_headers(StatusCode::NOT_MODIFIED, headers, Body::empty())
}

fn precondition_failed(visit: &Visit<'_>, hit: &Hit) -> Response {
    let problem =
        Problem::new(StatusCode::PRECONDITION_FAILED, "the object is not the one this request is about");
    refused(visit, hit, problem)
}

fn unsatisfiable(visit: &Visit<'_>, hit: &Hit) -> Response {
    let problem =
        Problem::new(StatusCode::RANGE_NOT_SATISFIABLE, "no byte of the range is within the object");
    let mut response = refused(visit, hit, problem);
    insert(response.headers_mut(), CONTENT_RANGE, &unsatisfied(hit.representation.length));
    response.headers_mut().insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    response
}

/// A refusal that names the representation it is about, as a 304 would.
fn refused(visit: &Visit<'_>, hit: &Hit, problem: Problem) -> Response {
    let mut response = visit.common(problem.into_response());
    for (name, value) in &hit.representation.not_modified {
        response.headers_mut().insert(name.clone(), value.clone());
    }
    hit.write_status(response.headers_mut(), false);
    response
}

/// An answer with these headers and no others. axum's tuples would hash each of them once more.
pub(super) fn with_headers(status: StatusCode, headers: HeaderMap, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}

/// Numbers and punctuation are always a header.
pub(super) fn insert(headers: &mut HeaderMap, name: http::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}
