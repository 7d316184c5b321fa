//! The embedded store where it is more, or less, than s3s-fs.

mod support;

use std::collections::BTreeSet;

use bucket::embedded::EmbeddedS3;
use bucket::{
    Bucket, ByteRange, Conditions, ListRequest, PART_BYTES, PutCondition, PutOptions, StoreError,
    StoreMetrics, Upload,
};
use bytes::Bytes;
use support::{key, stage};

/// A key that is too long has an S3 code of its own; what else no file can be called is an argument that is wrong.
fn refused(name: &str, error: &StoreError) -> bool {
    match error {
        StoreError::ImpossibleKey { .. } => name.len() > 100,
        StoreError::Invalid { .. } => name.len() <= 100,
        _ => false,
    }
}

#[tokio::test]
async fn what_no_file_can_be_is_refused() {
    let stage = stage().await;
    stage.put("file", "x").await;
    stage.put("folder/file", "x").await;
    let long = "k".repeat(200);
    for name in ["a/", "/a", "a//b", "../escape", "a/./b", "a/../../b", &long, "file/below", "folder"] {
        let error =
            stage.bucket.put(&key(name), Bytes::from_static(b"x"), &PutOptions::default()).await.unwrap_err();
        assert!(refused(name, &error), "{name}: {error:?}");
        let error = stage.bucket.create_upload(&key(name), &PutOptions::default()).await.unwrap_err();
        assert!(refused(name, &error), "{name}: {error:?}");
        let error = stage.bucket.head(&key(name), &Conditions::none()).await.unwrap_err();
        assert!(matches!(error, StoreError::NotFound { .. }), "{name}: {error:?}");
        let error = stage.read(name).await.unwrap_err();
        assert!(matches!(error, StoreError::NotFound { .. }), "{name}: {error:?}");
        stage.bucket.delete(&key(name)).await.unwrap();
    }
    assert_eq!(stage.read("file").await.unwrap(), "x");
    assert_eq!(stage.read("folder/file").await.unwrap(), "x");
}

