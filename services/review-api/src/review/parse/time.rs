//! A time as RFC 3339 writes it (section 5.6), within reason.
//!
//! 1. The form is checked here: what reads it then also takes many other forms.
//! 2. Digits of a second beyond the ninth are dropped; a leap second is the second before it.
//! 3. Before 2015 nothing was delivered, and a review from more than a day ahead is of a clock that is wrong.

use std::borrow::Cow;

use jiff::{SignedDuration, Timestamp};

/// 2015-01-01T00:00:00Z.
const EARLIEST: Timestamp = Timestamp::constant(1_420_070_400, 0);
/// How far a client's clock may be ahead.
const AHEAD: SignedDuration = SignedDuration::from_hours(24);
/// More digits of a second than anybody writes.
const LENGTH_MAX: usize = 64;
/// Where the seconds end in `2026-11-21T10:00:00`.
const SECONDS_END: usize = 19;
/// Nanoseconds.
const DIGITS_MAX: usize = 9;

/// Reads a time of writing; `now` is when it is read. The error is what is wrong with it.
pub(super) fn parse(text: &str, now: Timestamp) -> Result<Timestamp, &'static str> {
    const FORM: &str = "must be a time of RFC 3339, as 2026-11-21T10:00:00Z";
    let time = rfc3339(text).ok_or(FORM)?;
    let latest = now.saturating_add(AHEAD).unwrap_or(Timestamp::MAX);
    if time < EARLIEST {
        Err("must not be before 2015")
    } else if time > latest {
        Err("must not be more than a day ahead")
    } else {
        Ok(time)
    }
}

/// Reads a time as RFC 3339 writes it, whenever it is.
pub(crate) fn rfc3339(text: &str) -> Option<Timestamp> {
    cleaned(text)?.parse().ok()
}

/// The text with at most nine digits of a second, where it has the form of RFC 3339.
fn cleaned(text: &str) -> Option<Cow<'_, str>> {
    if !text.is_ascii() || text.len() > LENGTH_MAX {
        return None;
    }
    let (seconds, rest) = text.split_at_checked(SECONDS_END)?;
    if !has_form(seconds, "dddd-dd-ddTdd:dd:dd") {
        return None;
    }
    let digits = match rest.strip_prefix('.') {
        None => 0,
        Some(fraction) => fraction.bytes().take_while(u8::is_ascii_digit).count(),
    };
    let offset_at = if digits > 0 { 1 + digits } else { 0 };
    let offset = &rest[offset_at..];
    if !is_offset(offset) {
        return None;
    }
    if digits <= DIGITS_MAX {
        return Some(Cow::Borrowed(text));
    }
    Some(Cow::Owned(format!("{seconds}{}{offset}", &rest[..=DIGITS_MAX])))
}

/// `d` stands for a digit and `T` for what RFC 3339 allows between date and time.
fn has_form(text: &str, form: &str) -> bool {
    text.len() == form.len()
        && text.bytes().zip(form.bytes()).all(|(byte, wanted)| match wanted {
            b'd' => byte.is_ascii_digit(),
            b'T' => matches!(byte, b'T' | b't' | b' '),
            _ => byte == wanted,
        })
}

fn is_offset(text: &str) -> bool {
    if matches!(text, "Z" | "z") {
        return true;
    }
    let Some(clock) = text.strip_prefix(['+', '-']) else { return false };
    has_form(clock, "dd:dd") && &clock[..2] <= "23" && &clock[3..] <= "59"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-11-21T12:00:00Z".parse().expect("a time")
    }

    #[test]
    fn every_form_of_rfc_3339_is_read() {
        for (text, same) in [
            ("2026-11-21T10:00:00Z", "2026-11-21T10:00:00Z"),
            ("2026-11-21t10:00:00z", "2026-11-21T10:00:00Z"),
            ("2026-11-21 10:00:00Z", "2026-11-21T10:00:00Z"),
            ("2026-11-21T10:00:00.25+01:30", "2026-11-21T08:30:00.25Z"),
            ("2026-11-21T10:00:00-00:00", "2026-11-21T10:00:00Z"),
            ("2026-11-21T10:00:00.123456789987654321Z", "2026-11-21T10:00:00.123456789Z"),
            ("2016-12-31T23:59:60Z", "2016-12-31T23:59:59Z"),
        ] {
            assert_eq!(parse(text, now()), Ok(same.parse().expect("a time")), "{text}");
        }
    }

    #[test]
    fn other_forms_are_not() {
        for text in [
            "",
            "2026-11-21",
            "2026-11-21T10:00Z",
            "2026-11-21T10:00:00",
            "2026-11-21T10:00:00.Z",
            "2026-11-21T10:00:00+0100",
            "2026-11-21T10:00:00+01",
            "2026-11-21T10:00:00+24:00",
            "2026-11-21T10:00:00Z[Europe/Berlin]",
            "2026-11-21_10:00:00Z",
            "2026-13-01T10:00:00Z",
            "2026-02-29T10:00:00Z",
            "2026-11-21T24:00:00Z",
            "+002026-11-21T10:00:00Z",
            "20261121T100000Z",
            " 2026-11-21T10:00:00Z",
            "2026-11-21T10:00:00Zx",
            "２026-11-21T10:00:00Z",
            "1700000000",
        ] {
            assert!(parse(text, now()).is_err(), "{text}");
        }
        assert!(parse(&format!("2026-11-21T10:00:00.{}Z", "1".repeat(100)), now()).is_err());
    }

    #[test]
    fn absurd_times_are_refused_to_the_second() {
        let (before, ahead) = (Err("must not be before 2015"), Err("must not be more than a day ahead"));
        assert_eq!(parse("2014-12-31T23:59:59.999Z", now()), before);
        assert!(parse("2015-01-01T00:00:00Z", now()).is_ok());
        assert!(parse("2026-11-22T12:00:00Z", now()).is_ok());
        assert_eq!(parse("2026-11-22T12:00:00.001Z", now()), ahead);
        assert_eq!(parse("9999-12-30T00:00:00Z", now()), ahead);
        assert_eq!(parse("0000-01-01T00:00:00Z", now()), before);
        assert!(parse("2026-11-22T12:00:00Z", Timestamp::MAX).is_ok(), "a clock at its end is no panic");
    }
}
