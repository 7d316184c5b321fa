//! Listing, page by page.
//!
//! 1. Ask for keys in URL encoding: XML cannot hold every character that a key can.
//! 2. Decode them, take the bucket's prefix off, and hold them against the prefix that was asked for.

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use aws_sdk_s3::operation::list_objects_v2::ListObjectsV2Output;
use aws_sdk_s3::types::{EncodingType, Object};
use percent_encoding::percent_decode_str;

use crate::bucket::Bucket;
use crate::classify::Asked;
use crate::error::StoreError;
use crate::metrics::Operation;
use crate::names::Key;
use crate::object::{ETag, ListRequest, Listed, Listing};

impl Bucket {
    /// One page of the bucket's keys.
    pub async fn list(&self, request: &ListRequest) -> Result<Listing, StoreError> {
        let prefix = format!("{}{}", self.prefix(), request.prefix);
        let max_keys = request.max_keys.map(|keys| i32::try_from(keys).unwrap_or(i32::MAX));
        let sent = self
            .clients()
            .quick
            .list_objects_v2()
            .bucket(self.name().as_str())
            .encoding_type(EncodingType::Url)
            .set_prefix((!prefix.is_empty()).then_some(prefix))
            .set_delimiter(request.delimiter.clone())
            .set_continuation_token(request.continuation.clone())
            .set_max_keys(max_keys)
            .send();
        let asked = Asked { page: request.continuation.is_some(), ..self.asked(None) };
        let output = self.call(Operation::List, asked, Duration::ZERO, sent).await?;
        self.page(request, output)
    }

    fn page(&self, request: &ListRequest, output: ListObjectsV2Output) -> Result<Listing, StoreError> {
        let encoded = output.encoding_type == Some(EncodingType::Url);
        let continuation = output.next_continuation_token.filter(|token| !token.is_empty());
        if output.is_truncated == Some(true) && continuation.is_none() {
            return Err(garbled("a listing that goes on without saying how"));
        }
        if output.is_truncated == Some(true) && continuation == request.continuation {
            return Err(garbled("a listing that goes on where it began"));
        }
        let mut listing = Listing { continuation, ..Listing::default() };
        for object in output.contents.unwrap_or_default() {
            // The prefix itself, where somebody stored an object under the folder's name: it has no key in here.
            if let Some(listed) = self.listed(request, object, encoded)? {
                listing.objects.push(listed);
            }
        }
        for folder in output.common_prefixes.unwrap_or_default() {
            let folder = self.relative(request, folder.prefix.as_deref(), encoded)?;
            listing.folders.push(folder);
        }
        Ok(listing)
    }

    fn listed(
        &self,
        request: &ListRequest,
        object: Object,
        encoded: bool,
    ) -> Result<Option<Listed>, StoreError> {
        let key = self.relative(request, object.key.as_deref(), encoded)?;
        if key.is_empty() {
            return Ok(None);
        }
        let key = Key::parse(key).map_err(|error| garbled(error.to_string()))?;
        let size = object.size.and_then(|size| u64::try_from(size).ok());
        let size = size.ok_or_else(|| garbled(format!("no size of {key:?}")))?;
        let etag = object.e_tag.filter(|tag| !tag.is_empty()).map(ETag::new);
        let last_modified = object.last_modified.and_then(|time| SystemTime::try_from(time).ok());
        Ok(Some(Listed { key, size, etag, last_modified }))
    }

    /// A key of the store as our callers know it.
    fn relative(
        &self,
        request: &ListRequest,
        name: Option<&str>,
        encoded: bool,
    ) -> Result<String, StoreError> {
        let name = name.ok_or_else(|| garbled("an entry without a name"))?;
        let name = if encoded { url_decoded(name)? } else { Cow::Borrowed(name) };
        let ours = name.strip_prefix(self.prefix().as_str());
        match ours {
            Some(key) if key.starts_with(&request.prefix) => Ok(key.to_owned()),
            _ => Err(garbled(format!("{name:?} is not below the prefix that was asked for"))),
        }
    }
}

/// Stores write a space as `+` (as in a form) and a plus as `%2B`.
pub(crate) fn url_decoded(text: &str) -> Result<Cow<'_, str>, StoreError> {
    let spaced = text.replace('+', " ");
    let decoded = percent_decode_str(&spaced).decode_utf8();
    decoded.map(|name| Cow::Owned(name.into_owned())).map_err(|_| garbled("a key that is not UTF-8"))
}

fn garbled(detail: impl Into<String>) -> StoreError {
    StoreError::Garbled { detail: detail.into() }
}
