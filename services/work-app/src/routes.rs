//! What is answered where.
//!
//! 1. What gunicorn refuses is refused; a body, which no route reads, is read out of the way.
//! 2. The path is decoded once and loses all but one of its leading slashes, as Werkzeug sees it, then must be one of
//!    the four, letter by letter.
//! 3. GET and HEAD are answered, OPTIONS tells the methods, any other method is 405.

use std::borrow::Cow;
use std::time::Instant;

use axum::body::{Body, HttpBody as _};
use axum::extract::Request;
use axum::http::{Method, Response, StatusCode};
use bytes::Bytes;
use percent_encoding::percent_decode_str;
use service_kit::http::{closing, discard_body};
use service_kit::{Endpoint, Followed, Metrics, Readiness};

use crate::gate::refusal;
use crate::values::ReadinessDelay;
use crate::work::Work;
use crate::{exposition, pages};

/// The longest body that is read so that its connection can go on.
const DISCARDED_MAX: usize = 1024 * 1024;

/// Everything that the routes need.
pub struct App {
    work: Work,
    started: Instant,
    delay: Followed<ReadinessDelay>,
    readiness: Readiness,
    metrics: Metrics,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Route {
    Health,
    Ready,
    Work,
    Metrics,
}

impl Route {
    fn of(path: &str) -> Option<Self> {
        let decoded: Cow<'_, [u8]> = percent_decode_str(path).into();
        let slashes = decoded.iter().take_while(|byte| **byte == b'/').count();
        match &decoded[slashes..] {
            b"healthz" => Some(Self::Health),
            b"readyz" => Some(Self::Ready),
            b"work" => Some(Self::Work),
            b"metrics" => Some(Self::Metrics),
            _ => None,
        }
    }

    fn endpoint(self) -> Endpoint {
        Endpoint(match self {
            Self::Health => "/healthz",
            Self::Ready => "/readyz",
            Self::Work => "/work",
            Self::Metrics => "/metrics",
        })
    }
}

impl App {
    /// The service, started now.
    pub fn new(work: Work, delay: Followed<ReadinessDelay>, readiness: Readiness, metrics: Metrics) -> Self {
        Self { work, started: Instant::now(), delay, readiness, metrics }
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
        let Some(route) = Route::of(head.uri.path()) else {
            return pages::not_found(head.method != Method::HEAD);
        };
        let mut response = match head.method {
            Method::GET => self.get(route, true).await,
            Method::HEAD => self.get(route, false).await,
            Method::OPTIONS => pages::methods(),
            _ => pages::method_not_allowed(),
        };
        response.extensions_mut().insert(route.endpoint());
        response
    }

    async fn get(&self, route: Route, with_body: bool) -> Response<Body> {
        match route {
            Route::Health => pages::alive(with_body),
            Route::Ready if self.is_ready() => pages::ready(with_body),
            Route::Ready => pages::not_ready(with_body),
            Route::Work => self.work.run(with_body).await,
            Route::Metrics => {
                let text = Bytes::from(exposition::from_openmetrics(&self.metrics.encode()));
                pages::answer(StatusCode::OK, exposition::TEXT, text, with_body)
            }
        }
    }

    /// The delay has passed and nobody has told the service to end.
    fn is_ready(&self) -> bool {
        self.started.elapsed() >= self.delay.load().get() && self.readiness.is_ready()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_decoded_once_and_lose_leading_slashes() {
        for path in ["/healthz", "//healthz", "///healthz", "/%68ealthz", "/%2fhealthz", "/%2F%2Fhealthz"] {
            assert_eq!(Route::of(path), Some(Route::Health), "{path}");
        }
        for path in [
            "/",
            "",
            "*",
            "/healthz/",
            "/HEALTHZ",
            "/healthz%2f",
            "/%2568ealthz",
            "/healthz%00",
            "/%",
            "/%ff",
        ] {
            assert_eq!(Route::of(path), None, "{path}");
        }
    }
}
