//! Writing whole objects, deleting them, and the bucket itself.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{BucketLocationConstraint, CreateBucketConfiguration, Delete, ObjectIdentifier};
use bytes::Bytes;

use crate::bucket::Bucket;
use crate::classify::{Answer, Asked, Failure, classify};
use crate::error::StoreError;
use crate::metrics::{Direction, Operation};
use crate::names::Key;
use crate::object::{ETag, NotDeleted, PutCondition, PutOptions};

/// Tells a request what the object is to be stored with. A macro, since the SDK's builders of a put and of an upload have
/// these methods alike but no trait in common.
macro_rules! stored_with {
    ($request:expr, $options:expr) => {
        $request
            .set_content_type($options.content_type.clone())
            .set_content_encoding($options.content_encoding.clone())
            .set_cache_control($options.cache_control.clone())
            .set_content_disposition($options.content_disposition.clone())
            .set_content_language($options.content_language.clone())
            .set_expires($options.expires.map(aws_sdk_s3::primitives::DateTime::from))
            .set_metadata(Some($options.metadata.clone().into_iter().collect()))
    };
}
pub(crate) use stored_with;

/// The most keys one `DeleteObjects` request may name (S3 API reference).
const DELETE_BATCH: usize = 1000;

impl Bucket {
    /// Writes a whole object. Readers see the old one or the new one, never a mixture.
    pub async fn put(&self, key: &Key, body: Bytes, options: &PutOptions) -> Result<ETag, StoreError> {
        check(options)?;
        let full = self.full_key(key)?;
        let length = body.len();
        let (if_match, if_none_match) = condition(&options.condition);
        let request = self
            .clients()
            .upload
            .put_object()
            .bucket(self.name().as_str())
            .key(&full)
            .set_if_match(if_match)
            .set_if_none_match(if_none_match)
            .content_length(i64::try_from(length).unwrap_or(i64::MAX))
            .body(ByteStream::from(body));
        let request = stored_with!(request, options).customize();
        let request = if self.signs_payloads() { request } else { request.disable_payload_signing() };
        let asked = self.asked(Some(&full));
        let output = self.call(Operation::Put, asked, self.upload_time(length), request.send()).await?;
        self.metrics().bytes(Direction::Written).inc_by(length as u64);
        tag(output.e_tag)
    }

