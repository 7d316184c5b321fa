//! The two header fields that a resumed download depends on.
//!
//! 1. [`EntityTag`] (RFC 9110 section 8.8.3): only a strong one says that the bytes are the same.
//! 2. [`ContentRange`] (RFC 9110 section 14.4): what the source really sends, which [`ContentRange::rest`] holds against
//!    what was asked for.

use std::fmt;
use std::str::FromStr;

/// Longer tags are not kept: they go into an object's metadata, of which S3 takes 2 KiB in all.
const TAG_MAX: usize = 256;

/// An entity tag as it stands in the header, quotes and weakness mark included.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct EntityTag(String);

/// What a 206 or a 416 says of itself.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ContentRange {
    /// First and last byte, both included; none in a 416.
    pub range: Option<(u64, u64)>,
    /// The whole length, where the source knows it.
    pub length: Option<u64>,
}

/// Text that is not such a field.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("malformed")]
pub struct Malformed;

impl EntityTag {
    /// Whether equal tags mean equal bytes.
    pub fn is_strong(&self) -> bool {
        self.0.starts_with('"')
    }

    /// The tag as a header carries it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for EntityTag {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let quoted = text.strip_prefix("W/").unwrap_or(text);
        let inner = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).ok_or(Malformed)?;
        let plain = inner.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"');
        if plain && text.len() <= TAG_MAX { Ok(Self(text.to_owned())) } else { Err(Malformed) }
    }
}

impl fmt::Display for EntityTag {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl ContentRange {
    /// Whether a 206 of this range is all that is missing of a content of which `from` bytes are there. `length` is its
    /// whole length, where that was known before, and `announced` the answer's Content-Length. Answers the whole length,
    /// where it is known now; the error ends the sentence "its 206 …".
    pub fn rest(
        self,
        from: u64,
        length: Option<u64>,
        announced: Option<u64>,
    ) -> Result<Option<u64>, &'static str> {
        let Some((first, last)) = self.range else { return Err("has no range") };
        if first != from {
            return Err("begins elsewhere");
        }
        if let (Some(before), Some(now)) = (length, self.length)
            && before != now
        {
            return Err("is of another length");
        }
        let whole = self.length.or(length);
        // The source may name any 64 bits: what is after the last byte, or between the two, need not fit into them.
        if whole.is_some_and(|whole| whole.checked_sub(1) != Some(last)) {
            return Err("does not end where the content does");
        }
        if announced.is_some_and(|announced| announced.checked_sub(1) != last.checked_sub(first)) {
            return Err("has another Content-Length than its range");
        }
        Ok(whole)
    }
}

impl FromStr for ContentRange {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let (unit, rest) = text.split_once(' ').ok_or(Malformed)?;
        let (range, length) = rest.trim().split_once('/').ok_or(Malformed)?;
        if !unit.eq_ignore_ascii_case("bytes") {
            return Err(Malformed);
        }
        let length = if length == "*" { None } else { Some(number(length)?) };
        if range == "*" {
            return if length.is_some() { Ok(Self { range: None, length }) } else { Err(Malformed) };
        }
        let (first, last) = range.split_once('-').ok_or(Malformed)?;
        let (first, last) = (number(first)?, number(last)?);
        if first > last || length.is_some_and(|length| last >= length) {
            return Err(Malformed);
        }
        Ok(Self { range: Some((first, last)), length })
    }
}

/// Digits only: `parse` alone would take a sign.
fn number(text: &str) -> Result<u64, Malformed> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        text.parse().map_err(|_| Malformed)
    } else {
        Err(Malformed)
    }
}

#[cfg(test)]
mod tests {
    use proptest::option;
    use proptest::prelude::*;

    use super::*;

    /// Numbers around those where sums and differences go over.
    fn edges() -> impl Strategy<Value = u64> {
        prop_oneof![0..4_u64, u64::MAX - 3..=u64::MAX, any::<u64>()]
    }

    #[test]
    fn tags_are_strong_or_weak() {
        for (text, strong) in [("\"a\"", true), ("\"\"", true), ("W/\"a\"", false), ("\"a-7,b\"", true)] {
            assert_eq!(text.parse::<EntityTag>().map(|tag| tag.is_strong()), Ok(strong), "{text}");
        }
        for text in
            ["", "a", "\"a", "a\"", "\"", "w/\"a\"", "W/a", "\"a\"b\"", "\"a b\"", "\"ü\"", "\"a\r\n\""]
        {
            assert_eq!(text.parse::<EntityTag>(), Err(Malformed), "{text:?}");
        }
        assert!(format!("\"{}\"", "a".repeat(TAG_MAX)).parse::<EntityTag>().is_err());
    }

