//! Whole objects: what is put is what is got, and what is deleted is gone.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use bucket::{Conditions, ETag, ListRequest, PutCondition, PutOptions, StoreError};
use bytes::Bytes;

use super::{Case, bytes, key, outcome};

pub(super) async fn roundtrip(case: Case) {
    let body = bytes(100_000, 1);
    let tag = case.put("folder/a.bin", body.clone()).await;
    let object = case.bucket.get(&key("folder/a.bin"), None, &Conditions::none()).await.unwrap();
    assert_eq!(object.meta.etag, tag);
    assert_eq!(object.meta.content_length, 100_000);
    assert_eq!(object.range, None);
    let age = SystemTime::now().duration_since(object.meta.last_modified).unwrap_or_default();
    assert!(age < Duration::from_mins(10), "written {age:?} ago");
    let head = case.bucket.head(&key("folder/a.bin"), &Conditions::none()).await.unwrap();
    assert_eq!(head, object.meta);
    assert_eq!(object.body.collect(u64::MAX).await.unwrap(), body);
    assert!(tag.as_str().starts_with('"') && tag.as_str().ends_with('"') && tag.as_str().len() > 2, "{tag}");
}

pub(super) async fn overwritten(case: Case) {
    let old = case.put("a", "old").await;
    let new = case.put("a", "new content").await;
    assert_ne!(old, new);
    assert_eq!(case.read("a").await.unwrap(), "new content");
    // The same bytes have the same tag: what makes a revalidation worth its while after a redeployment.
    assert_eq!(case.put("a", "old").await, old);
}

pub(super) async fn empty(case: Case) {
    let tag = case.put("empty", Bytes::new()).await;
    let object = case.bucket.get(&key("empty"), None, &Conditions::none()).await.unwrap();
    assert_eq!((object.meta.content_length, object.meta.etag), (0, tag));
    assert_eq!(object.body.collect(0).await.unwrap(), "");
}

pub(super) async fn large(case: Case) {
    let body = bytes(64 * 1024 * 1024, 2);
    case.put("large", body.clone()).await;
    assert!(case.read("large").await.unwrap() == body, "64 MiB came back otherwise");
}

/// Everything a response of file-server is made of.
pub(super) fn described() -> PutOptions {
    let metadata = [("sha256", "0123abcd"), ("source-etag", "W/\"x y\""), ("empty", "")];
    PutOptions {
        content_type: Some("text/css; charset=utf-8".into()),
        cache_control: Some("public, max-age=60, stale-if-error=600".into()),
        content_disposition: Some("attachment; filename=\"a b.css\"".into()),
        content_language: Some("de, en".into()),
        expires: Some(SystemTime::UNIX_EPOCH + Duration::from_secs(2_000_000_000)),
        metadata: metadata.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        ..PutOptions::default()
    }
}

pub(super) async fn check_described(case: &Case, name: &str, sent: &PutOptions) {
    let meta = case.bucket.head(&key(name), &Conditions::none()).await.unwrap();
    assert_eq!(meta.content_type, sent.content_type);
    assert_eq!(meta.cache_control, sent.cache_control);
    assert_eq!(meta.content_disposition, sent.content_disposition);
    assert_eq!(meta.content_language, sent.content_language);
    assert_eq!(meta.expires, sent.expires);
    assert_eq!(meta.metadata, sent.metadata);
    let object = case.bucket.get(&key(name), None, &Conditions::none()).await.unwrap();
    assert_eq!(object.meta, meta);
}

pub(super) async fn metadata(case: Case) {
    let mut sent = described();
    case.bucket.put(&key("a.css"), "a {}".into(), &sent).await.unwrap();
    if !case.differs().put_keeps_empty_metadata {
        sent.metadata.retain(|_, value| !value.is_empty());
    }
    check_described(&case, "a.css", &sent).await;
    // A put without any leaves none of the old.
    case.put("a.css", "b {}").await;
    let meta = case.bucket.head(&key("a.css"), &Conditions::none()).await.unwrap();
    assert_eq!((meta.cache_control, meta.metadata), (None, BTreeMap::new()));
}

pub(super) async fn encodings(case: Case) {
    for (coding, kept) in [
        ("gzip", Some("gzip")),
        ("br", Some("br")),
        ("aws-chunked", None),
        ("gzip, aws-chunked", Some("gzip")),
    ] {
        let options = PutOptions { content_encoding: Some(coding.into()), ..PutOptions::default() };
        // Not gzip at all: a store that decodes, or a client that does, would fail or change it.
        let body = bytes(10_000, 3);
        case.bucket.put(&key("a"), body.clone(), &options).await.unwrap();
        let object = case.bucket.get(&key("a"), None, &Conditions::none()).await.unwrap();
        assert_eq!(object.meta.content_encoding.as_deref(), kept, "{coding}");
        assert_eq!(object.body.collect(u64::MAX).await.unwrap(), body, "{coding}");
    }
}

pub(super) async fn conditional_puts(case: Case) {
    let put = async |on: PutCondition, body: &'static str| {
        let options = PutOptions { condition: on, ..PutOptions::default() };
        case.bucket.put(&key("a"), body.into(), &options).await
    };
    let other = ETag::new("\"00000000000000000000000000000000\"");
    let nothing = put(PutCondition::Matching(other.clone()), "zero").await;
    assert!(matches!(outcome(&nothing).as_str(), "PreconditionFailed" | "NotFound"), "{nothing:?}");
    let first = put(PutCondition::Absent, "first").await.unwrap();
    let second = put(PutCondition::Absent, "second").await;
    assert_eq!(outcome(&second), "PreconditionFailed");
    assert_eq!(case.read("a").await.unwrap(), "first");
    let wrong = put(PutCondition::Matching(other), "third").await;
    assert_eq!(outcome(&wrong), "PreconditionFailed");
    assert_eq!(case.read("a").await.unwrap(), "first");
    put(PutCondition::Matching(first), "fourth").await.unwrap();
    assert_eq!(case.read("a").await.unwrap(), "fourth");
}

pub(super) async fn deleted(case: Case) {
    case.put("a", "x").await;
    case.bucket.delete(&key("a")).await.unwrap();
    assert!(matches!(case.read("a").await, Err(StoreError::NotFound { .. })));
    case.bucket.delete(&key("a")).await.unwrap();
    case.bucket.delete(&key("never/was")).await.unwrap();
}

pub(super) async fn deleted_together(case: Case) {
    let names: Vec<String> = (0..1100).map(|number| format!("many/{number}")).collect();
    let puts = names.chunks(50).map(|names| names.iter().map(|name| case.put(name, "x")));
    for puts in puts {
        futures::future::join_all(puts).await;
    }
    case.put("kept", "x").await;
    case.put("a & <b> \"c\" é", "x").await;
    let mut keys: Vec<_> = names.iter().map(|name| key(name)).collect();
    keys.push(key("a & <b> \"c\" é"));
    keys.push(key("never/was"));
    let left = case.bucket.delete_many(&keys).await.unwrap();
    assert!(left.is_empty(), "{left:?}");
    let listing = case.bucket.list(&ListRequest::default()).await.unwrap();
    let listed: Vec<&str> = listing.objects.iter().map(|object| object.key.as_str()).collect();
    assert_eq!(listed, ["kept"]);
}
