//! Which other origins' pages may read the files (the Fetch standard, "HTTP extensions").
//!
//! 1. Nobody may unless the operator names an origin, or `*`.
//! 2. Credentials are never allowed: no answer depends on them, so there is nothing that a page could need them for.
//! 3. With a list the answer names the asking origin if it is on it, and varies by Origin whether it is or not.
//! 4. A preflight is answered here, and never reaches the store.

use axum::body::Body;
use axum::response::Response;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Method, StatusCode};

/// Request headers that a page may send; the simple ones need no permission.
const ALLOW_HEADERS: &str =
    "Range, If-Match, If-None-Match, If-Modified-Since, If-Unmodified-Since, If-Range, Cache-Control";
/// Answer headers that a page may read beside the safelisted.
const EXPOSE: &str =
    "ETag, Content-Length, Content-Range, Accept-Ranges, Content-Encoding, Age, Cache-Status";
/// How long a browser may remember a preflight, in seconds.
const MAX_AGE: &str = "600";

/// Which origins may read.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub enum Cors {
    /// None but the site's own.
    #[default]
    Closed,
    /// Every one.
    Any,
    /// These: serialized origins, in lower case.
    Listed(Vec<HeaderValue>),
}

impl Cors {
    /// Reads origins separated by commas.
    pub fn parse(text: &str) -> Result<Self, String> {
        let members: Vec<_> = crate::settings::list(text).collect();
        if members.contains(&"*") {
            return if members.len() == 1 { Ok(Self::Any) } else { Err("* stands alone".to_owned()) };
        }
        let origins = members.into_iter().map(origin).collect::<Result<Vec<_>, _>>()?;
        Ok(if origins.is_empty() { Self::Closed } else { Self::Listed(origins) })
    }

    /// The answer to a preflight; None for any other OPTIONS request.
    pub fn preflight(&self, request: &HeaderMap) -> Option<Response> {
        let method = request.get(header::ACCESS_CONTROL_REQUEST_METHOD)?;
        request.get(header::ORIGIN)?;
        let mut answer = Response::new(Body::empty());
        *answer.status_mut() = StatusCode::NO_CONTENT;
        let headers = answer.headers_mut();
        headers.insert(
            header::VARY,
            HeaderValue::from_static("Origin, Access-Control-Request-Method, Access-Control-Request-Headers"),
        );
        let read = [Method::GET, Method::HEAD].iter().any(|read| method == read.as_str());
        if let Some(origin) = self.allows(request).filter(|_| read) {
            let set: [(HeaderName, HeaderValue); 4] = [
                (header::ACCESS_CONTROL_ALLOW_ORIGIN, origin),
                (header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, HEAD")),
                (header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(ALLOW_HEADERS)),
                (header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static(MAX_AGE)),
            ];
            headers.extend(set);
        }
        Some(answer)
    }

    /// Adds to an answer what lets the asking page read it.
    pub fn write(&self, request: &HeaderMap, answer: &mut HeaderMap) {
        if matches!(self, Self::Closed) {
            return;
        }
        if matches!(self, Self::Listed(_)) {
            answer.append(header::VARY, HeaderValue::from_static("Origin"));
        }
        if let Some(origin) = self.allows(request) {
            answer.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            answer.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSE));
        }
    }

    fn allows(&self, request: &HeaderMap) -> Option<HeaderValue> {
        let asking = request.get(header::ORIGIN)?;
        match self {
            Self::Closed => None,
            Self::Any => Some(HeaderValue::from_static("*")),
            Self::Listed(origins) => origins.iter().find(|origin| *origin == asking).cloned(),
        }
    }
}

/// A serialized origin: scheme, host and, where it is not the scheme's own, port. `null` is no origin anyone could own.
fn origin(text: &str) -> Result<HeaderValue, String> {
    let wrong = || format!("{text:?} is not an origin like https://a.example");
    let url = url::Url::parse(text).map_err(|_| wrong())?;
    let origin = url.origin().ascii_serialization();
    if !matches!(url.scheme(), "http" | "https") || origin != text.trim_end_matches('/').to_ascii_lowercase()
    {
        return Err(wrong());
    }
    HeaderValue::from_str(&origin).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pair = |(name, value): &(&'static str, &'static str)| {
            (HeaderName::from_static(name), HeaderValue::from_static(value))
        };
        pairs.iter().map(pair).collect()
    }

    fn allowed(cors: &str, origin: &'static str) -> (Option<String>, bool) {
        let mut answer = HeaderMap::new();
        Cors::parse(cors).expect("sound").write(&request(&[("origin", origin)]), &mut answer);
        assert!(!answer.contains_key(header::ACCESS_CONTROL_ALLOW_CREDENTIALS));
        let allowed = answer
            .get(header::ACCESS_CONTROL_ALLOW_ORIGIN)
            .map(|value| value.to_str().expect("text").to_owned());
        (allowed, answer.contains_key(header::VARY))
    }

    #[test]
    fn only_whom_the_operator_names() {
        assert_eq!(allowed("", "https://a.example"), (None, false));
        assert_eq!(allowed("*", "https://a.example"), (Some("*".to_owned()), false));
        let list = "https://a.example, http://b.example:8080/";
        assert_eq!(allowed(list, "https://a.example"), (Some("https://a.example".to_owned()), true));
        assert_eq!(allowed(list, "http://b.example:8080"), (Some("http://b.example:8080".to_owned()), true));
        for other in ["https://a.example.evil.example", "http://a.example", "null", "https://A.example:443"] {
            assert_eq!(allowed(list, other), (None, true), "{other}");
        }
    }

    #[test]
    fn what_is_no_origin_is_refused() {
        for wrong in [
            "null",
            "a.example",
            "https://a.example/path",
            "ftp://a.example",
            "*, https://a.example",
            "https://u@a.example",
        ] {
            assert!(Cors::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn preflights() {
        let cors = Cors::parse("https://a.example").expect("sound");
        assert!(cors.preflight(&request(&[("origin", "https://a.example")])).is_none());
        let ask = |origin, method| {
            let request = request(&[("origin", origin), ("access-control-request-method", method)]);
            let answer = cors.preflight(&request).expect("a preflight");
            assert_eq!(answer.status(), StatusCode::NO_CONTENT);
            answer.headers().contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN)
        };
        assert!(ask("https://a.example", "GET"));
        assert!(!ask("https://a.example", "DELETE"));
        assert!(!ask("https://b.example", "GET"));
    }
}
