//! One request, from its head to its answer: small steps, each in a file of its own, in this order.
//!
//! 1. [`method`]: GET, HEAD and OPTIONS; anything else is 405.
//! 2. [`target`]: which host and which path; what is malformed is 400.
//! 3. The site is found by host and prefix; a preflight is answered by its CORS rules.
//! 4. [`visit`]: the path becomes the key of an object, or of a folder's index; what is not there goes through the
//!    redirect to the slash, the listing, the page of a single-page application and the page of a 404, in this order.
//! 5. [`object`]: the representation found is held against the request's conditions, then against its Range, and
//!    sent: all of it, one range, or [`several`].
//! 6. [`failure`]: a store that fails is 502, 503 or 504 with Retry-After, and never a 404.
//! 7. The site's CORS rules are written on whatever came out. HEAD has come the same way; the kit sends no body of it.
//!
//! What is rare is boxed where it begins: the future of a plain hit is made anew for each request, and all of it is moved.

mod failure;
mod method;
mod object;
mod several;
mod target;
mod visit;

use std::sync::Arc;

use axum::{
    extract::Request,
    response::{IntoResponse, Response},
};
use http::{Method, StatusCode, request::Parts};
use service_kit::{
    Endpoint, Problem,
    http::{Answers, answer_all_as},
};

use crate::{cache::Cache, sites::Sites};

/// What every answer is counted under: a bucket has no routes.
const ENDPOINT: Endpoint = Endpoint("/{*key}");

/// Everything the steps need that is not of the request.
#[derive(Clone)]
struct Pipeline {
    sites: Arc<Sites>,
    cache: Cache,
}

/// The service's answers: no routes, since the paths are the bucket's.
pub fn answers(sites: Arc<Sites>, cache: Cache) -> Answers {
    let pipeline = Pipeline { sites, cache };
    answer_all_as(ENDPOINT, move |request| answer(pipeline.clone(), request))
}

async fn answer(pipeline: Pipeline, request: Request) -> Response {
    let (request, _) = request.into_parts();
    pipeline.respond(&request).await
}

impl Pipeline {
    async fn respond(&self, request: &Parts) -> Response {
        if let Some(answered) = method::check(request) {
            return answered;
        }
        let target = match target::read(request) {
            Ok(target) => target,
            Err(refusal) => return refusal.into_response(),
        };
        let Some(located) = self.sites.find(target.host, target.path.key()) else {
            return Problem::new(StatusCode::NOT_FOUND, "no site has this host and path").into_response();
        };
        if request.method == Method::OPTIONS {
            return located.site.cors.preflight(&request.headers).unwrap_or_else(method::options);
        }
        let mut response = visit::answer(&self.cache, &located, &target, request).await;
        located.site.cors.write(&request.headers, response.headers_mut());
        response
    }
}
