//! Content as an answer announces it.

use std::time::Duration;

use http::{HeaderName, StatusCode, Version, header};
use reqwest::Response;

use crate::error::SourceError;
use crate::item::FieldText;
use crate::range::{ContentRange, EntityTag};

/// Content on its way. Dropping it ends the transfer.
#[derive(Debug)]
pub struct Content {
    /// Where in the whole content it begins: 0, or what was asked for.
    pub start: u64,
    /// The whole content's length in bytes, where the source names it.
    pub length: Option<u64>,
    /// Whether the transfer marks its end, so that a cut is an error.
    pub framed: bool,
    /// The content's tag.
    pub tag: Option<EntityTag>,
    /// The source's Content-Type.
    pub content_type: Option<FieldText>,
    /// The codings that the source put on it though none was asked for.
    pub content_encoding: Option<FieldText>,
    pub(super) response: Response,
    pub(super) idle_timeout: Duration,
    pub(super) received: u64,
}

impl Content {
    /// The whole, as a 200 gives it.
    pub(super) fn whole(response: Response, idle_timeout: Duration) -> Result<Self, SourceError> {
        if response.headers().contains_key(header::CONTENT_RANGE) && response.status() == StatusCode::OK {
            return Err(SourceError::Garbled("a 200 with a Content-Range".to_owned()));
        }
        Ok(Self::new(response, idle_timeout))
    }

    /// The rest, as a 206 gives it, if it is the one that was asked for.
    pub(super) fn rest(
        response: Response,
        idle_timeout: Duration,
        from: u64,
        tag: &EntityTag,
        length: Option<u64>,
    ) -> Result<Self, SourceError> {
        let content = Self::new(response, idle_timeout);
        let refused = |problem: &str| Err(SourceError::Resume(format!("its 206 {problem}")));
        let range = field(&content.response, &header::CONTENT_RANGE).map(str::parse::<ContentRange>);
        let Some(Ok(range)) = range else {
            return refused("has no Content-Range that can be read");
        };
        if content.tag.as_ref().is_some_and(|now| now != tag) {
            return refused("is of other content");
        }
        match range.rest(from, length, content.length) {
            Ok(length) => Ok(Self { start: from, length, ..content }),
            Err(problem) => refused(problem),
        }
    }

    fn new(response: Response, idle_timeout: Duration) -> Self {
        let text = |name| field(&response, &name).and_then(|value| value.parse::<FieldText>().ok());
        let length = response.content_length();
        let chunked = response.headers().contains_key(header::TRANSFER_ENCODING);
        Self {
            start: 0,
            length,
            framed: length.is_some() || chunked || response.version() >= Version::HTTP_2,
            tag: field(&response, &header::ETAG).and_then(|value| value.parse().ok()),
            content_type: text(header::CONTENT_TYPE),
            content_encoding: text(header::CONTENT_ENCODING).filter(|coding| coding.as_str() != "identity"),
            response,
            idle_timeout,
            received: 0,
        }
    }
}

fn field<'a>(response: &'a Response, name: &HeaderName) -> Option<&'a str> {
    response.headers().get(name)?.to_str().ok()
}
