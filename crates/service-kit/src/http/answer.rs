//! What answers the requests of a listener: routes, or one function for all paths.
//!
//! 1. [`Answers`] is either of the two, before it is known what goes round it ([`Around`]).
//! 2. Routes get it as one layer, since only the router knows which route was matched.
//! 3. One function gets it directly ([`answer_all`]): a request is one allocation with all that happens to it. Through a
//!    router it was boxed four times and moved through all of them, which cost a cached 1 KiB of file-server a tenth of
//!    its instructions and the copying of 14 KiB.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::DefaultBodyLimit;
use axum::http::header::CONTENT_LENGTH;
use axum::http::{Method, Request, Response, StatusCode};
use http_body::Body as _;
use hyper::body::Incoming;
use tower::Service;

use super::metrics::Route;
use super::observe::{Around, Exchange, surrounded};
use super::{Endpoint, Peer};

/// An answer on its way.
pub(crate) type Answering = Pin<Box<dyn Future<Output = Response<Body>> + Send>>;

/// What is served with: an axum router, or [`answer_all`]'s function.
pub struct Answers(Box<dyn FnOnce(Around) -> Arc<dyn Answer>>);

/// Answers with everything round it.
pub(crate) trait Answer: Send + Sync {
    fn answer(self: Arc<Self>, request: Request<Incoming>, peer: &Peer) -> Answering;
}

impl Answers {
    pub(super) fn within(self, around: Around) -> Arc<dyn Answer> {
        (self.0)(around)
    }
}

impl From<Router> for Answers {
    fn from(router: Router) -> Self {
        // The limit is the kit's; axum's own would stand below it.
        Self(Box::new(|around| Arc::new(Routes(router.layer((around, DefaultBodyLimit::disable()))))))
    }
}

/// Leaves everything to `answer`, for a service that matches paths itself. Its requests are as the client sent them:
/// [`RequestId`](super::RequestId) and the other extensions are for the handlers of routes. What an answer is counted
/// under is its own extension, an [`Endpoint`].
pub fn answer_all<F, A>(answer: F) -> Answers
where
    F: Fn(Request<Body>) -> A + Send + Sync + 'static,
    A: Future<Output = Response<Body>> + Send + 'static,
{
    Answers(Box::new(move |around| Arc::new(Whole { around, endpoint: Route::Unknown, answer })))
}

/// As [`answer_all`], for a service that counts all its answers alike.
pub fn answer_all_as<F, A>(endpoint: Endpoint, answer: F) -> Answers
where
    F: Fn(Request<Body>) -> A + Send + Sync + 'static,
    A: Future<Output = Response<Body>> + Send + 'static,
{
    Answers(Box::new(move |around| Arc::new(Whole { around, endpoint: Route::Named(endpoint.0), answer })))
}

struct Routes(Router);

impl Answer for Routes {
    fn answer(self: Arc<Self>, mut request: Request<Incoming>, peer: &Peer) -> Answering {
        request.extensions_mut().insert(peer.clone());
        let answering = self.0.clone().call(request);
        Box::pin(async move {
            let Ok(mut response) = answering.await;
            // axum tells the length of the 304's own empty body, which is not the page's (RFC 9110, section 8.6).
            if response.status() == StatusCode::NOT_MODIFIED {
                response.headers_mut().remove(CONTENT_LENGTH);
            }
            response
        })
    }
}

struct Whole<F> {
    around: Around,
    endpoint: Route,
    answer: F,
}

impl<F, A> Answer for Whole<F>
where
    F: Fn(Request<Body>) -> A + Send + Sync + 'static,
    A: Future<Output = Response<Body>> + Send + 'static,
{
    fn answer(self: Arc<Self>, request: Request<Incoming>, peer: &Peer) -> Answering {
        let (head, body) = request.into_parts();
        let request =
            Request::from_parts(head, if body.is_end_stream() { Body::empty() } else { Body::new(body) });
        let Around { observer, limits } = &self.around;
        let exchange = observer
            .as_ref()
            .map(|observer| Exchange::begin(observer, &request, self.endpoint.clone(), Some(peer.clone())));
        let (method, version) = (request.method().clone(), request.version());
        let limited = limits.apply(request);
        Box::pin(async move {
            // The future is made in its box: it is long.
            let answer = limited.map(|request| move || (self.answer)(request));
            surrounded(answer, exchange, version, |response| finished(&method, response)).await
        })
    }
}

/// What axum does at the end of its routes: the length is told wherever an answer may have one, and HEAD has no body.
fn finished(method: &Method, mut response: Response<Body>) -> Response<Body> {
    let lengthless = [StatusCode::NOT_MODIFIED, StatusCode::NO_CONTENT].contains(&response.status());
    if !lengthless
        && !response.headers().contains_key(CONTENT_LENGTH)
        && let Some(length) = response.body().size_hint().exact()
    {
        response.headers_mut().insert(CONTENT_LENGTH, length.into());
    }
    if method == Method::HEAD { response.map(|_| Body::empty()) } else { response }
}
