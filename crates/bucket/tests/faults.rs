//! What goes wrong at the wire, and what the caller is told of it.

mod support;

use std::time::Duration;

use bucket::testing::{Fault, Rule};
use bucket::{
    BucketSettings, ByteRange, Conditions, ETag, ListRequest, Operation, PutCondition, PutOptions, Retries,
    StoreError, Timeouts,
};
use bytes::Bytes;
use support::{key, stage, stage_with};

/// Time limits for tests in which one must pass.
fn impatient(settings: BucketSettings) -> BucketSettings {
    let read = Duration::from_millis(300);
    BucketSettings { timeouts: Timeouts { read, ..Timeouts::default() }, ..settings }
}

#[tokio::test]
async fn answers_that_say_no() {
    let stage = stage().await;
    stage.put("a", "x").await;
    for (fault, expected) in [
        (Fault::denied(), "Denied"),
        (Fault::internal(), "Unavailable"),
        (Fault::slow_down(None), "Throttled"),
        (Fault::Status { status: 429, code: "TooMany", headers: vec![] }, "Throttled"),
        (Fault::Status { status: 412, code: "PreconditionFailed", headers: vec![] }, "PreconditionFailed"),
        (Fault::Status { status: 404, code: "NoSuchBucket", headers: vec![] }, "NoSuchBucket"),
        (Fault::Status { status: 301, code: "PermanentRedirect", headers: vec![] }, "Invalid"),
        (Fault::Garbage { status: 404, body: "<html>no such page</html>" }, "Garbled"),
        (Fault::Garbage { status: 502, body: "<html>bad gateway</html>" }, "Unavailable"),
        (Fault::Garbage { status: 200, body: "<html>welcome</html>" }, "Garbled"),
        (Fault::Reset, "Unavailable"),
    ] {
        stage.faulty.heal();
        stage.faulty.fail(Rule::any(), fault.clone());
        let error = stage.read("a").await.unwrap_err();
        assert!(format!("{error:?}").starts_with(expected), "{fault:?} became {error:?}");
    }
}

#[tokio::test]
async fn slow_down_says_for_how_long() {
    let stage = stage().await;
    stage.faulty.fail(Rule::on(Operation::Get), Fault::slow_down(Some(7)));
    let error = stage.read("a").await.unwrap_err();
    assert_eq!(error.retry_after(), Some(Duration::from_secs(7)));
    assert!(error.is_transient());
}

#[tokio::test]
async fn head_has_no_body_to_learn_from() {
    let stage = stage().await;
    for (fault, expected) in [
        (Fault::denied(), "Denied"),
        (Fault::slow_down(Some(1)), "Unavailable"),
        (Fault::Status { status: 404, code: "NoSuchKey", headers: vec![] }, "NotFound"),
    ] {
        stage.faulty.heal();
        stage.faulty.fail(Rule::on(Operation::Head), fault.clone());
        let error = stage.bucket.head(&key("a"), &Conditions::none()).await.unwrap_err();
        assert!(format!("{error:?}").starts_with(expected), "{fault:?} became {error:?}");
    }
}

#[tokio::test]
async fn bodies_that_break_off() {
    let stage = stage().await;
    let body = Bytes::from(vec![7; 300_000]);
    stage.put("big", body.clone()).await;
    for fault in
        [Fault::ResetBody(1000), Fault::ShortBody(1000), Fault::ShortBody(0), Fault::ShortBody(299_999)]
    {
        stage.faulty.heal();
        stage.faulty.fail(Rule::on(Operation::Get), fault.clone());
        let error = stage.read("big").await.unwrap_err();
        let StoreError::Truncated { expected, received, .. } = error else {
            panic!("{fault:?} became {error:?}")
        };
        assert_eq!(expected, 300_000);
        assert!(received < expected, "{fault:?}: {received}");
    }
    let longer = Fault::Header { name: "content-length", value: Some("300001".into()) };
    stage.faulty.heal();
    stage.faulty.fail(Rule::on(Operation::Get), longer);
    let error = stage.read("big").await.unwrap_err();
    assert!(matches!(error, StoreError::Truncated { expected: 300_001, received: 300_000, .. }), "{error:?}");
    stage.faulty.heal();
    assert_eq!(stage.read("big").await.unwrap(), body);
}

