//! The embedded store's answers.
//!
//! s3s-fs keeps buckets as folders and objects as files. Added here is what S3 does and it does not:
//! conditions and suffix ranges on reads, one version in one answer, uploads that are listed and known by name, keys
//! in URL encoding, a clear refusal of what a file cannot be.

use std::time::SystemTime;

use async_trait::async_trait;
use bytes::BytesMut;
use futures::StreamExt;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use s3s::dto::{
    AbortMultipartUploadInput, AbortMultipartUploadOutput, CompleteMultipartUploadInput,
    CompleteMultipartUploadOutput, CreateBucketInput, CreateBucketOutput, CreateMultipartUploadInput,
    CreateMultipartUploadOutput, DeleteBucketInput, DeleteBucketOutput, DeleteObjectInput,
    DeleteObjectOutput, DeleteObjectsInput, DeleteObjectsOutput, DeletedObject, EncodingType,
    GetBucketLocationInput, GetBucketLocationOutput, GetObjectInput, GetObjectOutput, HeadBucketInput,
    HeadBucketOutput, HeadObjectInput, HeadObjectOutput, ListBucketsInput, ListBucketsOutput,
    ListMultipartUploadsInput, ListMultipartUploadsOutput, ListObjectsV2Input, ListObjectsV2Output,
    MultipartUpload, PutObjectInput, PutObjectOutput, StreamingBlob, Timestamp, UploadPartInput,
    UploadPartOutput,
};
use s3s::{S3, S3Request, S3Response, S3Result, s3_error};
use tokio::io::{AsyncReadExt, AsyncSeekExt, SeekFrom};
use tokio_util::io::ReaderStream;

use super::conditions::place;
use super::store::{Pending, Store, internal};

/// The most bytes of an object that comes in one piece: it is held in memory until it is whole, so that no reader
/// waits for a slow writer.
const PUT_BYTES: usize = 128 * 1024 * 1024;

/// How much of a file is read at a time.
const READ_BYTES: usize = 128 * 1024;

/// What stands as it is in a URL-encoded key.
const URL_SAFE: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b'/');

#[async_trait]
impl S3 for Store {
    async fn head_object(&self, req: S3Request<HeadObjectInput>) -> S3Result<S3Response<HeadObjectOutput>> {
        let _version = self.versions.read().await;
        self.head(req).await
    }

    async fn get_object(&self, req: S3Request<GetObjectInput>) -> S3Result<S3Response<GetObjectOutput>> {
        let range = req.input.range;
        let path = self.existing(&req.input.bucket, &req.input.key)?;
        let version = self.versions.read().await;
        let mut file = tokio::fs::File::open(path).await.map_err(|error| s3_error!(error, NoSuchKey))?;
        let head = self.head(req.map_input(as_head)).await?.output;
        // What is open now stays this version, whatever takes its name meanwhile.
        drop(version);
        let size = file.metadata().await.map_err(internal)?.len();
        let (first, length) = place(range, size)?;
        file.seek(SeekFrom::Start(first)).await.map_err(internal)?;
        let body = ReaderStream::with_capacity(file.take(length), READ_BYTES);
        Ok(S3Response::new(GetObjectOutput {
            body: Some(StreamingBlob::wrap(body)),
            accept_ranges: Some("bytes".to_owned()),
            content_length: Some(i64::try_from(length).unwrap_or(i64::MAX)),
            content_range: range.map(|_| format!("bytes {first}-{}/{size}", first + length - 1)),
            last_modified: head.last_modified,
            e_tag: head.e_tag,
            content_type: head.content_type,
            content_encoding: head.content_encoding,
            content_disposition: head.content_disposition,
            content_language: head.content_language,
            cache_control: head.cache_control,
            expires: head.expires,
            metadata: head.metadata,
            ..GetObjectOutput::default()
        }))
    }

    async fn put_object(&self, mut req: S3Request<PutObjectInput>) -> S3Result<S3Response<PutObjectOutput>> {
        self.check_place(&req.input.bucket, &req.input.key)?;
        if let Some(body) = req.input.body.take() {
            req.input.body = Some(whole(body).await?);
        }
        let _version = self.versions.write().await;
        // Again: another writer may have taken the place while the body came.
        self.check_place(&req.input.bucket, &req.input.key)?;
        self.files.put_object(req).await
    }

