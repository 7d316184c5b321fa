//! What goes round every handler of every service.
//!
//! 1. The request gets its id and, where the client sent one, its trace context, as extensions.
//! 2. The in-flight gauge goes up; it goes down when the answer's last byte has gone, not when its head has.
//! 3. A panic becomes a 500 with the request id, a log line and a count; the connection lives on.
//! 4. The answer gets the id, and on HTTP/1.1 `Connection: close` while the service drains: the client then comes
//!    back through the load balancer to somebody else before the listener closes.
//! 5. When the answer has ended: one log line, one count, one duration.

use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Instant;

use axum::body::Body;
use axum::http::{HeaderValue, Method, Request, Response, StatusCode, Uri, Version, header};
use axum::response::IntoResponse;
use futures::FutureExt;
use http_body::Body as _;
use tower::{Layer, Service};

use super::body::{ObservedBody, OnEnd};
use super::identity::X_REQUEST_ID;
use super::limits::Limits;
use super::metrics::{HttpMetrics, Labels, Route, known_method};
use super::{Endpoint, Peer, Problem, RequestId, TraceContext};
use crate::telemetry::panic_message;

/// What every request of a service is measured with. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Observer(Arc<Shared>);

struct Shared {
    metrics: HttpMetrics,
    draining: AtomicBool,
}

impl Observer {
    pub(crate) fn new(metrics: HttpMetrics) -> Self {
        Self(Arc::new(Shared { metrics, draining: AtomicBool::new(false) }))
    }

    /// From now on every HTTP/1.1 answer asks its client to come back on another connection.
    pub(crate) fn drain(&self) {
        self.0.draining.store(true, Ordering::Relaxed);
    }

    /// How many requests are being answered right now.
    pub(crate) fn in_flight(&self) -> usize {
        usize::try_from(self.0.metrics.http_requests_in_flight.get()).unwrap_or(0)
    }
}

/// What goes round answers: this module's observation, where the listener is observed, then its limits.
#[derive(Clone)]
pub(crate) struct Around {
    pub(super) observer: Option<Observer>,
    pub(super) limits: Limits,
}

impl<S> Layer<S> for Around {
    type Service = Handler<S>;

    fn layer(&self, inner: S) -> Handler<S> {
        Handler { around: self.clone(), inner }
    }
}

/// A handler with everything round it.
#[derive(Clone)]
pub(crate) struct Handler<S> {
    around: Around,
    inner: S,
}

impl<S> Service<Request<Body>> for Handler<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let exchange =
            self.around.observer.as_ref().map(|observer| Exchange::of_route(observer, &mut request));
        let version = request.version();
        let answering = self.around.limits.apply(request).map(|request| self.inner.call(request));
        let answer = answering.map(|answering| || answering.map(|Ok(response)| response));
        Box::pin(surrounded(answer, exchange, version, |response| response).map(Ok))
    }
}

/// What `answer` gives, or where it panics a 500, as `finished` leaves it, on its way out with its exchange. An `answer`
/// that was refused before is that answer.
pub(super) fn surrounded<A: Future<Output = Response<Body>> + Send>(
    answer: Result<impl FnOnce() -> A + Send, Box<Response<Body>>>,
    exchange: Option<Exchange>,
    version: Version,
    finished: impl FnOnce(Response<Body>) -> Response<Body> + Send,
) -> impl Future<Output = Response<Body>> + Send {
    let caught = answer.map(|answer| move || AssertUnwindSafe(answer()).catch_unwind());
    async move {
        let answered = match caught {
            Err(refused) => Ok(*refused),
            Ok(answer) => answer().await,
        };
        let response = finished(answered.unwrap_or_else(|panic| panicked(&*panic, exchange.as_ref())));
        match exchange {
            Some(exchange) => exchange.answer(response, version),
            None => response,
        }
    }
}

