//! Ranges and conditions, as RFC 9110 and the S3 API have them.

use std::time::Duration;

use bucket::{ByteRange, Conditions, ContentRange, ETag, StoreError};

use super::{Case, bytes, key, outcome};

pub(super) async fn ranges(case: Case) {
    let body = bytes(1_000_000, 4);
    let tag = case.put("a", body.clone()).await;
    for (range, first, last) in [
        (ByteRange::Inclusive(0, 0), 0, 0),
        (ByteRange::Inclusive(0, 999_999), 0, 999_999),
        (ByteRange::Inclusive(300_000, 700_000), 300_000, 700_000),
        (ByteRange::Inclusive(999_999, 2_000_000), 999_999, 999_999),
        (ByteRange::From(0), 0, 999_999),
        (ByteRange::From(999_000), 999_000, 999_999),
        (ByteRange::Suffix(1), 999_999, 999_999),
        (ByteRange::Suffix(2_000_000), 0, 999_999),
    ] {
        let object = case.bucket.get(&key("a"), Some(range), &Conditions::none()).await.unwrap();
        let size = 1_000_000;
        let told = object.range.unwrap_or(ContentRange { first: 0, last: size - 1, size });
        assert_eq!(told, ContentRange { first, last, size }, "{range}");
        assert_eq!((object.meta.content_length, &object.meta.etag), (size, &tag), "{range}");
        let expected = body.slice(usize::try_from(first).unwrap()..=usize::try_from(last).unwrap());
        assert!(object.body.collect(u64::MAX).await.unwrap() == expected, "{range}: other bytes");
    }
}

pub(super) async fn ranges_outside(case: Case) {
    case.put("a", "0123456789").await;
    case.put("empty", "").await;
    for (name, range, size) in [
        ("a", ByteRange::From(10), 10),
        ("a", ByteRange::Inclusive(10, 20), 10),
        ("empty", ByteRange::From(0), 0),
        ("empty", ByteRange::Inclusive(0, 0), 0),
    ] {
        let result = case.read_range(name, Some(range)).await;
        let Err(StoreError::RangeNotSatisfiable { size: told }) = result else {
            panic!("{name} {range}: {result:?}")
        };
        // AWS says the size in the body only; whoever says it in Content-Range must say it right.
        assert!(told.is_none_or(|told| told == size), "{name} {range}: {told:?}");
    }
}

pub(super) async fn conditions(case: Case) {
    let tag = case.put("a", "x").await;
    let other = ETag::new("\"00000000000000000000000000000000\"");
    for (conditions, expected) in [
        (Conditions::matching(tag.clone()), "Ok"),
        (Conditions::matching(other.clone()), "PreconditionFailed"),
        (Conditions::changed_from(other.clone()), "Ok"),
        (Conditions::changed_from(tag.clone()), "NotModified"),
        (Conditions { if_none_match: Some(other), ..Conditions::matching(tag.clone()) }, "Ok"),
        (Conditions { if_none_match: Some(tag.clone()), ..Conditions::matching(tag) }, "NotModified"),
    ] {
        let got = case.bucket.get(&key("a"), None, &conditions).await;
        assert_eq!(outcome(&got), expected, "get, {conditions:?}: {got:?}");
        let head = case.bucket.head(&key("a"), &conditions).await;
        assert_eq!(outcome(&head), expected, "head, {conditions:?}: {head:?}");
    }
}

pub(super) async fn times(case: Case) {
    case.put("a", "x").await;
    let written = case.bucket.head(&key("a"), &Conditions::none()).await.unwrap().last_modified;
    let day = Duration::from_hours(24);
    for (conditions, expected) in [
        (Conditions { if_modified_since: Some(written - day), ..Conditions::none() }, "Ok"),
        (Conditions { if_modified_since: Some(written), ..Conditions::none() }, "NotModified"),
        (Conditions { if_unmodified_since: Some(written), ..Conditions::none() }, "Ok"),
        (Conditions { if_unmodified_since: Some(written - day), ..Conditions::none() }, "PreconditionFailed"),
    ] {
        let got = case.bucket.get(&key("a"), None, &conditions).await;
        assert_eq!(outcome(&got), expected, "{conditions:?}: {got:?}");
    }
}

/// What keeps the parts of one answer from mixing versions.
pub(super) async fn pinned_ranges(case: Case) {
    let old = case.put("a", "old content").await;
    let new = case.put("a", "new content").await;
    let range = Some(ByteRange::From(4));
    let gone = case.bucket.get(&key("a"), range, &Conditions::matching(old)).await;
    assert_eq!(outcome(&gone), "PreconditionFailed", "{gone:?}");
    let object = case.bucket.get(&key("a"), range, &Conditions::matching(new)).await.unwrap();
    assert_eq!(object.body.collect(u64::MAX).await.unwrap(), "content");
    // A condition comes before the range, also before one that cannot be satisfied.
    let other = Conditions::matching(ETag::new("\"00000000000000000000000000000000\""));
    let both = case.bucket.get(&key("a"), Some(ByteRange::From(1000)), &other).await;
    assert_eq!(outcome(&both), "PreconditionFailed", "{both:?}");
}
