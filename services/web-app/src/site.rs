//! What is answered where.
//!
//! 1. A body, which no route reads, is read out of the way: before the answer where Express does so too.
//! 2. What Node refuses is refused.
//! 3. The path names a page as Express would match it: letters in either case, one trailing slash.
//! 4. GET and HEAD get the page, OPTIONS its methods, everything else the 404 page.

use axum::body::{Body, HttpBody as _};
use axum::extract::Request;
use axum::http::{HeaderValue, Method, Response, StatusCode, header};
use service_kit::Endpoint;
use service_kit::http::{closing, discard_body};

use crate::document::Document;
use crate::node::refusal;
use crate::not_found::not_found;

/// The longest body that is read so that its connection can go on.
const DISCARDED_MAX: usize = 1024 * 1024;

/// The methods of a route made by `app.get`, in Express's own spelling.
const METHODS: &str = "GET,HEAD";

/// Every page, made once.
#[derive(Debug)]
pub struct Site {
    root: Document,
    health: Document,
    methods: Document,
}

impl Default for Site {
    fn default() -> Self {
        Self::new()
    }
}

impl Site {
    /// Makes the pages.
    pub fn new() -> Self {
        Self {
            root: Document::new("Hello OUI!"),
            health: Document::new("OK"),
            methods: Document::new(METHODS),
        }
    }

    /// Answers one request.
    pub async fn answer(&self, request: Request) -> Response<Body> {
        if let Some(refused) = refusal(&request) {
            return refused;
        }
        let (head, body) = request.into_parts();
        if !body.is_end_stream() && discard_body(body, DISCARDED_MAX).await.is_err() {
            return closing(StatusCode::BAD_REQUEST);
        }
        let Some((endpoint, page)) = self.page(head.uri.path()) else {
            return not_found(&head.method, head.uri.path());
        };
        let mut response = match head.method {
            Method::GET => page.send_unless_fresh(&head.headers, true),
            Method::HEAD => page.send_unless_fresh(&head.headers, false),
            Method::OPTIONS => self.options(),
            _ => not_found(&head.method, head.uri.path()),
        };
        response.extensions_mut().insert(endpoint);
        response
    }

    /// The page at `path`, and the route that leads there.
    fn page(&self, path: &str) -> Option<(Endpoint, &Document)> {
        match path.strip_suffix('/').unwrap_or(path) {
            "" => Some((Endpoint("/"), &self.root)),
            name if name.eq_ignore_ascii_case("/healthz") => Some((Endpoint("/healthz"), &self.health)),
            _ => None,
        }
    }

    fn options(&self) -> Response<Body> {
        let mut response = self.methods.send(true);
        // Express has Allow first, and the page's own headers behind it.
        let page = std::mem::take(response.headers_mut());
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static(METHODS));
        response.headers_mut().extend(page);
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_match_in_either_case_and_with_one_slash() {
        let site = Site::new();
        let endpoint = |path| site.page(path).map(|(Endpoint(name), _)| name);
        for path in ["/", ""] {
            assert_eq!(endpoint(path), Some("/"), "{path:?}");
        }
        for path in ["/healthz", "/healthz/", "/HealthZ", "/HEALTHZ/"] {
            assert_eq!(endpoint(path), Some("/healthz"), "{path:?}");
        }
        for path in ["//", "/healthz//", "//healthz", "/health", "/healthzz", "/%68ealthz", "healthz", "*"] {
            assert_eq!(endpoint(path), None, "{path:?}");
        }
    }
}
