//! What Node's HTTP server refuses before Express sees it.
//!
//! 1. A method that its parser (llhttp 8) does not know, and CONNECT, which Express cannot answer: 400.
//! 2. A target without a path, or with bytes beyond ASCII: 400.
//! 3. HTTP/1.1 without Host (RFC 9112, section 3.2): 400.
//! 4. HTTP/1.1 with an Expect that is not `100-continue` (RFC 9110, section 10.1.1): 417.
//!
//! What hyper refuses by itself, malformed heads above all, never arrives here.

use axum::body::Body;
use axum::http::{Request, Response, StatusCode, Version, header};
use service_kit::http::closing;

/// `http.METHODS` of Node 20, but for CONNECT.
const METHODS: [&str; 34] = [
    "ACL",
    "BIND",
    "CHECKOUT",
    "COPY",
    "DELETE",
    "GET",
    "HEAD",
    "LINK",
    "LOCK",
    "M-SEARCH",
    "MERGE",
    "MKACTIVITY",
    "MKCALENDAR",
    "MKCOL",
    "MOVE",
    "NOTIFY",
    "OPTIONS",
    "PATCH",
    "POST",
    "PROPFIND",
    "PROPPATCH",
    "PURGE",
    "PUT",
    "QUERY",
    "REBIND",
    "REPORT",
    "SEARCH",
    "SOURCE",
    "SUBSCRIBE",
    "TRACE",
    "UNBIND",
    "UNLINK",
    "UNLOCK",
    "UNSUBSCRIBE",
];

/// The answer to a request that Express would never see; `None` for one that it would.
pub fn refusal<B>(request: &Request<B>) -> Option<Response<Body>> {
    // Most requests are a GET; the list is for the others.
    let known = request.method() == "GET" || METHODS.binary_search(&request.method().as_str()).is_ok();
    let path = request.uri().path();
    if !known || path.is_empty() || !path.is_ascii() {
        return Some(closing(StatusCode::BAD_REQUEST));
    }
    if request.version() != Version::HTTP_11 {
        return None;
    }
    if !request.headers().contains_key(header::HOST) {
        return Some(closing(StatusCode::BAD_REQUEST));
    }
    let expected = request.headers().get(header::EXPECT)?;
    if expected.as_bytes().eq_ignore_ascii_case(b"100-continue") {
        return None;
    }
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::EXPECTATION_FAILED;
    Some(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(method: &str, version: Version, fields: &[(&str, &str)]) -> Option<u16> {
        let mut request = Request::builder().method(method).uri("/").version(version);
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        let request = request.body(()).expect("a request");
        refusal(&request).map(|response| response.status().as_u16())
    }

    #[test]
    fn methods_are_sorted_for_the_search() {
        assert!(METHODS.is_sorted());
    }

    #[test]
    fn only_methods_of_node_pass() {
        for method in METHODS {
            assert_eq!(status(method, Version::HTTP_11, &[("host", "a")]), None, "{method}");
        }
        for method in ["get", "FOO", "CONNECT", "PRI"] {
            assert_eq!(status(method, Version::HTTP_11, &[("host", "a")]), Some(400), "{method}");
        }
    }

    #[test]
    fn a_host_is_asked_of_http_1_1_only() {
        assert_eq!(status("GET", Version::HTTP_11, &[]), Some(400));
        assert_eq!(status("GET", Version::HTTP_10, &[]), None);
    }

    #[test]
    fn only_one_expectation_can_be_met() {
        let expecting = |value| status("GET", Version::HTTP_11, &[("host", "a"), ("expect", value)]);
        assert_eq!(expecting("100-Continue"), None);
        assert_eq!(expecting("tea"), Some(417));
    }
}