fn panicked(panic: &(dyn std::any::Any + Send), exchange: Option<&Exchange>) -> Response<Body> {
    let id = exchange.map(|exchange| &exchange.id);
    tracing::error!(
        request_id = id.map(RequestId::as_str),
        panic = panic_message(panic),
        "a handler panicked"
    );
    let mut problem =
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "the service failed in answering this request");
    if let Some(exchange) = exchange {
        exchange.observer.0.metrics.http_panics.inc();
        problem = problem.with_request_id(&exchange.id);
    }
    problem.into_response()
}

/// One request on its way to its answer's end.
pub(super) struct Exchange {
    observer: Observer,
    began: Instant,
    method: Method,
    endpoint: Route,
    target: Uri,
    peer: Option<Peer>,
    id: RequestId,
    trace: Option<TraceContext>,
    status: StatusCode,
    finished: bool,
}

impl Exchange {
    /// Begins to watch a request.
    pub(super) fn begin(
        observer: &Observer,
        request: &Request<Body>,
        endpoint: Route,
        peer: Option<Peer>,
    ) -> Self {
        observer.0.metrics.http_requests_in_flight.inc();
        Self {
            observer: observer.clone(),
            began: Instant::now(),
            endpoint,
            peer,
            method: request.method().clone(),
            target: request.uri().clone(),
            trace: TraceContext::take(request.headers()),
            id: RequestId::take_or_make(request.headers()),
            // What is logged where the connection goes before there is an answer: nginx's 499.
            status: StatusCode::from_u16(499).unwrap_or(StatusCode::BAD_REQUEST),
            finished: false,
        }
    }

    /// As [`begin`](Self::begin), of a request that was matched with a route; gives its id and trace to the handler.
    fn of_route(observer: &Observer, request: &mut Request<Body>) -> Self {
        let extensions = request.extensions();
        let endpoint = extensions.get().cloned().map_or(Route::Unknown, Route::Matched);
        let exchange = Self::begin(observer, request, endpoint, extensions.get().cloned());
        let extensions = request.extensions_mut();
        extensions.insert(exchange.id.clone());
        if let Some(trace) = &exchange.trace {
            extensions.insert(trace.clone());
        }
        exchange
    }

    fn answer(mut self, response: Response<Body>, version: Version) -> Response<Body> {
        self.status = response.status();
        if let Some(Endpoint(name)) = response.extensions().get() {
            self.endpoint = Route::Named(name);
        }
        let (mut head, body) = response.into_parts();
        head.headers.insert(X_REQUEST_ID, self.id.header());
        if version <= Version::HTTP_11 && self.observer.0.draining.load(Ordering::Relaxed) {
            head.headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        let announced = || head.headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok();
        let expected = match self.method {
            Method::HEAD => Some(0),
            _ => body.size_hint().exact().or_else(announced),
        };
        Response::from_parts(head, Body::new(ObservedBody::new(body, expected, Ending(Some(self)))))
    }

    fn finish(&mut self, bytes: u64, complete: bool) {
        self.finished = true;
        let took = self.began.elapsed();
        let metrics = &self.observer.0.metrics;
        metrics.count(&Labels::new(&self.method, &self.endpoint, self.status), took, bytes);
        tracing::info!(
            target: "access",
            method = known_method(&self.method),
            path = self.target.path(),
            status = self.status.as_u16(),
            bytes,
            complete,
            microseconds = u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
            peer = self.peer.as_ref().map(Peer::as_str),
            request_id = self.id.as_str(),
            trace_id = self.trace.as_ref().map(TraceContext::trace_id),
        );
    }
}

impl Drop for Exchange {
    /// The gauge goes down here and nowhere else: also where the client left before there was an answer.
    fn drop(&mut self) {
        if !self.finished {
            self.finish(0, false);
        }
        self.observer.0.metrics.http_requests_in_flight.dec();
    }
}

/// Ends an exchange with its body.
struct Ending(Option<Exchange>);

impl OnEnd for Ending {
    fn ended(&mut self, bytes: u64, complete: bool) {
        if let Some(mut exchange) = self.0.take() {
            exchange.finish(bytes, complete);
        }
    }
}
