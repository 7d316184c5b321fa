//! Whether to try again, and when.
//!
//! 1. An error gives [`Advice`]: what failed decides whether another try can help.
//! 2. [`RetryPolicy::decide`] is a pure function of that advice, of how many tries have failed, and of one random
//!    number the caller draws: it waits or it stops.
//! 3. Waits double up to a cap; half of each is random, so that many fetchers do not come back together.
//! 4. A source that says when to come back (Retry-After, RFC 9110 section 10.2.3) is heeded, up to a cap of its own.

use std::time::{Duration, SystemTime};

/// What an error says about trying again.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Advice {
    /// Another try gets the same answer.
    Never,
    /// It may pass by itself.
    Backoff,
    /// The other side asked for this much time.
    After(Duration),
}

/// How often, and how far apart.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct RetryPolicy {
    /// Tries in all, the first included; at least 1.
    pub attempts: u32,
    /// The wait after the first failure.
    pub base: Duration,
    /// The longest wait of our own choosing.
    pub cap: Duration,
    /// The longest wait a Retry-After can ask for.
    pub retry_after_cap: Duration,
}

/// What to do after a failure.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Decision {
    /// Try again after this time.
    Wait(Duration),
    /// Give up.
    Stop,
}

impl RetryPolicy {
    /// Decides after the `failed`th failure in a row (1 after the first). `jitter` is a random number in [0, 1).
    pub fn decide(&self, advice: Advice, failed: u32, jitter: f64) -> Decision {
        match advice {
            _ if failed >= self.attempts => Decision::Stop,
            Advice::Never => Decision::Stop,
            Advice::Backoff => Decision::Wait(backoff(self.base, self.cap, failed, jitter)),
            // Never earlier than asked: what is random comes on top.
            Advice::After(asked) => {
                Decision::Wait(asked.min(self.retry_after_cap) + self.base.min(self.cap).mul_f64(jitter))
            }
        }
    }
}

/// The wait after the `failed`th failure in a row: `base` doubled each time up to `cap`, its second half random.
pub fn backoff(base: Duration, cap: Duration, failed: u32, jitter: f64) -> Duration {
    let doubled = 2_u32.checked_pow(failed.saturating_sub(1)).and_then(|factor| base.checked_mul(factor));
    let full = doubled.map_or(cap, |wait| wait.min(cap));
    full.mul_f64(0.5 + jitter.clamp(0.0, 1.0) / 2.0)
}

/// How long a Retry-After asks to wait: seconds, or a date (RFC 9110 section 5.6.7) seen from `now`.
pub fn retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    let value = value.trim();
    if value.bytes().all(|byte| byte.is_ascii_digit()) && !value.is_empty() {
        // More digits than fit are a very long time, which the policy caps.
        return Some(Duration::from_secs(value.parse().unwrap_or(u64::from(u32::MAX))));
    }
    let date = httpdate::parse_http_date(value).ok()?;
    Some(date.duration_since(now).unwrap_or(Duration::ZERO))
}

/// Whether an HTTP status (RFC 9110 section 15) may pass by itself: time-outs, too early, too many, and a failing server.
pub fn status_may_pass(status: u16) -> bool {
    matches!(status, 408 | 425 | 429 | 500 | 502..=504 | 506..=599 if status != 511)
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use proptest::prelude::*;

    use super::*;

    const POLICY: RetryPolicy = RetryPolicy {
        attempts: 5,
        base: Duration::from_secs(1),
        cap: Duration::from_secs(5),
        retry_after_cap: Duration::from_mins(1),
    };

    fn wait(milliseconds: u64) -> Decision {
        Decision::Wait(Duration::from_millis(milliseconds))
    }

    #[test]
    fn the_decision_by_advice_and_attempt() {
        let asked = |seconds| Advice::After(Duration::from_secs(seconds));
        for (advice, failed, jitter, decision) in [
            (Advice::Backoff, 1, 0.0, wait(500)),
            (Advice::Backoff, 1, 1.0, wait(1_000)),
            (Advice::Backoff, 2, 0.5, wait(1_500)),
            (Advice::Backoff, 3, 0.0, wait(2_000)),
            (Advice::Backoff, 4, 1.0, wait(5_000)),
            (Advice::Backoff, 5, 0.0, Decision::Stop),
            (Advice::Backoff, u32::MAX, 0.0, Decision::Stop),
            (Advice::Never, 1, 0.0, Decision::Stop),
            (asked(0), 1, 0.0, wait(0)),
            (asked(7), 1, 0.0, wait(7_000)),
            (asked(7), 1, 0.5, wait(7_500)),
            (asked(61), 4, 0.0, wait(60_000)),
            (asked(1), 5, 0.0, Decision::Stop),
        ] {
            assert_eq!(POLICY.decide(advice, failed, jitter), decision, "{advice:?} {failed} {jitter}");
        }
    }

    #[test]
    fn a_backoff_never_exceeds_its_cap() {
        for failed in [0, 1, 2, 31, 32, 33, u32::MAX] {
            let wait = backoff(Duration::from_secs(3), Duration::from_secs(20), failed, 1.0);
            assert!(wait <= Duration::from_secs(20), "{failed}: {wait:?}");
            assert!(wait >= Duration::from_secs(3), "{failed}: {wait:?}");
        }
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = httpdate::parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT").expect("a date");
        for (value, seconds) in [
            ("0", Some(0)),
            (" 120 ", Some(120)),
            ("99999999999999999999999", Some(u64::from(u32::MAX))),
            ("Sun, 06 Nov 1994 08:50:37 GMT", Some(60)),
            ("Sun, 06 Nov 1994 08:40:37 GMT", Some(0)),
            ("Sunday, 06-Nov-94 08:49:47 GMT", Some(10)),
            ("", None),
            ("-1", None),
            ("1.5", None),
            ("soon", None),
        ] {
            assert_eq!(retry_after(value, now), seconds.map(Duration::from_secs), "{value}");
        }
    }

    proptest! {
        #[test]
        fn any_retry_after_is_a_wait_within_the_cap_or_none(
            value in prop_oneof![".*", "[0-9]{1,30}", "[A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9:]{8} GMT"],
            now in any::<u32>(),
        ) {
            let now = UNIX_EPOCH + Duration::from_secs(now.into());
            if let Some(asked) = retry_after(&value, now) {
                let most = POLICY.retry_after_cap + POLICY.base;
                let decided = POLICY.decide(Advice::After(asked), 1, 1.0);
                prop_assert!(matches!(decided, Decision::Wait(wait) if wait <= most), "{value:?}: {decided:?}");
            }
        }
    }

    #[test]
    fn statuses_that_may_pass() {
        for status in [408, 425, 429, 500, 502, 503, 504, 507, 520, 599] {
            assert!(status_may_pass(status), "{status}");
        }
        for status in [200, 301, 400, 401, 403, 404, 410, 416, 451, 501, 505, 511] {
            assert!(!status_may_pass(status), "{status}");
        }
    }
}
