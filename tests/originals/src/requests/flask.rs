//! What Flask and work-app are asked.

use super::{distinct, framing, paths};
use crate::case::{Case, Request};

/// The routes of the sample.
pub const ROUTES: [&str; 4] = ["/healthz", "/readyz", "/work", "/metrics"];

/// Every case, for a service that is ready and never fails.
pub fn cases() -> Vec<Case> {
    let mut cases = methods();
    cases.extend(paths::written("healthz"));
    cases.extend(paths::drawn());
    cases.extend(paths::long());
    cases.extend(framing::cases("/healthz"));
    let conditions =
        ["If-None-Match: *", "If-Modified-Since: Thu, 01 Jan 2037 00:00:00 GMT", "Cache-Control: no-cache"];
    cases.extend(conditions.map(|line| Request::new("GET", "/healthz").field(line).into()));
    distinct(cases)
}

/// What is answered otherwise where the service is not ready or always fails.
pub fn work_and_readiness() -> Vec<Case> {
    let asked =
        |method: &'static str| ["/work", "/readyz"].map(|path| Case::from(Request::new(method, path)));
    distinct(["GET", "HEAD", "OPTIONS", "POST"].into_iter().flat_map(asked))
}

fn methods() -> Vec<Case> {
    let known = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"];
    let unknown = [
        "PROPFIND",
        "FOO",
        "get",
        "Get",
        "CONNECT",
        "GO",
        "A#B",
        "M-SEARCH",
        "ABCDEFGHIJKLMNOPQRST",
        "ABCDEFGHIJKLMNOPQRSTU",
        "\"<b>\"",
    ];
    let everywhere = known.iter().flat_map(|method| ROUTES.map(|path| Request::new(method, path)));
    let nowhere = known.iter().map(|method| Request::new(method, "/a"));
    let once = unknown.iter().map(|method| Request::new(method, "/healthz"));
    let others = [
        Request::new("OPTIONS", "*"),
        Request::new("CONNECT", "test:1"),
        Request::new("POST", "//work"),
        Request::new("GET", "//work"),
        Request::new("GET", "/w%6Frk"),
        Request::new("OPTIONS", "/static/a"),
        Request::new("POST", "/static/a"),
        Request::new("HEAD", "/static/a"),
        Request::new("GET", "/static//a"),
        Request::new("GET", "/metrics").field("Accept: application/openmetrics-text; version=1.0.0"),
        Request::new("GET", "/metrics?name[]=http_requests_total"),
    ];
    everywhere.chain(nowhere).chain(once).chain(others).map(Case::from).collect()
}
