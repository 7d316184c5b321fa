//! The bucket, asked with the fetcher's own patience.
//!
//! 1. Each operation that may be repeated is, as [`RetryPolicy`] says.
//! 2. A completed upload whose answer was lost is found again by the mark that its metadata carries
//!    ([`Store::complete`]): asking twice answers "no such upload" the second time.
//! 3. Uploads that a killed run left behind are aborted ([`Store::abort_orphans`]): one fetcher per key is assumed.

use std::collections::HashSet;
use std::future::Future;
use std::time::Duration;

use bucket::{
    Bucket, Conditions, ETag, Key, ListRequest, Listing, ObjectMeta, Part, PutCondition, PutOptions,
    StoreError, Upload,
};
use bytes::Bytes;

use crate::error::store_advice;
use crate::item::ObjectKey;
use crate::metrics::FetcherMetrics;
use crate::retry::{Decision, RetryPolicy};

/// The bucket with retries. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    bucket: Bucket,
    retry: RetryPolicy,
    metrics: FetcherMetrics,
}

/// The key of the metadata that marks one transfer's object.
pub const MARK: &str = "fetch-id";

impl Store {
    /// The bucket under a policy. The bucket's own retries should be [`bucket::Retries::NONE`].
    pub fn new(bucket: Bucket, retry: RetryPolicy, metrics: FetcherMetrics) -> Self {
        Self { bucket, retry, metrics }
    }

    /// The bucket's prefix, ending in a slash or empty.
    pub fn prefix(&self) -> &str {
        self.bucket.prefix().as_str()
    }

    /// Makes the bucket if it is not there.
    pub async fn create_bucket(&self) -> Result<(), StoreError> {
        self.again("create bucket", || async {
            if self.bucket.bucket_exists().await? { Ok(()) } else { self.bucket.create_bucket().await }
        })
        .await
    }

    /// What the bucket holds under `key`.
    pub async fn held(&self, key: &ObjectKey) -> Result<Option<ObjectMeta>, StoreError> {
        let key = store_key(key)?;
        match self.head(&key).await {
            Ok(meta) => Ok(Some(meta)),
            Err(StoreError::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn head(&self, key: &Key) -> Result<ObjectMeta, StoreError> {
        let any = Conditions::none();
        self.again("head", || self.bucket.head(key, &any)).await
    }

    /// Writes a whole object at once.
    pub async fn put(&self, key: &ObjectKey, body: Bytes, options: &PutOptions) -> Result<ETag, StoreError> {
        let key = store_key(key)?;
        self.again("put", || self.bucket.put(&key, body.clone(), options)).await
    }

    /// Begins an upload. A lost answer leaves one behind that nobody can name: uploads of the key are looked for and
    /// dropped before it is asked again.
    pub async fn create_upload(&self, key: &ObjectKey, options: &PutOptions) -> Result<Upload, StoreError> {
        let key = store_key(key)?;
        self.again_after(
            "create upload",
            || self.bucket.create_upload(&key, options),
            || self.drop_uploads(&key),
        )
        .await
    }

    /// Sends one part.
    pub async fn upload_part(&self, upload: &Upload, number: u16, body: Bytes) -> Result<Part, StoreError> {
        self.again("upload part", || self.bucket.upload_part(upload, number, body.clone())).await
    }

    /// Completes an upload whose metadata carries `mark`.
    pub async fn complete(&self, upload: &Upload, parts: &[Part], mark: &str) -> Result<ETag, StoreError> {
        let mut uncertain = false;
        let completed = self
            .again("complete upload", || async {
                self.bucket.complete_upload(upload, parts, &PutCondition::Always).await
            })
            .await
            .inspect_err(|error| {
                uncertain = error.is_transient() || matches!(error, StoreError::NoSuchUpload { .. });
            });
        if !uncertain {
            return completed;
        }
        // An earlier try may have done it although its answer was lost: the object itself tells.
        match self.head(&upload.key).await {
            Ok(meta) if meta.metadata.get(MARK).is_some_and(|found| found == mark) => Ok(meta.etag),
            _ => completed,
        }
    }

    /// Drops an upload and its parts.
    pub async fn abort(&self, upload: &Upload) -> Result<(), StoreError> {
        self.again("abort upload", || self.bucket.abort_upload(upload)).await
    }

    /// Aborts every upload of these keys that is under way, and returns how many there were.
    pub async fn abort_orphans(&self, keys: &HashSet<&str>) -> Result<usize, StoreError> {
        let pending = self.again("list uploads", || self.bucket.list_uploads("")).await?;
        let mut aborted = 0;
        for pending in pending.into_iter().filter(|pending| keys.contains(pending.upload.key.as_str())) {
            self.abort(&pending.upload).await?;
            tracing::info!(key = %pending.upload.key, "aborted an upload that an earlier run left behind");
            aborted += 1;
        }
        Ok(aborted)
    }

    /// Drops every upload of one key, after a create whose answer was lost.
    async fn drop_uploads(&self, key: &Key) -> Result<(), StoreError> {
        for pending in self.bucket.list_uploads(key.as_str()).await? {
            if pending.upload.key == *key {
                self.bucket.abort_upload(&pending.upload).await?;
            }
        }
        Ok(())
    }

    /// One page of all keys under the prefix.
    pub async fn list(&self, continuation: Option<String>) -> Result<Listing, StoreError> {
        let request = ListRequest { continuation, ..ListRequest::default() };
        self.again("list", || self.bucket.list(&request)).await
    }

    /// Deletes keys. The first that stays is the error.
    pub async fn delete(&self, keys: &[Key]) -> Result<(), StoreError> {
        let left = self.again("delete", || self.bucket.delete_many(keys)).await?;
        left.into_iter().next().map_or(Ok(()), |left| Err(left.error))
    }

    async fn again<T, F>(&self, what: &'static str, call: impl Fn() -> F) -> Result<T, StoreError>
    where
        F: Future<Output = Result<T, StoreError>>,
    {
        self.again_after(what, call, || std::future::ready(Ok(()))).await
    }

    /// As [`again`](Self::again), with `clean` between a failure and the next try, and after the last.
    async fn again_after<T, F, C>(
        &self,
        what: &'static str,
        call: impl Fn() -> F,
        clean: impl Fn() -> C,
    ) -> Result<T, StoreError>
    where
        F: Future<Output = Result<T, StoreError>>,
        C: Future<Output = Result<(), StoreError>>,
    {
        let mut failed = 0;
        loop {
            let error = match call().await {
                Ok(done) => return Ok(done),
                Err(error) => error,
            };
            failed += 1;
            let decision = self.retry.decide(store_advice(&error), failed, rand::random());
            if error.is_transient()
                && let Err(error) = clean().await
            {
                tracing::warn!(what, %error, "what the failed try may have left could not be cleared");
            }
            match decision {
                Decision::Stop => return Err(error),
                Decision::Wait(wait) => self.pause(what, &error, wait).await,
            }
        }
    }

    async fn pause(&self, what: &'static str, error: &StoreError, wait: Duration) {
        tracing::warn!(what, %error, ?wait, "the store failed; trying again");
        self.metrics.retried("store");
        tokio::time::sleep(wait).await;
    }
}

fn store_key(key: &ObjectKey) -> Result<Key, StoreError> {
    Ok(Key::parse(key.as_str())?)
}
