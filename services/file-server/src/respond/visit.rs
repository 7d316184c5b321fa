//! What a path leads to in its site.
//!
//! 1. The object of that key; of a folder, its index.
//! 2. Where a path without a slash names nothing, but its folder has an index: a redirect to the slash.
//! 3. Of a folder without an index a listing, where the site has them switched on.
//! 4. For somebody who opens a page, the page of the single-page application.
//! 5. 404, with the site's page for it as the body.
//!
//! Each step comes only after the store has said that there is nothing: a failure ends the visit.

use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use http::{
    HeaderMap, HeaderValue, Method, StatusCode,
    header::{ACCEPT_RANGES, CACHE_CONTROL, ETAG, EXPIRES, LAST_MODIFIED, LOCATION, RANGE, VARY},
    request::Parts,
};
use service_kit::Problem;

use super::{failure, object, target::Target};
use crate::{
    cache::{Cache, CacheStatus, Found},
    http::{accept, accept_encoding::AcceptEncoding, path::ObjectPath},
    listing,
    sites::{Located, Site},
    store::StoreError,
};

/// What a page of a single-page application depends on beside the path.
const NAVIGATION: HeaderValue = HeaderValue::from_static("Accept, Sec-Fetch-Mode, Sec-Fetch-Dest");

/// How often an object may change under a request before that is given up.
const ATTEMPTS: usize = 3;

/// What came of one key.
enum Visited {
    /// There is an object, and this is the answer.
    Answered(Response),
    /// The store says, or is remembered to have said, that there is none.
    Absent(CacheStatus),
}

/// A request within its site.
pub(super) struct Visit<'a> {
    pub(super) cache: &'a Cache,
    pub(super) site: &'a Arc<Site>,
    pub(super) request: &'a Parts,
}

/// Answers a GET or HEAD in the site that was found for it.
pub(super) async fn answer(
    cache: &Cache,
    located: &Located<'_>,
    target: &Target<'_>,
    request: &Parts,
) -> Response {
    let visit = Visit { cache, site: located.site, request };
    let answered = if target.hidden {
        Box::pin(visit.missing(None)).await
    } else if located.bare {
        Box::pin(visit.bare(&target.path)).await
    } else if located.prefix.is_empty() {
        visit.path(&target.path).await
    } else {
        // The site was found by this prefix.
        let path = target.path.below(located.prefix).unwrap_or_else(|| target.path.clone());
        Box::pin(visit.path(&path)).await
    };
    answered.unwrap_or_else(|error| failure::answer(&error, located.site))
}