    /// Deletes an object; one that is not there is deleted already.
    pub async fn delete(&self, key: &Key) -> Result<(), StoreError> {
        let full = self.full_key(key)?;
        let request = self.clients().quick.delete_object().bucket(self.name().as_str()).key(&full).send();
        match self.call(Operation::Delete, self.asked(Some(&full)), Duration::ZERO, request).await {
            // S3 answers 204 for a key that is not there; some stores say 404.
            Ok(_) | Err(StoreError::NotFound { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Deletes any number of objects, 1,000 a request. Answers those that are still there; an error means that it is
    /// not known how far it came, and that the whole may be asked again.
    pub async fn delete_many(&self, keys: &[Key]) -> Result<Vec<NotDeleted>, StoreError> {
        let mut failed = Vec::new();
        // XML has no way to write control characters, so a request cannot name these.
        let (odd, plain): (Vec<&Key>, Vec<&Key>) =
            keys.iter().partition(|key| key.as_str().contains(char::is_control));
        for key in odd {
            if let Err(error) = self.delete(key).await {
                failed.push(NotDeleted { key: key.clone(), error });
            }
        }
        for batch in plain.chunks(DELETE_BATCH) {
            self.delete_batch(batch, &mut failed).await?;
        }
        Ok(failed)
    }

    async fn delete_batch(&self, batch: &[&Key], failed: &mut Vec<NotDeleted>) -> Result<(), StoreError> {
        let mut named = BTreeMap::new();
        let mut delete = Delete::builder().quiet(true);
        for &key in batch {
            let full = self.full_key(key)?;
            delete = delete.objects(ObjectIdentifier::builder().key(&full).build().map_err(invalid)?);
            named.insert(full, key);
        }
        let delete = delete.build().map_err(invalid)?;
        let request =
            self.clients().quick.delete_objects().bucket(self.name().as_str()).delete(delete).send();
        let output = self.call(Operation::DeleteMany, self.asked(None), Duration::ZERO, request).await?;
        for error in output.errors.unwrap_or_default() {
            let full = error.key.unwrap_or_default();
            // A key that was not in the request is of no use to anyone; the store's word on it is not trusted.
            let Some(&key) = named.get(&full) else {
                return Err(StoreError::Garbled {
                    detail: format!("an answer on {full:?}, which was not asked"),
                });
            };
            let asked = Asked { key: Some(&full), ..self.asked(None) };
            match refused(error.code, error.message, asked) {
                StoreError::NotFound { .. } => {}
                error => failed.push(NotDeleted { key: key.clone(), error }),
            }
        }
        Ok(())
    }

    /// Whether the bucket is there and may be used.
    pub async fn bucket_exists(&self) -> Result<bool, StoreError> {
        let request = self.clients().quick.head_bucket().bucket(self.name().as_str()).send();
        match self.call(Operation::HeadBucket, self.asked(None), Duration::ZERO, request).await {
            Ok(_) => Ok(true),
            Err(StoreError::NoSuchBucket { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Makes the bucket, unless it is there and ours.
    pub async fn create_bucket(&self) -> Result<(), StoreError> {
        let mut request = self.clients().quick.create_bucket().bucket(self.name().as_str());
        let region = self.clients().quick.config().region().map(|region| region.as_ref().to_owned());
        // us-east-1 is the one region that S3 refuses to be told.
        if let Some(region) = region.filter(|region| region != "us-east-1") {
            let constraint = BucketLocationConstraint::from(region.as_str());
            let place = CreateBucketConfiguration::builder().location_constraint(constraint).build();
            request = request.create_bucket_configuration(place);
        }
        let request = async {
            match request.send().await {
                Ok(_) => Ok(Made::Now),
                Err(error) => match error.code() {
                    Some("BucketAlreadyOwnedByYou") => Ok(Made::Before),
                    Some("BucketAlreadyExists") => Ok(Made::BySomebody),
                    _ => Err(error),
                },
            }
        };
        match self.call(Operation::CreateBucket, self.asked(None), Duration::ZERO, request).await? {
            Made::Now | Made::Before => Ok(()),
            // Some stores say so of our own too: ours is the one that we may look at.
            Made::BySomebody if self.bucket_exists().await? => Ok(()),
            Made::BySomebody => Err(StoreError::NoSuchBucket { bucket: self.name().to_string() }),
        }
    }

    /// How much longer an upload of `length` bytes may take than a call without a body.
    pub(crate) fn upload_time(&self, length: usize) -> Duration {
        Duration::from_secs(length as u64 / self.timeouts().upload_rate.max(1))
    }
}

/// Whose a bucket is that is to be made.
enum Made {
    Now,
    Before,
    BySomebody,
}

/// What S3 would refuse only after the whole body is sent, or a header cannot carry.
pub(crate) fn check(options: &PutOptions) -> Result<(), StoreError> {
    let invalid = |detail: String| Err(StoreError::Invalid { detail });
    let printable = |text: &str| text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    for (name, value) in [
        ("Content-Type", &options.content_type),
        ("Content-Encoding", &options.content_encoding),
        ("Cache-Control", &options.cache_control),
        ("Content-Disposition", &options.content_disposition),
        ("Content-Language", &options.content_language),
    ] {
        if value.as_deref().is_some_and(|value| !printable(value)) {
            return invalid(format!("{name} is not printable ASCII"));
        }
    }
    let mut size = 0;
    for (name, value) in &options.metadata {
        if name.is_empty() || http::HeaderName::from_bytes(name.as_bytes()).is_err() {
            return invalid(format!("the metadata's name {name:?} is no header name"));
        }
        if !printable(value) || value.trim() != value {
            return invalid(format!("the metadata {name:?} is not printable ASCII without spaces around"));
        }
        size += name.len() + value.len();
    }
    if size > 2048 {
        return invalid(format!("the metadata has {size} bytes; 2048 are allowed"));
    }
    Ok(())
}

/// If-Match and If-None-Match.
pub(crate) fn condition(condition: &PutCondition) -> (Option<String>, Option<String>) {
    match condition {
        PutCondition::Always => (None, None),
        PutCondition::Absent => (None, Some("*".to_owned())),
        PutCondition::Matching(etag) => (Some(etag.to_string()), None),
    }
}

pub(crate) fn tag(etag: Option<String>) -> Result<ETag, StoreError> {
    let etag = etag.filter(|tag| !tag.is_empty()).map(ETag::new);
    etag.ok_or_else(|| StoreError::Garbled { detail: "no ETag of what was stored".to_owned() })
}

pub(crate) fn invalid(error: impl std::error::Error) -> StoreError {
    StoreError::Invalid { detail: error.to_string() }
}

/// The error of one key in an answer that is itself a success: it has a code but no status.
fn refused(code: Option<String>, message: Option<String>, asked: Asked<'_>) -> StoreError {
    let status = match code.as_deref() {
        Some("AccessDenied") => 403,
        Some("NoSuchKey") => 404,
        Some("InternalError") => 500,
        Some("SlowDown" | "ServiceUnavailable") => 503,
        _ => 400,
    };
    classify(Failure::Answer(Answer { status, code, message, ..Answer::default() }), asked)
}
