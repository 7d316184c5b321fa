//! Entity tags (RFC 9110 §8.8.3) and their two comparisons.
//!
//! 1. A tag is `"opaque"` or `W/"opaque"`. What stands between the quotes is opaque: a multipart upload's `"…-7"`
//!    is a strong tag like any other, and a comma inside it separates nothing.
//! 2. Each content coding of an object has a tag of its own, made from the identity's.
//! 3. A condition is a list of tags, or `*`; a list is read up to its first malformed member, so that a client
//!    that sends rubbish gets the answer of an unconditional request, or a 412, but never a wrong 304.

use http::HeaderValue;

use super::accept_encoding::Coding;

/// An entity tag, kept as the header that announces it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct EntityTag {
    header: HeaderValue,
}

/// How two tags are compared (RFC 9110 §8.8.3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// Equal, and neither is weak: the bytes are the same. For If-Match and If-Range.
    Strong,
    /// Equal but for the weakness: as good as the same. For If-None-Match.
    Weak,
}

/// A tag inside somebody's header.
#[derive(Clone, Copy)]
struct TagRef<'a> {
    weak: bool,
    opaque: &'a [u8],
}

impl EntityTag {
    /// Reads one tag, spaces around it allowed; None for anything else.
    pub fn parse(text: &[u8]) -> Option<Self> {
        let (tag, rest) = TagRef::take(text.trim_ascii())?;
        if rest.is_empty() { tag.to_tag() } else { None }
    }

    /// Reads the tag a store sent. Stores are known that leave the quotes out; they are put back.
    pub fn from_store(text: &str) -> Option<Self> {
        let text = text.trim();
        Self::parse(text.as_bytes()).or_else(|| {
            let opaque = text.as_bytes();
            if opaque.is_empty() { None } else { TagRef { weak: false, opaque }.to_tag() }
        })
    }

    /// The tag of this object's representation in `coding`, made from the identity's and as strong. Identity
    /// keeps its own.
    #[must_use]
    pub fn in_coding(&self, coding: Coding) -> Self {
        if coding == Coding::Identity { self.clone() } else { self.suffixed(coding.name()) }
    }

    /// The tag of a representation made from this one: `"a"` becomes `"a-suffix"`.
    #[must_use]
    pub fn suffixed(&self, suffix: &str) -> Self {
        let tag = self.as_ref();
        let opaque = [tag.opaque, b"-", suffix.as_bytes()].concat();
        TagRef { weak: tag.weak, opaque: &opaque }.to_tag().unwrap_or_else(|| self.clone())
    }

    /// The same tag, marked as one that says "as good as the same" and no more.
    #[must_use]
    pub fn weakened(&self) -> Self {
        TagRef { weak: true, ..self.as_ref() }.to_tag().unwrap_or_else(|| self.clone())
    }

    /// Whether it begins with `W/`.
    pub fn is_weak(&self) -> bool {
        self.header.as_bytes().starts_with(b"W/")
    }

    /// The value of the `ETag` header.
    pub fn header(&self) -> &HeaderValue {
        &self.header
    }

    /// Whether both name the same representation under `comparison`.
    pub fn matches(&self, other: &Self, comparison: Comparison) -> bool {
        self.as_ref().matches(other.as_ref(), comparison)
    }

    /// Whether a condition (the values of all its header lines) holds `*` or a tag that matches.
    pub fn matches_any<'a>(
        &self,
        condition: impl IntoIterator<Item = &'a HeaderValue>,
        comparison: Comparison,
    ) -> bool {
        condition.into_iter().any(|line| {
            is_any(line.as_bytes())
                || Tags { rest: line.as_bytes() }.any(|tag| self.as_ref().matches(tag, comparison))
        })
    }

    fn as_ref(&self) -> TagRef<'_> {
        let bytes = self.header.as_bytes();
        let weak = self.is_weak();
        // Every constructor wrote the quotes, so the range is there.
        let opaque = bytes.get(if weak { 3 } else { 1 }..bytes.len().saturating_sub(1)).unwrap_or_default();
        TagRef { weak, opaque }
    }
}

/// Whether a condition's line is `*`: true for whatever exists.
pub fn is_any(line: &[u8]) -> bool {
    line.trim_ascii() == b"*"
}

impl<'a> TagRef<'a> {
    /// Takes the tag that `text` begins with, and what follows it.
    fn take(text: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (weak, quoted) = match text.strip_prefix(b"W/") {
            Some(quoted) => (true, quoted),
            None => (false, text),
        };
        let inside = quoted.strip_prefix(b"\"")?;
        let end = inside.iter().position(|byte| *byte == b'"')?;
        let (opaque, rest) = inside.split_at(end);
        if opaque.iter().copied().all(is_etagc) { Some((Self { weak, opaque }, &rest[1..])) } else { None }
    }

    fn matches(self, other: TagRef<'_>, comparison: Comparison) -> bool {
        let strong_enough = comparison == Comparison::Weak || !(self.weak || other.weak);
        strong_enough && self.opaque == other.opaque
    }

    fn to_tag(self) -> Option<EntityTag> {
        if !self.opaque.iter().copied().all(is_etagc) {
            return None;
        }
        let start: &[u8] = if self.weak { b"W/\"" } else { b"\"" };
        let text = [start, self.opaque, b"\""].concat();
        HeaderValue::from_bytes(&text).ok().map(|header| EntityTag { header })
    }
}

/// RFC 9110 §8.8.3: `etagc = %x21 / %x23-7E / obs-text`.
fn is_etagc(byte: u8) -> bool {
    matches!(byte, 0x21 | 0x23..=0x7E | 0x80..)
}

/// The tags of one line, up to the first malformed one.
struct Tags<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Tags<'a> {
    type Item = TagRef<'a>;

    fn next(&mut self) -> Option<TagRef<'a>> {
        // Empty members are allowed between commas (RFC 9110 §5.6.1.2).
        let start = self.rest.iter().position(|byte| !matches!(byte, b' ' | b'\t' | b','))?;
        let taken = TagRef::take(&self.rest[start..]).filter(|(_, rest)| {
            let rest = rest.trim_ascii_start();
            rest.is_empty() || rest.starts_with(b",")
        });
        self.rest = taken.map_or(&[], |(_, rest)| rest);
        taken.map(|(tag, _)| tag)
    }
}

#[cfg(test)]
#[path = "etag_tests.rs"]
mod tests;
