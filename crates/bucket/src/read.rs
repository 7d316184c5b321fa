//! Reading: head and get.
//!
//! 1. Send the key, the range and the conditions.
//! 2. Take the metadata of the answer; an answer without tag, date or length is none of a store.
//! 3. Hold the range of the answer against the one asked for: bytes of another place would go out as these.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, SystemTime};

use aws_sdk_s3::primitives::DateTime;

use crate::body::ObjectBody;
use crate::bucket::Bucket;
use crate::error::StoreError;
use crate::metrics::{Direction, Operation};
use crate::names::Key;
use crate::object::{ByteRange, Conditions, ContentRange, ETag, ObjectMeta};

/// An object, or a range of one, on its way.
#[derive(Debug)]
pub struct Object {
    /// What the store says of the whole object.
    pub meta: ObjectMeta,
    /// Which bytes of it come; none when all do and no range was asked for or all of it was.
    pub range: Option<ContentRange>,
    /// The bytes.
    pub body: ObjectBody,
}

/// What head and get answer alike, each in a type of its own.
macro_rules! meta_of {
    ($output:expr, $size:expr) => {
        meta(
            $output.e_tag.take(),
            $output.last_modified,
            ObjectMeta {
                etag: ETag::new(""),
                last_modified: SystemTime::UNIX_EPOCH,
                content_length: $size,
                content_type: $output.content_type.take(),
                content_encoding: $output.content_encoding.take().and_then(|value| stored_encoding(&value)),
                cache_control: $output.cache_control.take(),
                content_disposition: $output.content_disposition.take(),
                content_language: $output.content_language.take(),
                expires: $output
                    .expires_string
                    .take()
                    .and_then(|value| httpdate::parse_http_date(&value).ok()),
                metadata: sorted($output.metadata.take()),
            },
        )
    };
}

impl Bucket {
    /// What the store says of an object.
    pub async fn head(&self, key: &Key, conditions: &Conditions) -> Result<ObjectMeta, StoreError> {
        let full = self.full_key(key)?;
        let request = self
            .clients()
            .quick
            .head_object()
            .bucket(self.name().as_str())
            .key(&full)
            .set_if_match(conditions.if_match.as_ref().map(ToString::to_string))
            .set_if_none_match(conditions.if_none_match.as_ref().map(ToString::to_string))
            .set_if_modified_since(conditions.if_modified_since.map(DateTime::from))
            .set_if_unmodified_since(conditions.if_unmodified_since.map(DateTime::from));
        let mut output =
            self.call(Operation::Head, self.asked(Some(&full)), Duration::ZERO, request.send()).await?;
        let size = length(output.content_length)?;
        meta_of!(output, size)
    }

    /// An object or a range of it. Returns when the head of the answer is there; the bytes follow in
    /// [`Object::body`], and are read from the store no faster than they are taken from it.
    pub async fn get(
        &self,
        key: &Key,
        range: Option<ByteRange>,
        conditions: &Conditions,
    ) -> Result<Object, StoreError> {
        let full = self.full_key(key)?;
        let request = self
            .clients()
            .quick
            .get_object()
            .bucket(self.name().as_str())
            .key(&full)
            .set_range(range.as_ref().map(ToString::to_string))
            .set_if_match(conditions.if_match.as_ref().map(ToString::to_string))
            .set_if_none_match(conditions.if_none_match.as_ref().map(ToString::to_string))
            .set_if_modified_since(conditions.if_modified_since.map(DateTime::from))
            .set_if_unmodified_since(conditions.if_unmodified_since.map(DateTime::from));
        let mut output =
            self.call(Operation::Get, self.asked(Some(&full)), Duration::ZERO, request.send()).await?;
        let length = length(output.content_length)?;
        let range = answered_range(range, output.content_range.as_deref(), length)?;
        let meta = meta_of!(output, range.map_or(length, |range| range.size))?;
        let counter = self.metrics().bytes(Direction::Read);
        let body = ObjectBody::new(output.body, length, self.timeouts().read, counter);
        Ok(Object { meta, range, body })
    }
}

fn garbled(detail: impl Into<String>) -> StoreError {
    StoreError::Garbled { detail: detail.into() }
}

fn length(content_length: Option<i64>) -> Result<u64, StoreError> {
    let length = content_length.ok_or_else(|| garbled("no Content-Length"))?;
    u64::try_from(length).map_err(|_| garbled("a Content-Length below zero"))
}

fn meta(
    etag: Option<String>,
    modified: Option<DateTime>,
    meta: ObjectMeta,
) -> Result<ObjectMeta, StoreError> {
    let etag = etag.filter(|tag| !tag.is_empty()).ok_or_else(|| garbled("no ETag"))?;
    let modified = modified.ok_or_else(|| garbled("no Last-Modified"))?;
    let last_modified =
        SystemTime::try_from(modified).map_err(|_| garbled("a Last-Modified out of range"))?;
    Ok(ObjectMeta { etag: ETag::new(etag), last_modified, ..meta })
}

fn sorted(metadata: Option<HashMap<String, String>>) -> BTreeMap<String, String> {
    metadata.unwrap_or_default().into_iter().collect()
}

