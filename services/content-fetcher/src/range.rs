//! The two header fields that a resumed download depends on.
//!
//! 1. [`EntityTag`] (RFC 9110 section 8.8.3): only a strong one says that the bytes are the same.
//! 2. [`ContentRange`] (RFC 9110 section 14.4): what the source really sends.

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
    use proptest::prelude::*;

    use super::*;

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

    proptest! {
        #[test]
        fn any_text_is_a_field_or_malformed(text in ".*") {
            let _ = (text.parse::<EntityTag>(), text.parse::<ContentRange>());
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