#[tokio::test]
async fn answers_that_lie_of_themselves() {
    let stage = stage().await;
    stage.put("a", "0123456789").await;
    let header = |name, value: Option<&str>| Fault::Header { name, value: value.map(Into::into) };
    for (range, fault) in [
        (None, Fault::NoLength),
        (None, header("etag", None)),
        (None, header("last-modified", None)),
        (None, header("content-range", Some("bytes 0-9/10"))),
        (Some(ByteRange::From(3)), header("content-range", None)),
        (Some(ByteRange::From(3)), header("content-range", Some("bytes 4-10/11"))),
        (Some(ByteRange::Suffix(3)), header("content-range", Some("bytes 7-9/1000"))),
    ] {
        stage.faulty.heal();
        stage.faulty.fail(Rule::on(Operation::Get), fault.clone());
        let error = stage.bucket.get(&key("a"), range, &Conditions::none()).await.unwrap_err();
        assert!(matches!(error, StoreError::Garbled { .. }), "{fault:?} became {error:?}");
    }
}

#[tokio::test]
async fn a_store_that_does_not_answer() {
    let stage = stage_with(impatient).await;
    stage.put("a", vec![1; 100_000]).await;
    for fault in [Fault::Silence, Fault::SlowFirstByte(Duration::from_hours(1)), Fault::StallBody(10_000)] {
        stage.faulty.heal();
        stage.faulty.fail(Rule::on(Operation::Get), fault.clone());
        let error = stage.read("a").await.unwrap_err();
        assert!(matches!(error, StoreError::Timeout { .. }), "{fault:?} became {error:?}");
    }
}

#[tokio::test]
async fn an_upload_that_is_swallowed() {
    let stage = stage_with(|settings| {
        let operation = Duration::from_millis(300);
        BucketSettings { timeouts: Timeouts { operation, ..Timeouts::default() }, ..settings }
    })
    .await;
    stage.faulty.fail(Rule::on(Operation::Put), Fault::Silence);
    let error =
        stage.bucket.put(&key("a"), Bytes::from_static(b"x"), &PutOptions::default()).await.unwrap_err();
    assert!(matches!(error, StoreError::Timeout { .. }), "{error:?}");
}

#[tokio::test]
async fn a_body_that_is_changed_on_its_way_is_not_stored() {
    let stage = stage().await;
    stage.faulty.fail(Rule::on(Operation::Put).times(1), Fault::FlipByte);
    let error = stage
        .bucket
        .put(&key("a"), Bytes::from_static(b"content"), &PutOptions::default())
        .await
        .unwrap_err();
    assert!(matches!(error, StoreError::Garbled { .. } | StoreError::Denied { .. }), "{error:?}");
    assert!(matches!(stage.read("a").await, Err(StoreError::NotFound { .. })));
}

#[tokio::test]
async fn nobody_listens() {
    let stage = stage().await;
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let settings = BucketSettings {
        endpoint: Some(format!("http://{free}").parse().unwrap()),
        retries: Retries::NONE,
        ..stage.store.settings("site")
    };
    let bucket = bucket::Bucket::open(settings, bucket::StoreMetrics::default()).await.unwrap();
    let error = bucket.head(&key("a"), &Conditions::none()).await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error:?}");
}

#[tokio::test]
async fn a_listing_that_is_none() {
    let stage = stage().await;
    for body in ["<html><body>hello", "", "<ListBucketResult><Contents>", "{\"keys\": []}"] {
        stage.faulty.heal();
        stage.faulty.fail(Rule::on(Operation::List), Fault::Garbage { status: 200, body });
        let error = stage.bucket.list(&ListRequest::default()).await.unwrap_err();
        assert!(matches!(error, StoreError::Garbled { .. }), "{body:?} became {error:?}");
    }
}

