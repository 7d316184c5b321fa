//! Times as a client writes them: RFC 3339, or how long ago.
//!
//! 1. `2026-11-21T10:00:00Z`, with any offset and fraction: a moment.
//! 2. `90s`, `15m`, `24h`, `7d`, `4w`: so long before now.
//! 3. What lies before 2000 or after 2199 is moved there. No review does, and not every store reaches further.

use jiff::{SignedDuration, Timestamp};

use crate::review::parse::rfc3339;

/// A week in seconds.
pub(super) const WEEK: i64 = 7 * DAY;
/// A day in seconds.
pub(super) const DAY: i64 = 24 * 3600;

/// 2000-01-01T00:00:00Z.
const EARLIEST: i64 = 946_684_800;
/// 2200-01-01T00:00:00Z.
const LATEST: i64 = 7_258_118_400;
/// Digits of a count of units.
const DIGITS_MAX: usize = 5;

/// What the text means at `now`.
pub(super) fn moment(text: &str, now: Timestamp) -> Result<Timestamp, &'static str> {
    const FORM: &str =
        "is neither a time of RFC 3339, such as 2026-11-21T10:00:00Z, nor so long ago, such as 24h";
    let before = |seconds| now.saturating_sub(SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MIN);
    let moment = rfc3339(text).or_else(|| ago(text).map(before)).ok_or(FORM)?;
    let limit = |seconds| Timestamp::from_second(seconds).unwrap_or(moment);
    Ok(moment.clamp(limit(EARLIEST), limit(LATEST)))
}

/// How many seconds ago.
fn ago(text: &str) -> Option<i64> {
    let (count, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if count.len() > DIGITS_MAX || !count.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => DAY,
        "w" => WEEK,
        _ => return None,
    };
    Some(count.parse::<i64>().ok()? * seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<String> {
        let now = "2026-11-21T10:00:00Z".parse().expect("a time");
        moment(text, now).ok().map(|moment| moment.to_string())
    }

    #[test]
    fn a_moment_is_written_in_full() {
        assert_eq!(read("2026-11-20T23:30:00.5+01:00").as_deref(), Some("2026-11-20T22:30:00.5Z"));
        assert_eq!(read("2026-11-20t23:30:00z").as_deref(), Some("2026-11-20T23:30:00Z"));
        for text in ["2026-11-20", "2026-11-20T23:30Z", "2026-11-20T23:30:00", "2026-13-01T00:00:00Z"] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn or_as_so_long_ago() {
        for (text, moment) in [
            ("90s", "2026-11-21T09:58:30Z"),
            ("15m", "2026-11-21T09:45:00Z"),
            ("24h", "2026-11-20T10:00:00Z"),
            ("7d", "2026-11-14T10:00:00Z"),
            ("4w", "2026-10-24T10:00:00Z"),
            ("0s", "2026-11-21T10:00:00Z"),
        ] {
            assert_eq!(read(text).as_deref(), Some(moment), "{text}");
        }
        for text in ["", "h", "-1h", "+1h", "1.5h", "1y", "123456h", "1 h", "é", "1é", "٣h"] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn what_no_store_reaches_is_moved_to_what_each_does() {
        assert_eq!(read("0000-01-01T00:00:00Z").as_deref(), Some("2000-01-01T00:00:00Z"));
        assert_eq!(read("99999w").as_deref(), Some("2000-01-01T00:00:00Z"));
        assert_eq!(read("9999-12-30T00:00:00Z").as_deref(), Some("2200-01-01T00:00:00Z"));
    }
}