/// The codings of the stored bytes. `aws-chunked` is of the upload's transfer; some stores keep it with the object.
fn stored_encoding(value: &str) -> Option<String> {
    let kept: Vec<&str> = value
        .split(',')
        .map(str::trim)
        .filter(|coding| !coding.is_empty() && !coding.eq_ignore_ascii_case("aws-chunked"))
        .collect();
    (!kept.is_empty()).then(|| kept.join(", "))
}

/// The range that `length` bytes of answer are, if it is the one that was asked for. A store may answer the whole
/// object only where that is what the range comes to.
fn answered_range(
    asked: Option<ByteRange>,
    content_range: Option<&str>,
    length: u64,
) -> Result<Option<ContentRange>, StoreError> {
    let Some(asked) = asked else {
        return match content_range {
            None => Ok(None),
            Some(_) => Err(garbled("a Content-Range nobody asked for")),
        };
    };
    let Some(text) = content_range else {
        let all = match asked {
            ByteRange::From(first) => first == 0,
            ByteRange::Inclusive(first, last) => first == 0 && last.saturating_add(1) >= length,
            ByteRange::Suffix(wanted) => wanted >= length,
        };
        return if all { Ok(None) } else { Err(garbled(format!("the whole object instead of {asked}"))) };
    };
    let range = parse_content_range(text).ok_or_else(|| garbled(format!("Content-Range {text:?}")))?;
    let end = range.size - 1;
    let (first, last) = match asked {
        ByteRange::From(first) => (first, end),
        ByteRange::Inclusive(first, last) => (first, last.min(end)),
        ByteRange::Suffix(wanted) => (range.size.saturating_sub(wanted), end),
    };
    if (range.first, range.last) != (first, last) || length != last - first + 1 {
        return Err(garbled(format!("Content-Range {text:?} with {length} bytes for {asked}")));
    }
    Ok(Some(range))
}

/// `bytes first-last/size` (RFC 9110, section 14.4) of at least one byte.
fn parse_content_range(text: &str) -> Option<ContentRange> {
    let (range, size) = text.strip_prefix("bytes ")?.split_once('/')?;
    let (first, last) = range.split_once('-')?;
    let range =
        ContentRange { first: first.parse().ok()?, last: last.parse().ok()?, size: size.parse().ok()? };
    (range.first <= range.last && range.last < range.size).then_some(range)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aws_chunked_is_not_of_the_object() {
        for (stored, kept) in [
            ("aws-chunked", None),
            ("AWS-Chunked", None),
            ("", None),
            ("gzip", Some("gzip")),
            ("gzip,aws-chunked", Some("gzip")),
            ("aws-chunked, br", Some("br")),
            ("gzip, br", Some("gzip, br")),
        ] {
            assert_eq!(stored_encoding(stored).as_deref(), kept, "{stored}");
        }
    }

    #[test]
    fn ranges_that_were_asked_for() {
        let range = |first, last, size| Ok(Some(ContentRange { first, last, size }));
        let of = |asked, text, length| answered_range(asked, text, length).map_err(|error| error.to_string());
        assert_eq!(of(None, None, 10), Ok(None));
        assert_eq!(of(Some(ByteRange::From(4)), Some("bytes 4-9/10"), 6), range(4, 9, 10));
        assert_eq!(of(Some(ByteRange::Inclusive(0, 3)), Some("bytes 0-3/10"), 4), range(0, 3, 10));
        assert_eq!(of(Some(ByteRange::Inclusive(8, 99)), Some("bytes 8-9/10"), 2), range(8, 9, 10));
        assert_eq!(of(Some(ByteRange::Suffix(3)), Some("bytes 7-9/10"), 3), range(7, 9, 10));
        assert_eq!(of(Some(ByteRange::Suffix(30)), Some("bytes 0-9/10"), 10), range(0, 9, 10));
        // The whole object, where the range is all of it.
        assert_eq!(of(Some(ByteRange::From(0)), None, 10), Ok(None));
        assert_eq!(of(Some(ByteRange::Inclusive(0, 9)), None, 10), Ok(None));
        assert_eq!(of(Some(ByteRange::Suffix(10)), None, 10), Ok(None));
    }

    #[test]
    fn ranges_of_another_place() {
        for (asked, text, length) in [
            (None, Some("bytes 0-9/10"), 10),
            (Some(ByteRange::From(4)), None, 10),
            (Some(ByteRange::Inclusive(0, 3)), None, 10),
            (Some(ByteRange::From(4)), Some("bytes 5-9/10"), 5),
            (Some(ByteRange::From(4)), Some("bytes 4-9/10"), 5),
            (Some(ByteRange::From(4)), Some("bytes 4-8/10"), 5),
            (Some(ByteRange::Inclusive(0, 3)), Some("bytes 0-4/10"), 5),
            (Some(ByteRange::Inclusive(0, 3)), Some("bytes 0-3/*"), 4),
            (Some(ByteRange::Inclusive(0, 3)), Some("bytes 0-3/2"), 4),
            (Some(ByteRange::Suffix(3)), Some("bytes 6-9/10"), 4),
            (Some(ByteRange::From(0)), Some("garbage"), 4),
            (Some(ByteRange::From(0)), Some("bytes 0-18446744073709551615/18446744073709551615"), 4),
        ] {
            assert!(answered_range(asked, text, length).is_err(), "{asked:?} took {text:?}");
        }
    }
}
