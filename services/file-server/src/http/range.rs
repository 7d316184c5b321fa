//! Which bytes of a representation a request asks for (RFC 9110 §14.2).
//!
//! 1. A Range that is not `bytes`, is malformed, is there twice, or names more than [`SPECS_MAX`] ranges is
//!    ignored: all is sent. A number too large for 64 bits is as good as the largest.
//! 2. Ranges beyond the end are dropped; where none is left the answer is 416. A suffix longer than the
//!    representation is all of it. Of an empty one no first byte exists (416), but "the last five bytes" do: none
//!    of them, and since no `Content-Range` can say so, the empty whole is sent.
//! 3. Ranges that overlap, touch, or lie closer together than framing them apart would cost, become one.
//! 4. What is left is sent in the order it was asked for, as one part or as at most [`PARTS_MAX`] parts; asked
//!    for more, all is sent. Ranges never overlap then, so no answer holds a byte twice.

use http::{
    HeaderMap, HeaderValue,
    header::{GetAll, RANGE},
};

/// The most ranges a request may name before it is taken for an attack and gets everything, once.
pub const SPECS_MAX: usize = 64;

/// The most parts of one answer.
pub const PARTS_MAX: usize = 16;

/// Ranges closer than this many bytes are sent as one: about what the frame of a part costs.
pub const GAP: u64 = 160;

/// Bytes `first` to `last`, both included; never empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ByteRange {
    first: u64,
    last: u64,
}

/// What to send of a representation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selection {
    /// All of it, with 200.
    Whole,
    /// One range of it, with 206; also where that is all of it.
    One(ByteRange),
    /// Two to [`PARTS_MAX`] disjoint ranges, in the order to send them, as multipart/byteranges.
    Several(Vec<ByteRange>),
    /// Nothing: 416 with [`unsatisfied`].
    Unsatisfiable,
}

/// One range as it is written.
#[derive(Debug, Clone, Copy)]
enum Spec {
    From(u64, Option<u64>),
    Suffix(u64),
}

impl ByteRange {
    /// The range of those bytes of a representation of `size` bytes, cut to it; None where nothing is left.
    pub fn new(first: u64, last: u64, size: u64) -> Option<Self> {
        let last = last.min(size.checked_sub(1)?);
        (first <= last).then_some(Self { first, last })
    }

    /// The place of its first byte.
    pub fn first(self) -> u64 {
        self.first
    }

    /// The place of its last byte.
    pub fn last(self) -> u64 {
        self.last
    }

    /// How many bytes it holds; at least 1.
    #[expect(clippy::len_without_is_empty, reason = "a range holds at least one byte")]
    pub fn len(self) -> u64 {
        self.last - self.first + 1
    }

    /// The value of `Content-Range` in a representation of `size` bytes.
    pub fn content_range(self, size: u64) -> String {
        format!("bytes {}-{}/{size}", self.first, self.last)
    }
}

/// The value of `Content-Range` of a 416.
pub fn unsatisfied(size: u64) -> String {
    format!("bytes */{size}")
}

/// What the Range of a request selects of a representation of `size` bytes. It is for GET; other methods have no
/// ranges.
pub fn select(headers: &HeaderMap, size: u64) -> Selection {
    let Some(specs) = parse(&headers.get_all(RANGE)) else { return Selection::Whole };
    if size == 0 && specs.iter().any(|spec| matches!(spec, Spec::Suffix(1..))) {
        return Selection::Whole;
    }
    let ranges = merge(specs.iter().filter_map(|spec| spec.within(size)));
    match ranges.as_slice() {
        [] => Selection::Unsatisfiable,
        [one] => Selection::One(*one),
        several if several.len() > PARTS_MAX => Selection::Whole,
        _ => Selection::Several(ranges),
    }
}

/// The ranges of the one Range header; None where it is to be ignored.
fn parse(lines: &GetAll<'_, HeaderValue>) -> Option<Vec<Spec>> {
    let mut lines = lines.iter();
    let (Some(line), None) = (lines.next(), lines.next()) else { return None };
    let (unit, set) = line.to_str().ok()?.split_once('=')?;
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return None;
    }
    let mut specs = Vec::new();
    // Empty members are allowed between commas (RFC 9110 §5.6.1.2).
    for text in set.split(',').map(str::trim).filter(|text| !text.is_empty()) {
        if specs.len() == SPECS_MAX {
            return None;
        }
        specs.push(Spec::parse(text)?);
    }
    if specs.is_empty() { None } else { Some(specs) }
}

impl Spec {
    fn parse(text: &str) -> Option<Self> {
        match text.split_once('-')? {
            ("", suffix) => number(suffix).map(Self::Suffix),
            (first, "") => Some(Self::From(number(first)?, None)),
            (first, last) => {
                let (first, last) = (number(first)?, number(last)?);
                (first <= last).then_some(Self::From(first, Some(last)))
            }
        }
    }

    fn within(self, size: u64) -> Option<ByteRange> {
        match self {
            Self::From(first, last) => ByteRange::new(first, last.unwrap_or(u64::MAX), size),
            Self::Suffix(0) => None,
            Self::Suffix(length) => ByteRange::new(size.saturating_sub(length), u64::MAX, size),
        }
    }
}

/// Digits only; what does not fit is the largest number.
fn number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u64::MAX))
}

/// Joins what is close together. A joined range stands where the first of its ranges stood in the request
/// (RFC 9110 §15.3.7.2).
fn merge(ranges: impl Iterator<Item = ByteRange>) -> Vec<ByteRange> {
    let mut by_place: Vec<(usize, ByteRange)> = ranges.enumerate().collect();
    by_place.sort_by_key(|(_, range)| range.first);
    let mut merged: Vec<(usize, ByteRange)> = Vec::with_capacity(by_place.len());
    for (order, range) in by_place {
        match merged.last_mut() {
            Some((first_order, before)) if range.first <= before.last.saturating_add(GAP) => {
                before.last = before.last.max(range.last);
                *first_order = order.min(*first_order);
            }
            _ => merged.push((order, range)),
        }
    }
    merged.sort_by_key(|(order, _)| *order);
    merged.into_iter().map(|(_, range)| range).collect()
}

#[cfg(test)]
#[path = "range_tests.rs"]
mod tests;
