//! Uploads in parts.

use bucket::{Conditions, PART_BYTES, PutCondition, PutOptions, StoreError, Upload};
use bytes::Bytes;

use super::objects::{check_described, described};
use super::{Case, bytes, key, outcome};

fn part_size() -> usize {
    usize::try_from(PART_BYTES).unwrap()
}

async fn begin(case: &Case, name: &str) -> Upload {
    case.bucket.create_upload(&key(name), &PutOptions::default()).await.unwrap()
}

pub(super) async fn in_parts(case: Case) {
    case.put("a", "what was there before").await;
    let body = bytes(2 * part_size() + 12_345, 5);
    let upload = begin(&case, "a").await;
    let piece = |number: usize| {
        let first = (number - 1) * part_size();
        body.slice(first..body.len().min(first + part_size()))
    };
    // Out of order, and one twice: the second counts.
    case.bucket.upload_part(&upload, 2, bytes(part_size(), 99)).await.unwrap();
    let mut parts = Vec::new();
    for number in [3, 1, 2] {
        parts.push(case.bucket.upload_part(&upload, number, piece(number.into())).await.unwrap());
    }
    assert_eq!(case.read("a").await.unwrap(), "what was there before", "seen before it is complete");
    let tag = case.bucket.complete_upload(&upload, &parts, &PutCondition::Always).await.unwrap();
    let object = case.bucket.get(&key("a"), None, &Conditions::none()).await.unwrap();
    assert_eq!(object.meta.etag, tag);
    assert!(object.body.collect(u64::MAX).await.unwrap() == body, "the parts were not joined as sent");
    // Once more is an upload that is not there; the fetcher then looks at the object.
    let again = case.bucket.complete_upload(&upload, &parts, &PutCondition::Always).await;
    let expected = if case.differs().completes_twice { "Ok" } else { "NoSuchUpload" };
    assert_eq!(outcome(&again), expected, "{again:?}");
}

pub(super) async fn with_metadata(case: Case) {
    let upload = case.bucket.create_upload(&key("a.css"), &described()).await.unwrap();
    let part = case.bucket.upload_part(&upload, 1, "a {}".into()).await.unwrap();
    case.bucket.complete_upload(&upload, &[part], &PutCondition::Always).await.unwrap();
    check_described(&case, "a.css", &described()).await;
}

pub(super) async fn aborted(case: Case) {
    let upload = begin(&case, "a").await;
    let part = case.bucket.upload_part(&upload, 1, bytes(part_size(), 6)).await.unwrap();
    case.bucket.abort_upload(&upload).await.unwrap();
    assert!(matches!(case.read("a").await, Err(StoreError::NotFound { .. })));
    let late = case.bucket.upload_part(&upload, 2, Bytes::from_static(b"x")).await;
    assert_eq!(outcome(&late), "NoSuchUpload", "{late:?}");
    let complete = case.bucket.complete_upload(&upload, &[part], &PutCondition::Always).await;
    assert_eq!(outcome(&complete), "NoSuchUpload", "{complete:?}");
    case.bucket.abort_upload(&upload).await.unwrap();
}

pub(super) async fn unknown(case: Case) {
    let upload = begin(&case, "a").await;
    let part = case.bucket.upload_part(&upload, 1, Bytes::from_static(b"x")).await.unwrap();
    let missing = bucket::Part { number: 2, ..part.clone() };
    let incomplete = case.bucket.complete_upload(&upload, &[part, missing], &PutCondition::Always).await;
    assert_eq!(outcome(&incomplete), "Invalid", "{incomplete:?}");
    case.bucket.abort_upload(&upload).await.unwrap();
    let upload = Upload { id: "bm90LWFuLXVwbG9hZA".to_owned(), ..upload };
    let result = case.bucket.upload_part(&upload, 1, Bytes::from_static(b"x")).await;
    assert_eq!(outcome(&result), "NoSuchUpload", "{result:?}");
}

pub(super) async fn small_parts(case: Case) {
    let upload = begin(&case, "a").await;
    let mut parts = Vec::new();
    for number in [1, 2] {
        parts.push(case.bucket.upload_part(&upload, number, bytes(1000, number.into())).await.unwrap());
    }
    let result = case.bucket.complete_upload(&upload, &parts, &PutCondition::Always).await;
    let expected = if case.differs().takes_small_parts { "Ok" } else { "Invalid" };
    assert_eq!(outcome(&result), expected, "{result:?}");
}

/// How the fetcher finds what an earlier process left.
pub(super) async fn pending(case: Case) {
    let mut uploads = vec![begin(&case, "left/a b").await, begin(&case, "left/ü").await];
    begin(&case, "other").await;
    uploads.sort_by(|one, other| one.id.cmp(&other.id));
    let by = async |prefix: &str| {
        let mut found = case.bucket.list_uploads(prefix).await.unwrap();
        found.sort_by(|one, other| one.upload.id.cmp(&other.upload.id));
        found
    };
    let below: Vec<Upload> = by("left/").await.into_iter().map(|pending| pending.upload).collect();
    let expected = if case.differs().lists_uploads_by_prefix { uploads.clone() } else { Vec::new() };
    assert_eq!(below, expected);
    for upload in &uploads {
        let exact = by(upload.key.as_str()).await;
        assert_eq!(exact.iter().map(|pending| &pending.upload).collect::<Vec<_>>(), [upload]);
        assert!(exact[0].initiated.is_some());
        case.bucket.abort_upload(upload).await.unwrap();
        assert!(by(upload.key.as_str()).await.is_empty());
    }
}

pub(super) async fn conditional(case: Case) {
    case.put("a", "first").await;
    let upload = begin(&case, "a").await;
    let part = case.bucket.upload_part(&upload, 1, Bytes::from_static(b"second")).await.unwrap();
    let result = case.bucket.complete_upload(&upload, &[part], &PutCondition::Absent).await;
    let kept = case.differs().conditional_completion;
    assert_eq!(outcome(&result), if kept { "PreconditionFailed" } else { "Ok" }, "{result:?}");
    assert_eq!(case.read("a").await.unwrap(), if kept { "first" } else { "second" });
}