#[tokio::test]
async fn a_folder_goes_with_its_last_object() {
    let stage = stage().await;
    stage.put("a/b/c", "x").await;
    stage.put("a/d", "x").await;
    stage.bucket.delete(&key("a/b/c")).await.unwrap();
    stage.put("a/b", "an object where a folder was").await;
    assert_eq!(stage.read("a/b").await.unwrap(), "an object where a folder was");
    assert_eq!(stage.read("a/d").await.unwrap(), "x");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_never_sees_two_versions() {
    let stage = stage().await;
    let body = |version: u8| Bytes::from(vec![version; 50_000]);
    let mut tags = BTreeSet::new();
    for version in 0..10 {
        let tag = stage.bucket.put(&key("a"), body(version), &PutOptions::default()).await.unwrap();
        tags.insert((tag.to_string(), version));
    }
    let bucket = stage.bucket.clone();
    let writer = tokio::spawn(async move {
        for round in 0..200u8 {
            bucket.put(&key("a"), body(round % 10), &PutOptions::default()).await.unwrap();
        }
    });
    let mut reads = 0;
    while !writer.is_finished() {
        let object = stage.bucket.get(&key("a"), None, &Conditions::none()).await.unwrap();
        let tag = object.meta.etag.to_string();
        let bytes = object.body.collect(u64::MAX).await.unwrap();
        assert!(bytes.iter().all(|byte| *byte == bytes[0]), "two versions in one answer");
        assert!(tags.contains(&(tag.clone(), bytes[0])), "{tag} is not the tag of version {}", bytes[0]);
        reads += 1;
    }
    writer.await.unwrap();
    assert!(reads > 0);
}

#[tokio::test]
async fn uploads_are_known_by_key_and_id() {
    let stage = stage().await;
    let upload = stage.bucket.create_upload(&key("a"), &PutOptions::default()).await.unwrap();
    for wrong in [
        Upload { key: key("b"), ..upload.clone() },
        Upload { id: "00000000-0000-0000-0000-000000000000".into(), ..upload.clone() },
        Upload { id: "../../etc/passwd".into(), ..upload.clone() },
    ] {
        let error = stage.bucket.upload_part(&wrong, 1, Bytes::from_static(b"x")).await.unwrap_err();
        assert!(matches!(error, StoreError::NoSuchUpload { .. }), "{error:?}");
        let error = stage.bucket.complete_upload(&wrong, &[], &PutCondition::Always).await.unwrap_err();
        assert!(matches!(error, StoreError::NoSuchUpload { .. }), "{error:?}");
    }
    let part = stage.bucket.upload_part(&upload, 1, Bytes::from_static(b"x")).await.unwrap();
    let missing = bucket::Part { number: 2, ..part.clone() };
    let error =
        stage.bucket.complete_upload(&upload, &[part, missing], &PutCondition::Always).await.unwrap_err();
    assert!(matches!(error, StoreError::Invalid { .. }), "{error:?}");
    assert_eq!(stage.bucket.list_uploads("").await.unwrap().len(), 1);
}

#[tokio::test]
async fn it_comes_back_with_its_objects_and_without_what_was_under_way() {
    let folder = tempfile::tempdir().unwrap();
    let options = PutOptions { content_type: Some("text/css".into()), ..PutOptions::default() };
    let part = Bytes::from(vec![1; usize::try_from(PART_BYTES).unwrap()]);
    let tag = {
        let store = EmbeddedS3::start(folder.path()).await.unwrap();
        let bucket = Bucket::open(store.settings("site"), StoreMetrics::default()).await.unwrap();
        bucket.create_bucket().await.unwrap();
        let upload = bucket.create_upload(&key("unfinished"), &options).await.unwrap();
        bucket.upload_part(&upload, 1, part).await.unwrap();
        let tag = bucket.put(&key("a"), Bytes::from_static(b"kept"), &options).await.unwrap();
        store.stop().await;
        tag
    };
    let store = EmbeddedS3::start(folder.path()).await.unwrap();
    let bucket = Bucket::open(store.settings("site"), StoreMetrics::default()).await.unwrap();
    let meta = bucket.head(&key("a"), &Conditions::none()).await.unwrap();
    assert_eq!((meta.etag, meta.content_type.as_deref()), (tag, Some("text/css")));
    let left = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
    let left: Vec<_> = left.filter(|name| name.to_string_lossy().contains("upload")).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[tokio::test]
async fn ranges_reach_no_further_than_the_object() {
    let stage = stage().await;
    stage.put("a", "0123456789").await;
    stage.put("empty", "").await;
    for (range, expected) in [
        (ByteRange::Suffix(3), "789"),
        (ByteRange::Suffix(1000), "0123456789"),
        (ByteRange::From(9), "9"),
        (ByteRange::Inclusive(2, 1000), "23456789"),
    ] {
        let object = stage.bucket.get(&key("a"), Some(range), &Conditions::none()).await.unwrap();
        assert_eq!(object.body.collect(100).await.unwrap(), expected, "{range}");
    }
    for (name, range, size) in [
        ("a", ByteRange::From(10), 10),
        ("a", ByteRange::Suffix(0), 10),
        ("empty", ByteRange::From(0), 0),
        ("empty", ByteRange::Suffix(1), 0),
    ] {
        let error = stage.bucket.get(&key(name), Some(range), &Conditions::none()).await.unwrap_err();
        assert!(
            matches!(error, StoreError::RangeNotSatisfiable { size: Some(told) } if told == size),
            "{range}: {error:?}"
        );
    }
}

#[tokio::test]
async fn a_folder_is_listed_by_what_it_holds() {
    let stage = stage().await;
    for name in ["a b/ü+1", "a b/\u{1}", "top"] {
        stage.put(name, "x").await;
    }
    let all = stage.bucket.list(&ListRequest::default()).await.unwrap();
    let names: Vec<&str> = all.objects.iter().map(|object| object.key.as_str()).collect();
    assert_eq!(names, ["a b/\u{1}", "a b/ü+1", "top"]);
    let request = ListRequest { delimiter: Some("/".into()), ..ListRequest::default() };
    let top = stage.bucket.list(&request).await.unwrap();
    assert_eq!((top.folders, top.objects.len()), (vec!["a b/".to_owned()], 1));
}
