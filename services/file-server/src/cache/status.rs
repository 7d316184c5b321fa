//! Age (RFC 9111 §5.1) and Cache-Status (RFC 9211): where an answer comes from.
//!
//! 1. An answer from memory says how old it is and for how long it may be used: `hit; ttl=42`.
//! 2. One for which the store was asked says why (`fwd=uri-miss`, `fwd=stale`), whether it was kept (`stored`), and
//!    whether the question was shared with others (`collapsed`).
//! 3. One that is served though its time has passed, because the store failed, says so: `fwd=stale; ttl=-7;
//!    detail=stale-if-error`.
//! 4. The values of a hit are made once, at the start: a hot hit copies two pointers.

use std::sync::Arc;
use std::time::Duration;

use http::header::{self, HeaderMap, HeaderName, HeaderValue};

const CACHE_STATUS: HeaderName = HeaderName::from_static("cache-status");

/// Seconds for which the values are made in advance; others are made as they are needed.
const PREPARED: u64 = 600;

/// Where an answer comes from.
#[derive(Clone, Debug)]
pub struct CacheStatus {
    pub(super) source: Source,
    pub(super) labels: Arc<Labels>,
}

/// Why the store was or was not asked.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Source {
    /// It was not.
    Hit { age: u64, ttl: u64 },
    /// Nothing was known.
    Miss { stored: bool, collapsed: bool },
    /// What was known had passed its time, and the store said it holds.
    Revalidated { ttl: u64, collapsed: bool },
    /// What was known had passed its time, and the store sent another.
    Replaced { stored: bool, collapsed: bool },
    /// What was known has passed its time by so much, and the store failed: when it was asked for this answer, or so
    /// shortly before that it was not.
    Stale { age: u64, late: u64, asked: bool },
}

/// Values made in advance, by seconds.
#[derive(Debug)]
pub(super) struct Labels {
    ages: Vec<HeaderValue>,
    hits: Vec<HeaderValue>,
}

impl Labels {
    /// For entries that are fresh for `ttl`.
    pub(super) fn new(ttl: Duration) -> Self {
        let last = ttl.as_secs().min(PREPARED);
        Self { ages: (0..=last).map(HeaderValue::from).collect(), hits: (0..=last).map(hit).collect() }
    }

    fn age(&self, seconds: u64) -> HeaderValue {
        prepared(&self.ages, seconds).unwrap_or_else(|| HeaderValue::from(seconds))
    }

    fn hit(&self, ttl: u64) -> HeaderValue {
        prepared(&self.hits, ttl).unwrap_or_else(|| hit(ttl))
    }
}

fn prepared(values: &[HeaderValue], seconds: u64) -> Option<HeaderValue> {
    values.get(usize::try_from(seconds).ok()?).cloned()
}

fn hit(ttl: u64) -> HeaderValue {
    text(&format!("file-server; hit; ttl={ttl}"))
}

fn text(value: &str) -> HeaderValue {
    HeaderValue::from_str(value).unwrap_or(HeaderValue::from_static("file-server"))
}

impl CacheStatus {
    /// Sets Age and Cache-Status.
    pub fn write(&self, headers: &mut HeaderMap) {
        let value = match self.source {
            Source::Hit { age, ttl } => {
                headers.insert(header::AGE, self.labels.age(age));
                self.labels.hit(ttl)
            }
            Source::Stale { age, late, asked } => {
                headers.insert(header::AGE, self.labels.age(age));
                let ttl = 0_i64.saturating_sub_unsigned(late);
                // Only what was asked of the store for this answer was forwarded (RFC 9211, section 2.2).
                let found = if asked { "fwd=stale" } else { "hit" };
                text(&format!("file-server; {found}; ttl={ttl}; detail=stale-if-error"))
            }
            Source::Miss { stored, collapsed } => {
                HeaderValue::from_static(forwarded(false, stored, collapsed))
            }
            Source::Replaced { stored, collapsed } => {
                HeaderValue::from_static(forwarded(true, stored, collapsed))
            }
            Source::Revalidated { ttl, collapsed } => {
                let shared = if collapsed { "; collapsed" } else { "" };
                text(&format!("file-server; fwd=stale; fwd-status=304; ttl={ttl}{shared}"))
            }
        };
        headers.insert(CACHE_STATUS, value);
    }

    /// As [`write`](Self::write), for an answer whose body does not come from memory but was asked of the store.
    pub fn write_streamed(&self, headers: &mut HeaderMap) {
        headers.insert(CACHE_STATUS, HeaderValue::from_static("file-server; fwd=bypass; detail=streamed"));
    }
}

const fn forwarded(replaced: bool, stored: bool, collapsed: bool) -> &'static str {
    match (replaced, stored, collapsed) {
        (false, false, false) => "file-server; fwd=uri-miss",
        (false, false, true) => "file-server; fwd=uri-miss; collapsed",
        (false, true, false) => "file-server; fwd=uri-miss; stored",
        (false, true, true) => "file-server; fwd=uri-miss; stored; collapsed",
        (true, false, false) => "file-server; fwd=stale; fwd-status=200",
        (true, false, true) => "file-server; fwd=stale; fwd-status=200; collapsed",
        (true, true, false) => "file-server; fwd=stale; fwd-status=200; stored",
        (true, true, true) => "file-server; fwd=stale; fwd-status=200; stored; collapsed",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(source: Source) -> (Option<String>, String) {
        let mut headers = HeaderMap::new();
        CacheStatus { source, labels: Arc::new(Labels::new(Duration::from_mins(1))) }.write(&mut headers);
        let read = |name: HeaderName| headers.get(name).map(|value| value.to_str().expect("text").to_owned());
        (read(header::AGE), read(CACHE_STATUS).expect("always there"))
    }

    #[test]
    fn each_source_says_what_it_is() {
        let some = |text: &str| Some(text.to_owned());
        for (source, age, status) in [
            (Source::Hit { age: 3, ttl: 57 }, some("3"), "file-server; hit; ttl=57"),
            (Source::Hit { age: 5000, ttl: 4000 }, some("5000"), "file-server; hit; ttl=4000"),
            (
                Source::Miss { stored: true, collapsed: true },
                None,
                "file-server; fwd=uri-miss; stored; collapsed",
            ),
            (Source::Miss { stored: false, collapsed: false }, None, "file-server; fwd=uri-miss"),
            (
                Source::Revalidated { ttl: 60, collapsed: false },
                None,
                "file-server; fwd=stale; fwd-status=304; ttl=60",
            ),
            (
                Source::Replaced { stored: true, collapsed: false },
                None,
                "file-server; fwd=stale; fwd-status=200; stored",
            ),
            (
                Source::Stale { age: 70, late: 10, asked: true },
                some("70"),
                "file-server; fwd=stale; ttl=-10; detail=stale-if-error",
            ),
            (
                Source::Stale { age: 70, late: 10, asked: false },
                some("70"),
                "file-server; hit; ttl=-10; detail=stale-if-error",
            ),
        ] {
            assert_eq!(written(source), (age, status.to_owned()));
        }
    }
}
