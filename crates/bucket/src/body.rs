//! An object's bytes as they come, watched.

use std::future::Future as _;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use aws_sdk_s3::error::DisplayErrorContext;
use aws_sdk_s3::primitives::ByteStream;
use bytes::{Bytes, BytesMut};
use futures::{Stream, StreamExt};
use prometheus_client::metrics::counter::Counter;
use tokio::time::{Instant, Sleep};

use crate::StoreError;
use crate::classify::shorten;

/// The bytes of one answer. Ends with an error when fewer or more bytes come than were announced, or when none comes
/// within the read time limit while somebody waits; after an error it has ended. Dropping it ends the transfer.
#[derive(Debug)]
pub struct ObjectBody {
    bytes: ByteStream,
    expected: u64,
    received: u64,
    read_timeout: Duration,
    /// Runs only while a reader waits, so that a slow reader is not taken for a slow store.
    patience: Option<Pin<Box<Sleep>>>,
    waiting: bool,
    ended: bool,
    counter: Counter,
}

impl ObjectBody {
    pub(crate) fn new(bytes: ByteStream, expected: u64, read_timeout: Duration, counter: Counter) -> Self {
        let (received, patience, waiting, ended) = (0, None, false, false);
        Self { bytes, expected, received, read_timeout, patience, waiting, ended, counter }
    }

    /// How many bytes were announced and have not come yet.
    pub fn remaining(&self) -> u64 {
        self.expected.saturating_sub(self.received)
    }

    /// All the bytes that are left, in one piece; refuses at once if they are more than `limit`.
    pub async fn collect(mut self, limit: u64) -> Result<Bytes, StoreError> {
        let remaining = self.remaining();
        let size = usize::try_from(remaining).unwrap_or(usize::MAX);
        if remaining > limit {
            let detail = format!("the answer has {remaining} bytes; {limit} are taken in one piece");
            return Err(StoreError::Invalid { detail });
        }
        let Some(first) = self.next().await.transpose()? else { return Ok(Bytes::new()) };
        if first.len() == size {
            // Small objects come in one piece: it is handed on as it is. The end is still waited for.
            return match self.next().await {
                None => Ok(first),
                Some(more) => more,
            };
        }
        let mut all = BytesMut::with_capacity(size);
        all.extend_from_slice(&first);
        while let Some(more) = self.next().await {
            all.extend_from_slice(&more?);
        }
        Ok(all.freeze())
    }

    fn end_with(&mut self, error: StoreError) -> Poll<Option<Result<Bytes, StoreError>>> {
        self.ended = true;
        Poll::Ready(Some(Err(error)))
    }

    fn truncated(&self, detail: impl Into<String>) -> StoreError {
        StoreError::Truncated { expected: self.expected, received: self.received, detail: detail.into() }
    }

    /// Ready when the store has kept the reader waiting for too long.
    fn poll_patience(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let deadline = Instant::now() + self.read_timeout;
        let patience = self.patience.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline)));
        if !self.waiting {
            patience.as_mut().reset(deadline);
            self.waiting = true;
        }
        patience.as_mut().poll(context)
    }
}

impl Stream for ObjectBody {
    type Item = Result<Bytes, StoreError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        if this.ended {
            return Poll::Ready(None);
        }
        loop {
            let Poll::Ready(piece) = Pin::new(&mut this.bytes).poll_next(context) else {
                ready!(this.poll_patience(context));
                let detail = format!("no byte of the body within {:?}", this.read_timeout);
                return this.end_with(StoreError::Timeout { detail });
            };
            this.waiting = false;
            match piece {
                Some(Ok(bytes)) if bytes.is_empty() => {}
                Some(Ok(bytes)) => {
                    let length = bytes.len() as u64;
                    this.received += length;
                    this.counter.inc_by(length);
                    if this.received > this.expected {
                        let error = this.truncated("it goes on");
                        return this.end_with(error);
                    }
                    return Poll::Ready(Some(Ok(bytes)));
                }
                Some(Err(error)) => {
                    let error = this.truncated(shorten(&DisplayErrorContext(&error).to_string()));
                    return this.end_with(error);
                }
                None if this.received < this.expected => {
                    let error = this.truncated("it ended");
                    return this.end_with(error);
                }
                None => {
                    this.ended = true;
                    return Poll::Ready(None);
                }
            }
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        // Pieces, not bytes: nothing is known but that none is left when no byte is.
        (usize::from(self.remaining() > 0), None)
    }
}
