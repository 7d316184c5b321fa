//! A body that knows when its answer ended, and how.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::Body;
use bytes::{Buf, Bytes};
use http_body::{Frame, SizeHint};

/// Told once, when the answer's last byte has gone to the connection or the answer was given up.
pub(crate) trait OnEnd: Send + 'static {
    /// `bytes` of the body went out; `complete` where nothing was missing.
    fn ended(&mut self, bytes: u64, complete: bool);
}

/// Wraps a body and tells `end` how it went.
pub(crate) struct ObservedBody<E: OnEnd> {
    inner: Body,
    /// The announced length: hyper does not ask for more once it has that much.
    expected: Option<u64>,
    bytes: u64,
    ended: bool,
    end: E,
}

impl<E: OnEnd> ObservedBody<E> {
    /// Watches over `inner`, whose length, where it is known, is `expected`; 0 for an answer to HEAD, which nobody reads.
    pub(crate) fn new(inner: Body, expected: Option<u64>, end: E) -> Self {
        Self { ended: expected == Some(0), expected, inner, bytes: 0, end }
    }
}

impl<E: OnEnd + Unpin> http_body::Body for ObservedBody<E> {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = Pin::new(&mut self.inner).poll_frame(context);
        match &polled {
            Poll::Ready(Some(Ok(frame))) => {
                self.bytes += frame.data_ref().map_or(0, |data| data.remaining() as u64);
                self.ended = self.expected.is_some_and(|expected| self.bytes >= expected)
                    || self.inner.is_end_stream();
            }
            Poll::Ready(None) => self.ended = true,
            Poll::Ready(Some(Err(_))) | Poll::Pending => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

impl<E: OnEnd> Drop for ObservedBody<E> {
    fn drop(&mut self) {
        self.end.ended(self.bytes, self.ended);
    }
}
