//! What is not there, and what is not allowed.

use bucket::{BucketSettings, Conditions, Credentials, ListRequest, PayloadSigning, PutOptions};

use super::{Case, bytes, key, outcome};
use crate::store::open;

pub(super) async fn missing(case: Case) {
    case.put("folder/a", "x").await;
    let mut found = Vec::new();
    // A folder is no object, and an object is no folder.
    for name in ["nothing", "folder", "folder/", "folder/a/", "folder/a/b"] {
        let (get, head) = (case.read(name).await, case.bucket.head(&key(name), &Conditions::none()).await);
        for (method, outcome) in [("get", outcome(&get)), ("head", outcome(&head))] {
            match outcome.as_str() {
                "NotFound" => {}
                "Ok" => found.push((method, name)),
                other => panic!("{method} {name}: {other}"),
            }
        }
    }
    assert_eq!(found, case.differs().found_though_missing);

    let nowhere = open(case.store.settings("there-is-no-such-bucket")).await;
    assert_eq!(outcome(&nowhere.get(&key("a"), None, &Conditions::none()).await), "NoSuchBucket");
    assert_eq!(outcome(&nowhere.list(&ListRequest::default()).await), "NoSuchBucket");
    let put = nowhere.put(&key("a"), "x".into(), &PutOptions::default()).await;
    assert_eq!(
        outcome(&put),
        if case.differs().puts_make_buckets { "Ok" } else { "NoSuchBucket" },
        "{put:?}"
    );
}

pub(super) async fn denied(case: Case) {
    case.put("a", "x").await;
    let with = |access_key: &str, secret_key: &str| Credentials::Static {
        access_key: access_key.to_owned(),
        secret_key: secret_key.into(),
        session_token: None,
    };
    for credentials in [with("contract", "wrong"), with("nobody", "contract-secret"), Credentials::Anonymous]
    {
        let stranger = case.again(|settings| BucketSettings { credentials, ..settings }).await;
        for name in ["a", "nothing"] {
            let got = stranger.get(&key(name), None, &Conditions::none()).await;
            assert_eq!(outcome(&got), "Denied", "{name}: {got:?}");
            let head = stranger.head(&key(name), &Conditions::none()).await;
            assert_eq!(outcome(&head), "Denied", "{name}: {head:?}");
        }
        let put = stranger.put(&key("a"), "y".into(), &PutOptions::default()).await;
        assert_eq!(outcome(&put), "Denied", "{put:?}");
        assert_eq!(outcome(&stranger.list(&ListRequest::default()).await), "Denied");
    }
    assert_eq!(case.read("a").await.unwrap(), "x");
}

pub(super) async fn buckets(case: Case) {
    assert!(case.bucket.bucket_exists().await.unwrap());
    case.put("kept", "x").await;
    case.bucket.create_bucket().await.unwrap();
    assert_eq!(case.read("kept").await.unwrap(), "x");
    let other = open(case.store.settings("contract-not-yet")).await;
    assert!(!other.bucket_exists().await.unwrap());
    other.create_bucket().await.unwrap();
    assert!(other.bucket_exists().await.unwrap());
}

/// What is sent over TLS: the body's hash is not part of the signature.
pub(super) async fn unsigned_bodies(case: Case) {
    for payload_signing in [PayloadSigning::Never, PayloadSigning::Always] {
        let bucket = case.again(|settings| BucketSettings { payload_signing, ..settings }).await;
        let body = bytes(100_000, 7);
        bucket.put(&key("a"), body.clone(), &PutOptions::default()).await.unwrap();
        assert_eq!(case.read("a").await.unwrap(), body, "{payload_signing:?}");
    }
}
