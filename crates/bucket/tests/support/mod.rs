//! A store, a proxy before it that fails as told, and a bucket behind both.

#![allow(dead_code, reason = "each test binary uses its own part of this")]

use std::time::Duration;

use bucket::embedded::EmbeddedS3;
use bucket::testing::FaultyS3;
use bucket::{Bucket, BucketSettings, Conditions, Key, PutOptions, Retries, StoreError, StoreMetrics};
use bytes::Bytes;
use tempfile::TempDir;

/// How long any condition is waited for.
pub const DEADLINE: Duration = Duration::from_secs(20);

pub struct Stage {
    pub folder: TempDir,
    pub store: EmbeddedS3,
    pub faulty: FaultyS3,
    pub bucket: Bucket,
}

/// A bucket that is there and empty; its client retries nothing.
pub async fn stage() -> Stage {
    stage_with(|settings| settings).await
}

/// The same with other settings.
pub async fn stage_with(change: impl FnOnce(BucketSettings) -> BucketSettings) -> Stage {
    let folder = tempfile::tempdir().unwrap();
    let store = EmbeddedS3::start(folder.path()).await.unwrap();
    let faulty = FaultyS3::before(&store.endpoint).await.unwrap();
    let settings = BucketSettings { retries: Retries::NONE, ..faulty.settings(store.settings("site")) };
    let bucket = Bucket::open(change(settings), StoreMetrics::default()).await.unwrap();
    bucket.create_bucket().await.unwrap();
    faulty.forget();
    Stage { folder, store, faulty, bucket }
}

impl Stage {
    pub async fn put(&self, name: &str, body: impl Into<Bytes>) {
        self.bucket.put(&key(name), body.into(), &PutOptions::default()).await.unwrap();
    }

    /// All the bytes of an object.
    pub async fn read(&self, name: &str) -> Result<Bytes, StoreError> {
        let object = self.bucket.get(&key(name), None, &Conditions::none()).await?;
        object.body.collect(u64::MAX).await
    }
}

pub fn key(name: &str) -> Key {
    Key::parse(name).unwrap()
}

/// Waits until `condition` holds.
pub async fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let waited = tokio::time::timeout(DEADLINE, async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    assert!(waited.await.is_ok(), "{what}: not within {DEADLINE:?}");
}
