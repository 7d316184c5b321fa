//! `GET /`: one page for people. It asks this service as any client does, and nobody else.
//!
//! 1. Its files are part of the program: HTML, style, script modules, an icon. No outside asset.
//! 2. The Content-Security-Policy allows them and requests to the page's own origin, nothing inline.
//! 3. A file is revalidated by its `ETag` each time: a new version of the service is a new page.

use std::sync::Arc;

use axum::Router;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

const HTML: &str = "text/html; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const ICON: &str = "image/svg+xml";

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Path, type and content.
const FILES: &[(&str, &str, &str)] = &[
    ("/", HTML, include_str!("assets/index.html")),
    ("/assets/page.css", STYLE, include_str!("assets/page.css")),
    ("/assets/main.js", SCRIPT, include_str!("assets/main.js")),
    ("/assets/charts.js", SCRIPT, include_str!("assets/charts.js")),
    ("/assets/elements.js", SCRIPT, include_str!("assets/elements.js")),
    ("/assets/reviews.js", SCRIPT, include_str!("assets/reviews.js")),
    ("/assets/service.js", SCRIPT, include_str!("assets/service.js")),
    ("/assets/icon.svg", ICON, include_str!("assets/icon.svg")),
];

/// The routes of the page and its files. Anybody may have them: they hold no review.
pub fn routes() -> Router {
    FILES.iter().fold(Router::new(), |router, (path, kind, content)| {
        let tag: Arc<str> = format!("\"{}\"", URL_SAFE_NO_PAD.encode(&Sha256::digest(content)[..12])).into();
        router.route(path, get(async move |headers: HeaderMap| file(&headers, kind, content, &tag)))
    })
}

fn file(headers: &HeaderMap, kind: &'static str, content: &'static str, tag: &str) -> Response {
    let known = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    // Weak comparison (RFC 9110, section 13.1.2), for those who compress on the way.
    let is_known = known
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag);
    let mut response =
        if is_known { StatusCode::NOT_MODIFIED.into_response() } else { content.into_response() };
    let fields = response.headers_mut();
    fields.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    fields.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    fields.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    fields.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    fields.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    // A digest in base64 is plain ASCII.
    if let Ok(tag) = HeaderValue::try_from(tag) {
        fields.insert(header::ETAG, tag);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_page_is_small_and_asks_nobody_else() {
        let bytes: usize = FILES.iter().map(|(_, _, content)| content.len()).sum();
        assert!(bytes < 100_000, "{bytes}");
        for (path, _, content) in FILES {
            // A namespace is a name, not an address.
            let content = content.replace("http://www.w3.org/2000/svg", "");
            assert!(!content.contains("http://") && !content.contains("https://"), "{path}");
            assert!(!content.contains(" style=") && !content.contains("onclick=\""), "{path}");
        }
    }

    #[test]
    fn every_file_that_the_page_names_is_there() {
        let (_, _, page) = FILES[0];
        for name in page.split('"').filter(|text| text.starts_with("assets/")) {
            assert!(FILES.iter().any(|(path, ..)| path[1..] == *name), "{name}");
        }
    }
}
