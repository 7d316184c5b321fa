//! Several ranges in one answer, read one after the other.
//!
//! 1. The first range is opened before anything is sent, so that an object that has changed is answered anew.
//! 2. Each further range is opened when the one before it is through: one read at a time, and none that nobody
//!    waits for. It is pinned to the same version.
//! 3. Where the object changes in between, the answer breaks off: the client sees that it is short, and never gets
//!    bytes of two versions as one.

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures::{Stream, StreamExt, TryStreamExt, stream};
use http::{
    StatusCode,
    header::{CONTENT_LENGTH, CONTENT_TYPE},
};

use super::{object::insert, visit::Visit};
use crate::{
    cache::{Cache, Hit},
    http::multipart::{Multipart, Part},
    store::StoreError,
};

/// The answer with these parts of a representation.
pub(super) async fn answer(
    visit: &Visit<'_>,
    hit: Hit,
    multipart: Multipart,
) -> Result<Response, StoreError> {
    let mut headers = visit.headers(&hit);
    headers.insert(CONTENT_LENGTH, multipart.length().into());
    insert(&mut headers, CONTENT_TYPE, multipart.content_type());
    let body = body(visit.cache.clone(), hit, &multipart).await?;
    Ok((StatusCode::PARTIAL_CONTENT, headers, body).into_response())
}

async fn body(cache: Cache, hit: Hit, multipart: &Multipart) -> Result<Body, StoreError> {
    let mut parts = multipart.parts().to_vec().into_iter();
    let first = match parts.next() {
        Some(part) => Some(open(&cache, &hit, part).await?),
        None => None,
    };
    let rest = stream::try_unfold((cache, hit, parts), |(cache, hit, mut parts)| async move {
        let Some(part) = parts.next() else { return Ok(None) };
        let opened = open(&cache, &hit, part).await.map_err(axum::Error::new)?;
        Ok(Some((opened, (cache, hit, parts))))
    });
    let end = stream::iter([Ok(multipart.end().clone())]);
    Ok(Body::from_stream(stream::iter(first).flatten().chain(rest.try_flatten()).chain(end)))
}

async fn open(
    cache: &Cache,
    hit: &Hit,
    part: Part,
) -> Result<impl Stream<Item = Result<Bytes, axum::Error>> + use<>, StoreError> {
    let body = cache.open(hit, part.range.first()..part.range.last() + 1).await?;
    Ok(stream::iter([Ok(part.frame)]).chain(body.into_data_stream()))
}
