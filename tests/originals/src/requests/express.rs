//! What Express and web-app are asked.

use super::{distinct, framing, paths};
use crate::case::{Case, Request};

const WEAK: &str = "W/\"a-2STJhM+WA8dYlwhCs50ql6bIqQ4\"";
const STRONG: &str = "\"a-2STJhM+WA8dYlwhCs50ql6bIqQ4\"";

/// Every case.
pub fn cases() -> Vec<Case> {
    let mut cases = methods();
    cases.extend(conditionals());
    cases.extend(paths::written("healthz"));
    cases.extend(paths::drawn());
    cases.extend(paths::long());
    cases.extend(framing::cases("/"));
    distinct(cases)
}

fn methods() -> Vec<Case> {
    let known = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"];
    let webdav = ["PROPFIND", "QUERY", "M-SEARCH", "PURGE", "LINK", "SOURCE", "UNSUBSCRIBE"];
    let unknown = ["FOO", "get", "Get", "GETT", "CONNECT", "G", "\"<b>\""];
    let everywhere =
        known.iter().flat_map(|method| ["/", "/healthz", "/a"].map(|path| Request::new(method, path)));
    let once = webdav.iter().chain(&unknown).map(|method| Request::new(method, "/"));
    let others = [
        Request::new("OPTIONS", "*"),
        Request::new("GET", "*"),
        Request::new("CONNECT", "test:1"),
        Request::new("HEAD", "/%zz"),
        Request::new("POST", "/<b>"),
        Request::new("OPTIONS", "/HEALTHZ/"),
        Request::new("HEAD", "/healthz?a"),
        Request::new("M-SEARCH", "*"),
    ];
    everywhere.chain(once).chain(others).map(Case::from).collect()
}

fn conditionals() -> Vec<Case> {
    let tags = [
        WEAK.to_owned(),
        STRONG.to_owned(),
        "*".to_owned(),
        " * ".to_owned(),
        String::new(),
        "\"x\"".to_owned(),
        "\"x\",*".to_owned(),
        "*,*".to_owned(),
        format!("\"x\", {STRONG} ,\"y\""),
        format!("{WEAK},\"x\""),
        format!("\"x\",\t{STRONG}"),
        STRONG.trim_matches('"').to_owned(),
        WEAK.to_ascii_lowercase(),
        WEAK.replace("W/", "w/"),
        WEAK.replace("W/", "W/W/"),
        STRONG.replace("-2", "-3"),
        format!("{STRONG}x"),
        "\"2-nOO9QiTIwXgNtWtBJezz8kv3SLc\"".to_owned(),
        ",,,".to_owned(),
        "é".to_owned(),
    ];
    let alone = tags.iter().map(|tag| get().field(format!("If-None-Match: {tag}")));
    let cached = [
        "no-cache",
        "max-age=0, no-cache",
        "no-cache ,x",
        "NO-CACHE",
        "xno-cache",
        "no-cache=x",
        "no-store",
        "",
        "\tno-cache",
    ];
    let cached = cached.iter().map(|value| matching().field(format!("Cache-Control: {value}")));
    let later = "If-Modified-Since: Thu, 01 Jan 2037 00:00:00 GMT";
    let others = [
        get().field(later),
        get().field("If-Modified-Since:"),
        matching().field(later),
        matching().field("If-Modified-Since: nonsense"),
        matching().field("If-Modified-Since:"),
        matching().field("Pragma: no-cache"),
        matching().field("If-None-Match: \"x\""),
        get().field("If-None-Match: \"x\"").field(format!("If-None-Match: {STRONG}")),
        get().field("If-None-Match: *").field("If-None-Match: *"),
        matching().field("Cache-Control: max-age=0").field("Cache-Control: no-cache"),
        matching().field("Range: bytes=0-1"),
        matching().version("HTTP/1.0"),
        with_match("HEAD", "/"),
        with_match("POST", "/"),
        with_match("OPTIONS", "/"),
        with_match("GET", "/healthz"),
        with_match("GET", "/a"),
    ];
    alone.chain(cached).chain(others).map(Case::from).collect()
}

fn get() -> Request {
    Request::new("GET", "/")
}

fn matching() -> Request {
    with_match("GET", "/")
}

fn with_match(method: &str, path: &str) -> Request {
    Request::new(method, path).field(format!("If-None-Match: {WEAK}"))
}
