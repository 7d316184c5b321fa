//! A store that fails is never "not found".
//!
//! 1. The status is the error's: 403 where the store refuses, 502 where its answer makes no sense, 503 where it cannot
//!    answer now, 504 where it took too long; 400 where it refuses the page of a listing that was asked for.
//! 2. Retry-After says when to come again, where that could help.
//! 3. The client is told that much; what exactly happened, with the names of keys and hosts, is in the log already.

use std::time::Duration;

use axum::response::{IntoResponse, Response};
use http::{
    HeaderValue, StatusCode,
    header::{CACHE_CONTROL, RETRY_AFTER},
};
use service_kit::Problem;

use crate::{sites::Site, store::StoreError};

/// The answer to a request that failed in the store.
pub(super) fn answer(error: &StoreError, site: &Site) -> Response {
    let status = error.status();
    let mut response = Problem::new(status, detail(status)).into_response();
    let headers = response.headers_mut();
    site.headers.write_common(headers);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(wait) = error.retry_after() {
        headers.insert(RETRY_AFTER, whole_seconds(wait).into());
    }
    response
}

/// Rounded up: a client that comes early comes in vain. Never 0, which asks for a storm.
fn whole_seconds(wait: Duration) -> u64 {
    (wait.as_secs() + u64::from(wait.subsec_nanos() > 0)).max(1)
}

fn detail(status: StatusCode) -> &'static str {
    match status {
        StatusCode::BAD_REQUEST => "the page is not one that this listing named",
        StatusCode::FORBIDDEN => "the store refuses to give this object out",
        StatusCode::BAD_GATEWAY => "the store gave an answer that makes no sense",
        StatusCode::GATEWAY_TIMEOUT => "the store did not answer in time",
        _ => "the store cannot answer now",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_rounded_up_and_never_nothing() {
        for (millis, seconds) in [(0, 1), (1, 1), (1000, 1), (1001, 2), (120_000, 120)] {
            assert_eq!(whole_seconds(Duration::from_millis(millis)), seconds, "{millis} ms");
        }
    }
}
