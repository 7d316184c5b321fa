//! What a request says about its body before that is read: its type, its coding, its key; and what its query says.

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::problem::Problem;
use crate::review::Fault;

/// draft-ietf-httpapi-idempotency-key-header.
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// How a body is encoded.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Coding {
    Identity,
    Gzip,
}

/// What bodies a route takes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Expected {
    /// The media types, the one to send first.
    pub types: &'static [&'static str],
}

/// One review.
pub(super) const ONE: Expected = Expected { types: &["application/json"] };
/// Lines of reviews. There is no registered type for them; these are in use.
pub(super) const MANY: Expected = Expected {
    types: &[
        "application/x-ndjson",
        "application/ndjson",
        "application/jsonl",
        "application/x-jsonlines",
        "application/jsonlines",
        "application/json",
    ],
};

impl Expected {
    /// The body's coding, or the answer to a body that nobody here can read (415). A body that says nothing is taken
    /// for what is expected.
    pub fn check(self, headers: &HeaderMap) -> Result<Coding, Box<Response>> {
        if let Some(value) = headers.get(header::CONTENT_TYPE) {
            let sound = value.to_str().is_ok_and(|value| self.takes(value));
            if !sound {
                let detail = format!("the body must be {} in UTF-8", self.types[0]);
                return Err(Box::new(
                    Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail).into_response(),
                ));
            }
        }
        coding(headers).ok_or_else(|| {
            let detail = "the body may be encoded by gzip and nothing else";
            let mut answer = Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail).into_response();
            // RFC 9110, section 12.5.3: what would have been taken.
            answer.headers_mut().insert(header::ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
            Box::new(answer)
        })
    }

    fn takes(self, value: &str) -> bool {
        let mut parts = value.split(';').map(str::trim);
        let known =
            parts.next().is_some_and(|kind| self.types.iter().any(|one| kind.eq_ignore_ascii_case(one)));
        known
            && parts.all(|parameter| {
                let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
                !name.eq_ignore_ascii_case("charset") || value.trim_matches('"').eq_ignore_ascii_case("utf-8")
            })
    }
}

fn coding(headers: &HeaderMap) -> Option<Coding> {
    let mut values = headers.get_all(header::CONTENT_ENCODING).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return headers.get(header::CONTENT_ENCODING).is_none().then_some(Coding::Identity);
    };
    match value.to_str().ok()?.trim().to_ascii_lowercase().as_str() {
        "" | "identity" => Some(Coding::Identity),
        "gzip" | "x-gzip" => Some(Coding::Gzip),
        _ => None,
    }
}

/// The length that the body is announced with, before it is decoded.
pub(super) fn announced_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// The request's Idempotency-Key, without the quotes that make it a string of RFC 8941. One that is no text, or is
/// there twice, is a key that nothing can be derived from: an empty one.
pub(super) fn idempotency_key(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(IDEMPOTENCY_KEY).iter();
    let first = values.next()?;
    let (Ok(text), None) = (first.to_str(), values.next()) else { return Some("") };
    Some(text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text))
}

/// Whether the query says `lenient`; or what is wrong with it.
pub(super) fn is_lenient(request: &Request) -> Result<bool, Problem> {
    let mut lenient = false;
    let mut errors = Vec::new();
    for (name, value) in url::form_urlencoded::parse(request.uri().query().unwrap_or_default().as_bytes()) {
        let reason = match (&*name, &*value) {
            ("lenient", "" | "true") => {
                lenient = true;
                continue;
            }
            ("lenient", "false") => continue,
            ("lenient", _) => "must be true or false",
            _ => "is not a parameter of this request",
        };
        errors.push(Fault { field: name.chars().take(64).collect(), reason: reason.to_owned() });
    }
    if errors.is_empty() {
        return Ok(lenient);
    }
    Err(Problem::new(StatusCode::BAD_REQUEST, "the query is faulty").with_errors(errors))
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn headers(name: HeaderName, values: &[&str]) -> HeaderMap {
        let values = values.iter().map(|value| HeaderValue::from_str(value).expect("a value"));
        std::iter::repeat(name).zip(values).collect()
    }

    #[test]
    fn a_type_is_the_expected_one_in_utf_8() {
        for value in [
            "application/json",
            "Application/JSON",
            "application/json; charset=UTF-8",
            "application/json;v=1",
        ] {
            assert!(ONE.check(&headers(header::CONTENT_TYPE, &[value])).is_ok(), "{value}");
        }
        for value in ["text/plain", "application/x-ndjson", "application/json; charset=latin1", "", "json"] {
            let answer = ONE.check(&headers(header::CONTENT_TYPE, &[value])).expect_err(value);
            assert_eq!(answer.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
        }
        assert!(MANY.check(&headers(header::CONTENT_TYPE, &["application/x-ndjson"])).is_ok());
        assert!(MANY.check(&HeaderMap::new()).is_ok());
    }

    #[test]
    fn a_coding_is_gzip_or_none() {
        for (values, coding) in [
            (&[][..], Some(Coding::Identity)),
            (&["identity"], Some(Coding::Identity)),
            (&["gzip"], Some(Coding::Gzip)),
            (&["X-Gzip"], Some(Coding::Gzip)),
            (&["br"], None),
            (&["gzip, gzip"], None),
            (&["gzip", "gzip"], None),
        ] {
            let checked = MANY.check(&headers(header::CONTENT_ENCODING, values));
            if let Err(answer) = &checked {
                assert_eq!(answer.headers()[header::ACCEPT_ENCODING], "gzip");
            }
            assert_eq!(checked.ok(), coding, "{values:?}");
        }
    }

    #[test]
    fn a_key_is_one_text() {
        for (values, key) in [
            (&[][..], None),
            (&["k-1"], Some("k-1")),
            (&["\"k-1\""], Some("k-1")),
            (&["\""], Some("\"")),
            (&["a", "a"], Some("")),
            (&["ü"], Some("")),
        ] {
            assert_eq!(idempotency_key(&headers(IDEMPOTENCY_KEY, values)), key, "{values:?}");
        }
    }

    #[test]
    fn a_query_says_lenient_or_nothing() {
        let lenient = |query: &str| {
            let request =
                Request::builder().uri(format!("/reviews{query}")).body(Body::empty()).expect("a request");
            is_lenient(&request).map_err(|problem| problem.errors.len())
        };
        for query in ["?lenient", "?lenient=", "?lenient=true"] {
            assert_eq!(lenient(query), Ok(true), "{query}");
        }
        assert_eq!((lenient(""), lenient("?"), lenient("?lenient=false")), (Ok(false), Ok(false), Ok(false)));
        assert_eq!(lenient("?lenient=yes&pretty&a=1"), Err(3));
    }
}