#[tokio::test]
async fn a_listing_of_what_was_not_asked() {
    let stage = stage().await;
    let outside =
        "<ListBucketResult><Contents><Key>else/where</Key><Size>1</Size></Contents></ListBucketResult>";
    let endless = "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>";
    for body in [outside, endless] {
        stage.faulty.heal();
        stage.faulty.fail(Rule::on(Operation::List), Fault::Garbage { status: 200, body });
        let request = ListRequest { prefix: "here/".into(), ..ListRequest::default() };
        let error = stage.bucket.list(&request).await.unwrap_err();
        assert!(matches!(error, StoreError::Garbled { .. }), "{body} became {error:?}");
    }
}

#[tokio::test]
async fn an_error_below_a_status_of_success() {
    let stage = stage().await;
    let upload = stage.bucket.create_upload(&key("a"), &PutOptions::default()).await.unwrap();
    let part = stage.bucket.upload_part(&upload, 1, Bytes::from_static(b"x")).await.unwrap();
    let late =
        Fault::Garbage { status: 200, body: "<Error><Code>InternalError</Code><Message>m</Message></Error>" };
    stage.faulty.fail(Rule::on(Operation::CompleteUpload).times(1), late);
    let parts = [part];
    let error = stage.bucket.complete_upload(&upload, &parts, &PutCondition::Always).await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error:?}");
    stage.bucket.complete_upload(&upload, &parts, &PutCondition::Always).await.unwrap();
}

#[tokio::test]
async fn retries_are_as_many_as_told() {
    for (attempts, failing, succeeds) in [(1, 1, false), (3, 2, true), (3, 3, false)] {
        let stage = stage_with(|settings| BucketSettings {
            retries: Retries { attempts, initial_backoff: Duration::from_millis(1), ..Retries::default() },
            ..settings
        })
        .await;
        stage.put("a", "x").await;
        stage.faulty.fail(Rule::on(Operation::Get).times(failing), Fault::internal());
        assert_eq!(stage.read("a").await.is_ok(), succeeds, "{attempts} attempts, {failing} failures");
        assert_eq!(stage.faulty.count(Operation::Get), (failing + usize::from(succeeds)));
    }
}

#[tokio::test]
async fn an_object_that_changed_is_not_mixed() {
    let stage = stage().await;
    stage.put("a", "old").await;
    let old = stage.bucket.head(&key("a"), &Conditions::none()).await.unwrap();
    stage.put("a", "new").await;
    let pinned = Conditions::matching(old.etag.clone());
    let error = stage.bucket.get(&key("a"), Some(ByteRange::From(1)), &pinned).await.unwrap_err();
    assert!(matches!(error, StoreError::PreconditionFailed), "{error:?}");
    let changed = stage.bucket.get(&key("a"), None, &Conditions::changed_from(old.etag)).await.unwrap();
    let new = changed.meta.etag.clone();
    let same = stage.bucket.get(&key("a"), None, &Conditions::changed_from(new.clone())).await.unwrap_err();
    assert!(matches!(same, StoreError::NotModified { etag: Some(etag) } if etag == new));
    assert_ne!(new, ETag::new(""));
}

#[tokio::test]
async fn a_bucket_that_is_there() {
    let stage = stage().await;
    stage.put("a", "x").await;
    let answer = |code| Fault::Status { status: 409, code, headers: vec![] };
    // Ours already; and another's, by a store that says the same of ours.
    for code in ["BucketAlreadyOwnedByYou", "BucketAlreadyExists"] {
        stage.faulty.heal();
        stage.faulty.fail(Rule::on(Operation::CreateBucket), answer(code));
        stage.bucket.create_bucket().await.unwrap();
    }
    // Another's, which we may not look at.
    stage.faulty.fail(Rule::on(Operation::HeadBucket), Fault::denied());
    let error = stage.bucket.create_bucket().await.unwrap_err();
    assert!(matches!(error, StoreError::Denied { .. }), "{error:?}");
    assert_eq!(stage.read("a").await.unwrap(), "x");
}