    #[test]
    fn content_ranges() {
        let range = |range, length| Ok(ContentRange { range, length });
        for (text, expected) in [
            ("bytes 0-4/10", range(Some((0, 4)), Some(10))),
            ("bytes 9-9/10", range(Some((9, 9)), Some(10))),
            ("BYTES 5-9/*", range(Some((5, 9)), None)),
            ("bytes */10", range(None, Some(10))),
            ("bytes */*", Err(Malformed)),
            ("bytes 5-4/10", Err(Malformed)),
            ("bytes 5-10/10", Err(Malformed)),
            ("bytes +5-9/10", Err(Malformed)),
            ("bytes 0-99999999999999999999/*", Err(Malformed)),
            ("items 0-4/10", Err(Malformed)),
            ("bytes=0-4/10", Err(Malformed)),
            ("bytes 0-4", Err(Malformed)),
            ("", Err(Malformed)),
        ] {
            assert_eq!(text.parse::<ContentRange>(), expected, "{text}");
        }
    }

    #[test]
    fn only_the_rest_that_was_asked_for_is_taken() {
        let last = u64::MAX;
        for (text, length, announced, expected) in [
            ("bytes 5-9/10", None, None, Ok(Some(10))),
            ("bytes 5-9/10", Some(10), Some(5), Ok(Some(10))),
            ("bytes 5-9/*", Some(10), None, Ok(Some(10))),
            ("bytes 5-9/*", None, Some(5), Ok(None)),
            ("bytes */10", None, None, Err("has no range")),
            ("bytes 4-9/10", None, None, Err("begins elsewhere")),
            ("bytes 6-9/10", None, None, Err("begins elsewhere")),
            ("bytes 5-9/10", Some(11), None, Err("is of another length")),
            ("bytes 5-8/10", None, None, Err("does not end where the content does")),
            ("bytes 5-9/*", Some(9), None, Err("does not end where the content does")),
            ("bytes 5-9/*", Some(0), None, Err("does not end where the content does")),
            ("bytes 5-9/10", None, Some(6), Err("has another Content-Length than its range")),
            ("bytes 5-9/10", None, Some(0), Err("has another Content-Length than its range")),
            (&format!("bytes 5-{last}/*"), Some(10), None, Err("does not end where the content does")),
            (
                &format!("bytes 5-{last}/*"),
                None,
                Some(last),
                Err("has another Content-Length than its range"),
            ),
        ] {
            let range: ContentRange = text.parse().expect(text);
            assert_eq!(range.rest(5, length, announced), expected, "{text} {length:?} {announced:?}");
        }
        let all: ContentRange = format!("bytes 0-{last}/*").parse().expect("a range");
        assert!(all.rest(0, None, Some(last)).is_err(), "2^64 bytes are one more than can be announced");
    }

    proptest! {
        #[test]
        fn any_text_is_a_field_or_malformed(text in ".*") {
            let _ = (text.parse::<EntityTag>(), text.parse::<ContentRange>());
        }

        #[test]
        fn any_range_is_judged(
            (first, last) in (edges(), edges()),
            (length, announced) in (option::of(edges()), option::of(edges())),
            (whole, from) in (option::of(edges()), edges()),
        ) {
            let whole = whole.map_or("*".to_owned(), |whole| whole.to_string());
            if let Ok(range) = format!("bytes {first}-{last}/{whole}").parse::<ContentRange>() {
                let rest = range.rest(from, length, announced);
                prop_assert!(rest.is_err() || from == first);
            }
        }

        #[test]
        fn a_written_range_is_read_back(first in any::<u32>(), more in any::<u32>(), rest in any::<u32>()) {
            let (first, last) = (u64::from(first), u64::from(first) + u64::from(more));
            let length = last + 1 + u64::from(rest);
            let read = format!("bytes {first}-{last}/{length}").parse::<ContentRange>();
            prop_assert_eq!(read, Ok(ContentRange { range: Some((first, last)), length: Some(length) }));
        }
    }
}
