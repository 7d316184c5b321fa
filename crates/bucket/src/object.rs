//! What a store says of an object, and what is said to it of a new one.

use std::collections::BTreeMap;
use std::fmt;
use std::time::SystemTime;

use crate::names::Key;

/// An entity tag as the store wrote it, quotes included. It is opaque: equal tags are the same bytes, and nothing else
/// is to be read from it (a multipart object's `"…-7"` is no MD5).
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct ETag(String);

impl ETag {
    /// Keeps `tag` as it is.
    pub fn new(tag: impl Into<String>) -> Self {
        Self(tag.into())
    }

    /// The tag with its quotes, as a header carries it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ETag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a store says of an object.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ObjectMeta {
    /// The tag of these bytes.
    pub etag: ETag,
    /// When the object was written, in whole seconds.
    pub last_modified: SystemTime,
    /// The whole object's size in bytes, also where only a range was read.
    pub content_length: u64,
    /// The media type, as stored.
    pub content_type: Option<String>,
    /// The codings the stored bytes are in, without `aws-chunked`, which is of the upload and not of the object.
    pub content_encoding: Option<String>,
    /// The stored Cache-Control.
    pub cache_control: Option<String>,
    /// The stored Content-Disposition.
    pub content_disposition: Option<String>,
    /// The stored Content-Language.
    pub content_language: Option<String>,
    /// The stored Expires, where it is a date.
    pub expires: Option<SystemTime>,
    /// The user's metadata: names in lower case, without `x-amz-meta-`.
    pub metadata: BTreeMap<String, String>,
}

/// A range of bytes to read (RFC 9110, section 14.1.2).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ByteRange {
    /// From this byte to the end.
    From(u64),
    /// From the first to the last, both included.
    Inclusive(u64, u64),
    /// The last so many bytes.
    Suffix(u64),
}

impl fmt::Display for ByteRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::From(first) => write!(f, "bytes={first}-"),
            Self::Inclusive(first, last) => write!(f, "bytes={first}-{last}"),
            Self::Suffix(length) => write!(f, "bytes=-{length}"),
        }
    }
}

/// The bytes an answer holds, of an object that has `size`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ContentRange {
    /// The first byte.
    pub first: u64,
    /// The last byte, included.
    pub last: u64,
    /// The whole object's size.
    pub size: u64,
}

/// Conditions on a read (RFC 9110, section 13). The store answers [`PreconditionFailed`](crate::StoreError) or
/// [`NotModified`](crate::StoreError) where they do not hold.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Conditions {
    /// Only this object.
    pub if_match: Option<ETag>,
    /// Only another than this.
    pub if_none_match: Option<ETag>,
    /// Only if written after.
    pub if_modified_since: Option<SystemTime>,
    /// Only if not written after.
    pub if_unmodified_since: Option<SystemTime>,
}

impl Conditions {
    /// None.
    pub fn none() -> Self {
        Self::default()
    }

    /// Only this object: pins the parts of one answer to one version.
    pub fn matching(etag: ETag) -> Self {
        Self { if_match: Some(etag), ..Self::default() }
    }

    /// Only another than this: revalidates a copy.
    pub fn changed_from(etag: ETag) -> Self {
        Self { if_none_match: Some(etag), ..Self::default() }
    }
}

/// What a new object is stored with.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct PutOptions {
    /// The media type; a store that is told none says `application/octet-stream` or nothing.
    pub content_type: Option<String>,
    /// The codings the bytes are in.
    pub content_encoding: Option<String>,
    /// Cache-Control.
    pub cache_control: Option<String>,
    /// Content-Disposition.
    pub content_disposition: Option<String>,
    /// Content-Language.
    pub content_language: Option<String>,
    /// Expires.
    pub expires: Option<SystemTime>,
    /// The user's metadata: header names without `x-amz-meta-`, printable ASCII values, 2 KiB in all.
    pub metadata: BTreeMap<String, String>,
    /// On what condition the object is written.
    pub condition: PutCondition,
}

/// On what condition an object is written. Not every store keeps these: see docs/stores.md.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub enum PutCondition {
    /// Always.
    #[default]
    Always,
    /// Only if there is no object of that key.
    Absent,
    /// Only over this object.
    Matching(ETag),
}

/// One object of a listing.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Listed {
    /// Its key, without the bucket's prefix.
    pub key: Key,
    /// Its size in bytes.
    pub size: u64,
    /// Its tag; not every store lists it.
    pub etag: Option<ETag>,
    /// When it was written.
    pub last_modified: Option<SystemTime>,
}

/// What to list.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct ListRequest {
    /// Keys that begin so, after the bucket's prefix; it need not end in a slash.
    pub prefix: String,
    /// Groups the keys that have this after the prefix into [`Listing::folders`].
    pub delimiter: Option<String>,
    /// Goes on where the last page ended.
    pub continuation: Option<String>,
    /// The most entries of one page; the store's own limit (1,000) where none is given.
    pub max_keys: Option<u32>,
}

/// One page of a listing.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Listing {
    /// The objects, in the order of their keys' UTF-8 in most stores (not in `SeaweedFS`: docs/stores.md).
    pub objects: Vec<Listed>,
    /// What is grouped by the delimiter: prefixes with the delimiter at their end, without the bucket's prefix.
    pub folders: Vec<String>,
    /// What to ask the next page with; none on the last.
    pub continuation: Option<String>,
}

/// A multipart upload under way.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Upload {
    /// The key it will be stored under.
    pub key: Key,
    /// The store's id of it.
    pub id: String,
}

/// A part that the store has.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Part {
    /// 1 to 10,000; parts are joined in this order.
    pub number: u16,
    /// The store's tag of it.
    pub etag: ETag,
}

/// An upload that was begun and neither completed nor aborted.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PendingUpload {
    /// What to abort it with.
    pub upload: Upload,
    /// When it was begun, where the store says so.
    pub initiated: Option<SystemTime>,
}

/// A key that could not be deleted, and why.
#[derive(Clone, Debug)]
pub struct NotDeleted {
    /// The key, without the bucket's prefix.
    pub key: Key,
    /// Why.
    pub error: crate::StoreError,
}
