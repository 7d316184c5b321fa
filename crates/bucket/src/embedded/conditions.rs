//! Conditions and ranges of a read, as RFC 9110 has them.

use s3s::dto::{ETag, ETagCondition, Range, Timestamp};
use s3s::{S3Result, s3_error};

/// What a read is asked under.
#[expect(clippy::struct_field_names, reason = "they are the headers' names")]
pub(super) struct Conditions {
    pub if_match: Option<ETagCondition>,
    pub if_none_match: Option<ETagCondition>,
    pub if_modified_since: Option<Timestamp>,
    pub if_unmodified_since: Option<Timestamp>,
}

impl Conditions {
    /// Holds them in the order of RFC 9110, section 13.2.2.
    pub(super) fn check(&self, etag: Option<&ETag>, modified: Option<&Timestamp>) -> S3Result<()> {
        let is = |condition: &ETagCondition, compare: fn(&ETag, &ETag) -> bool| match condition {
            ETagCondition::Any => true,
            ETagCondition::ETag(wanted) => etag.is_some_and(|etag| compare(etag, wanted)),
        };
        let later = |since: &Timestamp| modified.is_some_and(|modified| modified > since);
        let failed = || Err(s3_error!(PreconditionFailed, "a condition of the request does not hold"));
        match (&self.if_match, &self.if_unmodified_since) {
            (Some(wanted), _) if !is(wanted, ETag::strong_cmp) => return failed(),
            (None, Some(since)) if later(since) => return failed(),
            _ => {}
        }
        let same = match (&self.if_none_match, &self.if_modified_since) {
            (Some(known), _) => is(known, ETag::weak_cmp),
            (None, Some(since)) => !later(since),
            (None, None) => false,
        };
        if same { Err(not_modified(etag)) } else { Ok(()) }
    }
}

/// 304 carries the tag (RFC 9110, section 15.4.5).
fn not_modified(etag: Option<&ETag>) -> s3s::S3Error {
    let mut error = s3_error!(NotModified);
    if let Some(Ok(tag)) = etag.map(ETag::to_http_header) {
        error.set_headers([(http::header::ETAG, tag)].into_iter().collect());
    }
    error
}

/// The first byte of a range and the number of its bytes.
pub(super) fn place(range: Option<Range>, size: u64) -> S3Result<(u64, u64)> {
    let outside = || {
        let mut error = s3_error!(InvalidRange, "the range lies outside the object");
        if let Ok(size) = http::HeaderValue::from_str(&format!("bytes */{size}")) {
            error.set_headers([(http::header::CONTENT_RANGE, size)].into_iter().collect());
        }
        error
    };
    match range {
        None => Ok((0, size)),
        Some(Range::Suffix { length: 0 }) => Err(outside()),
        Some(Range::Suffix { .. }) if size == 0 => Err(outside()),
        Some(Range::Suffix { length }) => Ok((size.saturating_sub(length), length.min(size))),
        Some(range @ Range::Int { .. }) => {
            let bytes = range.check(size).map_err(|_| outside())?;
            Ok((bytes.start, bytes.end - bytes.start))
        }
    }
}
