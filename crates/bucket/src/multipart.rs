//! Uploads in parts: an object of any size with the memory of one part, seen by readers only when it is complete.

use std::time::{Duration, SystemTime};

use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart, EncodingType};
use bytes::Bytes;

use crate::bucket::Bucket;
use crate::classify::Asked;
use crate::error::StoreError;
use crate::list::url_decoded;
use crate::metrics::{Direction, Operation};
use crate::names::Key;
use crate::object::{ETag, Part, PendingUpload, PutCondition, PutOptions, Upload};
use crate::write::{check, condition, stored_with, tag};

/// The fewest bytes of every part but the last (S3 user guide, "multipart upload limits").
pub const PART_BYTES: u64 = 5 * 1024 * 1024;

/// The most parts of one upload (S3 user guide, "multipart upload limits").
pub const PARTS: u16 = 10_000;

/// The most pending uploads that are looked for at once.
const PENDING: usize = 10_000;

impl Bucket {
    /// Begins an upload. Nothing is seen of it until it is completed; abort what will not be.
    /// `options.condition` is not used here: it is for [`Bucket::complete_upload`].
    pub async fn create_upload(&self, key: &Key, options: &PutOptions) -> Result<Upload, StoreError> {
        check(options)?;
        let full = self.full_key(key)?;
        let request = self.clients().quick.create_multipart_upload().bucket(self.name().as_str()).key(&full);
        let request = stored_with!(request, options).send();
        let output =
            self.call(Operation::CreateUpload, self.asked(Some(&full)), Duration::ZERO, request).await?;
        let id = output.upload_id.filter(|id| !id.is_empty());
        let id = id.ok_or_else(|| StoreError::Garbled { detail: "no id of the upload".to_owned() })?;
        Ok(Upload { key: key.clone(), id })
    }

    /// Sends a part: `number` from 1 to [`PARTS`], at least [`PART_BYTES`] unless it is the last. A part sent twice is
    /// the one sent last.
    pub async fn upload_part(&self, upload: &Upload, number: u16, body: Bytes) -> Result<Part, StoreError> {
        if !(1..=PARTS).contains(&number) {
            return Err(StoreError::Invalid { detail: format!("there is no part {number}; 1 to {PARTS}") });
        }
        let full = self.full_key(&upload.key)?;
        let length = body.len();
        let request = self
            .clients()
            .upload
            .upload_part()
            .bucket(self.name().as_str())
            .key(&full)
            .upload_id(&upload.id)
            .part_number(number.into())
            .content_length(i64::try_from(length).unwrap_or(i64::MAX))
            .body(ByteStream::from(body))
            .customize();
        let request = if self.signs_payloads() { request } else { request.disable_payload_signing() };
        let asked = self.asked_of(upload, &full);
        let output =
            self.call(Operation::UploadPart, asked, self.upload_time(length), request.send()).await?;
        self.metrics().bytes(Direction::Written).inc_by(length as u64);
        Ok(Part { number, etag: tag(output.e_tag)? })
    }

    /// Makes the object of its parts, in the order of their numbers. Only now do readers see it.
    /// An upload that was completed before answers [`StoreError::NoSuchUpload`]: after a time-out, look at the object.
    pub async fn complete_upload(
        &self,
        upload: &Upload,
        parts: &[Part],
        on: &PutCondition,
    ) -> Result<ETag, StoreError> {
        let full = self.full_key(&upload.key)?;
        // The store joins the parts before it answers: no read time limit, and a second for each of them.
        let joining = Duration::from_secs(parts.len() as u64);
        let mut parts: Vec<&Part> = parts.iter().collect();
        parts.sort_by_key(|part| part.number);
        let parts = parts.into_iter().map(|part| {
            CompletedPart::builder().part_number(part.number.into()).e_tag(part.etag.as_str()).build()
        });
        let whole = CompletedMultipartUpload::builder().set_parts(Some(parts.collect())).build();
        let (if_match, if_none_match) = condition(on);
        let request = self
            .clients()
            .upload
            .complete_multipart_upload()
            .bucket(self.name().as_str())
            .key(&full)
            .upload_id(&upload.id)
            .multipart_upload(whole)
            .set_if_match(if_match)
            .set_if_none_match(if_none_match)
            .send();
        let asked = self.asked_of(upload, &full);
        let output = self.call(Operation::CompleteUpload, asked, joining, request).await?;
        tag(output.e_tag)
    }

    /// Drops an upload and its parts; one that is not there is dropped already.
    pub async fn abort_upload(&self, upload: &Upload) -> Result<(), StoreError> {
        let full = self.full_key(&upload.key)?;
        let request = self
            .clients()
            .quick
            .abort_multipart_upload()
            .bucket(self.name().as_str())
            .key(&full)
            .upload_id(&upload.id)
            .send();
        match self.call(Operation::AbortUpload, self.asked_of(upload, &full), Duration::ZERO, request).await {
            Ok(_) | Err(StoreError::NoSuchUpload { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// The uploads under `prefix` (after the bucket's own) that were begun and neither completed nor aborted: what a
    /// process that was killed leaves behind. At most 10,000 of them.
    pub async fn list_uploads(&self, prefix: &str) -> Result<Vec<PendingUpload>, StoreError> {
        let wanted = format!("{}{prefix}", self.prefix());
        let mut found = Vec::new();
        let (mut key_marker, mut id_marker) = (None, None);
        loop {
            let request = self
                .clients()
                .quick
                .list_multipart_uploads()
                .bucket(self.name().as_str())
                .encoding_type(EncodingType::Url)
                .set_prefix((!wanted.is_empty()).then(|| wanted.clone()))
                .set_key_marker(key_marker.clone())
                .set_upload_id_marker(id_marker.clone())
                .send();
            let page = self.call(Operation::ListUploads, self.asked(None), Duration::ZERO, request).await?;
            let encoded = page.encoding_type == Some(EncodingType::Url);
            for upload in page.uploads.unwrap_or_default() {
                let initiated = upload.initiated.and_then(|time| SystemTime::try_from(time).ok());
                // The store may hold others' uploads, and keys that are not ours are not ours to abort.
                if let Some(upload) = self.own_upload(upload.key, upload.upload_id, &wanted, encoded)? {
                    found.push(PendingUpload { upload, initiated });
                }
            }
            let next = (page.next_key_marker, page.next_upload_id_marker);
            let goes_on = page.is_truncated == Some(true) && found.len() < PENDING;
            if !goes_on || (&next.0, &next.1) == (&key_marker, &id_marker) {
                return Ok(found);
            }
            let marker = next.0.as_deref().filter(|_| encoded).map(url_decoded).transpose()?;
            key_marker = marker.map(String::from).or(next.0);
            id_marker = next.1;
        }
    }

    fn own_upload(
        &self,
        key: Option<String>,
        id: Option<String>,
        wanted: &str,
        encoded: bool,
    ) -> Result<Option<Upload>, StoreError> {
        let (Some(key), Some(id)) = (key, id) else {
            return Err(StoreError::Garbled { detail: "an upload without key or id".to_owned() });
        };
        let full = if encoded { url_decoded(&key)?.into_owned() } else { key };
        let ours = full.starts_with(wanted).then(|| full.strip_prefix(self.prefix().as_str())).flatten();
        Ok(ours.and_then(|key| Key::parse(key).ok()).map(|key| Upload { key, id }))
    }

    fn asked_of<'a>(&'a self, upload: &'a Upload, full: &'a str) -> Asked<'a> {
        Asked { upload: Some(&upload.id), ..self.asked(Some(full)) }
    }
}
