//! What gunicorn refuses before Flask sees it.
//!
//! 1. A method of fewer than 3 or more than 20 characters, or with a small letter in it: 400.
//! 2. A target without a path (but for CONNECT), or with bytes beyond ASCII: 400.
//! 3. More than one Host (RFC 9112, section 3.2): 400.
//! 4. HTTP/1.1 with an Expect that is not `100-continue` (RFC 9110, section 10.1.1): 417.
//!
//! What hyper refuses by itself, malformed heads above all, never arrives here.

use axum::body::Body;
use axum::http::{Method, Request, Response, StatusCode, Version, header};
use service_kit::http::closing;

/// The answer to a request that Flask would never see; `None` for one that it would.
pub fn refusal<B>(request: &Request<B>) -> Option<Response<Body>> {
    let hosts = request.headers().get_all(header::HOST).iter().take(2).count();
    let path = request.uri().path();
    let has_path = !path.is_empty() || request.method() == Method::CONNECT;
    if !is_method(request.method()) || !has_path || !path.is_ascii() || hosts > 1 {
        return Some(closing(StatusCode::BAD_REQUEST));
    }
    let expected = request.headers().get(header::EXPECT)?;
    let refused =
        request.version() == Version::HTTP_11 && !expected.as_bytes().eq_ignore_ascii_case(b"100-continue");
    refused.then(|| closing(StatusCode::EXPECTATION_FAILED))
}

fn is_method(method: &Method) -> bool {
    let name = method.as_str();
    (3..=20).contains(&name.len()) && !name.bytes().any(|byte| byte.is_ascii_lowercase() || byte == b'#')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(method: &str, fields: &[(&str, &str)]) -> Option<u16> {
        let mut request = Request::builder().method(method).uri("/healthz");
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        let request = request.body(()).expect("a request");
        refusal(&request).map(|response| response.status().as_u16())
    }

    #[test]
    fn a_method_is_3_to_20_characters_without_small_letters() {
        for method in ["GET", "FOO", "M-SEARCH", "ABCDEFGHIJKLMNOPQRST"] {
            assert_eq!(status(method, &[]), None, "{method}");
        }
        for method in ["get", "Get", "GO", "A#B", "ABCDEFGHIJKLMNOPQRSTU"] {
            assert_eq!(status(method, &[]), Some(400), "{method}");
        }
    }

    #[test]
    fn one_host_and_one_expectation_at_most() {
        assert_eq!(status("GET", &[("host", "a"), ("host", "a")]), Some(400));
        assert_eq!(status("GET", &[("expect", "100-continue")]), None);
        assert_eq!(status("GET", &[("expect", "tea")]), Some(417));
    }
}
