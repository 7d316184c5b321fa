//! Ways to write a path.

use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};

use crate::case::{Case, Request};

/// How many random targets are drawn.
const DRAWN: usize = 150;

/// What random targets are made of: pieces of routes, and everything that has been misread somewhere.
const PIECES: [&str; 49] = [
    "/",
    "/",
    "/",
    "healthz",
    "HealthZ",
    "health",
    "z",
    "%68ealthz",
    "%7a",
    "%2f",
    "%2F",
    "%25",
    "%zz",
    "%",
    "%4",
    "%00",
    "%c3%a9",
    "%ff",
    "a",
    "a",
    ".",
    "..",
    "?",
    "?x=1",
    "&",
    "=",
    ";",
    ":",
    "@",
    "$",
    "!",
    "*",
    "+",
    ",",
    "'",
    "(",
    "~",
    "-",
    "[",
    "]",
    "\\",
    "|",
    "^",
    "`",
    "{",
    "}",
    "\"",
    "<",
    ">",
];

/// Targets written by hand, around the route `name`.
pub(super) fn written(name: &str) -> Vec<Case> {
    let upper = name.to_ascii_uppercase();
    let (first, rest) = name.split_at(1);
    let encoded = format!("%{:02x}{rest}", first.as_bytes()[0]);
    let around = [
        format!("/{name}"),
        format!("/{name}/"),
        format!("/{name}//"),
        format!("//{name}"),
        format!("///{name}"),
        format!("/{upper}"),
        format!("/{upper}/"),
        format!("/{encoded}"),
        format!("/%25{}", &encoded[1..]),
        format!("/{name}%2f"),
        format!("/%2f{name}"),
        format!("/%2F%2f{name}"),
        format!("/{name}%00"),
        format!("/{name}%"),
        format!("/{name}%20"),
        format!("/{name};a"),
        format!("/{name}?a=b"),
        format!("/{name}?"),
        format!("/{name}/?a"),
        format!("/{name}??a?b"),
        format!("/{name}?a b"),
        format!("/{name}#a"),
        format!("/{name}%3Fa"),
        format!("/./{name}"),
        format!("/a/../{name}"),
        format!("/a//{name}"),
        format!("/{name}z"),
        format!("/{name}/a"),
        format!("/{name}\\"),
        format!("http://test/{name}"),
        format!("http://test//{name}"),
        format!("https://user:word@test:99/{name}"),
        format!("HTTP://TEST/{name}?a"),
        format!("ftp://test/{name}"),
        format!("test/{name}"),
        name.to_owned(),
        format!("/{name}\t"),
        format!("/{name}\u{1}"),
        format!("/{name}é"),
    ];
    let elsewhere = [
        "/",
        "//",
        "///",
        "/?",
        "/?a=b",
        "/#",
        "/a",
        "/a/",
        "/a#b",
        "/favicon.ico",
        "/robots.txt",
        "/.env",
        "/index.html",
        "/%",
        "/%4",
        "/%zz",
        "/%%41",
        "/%ff",
        "/%c3%a9",
        "/%00",
        "/%0d%0aX:%20y",
        "/a b",
        "/<b>",
        "/\"'<>&",
        "/a|b^c`d{e}[f]\\g",
        "/~!@$&*()-_=+[];:',.",
        "*",
        "?",
        "?a",
        "http://test",
        "http://test?a",
        "http://test/",
        "http://test/a?b",
        "http://",
        "http:///a",
        "//test/a",
        "/..",
        "/../..",
        "/%2e%2e/a",
        "/static/a",
        "/a'b",
        "http://test/a'b",
    ];
    around.iter().map(String::as_str).chain(elsewhere).map(get).collect()
}

/// Targets drawn at random, the same in every run.
pub(super) fn drawn() -> Vec<Case> {
    let mut generator = StdRng::seed_from_u64(8);
    let mut target = || {
        let count = generator.random_range(1..=6);
        let pieces: Vec<&str> = (0..count).filter_map(|_| PIECES.choose(&mut generator).copied()).collect();
        format!("/{}", pieces.concat())
    };
    (0..DRAWN).map(|_| get(&target())).collect()
}

/// Long targets, by what they are long of.
pub(super) fn long() -> Vec<Case> {
    [300, 2000, 3900, 8000, 15_000, 20_000, 200_000]
        .into_iter()
        .map(|length| Case::from(Request::new("GET", format!("/{}", "a".repeat(length)))))
        .collect()
}

fn get(target: &str) -> Case {
    Request::new("GET", target).into()
}