impl Visit<'_> {
    /// The site's own prefix without its slash.
    async fn bare(&self, path: &ObjectPath) -> Result<Response, StoreError> {
        if self.exists(&self.site.index).await? { Ok(self.redirect(path)) } else { self.missing(None).await }
    }

    async fn path(&self, path: &ObjectPath) -> Result<Response, StoreError> {
        let index = if path.is_folder() { Some(path.child(&self.site.index)) } else { None };
        match self.object(index.as_deref().unwrap_or(path.key())).await? {
            Visited::Answered(response) => Ok(response),
            Visited::Absent(status) => Box::pin(self.absent(path, &status)).await,
        }
    }

    /// Steps 2 to 5, of a path whose object is not there.
    async fn absent(&self, path: &ObjectPath, status: &CacheStatus) -> Result<Response, StoreError> {
        if !path.is_folder() && self.exists(&path.child(&self.site.index)).await? {
            return Ok(self.redirect(path));
        }
        if path.is_folder() && self.site.listing {
            let json = accept::prefers_json(&self.request.headers);
            let listed = listing::answer(self.site, path.key(), self.request.uri.query(), json).await?;
            if let Some(response) = listed {
                return Ok(response);
            }
        }
        self.missing(Some(status)).await
    }

    /// The answer of an object, conditions and ranges and all.
    async fn object(&self, key: &str) -> Result<Visited, StoreError> {
        let mut attempts = 1;
        loop {
            let hit = match self.lookup(key).await? {
                Found::Object(hit) => hit,
                Found::Missing(status) => return Ok(Visited::Absent(status)),
                Found::NotAcceptable(status) => return Ok(Visited::Answered(self.not_acceptable(&status))),
            };
            match object::answer(self, hit).await {
                // What was known of the object is forgotten by now: the next attempt is of the new one.
                Err(StoreError::Changed) if attempts < ATTEMPTS => attempts += 1,
                answered => return answered.map(Visited::Answered),
            }
        }
    }

    async fn lookup(&self, key: &str) -> Result<Found, StoreError> {
        let accepts = AcceptEncoding::of(&self.request.headers);
        let ranged = self.request.method == Method::GET && self.request.headers.contains_key(RANGE);
        let accepts = if ranged { accepts.for_range() } else { accepts };
        self.cache.lookup(self.site, key, accepts).await
    }

    async fn exists(&self, key: &str) -> Result<bool, StoreError> {
        Ok(!matches!(self.lookup(key).await?, Found::Missing(_)))
    }

    fn redirect(&self, path: &ObjectPath) -> Response {
        let mut response = StatusCode::MOVED_PERMANENTLY.into_response();
        let location = path.slash_redirect(self.request.uri.query()).map(HeaderValue::try_from);
        if let Some(Ok(location)) = location {
            response.headers_mut().insert(LOCATION, location);
        }
        // A browser that kept it for good would never find the object somebody puts there later.
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        self.common(response)
    }

    fn not_acceptable(&self, status: &CacheStatus) -> Response {
        let detail = "the object is stored in an encoding that the Accept-Encoding of this request refuses";
        let mut response = Problem::new(StatusCode::NOT_ACCEPTABLE, detail).into_response();
        response.headers_mut().insert(VARY, HeaderValue::from_static("Accept-Encoding"));
        status.write(response.headers_mut());
        self.common(response)
    }

    /// Steps 4 and 5: the application's page, or a 404. `status` is of the lookup that found nothing, where there was one.
    async fn missing(&self, status: Option<&CacheStatus>) -> Result<Response, StoreError> {
        let Some(spa) = &self.site.spa_file else { return Ok(self.not_found(status).await) };
        let page =
            if accept::is_navigation(&self.request.headers) { Some(self.object(spa).await?) } else { None };
        let mut response = match page {
            Some(Visited::Answered(page)) => page,
            Some(Visited::Absent(_)) | None => self.not_found(status).await,
        };
        response.headers_mut().append(VARY, NAVIGATION);
        Ok(response)
    }

    async fn not_found(&self, status: Option<&CacheStatus>) -> Response {
        let page = match &self.site.not_found_page {
            Some(page) => self.not_found_page(page).await,
            None => None,
        };
        let mut response = page.unwrap_or_else(|| {
            let problem = Problem::new(StatusCode::NOT_FOUND, "there is no object of this path");
            self.common(problem.into_response())
        });
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        if let Some(status) = status {
            status.write(response.headers_mut());
        }
        response
    }

    /// The site's own page with 404. Where it cannot be had that is no reason to say that the object might be there.
    async fn not_found_page(&self, key: &str) -> Option<Response> {
        let Ok(Found::Object(hit)) = self.lookup(key).await else { return None };
        let mut headers: HeaderMap = hit.representation.headers.clone();
        // They are of the page, and the path has none.
        for name in [ETAG, LAST_MODIFIED, EXPIRES, ACCEPT_RANGES] {
            headers.remove(name);
        }
        let body = self.whole(&hit).await.ok()?;
        Some((StatusCode::NOT_FOUND, headers, body).into_response())
    }

    /// Headers that every answer without a representation has.
    pub(super) fn common(&self, mut response: Response) -> Response {
        self.site.headers.write_common(response.headers_mut());
        response
    }
}
