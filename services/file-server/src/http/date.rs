//! HTTP dates (RFC 9110 §5.6.7): seconds since 1970, the three forms read, one written.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::HeaderValue;

/// The last second that has a four-digit year: 9999-12-31T23:59:59Z.
const LAST: u64 = 253_402_300_799;

/// Reads the value of a header as a date; None for anything else, a list of two dates included.
pub fn parse(value: &HeaderValue) -> Option<SystemTime> {
    httpdate::parse_http_date(value.to_str().ok()?.trim()).ok()
}

/// Writes a date; None for one that the format cannot hold (before 1970, after 9999).
pub fn format(time: SystemTime) -> Option<HeaderValue> {
    let time = whole_seconds(time)?;
    HeaderValue::from_str(&httpdate::fmt_http_date(time)).ok()
}

/// The time as a header can say it: a fraction of a second cut off.
pub fn whole_seconds(time: SystemTime) -> Option<SystemTime> {
    let seconds = time.duration_since(UNIX_EPOCH).ok()?.as_secs();
    (seconds <= LAST).then(|| UNIX_EPOCH + Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Option<SystemTime> {
        parse(&HeaderValue::from_str(text).unwrap())
    }

    #[test]
    fn three_forms_are_one_time() {
        let time = Some(UNIX_EPOCH + Duration::from_secs(784_111_777));
        assert_eq!(read("Sun, 06 Nov 1994 08:49:37 GMT"), time);
        assert_eq!(read("Sunday, 06-Nov-94 08:49:37 GMT"), time);
        assert_eq!(read("Sun Nov  6 08:49:37 1994"), time);
        for text in ["", "0", "yesterday", "1994-11-06T08:49:37Z", "Sun, 06 Nov 1994 08:49:37 GMT, Sun"] {
            assert_eq!(read(text), None, "{text}");
        }
        assert_eq!(parse(&HeaderValue::from_bytes(b"\xff").unwrap()), None);
    }

    #[test]
    fn what_the_format_cannot_hold_is_not_written() {
        assert_eq!(format(UNIX_EPOCH).unwrap(), "Thu, 01 Jan 1970 00:00:00 GMT");
        assert_eq!(format(UNIX_EPOCH + Duration::from_secs(LAST)).unwrap(), "Fri, 31 Dec 9999 23:59:59 GMT");
        assert_eq!(format(UNIX_EPOCH + Duration::from_secs(LAST + 1)), None);
        assert_eq!(format(UNIX_EPOCH - Duration::from_secs(1)), None);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(seconds in 0..=LAST, nanos in 0u32..1_000_000_000) {
            let time = UNIX_EPOCH + Duration::new(seconds, nanos);
            prop_assert_eq!(parse(&format(time).unwrap()), whole_seconds(time));
        }

        #[test]
        fn any_text_is_a_date_or_none(text in "[ -~]{0,40}") {
            read(&text);
        }
    }
}
