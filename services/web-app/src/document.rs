//! A page that never changes, with everything about it made once.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use sha1::{Digest as _, Sha1};

use crate::fresh::is_fresh;

/// What `res.send` of a string is sent as.
pub(crate) const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");

/// A constant body as `res.send` would send it.
#[derive(Debug)]
pub struct Document {
    body: Bytes,
    length: HeaderValue,
    etag: HeaderValue,
}

impl Document {
    /// Makes the document of `text`.
    pub fn new(text: &'static str) -> Self {
        let etag = HeaderValue::try_from(weak_etag(text.as_bytes()));
        Self {
            body: Bytes::from_static(text.as_bytes()),
            length: HeaderValue::from(text.len()),
            etag: etag.expect("hexadecimal and base64 digits are header text"),
        }
    }

    /// The document, or 304 where the client's copy is as new.
    pub fn send_unless_fresh(&self, request: &HeaderMap, with_body: bool) -> Response<Body> {
        if is_fresh(request, &self.etag) { self.not_modified() } else { self.send(with_body) }
    }

    /// The document, whatever the client has.
    pub fn send(&self, with_body: bool) -> Response<Body> {
        let body = if with_body { Body::from(self.body.clone()) } else { Body::empty() };
        let mut response = Response::new(body);
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HTML);
        headers.insert(header::CONTENT_LENGTH, self.length.clone());
        headers.insert(header::ETAG, self.etag.clone());
        response
    }

    fn not_modified(&self) -> Response<Body> {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        response.headers_mut().insert(header::ETAG, self.etag.clone());
        response
    }
}

/// The tag as the npm module `etag` makes it of a string: the length in hexadecimal and the first 27 characters of
/// the SHA-1 in base64, the 28th being always `=`.
pub fn weak_etag(body: &[u8]) -> String {
    let digest = STANDARD.encode(Sha1::digest(body));
    format!("W/\"{:x}-{}\"", body.len(), &digest[..27])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tag_is_the_one_that_express_makes() {
        // Read off a running Express 4.22.
        assert_eq!(weak_etag(b"Hello OUI!"), r#"W/"a-2STJhM+WA8dYlwhCs50ql6bIqQ4""#);
        assert_eq!(weak_etag(b"OK"), r#"W/"2-nOO9QiTIwXgNtWtBJezz8kv3SLc""#);
        // The module has a constant for the empty body, which is what the rule gives too.
        assert_eq!(weak_etag(b""), r#"W/"0-2jmj7l5rSw0yVb/vlWAYkK/YBwk""#);
    }

    #[test]
    fn a_head_is_the_get_without_its_body() {
        let document = Document::new("Hello OUI!");
        let (get, head) = (document.send(true), document.send(false));
        assert_eq!(get.headers(), head.headers());
        assert_eq!(get.headers()[header::CONTENT_LENGTH], "10");
    }
}
