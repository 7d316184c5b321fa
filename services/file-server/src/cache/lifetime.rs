//! For how long an answer of the store may be used.
//!
//! 1. `CACHE_TTL`, unless the object's own Cache-Control says less (RFC 9111 §5.2.2): `s-maxage` before `max-age`,
//!    `no-cache` is no time at all.
//! 2. `no-store` and `private` objects are not kept: this is a cache that many share.
//! 3. Past its time it may be served while the store fails, for `STALE_IF_ERROR` (RFC 5861 §4), but not where the object
//!    says `must-revalidate`, `proxy-revalidate`, `s-maxage` or `no-cache`.
//!
//! A Cache-Control that the operator sets by path is said to clients and is no word of the store: it changes nothing here.

use std::time::Duration;

/// For how long, in milliseconds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Lifetime {
    /// Used without asking.
    pub fresh: u64,
    /// Used after that if the store fails.
    pub stale: u64,
    /// Whether it may be kept at all.
    pub keep: bool,
}

impl Lifetime {
    /// Of an object with this Cache-Control.
    pub(super) fn of(cache_control: Option<&str>, ttl: Duration, stale_if_error: Duration) -> Self {
        let mut lifetime = Self { fresh: millis(ttl), stale: millis(stale_if_error), keep: true };
        let (mut max_age, mut shared_max_age) = (None, None);
        for directive in cache_control.unwrap_or_default().split(',') {
            let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
            let seconds = || value.trim().trim_matches('"').parse::<u64>().ok();
            match name.trim().to_ascii_lowercase().as_str() {
                "no-store" | "private" => lifetime.keep = false,
                "no-cache" => (lifetime.fresh, lifetime.stale) = (0, 0),
                "must-revalidate" | "proxy-revalidate" => lifetime.stale = 0,
                // RFC 9111 §5.2.2.10: s-maxage forbids stale answers as proxy-revalidate does.
                "s-maxage" => (shared_max_age, lifetime.stale) = (seconds(), 0),
                "max-age" => max_age = seconds(),
                _ => {}
            }
        }
        if let Some(seconds) = shared_max_age.or(max_age) {
            lifetime.fresh = lifetime.fresh.min(seconds.saturating_mul(1000));
        }
        lifetime
    }

    /// Of the knowledge that there is no object. While the store fails nobody is told so: it may be there by now.
    pub(super) fn of_missing(negative_ttl: Duration) -> Self {
        Self { fresh: millis(negative_ttl), stale: 0, keep: true }
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_object_may_say_less_but_not_more() {
        let of = |text| {
            let lifetime = Lifetime::of(text, Duration::from_mins(1), Duration::from_mins(10));
            (lifetime.fresh, lifetime.stale, lifetime.keep)
        };
        for (text, expected) in [
            (None, (60_000, 600_000, true)),
            (Some("max-age=31536000, immutable"), (60_000, 600_000, true)),
            (Some("Max-Age = 5"), (5_000, 600_000, true)),
            (Some("max-age=5, s-maxage=\"9\""), (9_000, 0, true)),
            (Some("no-cache"), (0, 0, true)),
            (Some("max-age=10, must-revalidate"), (10_000, 0, true)),
            (Some("private"), (60_000, 600_000, false)),
            (Some("no-store"), (60_000, 600_000, false)),
            (Some("max-age=-1,,=,x"), (60_000, 600_000, true)),
            (Some("max-age=99999999999999999999"), (60_000, 600_000, true)),
        ] {
            assert_eq!(of(text), expected, "{text:?}");
        }
    }
}