    async fn delete_object(
        &self,
        req: S3Request<DeleteObjectInput>,
    ) -> S3Result<S3Response<DeleteObjectOutput>> {
        let (bucket, key) = (req.input.bucket.clone(), req.input.key.clone());
        self.check_bucket(&bucket)?;
        let _version = self.versions.write().await;
        if self.existing(&bucket, &key).is_err() {
            return Ok(S3Response::new(DeleteObjectOutput::default()));
        }
        let answer = self.files.delete_object(req).await?;
        self.drop_empty_folders(&bucket, &key);
        Ok(answer)
    }

    async fn delete_objects(
        &self,
        req: S3Request<DeleteObjectsInput>,
    ) -> S3Result<S3Response<DeleteObjectsOutput>> {
        let mut deleted = Vec::new();
        for object in req.input.delete.objects.clone() {
            let one = DeleteObjectInput {
                bucket: req.input.bucket.clone(),
                key: object.key.clone(),
                ..DeleteObjectInput::default()
            };
            self.delete_object(req.clone().map_input(|_| one)).await?;
            deleted.push(DeletedObject { key: Some(object.key), ..DeletedObject::default() });
        }
        let quiet = req.input.delete.quiet == Some(true);
        let deleted = (!quiet).then_some(deleted);
        Ok(S3Response::new(DeleteObjectsOutput { deleted, ..DeleteObjectsOutput::default() }))
    }

    async fn list_objects_v2(
        &self,
        mut req: S3Request<ListObjectsV2Input>,
    ) -> S3Result<S3Response<ListObjectsV2Output>> {
        let encoding = req.input.encoding_type.take();
        let _version = self.versions.read().await;
        let mut answer = self.files.list_objects_v2(req).await?;
        if encoding.as_ref().is_some_and(|encoding| encoding.as_str() == EncodingType::URL) {
            let output = &mut answer.output;
            let keys = output.contents.iter_mut().flatten().map(|object| &mut object.key);
            let folders = output.common_prefixes.iter_mut().flatten().map(|folder| &mut folder.prefix);
            for name in keys.chain(folders).chain([&mut output.prefix, &mut output.delimiter]).flatten() {
                *name = encoded(name);
            }
        }
        answer.output.encoding_type = encoding;
        Ok(answer)
    }

    async fn create_bucket(
        &self,
        req: S3Request<CreateBucketInput>,
    ) -> S3Result<S3Response<CreateBucketOutput>> {
        if self.check_bucket(&req.input.bucket).is_ok() {
            // There is one owner only.
            return Err(s3_error!(BucketAlreadyOwnedByYou, "the bucket is there and yours"));
        }
        self.files.create_bucket(req).await
    }

    async fn head_bucket(&self, req: S3Request<HeadBucketInput>) -> S3Result<S3Response<HeadBucketOutput>> {
        self.files.head_bucket(req).await
    }

    async fn delete_bucket(
        &self,
        req: S3Request<DeleteBucketInput>,
    ) -> S3Result<S3Response<DeleteBucketOutput>> {
        self.check_bucket(&req.input.bucket)?;
        let _version = self.versions.write().await;
        let mut left = std::fs::read_dir(self.root.join(&req.input.bucket)).map_err(internal)?;
        if left.next().is_some() {
            return Err(s3_error!(BucketNotEmpty, "the bucket holds objects"));
        }
        self.files.delete_bucket(req).await
    }

    async fn get_bucket_location(
        &self,
        req: S3Request<GetBucketLocationInput>,
    ) -> S3Result<S3Response<GetBucketLocationOutput>> {
        self.files.get_bucket_location(req).await
    }

    async fn list_buckets(
        &self,
        req: S3Request<ListBucketsInput>,
    ) -> S3Result<S3Response<ListBucketsOutput>> {
        self.files.list_buckets(req).await
    }

