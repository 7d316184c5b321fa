//! The store as this server asks it: three questions, and errors by what the client is told.
//!
//! 1. [`Store::fetch`]: the object, or that it is the one we know already, or that there is none.
//! 2. [`Store::read`]: exactly these bytes of exactly this version.
//! 3. [`stream`]: a long object, passed on as it comes ([`direct`]), or read ahead in parts within [`budget`] where the
//!    store is slow ([`pace`]). [`plain`] keeps what a connection holds small.
//! 4. [`Store::list`]: a page of a folder.

pub mod budget;
mod direct;
mod error;
mod pace;
pub mod plain;
pub mod stream;

use std::ops::Range;

use bucket::{
    Bucket, ByteRange, Conditions, ETag, KEY_BYTES, Key, ListRequest, Listing, ObjectBody, ObjectMeta,
};
use futures::TryStreamExt;

pub use error::StoreError;

/// How often the same bytes are asked for in all: the bucket retries requests, but a body that breaks off is ours to ask for
/// again.
const READ_ATTEMPTS: u32 = 3;

/// One bucket, or a folder of it. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    bucket: Bucket,
}

/// What the store has under a key.
pub enum Fetched {
    /// An object, its bytes still to come.
    Object(Box<ObjectMeta>, Box<ObjectBody>),
    /// The version that was known already.
    Unchanged,
    /// Nothing.
    Missing,
}

impl Store {
    /// Wraps an opened bucket.
    pub fn new(bucket: Bucket) -> Self {
        Self { bucket }
    }

    /// The object under `key`, unless it is still the version `known`.
    pub async fn fetch(&self, key: &str, known: Option<&ETag>) -> Result<Fetched, StoreError> {
        // What no store can hold is not there, whatever the store would say to it.
        let Ok(key) = Key::parse(key) else { return Ok(Fetched::Missing) };
        if self.bucket.prefix().as_str().len() + key.as_str().len() > KEY_BYTES {
            return Ok(Fetched::Missing);
        }
        let conditions = known.map_or_else(Conditions::none, |etag| Conditions::changed_from(etag.clone()));
        match self.bucket.get(&key, None, &conditions).await {
            Ok(object) => Ok(Fetched::Object(Box::new(object.meta), Box::new(object.body))),
            Err(bucket::StoreError::NotFound { .. } | bucket::StoreError::ImpossibleKey { .. }) => {
                Ok(Fetched::Missing)
            }
            Err(bucket::StoreError::NotModified { .. }) if known.is_some() => Ok(Fetched::Unchanged),
            Err(error) => Err(StoreError::from_bucket(&error)),
        }
    }

    /// The bytes of `range`, which is not empty and lies within the object, of the version `etag` and no other.
    pub async fn read(&self, key: &str, etag: &ETag, range: Range<u64>) -> Result<Vec<u8>, StoreError> {
        let key = Key::parse(key).map_err(|error| StoreError::from_bucket(&error.into()))?;
        let length = usize::try_from(range.end - range.start).unwrap_or(usize::MAX);
        let mut bytes: Vec<u8> = Vec::with_capacity(length);
        let mut attempt = 1;
        loop {
            let wanted = range.start + bytes.len() as u64..range.end;
            let error = match self.read_once(&key, etag, wanted, &mut bytes).await {
                Ok(()) if bytes.len() == length => return Ok(bytes),
                Ok(()) => bucket::StoreError::Garbled { detail: "the store sent another range".to_owned() },
                Err(error) => error,
            };
            // Only what broke off under way is asked for again, for the rest: the bucket has retried all else.
            let broke_off = matches!(error, bucket::StoreError::Truncated { .. });
            if attempt == READ_ATTEMPTS || !broke_off || bytes.len() >= length {
                return Err(StoreError::from_bucket(&error));
            }
            attempt += 1;
        }
    }

    async fn read_once(
        &self,
        key: &Key,
        etag: &ETag,
        range: Range<u64>,
        bytes: &mut Vec<u8>,
    ) -> Result<(), bucket::StoreError> {
        let mut body = ask(&self.bucket, key, etag, range).await?;
        while let Some(piece) = body.try_next().await? {
            bytes.extend_from_slice(&piece);
        }
        Ok(())
    }

    /// A page of the keys under a prefix.
    pub async fn list(&self, request: &ListRequest) -> Result<Listing, StoreError> {
        self.bucket.list(request).await.map_err(|error| StoreError::from_bucket(&error))
    }

    /// Whether the bucket answers at all. One that denies the question has answered: credentials that may only read
    /// objects are good enough for a file server.
    pub async fn answers(&self) -> Result<(), StoreError> {
        let one = ListRequest { max_keys: Some(1), ..ListRequest::default() };
        match self.bucket.list(&one).await {
            Ok(_) | Err(bucket::StoreError::Denied { .. }) => Ok(()),
            Err(error) => Err(StoreError::from_bucket(&error)),
        }
    }
}

/// Asks for `range`, which is not empty, of the version `etag` and no other.
async fn ask(
    bucket: &Bucket,
    key: &Key,
    etag: &ETag,
    range: Range<u64>,
) -> Result<ObjectBody, bucket::StoreError> {
    let asked = ByteRange::Inclusive(range.start, range.end - 1);
    let object = bucket.get(key, Some(asked), &Conditions::matching(etag.clone())).await?;
    // A store that does not know If-Match on reads would mix versions here.
    if object.meta.etag != *etag || object.body.remaining() != range.end - range.start {
        return Err(bucket::StoreError::PreconditionFailed);
    }
    Ok(object.body)
}