    async fn create_multipart_upload(
        &self,
        req: S3Request<CreateMultipartUploadInput>,
    ) -> S3Result<S3Response<CreateMultipartUploadOutput>> {
        let (bucket, key) = (req.input.bucket.clone(), req.input.key.clone());
        self.check_place(&bucket, &key)?;
        let answer = self.files.create_multipart_upload(req).await?;
        if let Some(id) = answer.output.upload_id.clone() {
            self.uploads().insert(id, Pending { bucket, key, begun: SystemTime::now() });
        }
        Ok(answer)
    }

    async fn upload_part(&self, req: S3Request<UploadPartInput>) -> S3Result<S3Response<UploadPartOutput>> {
        self.check_upload(&req.input.upload_id, &req.input.bucket, &req.input.key)?;
        self.files.upload_part(req).await
    }

    async fn complete_multipart_upload(
        &self,
        req: S3Request<CompleteMultipartUploadInput>,
    ) -> S3Result<S3Response<CompleteMultipartUploadOutput>> {
        let id = req.input.upload_id.clone();
        let (bucket, key) = (req.input.bucket.clone(), req.input.key.clone());
        self.check_upload(&id, &bucket, &key)?;
        let _version = self.versions.write().await;
        self.check_place(&bucket, &key)?;
        self.check_parts(&id, req.input.multipart_upload.as_ref())?;
        let answer = self.files.complete_multipart_upload(req).await?;
        self.uploads().remove(&id);
        Ok(answer)
    }

    async fn abort_multipart_upload(
        &self,
        req: S3Request<AbortMultipartUploadInput>,
    ) -> S3Result<S3Response<AbortMultipartUploadOutput>> {
        let id = req.input.upload_id.clone();
        self.check_upload(&id, &req.input.bucket, &req.input.key)?;
        let answer = self.files.abort_multipart_upload(req).await?;
        self.uploads().remove(&id);
        Ok(answer)
    }

    async fn list_multipart_uploads(
        &self,
        req: S3Request<ListMultipartUploadsInput>,
    ) -> S3Result<S3Response<ListMultipartUploadsOutput>> {
        let ListMultipartUploadsInput { bucket, prefix, encoding_type, .. } = req.input;
        self.check_bucket(&bucket)?;
        let url = encoding_type.as_ref().is_some_and(|encoding| encoding.as_str() == EncodingType::URL);
        let begins = prefix.as_deref().unwrap_or_default();
        let uploads = self.uploads();
        let ours =
            uploads.iter().filter(|(_, upload)| upload.bucket == bucket && upload.key.starts_with(begins));
        let ours = ours.map(|(id, upload)| MultipartUpload {
            key: Some(if url { encoded(&upload.key) } else { upload.key.clone() }),
            upload_id: Some(id.clone()),
            initiated: Some(Timestamp::from(upload.begun)),
            ..MultipartUpload::default()
        });
        let uploads = Some(ours.collect());
        Ok(S3Response::new(ListMultipartUploadsOutput {
            bucket: Some(bucket),
            encoding_type,
            is_truncated: Some(false),
            prefix: prefix.map(|prefix| if url { encoded(&prefix) } else { prefix }),
            uploads,
            ..ListMultipartUploadsOutput::default()
        }))
    }
}

fn encoded(name: &str) -> String {
    utf8_percent_encode(name, URL_SAFE).to_string()
}

fn as_head(get: GetObjectInput) -> HeadObjectInput {
    HeadObjectInput {
        bucket: get.bucket,
        key: get.key,
        if_match: get.if_match,
        if_none_match: get.if_none_match,
        if_modified_since: get.if_modified_since,
        if_unmodified_since: get.if_unmodified_since,
        ..HeadObjectInput::default()
    }
}

/// The body, once all of it is here.
async fn whole(mut body: StreamingBlob) -> S3Result<StreamingBlob> {
    let mut all = BytesMut::new();
    while let Some(piece) = body.next().await {
        let piece = piece.map_err(|error| s3_error!(IncompleteBody, "{error}"))?;
        if all.len() + piece.len() > PUT_BYTES {
            return Err(s3_error!(
                EntityTooLarge,
                "at most {PUT_BYTES} bytes in one piece: upload it in parts"
            ));
        }
        all.extend_from_slice(&piece);
    }
    Ok(StreamingBlob::from(s3s::Body::from(all.freeze())))
}
