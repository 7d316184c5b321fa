//! A long object on its way to one client, with bounded memory however many clients there are and however slow they
//! are.
//!
//! 1. It is asked for in one ranged GET of one version, whose pieces are passed on as they come. Nothing is read ahead:
//!    a slow client holds a connection to the store, and of memory what [`HELD`] says.
//! 2. A GET that breaks off is asked for again from where it stopped, the same version and no other.
//! 3. Where the store's connection is what the client waits for, the rest is read in [`AHEAD`] parts at a time, each a
//!    ranged GET into memory that was leased first. Each is at most a quarter of what is free, so that there is always
//!    something left for the next client.
//! 4. A client that lets a part lie, or for which too little memory is free, goes on with one GET as in 1.
//! 5. What fails for good, or is of another version, ends the answer with an error: the connection is cut and the
//!    client knows that it has not got everything.
//! 6. Dropping the stream ends its reads.

use std::collections::VecDeque;
use std::future::Future;
use std::ops::Range;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use bucket::ETag;
use bytes::Bytes;
use http_body::{Frame, SizeHint};
use prometheus_client::metrics::gauge::Gauge;
use tokio_util::task::AbortOnDropHandle;

use super::budget::{Budget, Lease};
use super::direct::Direct;
use super::pace::Pace;
use super::plain::READ_BUFFER;
use super::{Store, StoreError};

/// What a stream holds beside the budget, in bytes: a piece that waits here and what hyper is writing out, which may be
/// two pieces and is then over its limit.
pub const HELD: u64 = 4 * READ_BUFFER as u64;
/// The shortest part: below it the cost of a request outweighs what parallel reads gain.
const SHORTEST: u64 = 1024 * 1024;
/// The longest part: from here on a request's cost is lost in its bytes'.
const LONGEST: u64 = 4 * 1024 * 1024;
/// The most parts read at a time for one client.
const AHEAD: usize = 4;
/// A part that lay ready for so long had a slow client.
const SLOW: Duration = Duration::from_millis(500);

/// What is streamed: one version of one object.
#[derive(Clone, Debug)]
pub struct Source {
    /// Where it is.
    pub store: Store,
    /// Its key.
    pub key: Arc<str>,
    /// Its version.
    pub etag: ETag,
}

/// What all streams share.
#[derive(Clone)]
pub struct Streams {
    budget: Budget,
    active: Gauge,
}

impl Streams {
    /// Streams that read ahead within `budget`, counted in `active`.
    pub fn new(budget: Budget, active: Gauge) -> Self {
        Self { budget, active }
    }
}

/// Counts a stream for as long as it lives.
struct Active(Gauge);

impl Drop for Active {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// A body that comes from the store as its client takes it.
pub struct ObjectStream {
    source: Source,
    streams: Streams,
    _active: Active,
    /// What no read was begun for yet, the one that goes on aside.
    todo: Range<u64>,
    /// What the client has not been given yet.
    remaining: u64,
    /// The piece that was waited for before the body was handed out.
    opened: Option<Bytes>,
    /// The GET that goes on, of all of `todo`.
    direct: Option<Direct>,
    pace: Pace,
    /// Parts read ahead, in order. While there is one there is no `direct`.
    parts: VecDeque<AbortOnDropHandle<Result<Part, StoreError>>>,
}

/// A part in memory.
struct Part {
    bytes: Bytes,
    since: Instant,
}

impl ObjectStream {
    /// Begins to read `range`, which is not empty, and waits for its first bytes: until then an error is still an
    /// answer of its own.
    pub async fn open(source: Source, streams: &Streams, range: Range<u64>) -> Result<Self, StoreError> {
        streams.active.inc();
        let mut stream = Self {
            source,
            streams: streams.clone(),
            _active: Active(streams.active.clone()),
            remaining: range.end - range.start,
            todo: range,
            opened: None,
            direct: None,
            pace: Pace::default(),
            parts: VecDeque::new(),
        };
        stream.opened = std::future::poll_fn(|context| stream.poll_direct(context)).await.transpose()?;
        Ok(stream)
    }

    fn poll_bytes(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, StoreError>>> {
        if let Some(first) = self.opened.take() {
            return Poll::Ready(Some(Ok(first)));
        }
        if self.parts.is_empty() && self.pace.store_is_slow() {
            self.read_ahead();
            if !self.parts.is_empty() {
                self.direct = None;
            }
        }
        let polled = if self.parts.is_empty() { self.poll_direct(context) } else { self.poll_part(context) };
        if let Poll::Ready(Some(Err(_))) = &polled {
            self.todo.start = self.todo.end;
            self.direct = None;
            self.parts.clear();
        }
        polled
    }

    fn poll_direct(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, StoreError>>> {
        if self.todo.is_empty() {
            return Poll::Ready(None);
        }
        let direct = self.direct.get_or_insert_with(|| Direct::new(self.source.clone(), self.todo.clone()));
        let Poll::Ready(read) = direct.poll(context) else {
            self.pace.waits();
            return Poll::Pending;
        };
        Poll::Ready(Some(read.map(|piece| {
            let length = piece.len() as u64;
            self.pace.has(length);
            self.todo.start += length;
            if self.todo.is_empty() {
                self.direct = None;
            }
            // It is in memory already: there is nothing to be had by asking whether it may be.
            self.streams.budget.take_anyway(length).hold(piece)
        })))
    }

    /// Begins as many reads as there may be.
    fn read_ahead(&mut self) {
        while self.parts.len() < AHEAD && !self.todo.is_empty() {
            let left = self.todo.end - self.todo.start;
            let length = (self.streams.budget.free() / 4).min(LONGEST).min(left);
            if length < SHORTEST.min(left) {
                return;
            }
            let Some(lease) = self.streams.budget.take(length) else { return };
            let part = self.todo.start..self.todo.start + length;
            self.todo.start = part.end;
            let read = read_part(self.source.clone(), part, lease);
            self.parts.push_back(AbortOnDropHandle::new(tokio::spawn(read)));
        }
    }

    fn poll_part(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, StoreError>>> {
        let Some(front) = self.parts.front_mut() else { return Poll::Ready(None) };
        let part = ready!(Pin::new(front).poll(context)).unwrap_or(Err(StoreError::BadAnswer));
        self.parts.pop_front();
        Poll::Ready(Some(part.map(|part| {
            if part.since.elapsed() > SLOW {
                self.pace = Pace::default();
            } else if self.pace.store_is_slow() {
                self.read_ahead();
            }
            part.bytes
        })))
    }
}

async fn read_part(source: Source, range: Range<u64>, lease: Lease) -> Result<Part, StoreError> {
    // It ends by itself, within the store's time limits, whatever the clients do: nobody waits for a slow client here.
    let bytes = source.store.read(&source.key, &source.etag, range).await?;
    Ok(Part { bytes: lease.hold(bytes), since: Instant::now() })
}

impl http_body::Body for ObjectStream {
    type Data = Bytes;
    type Error = StoreError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, StoreError>>> {
        let polled = ready!(self.poll_bytes(context));
        if let Some(Ok(bytes)) = &polled {
            self.remaining = self.remaining.saturating_sub(bytes.len() as u64);
        }
        Poll::Ready(polled.map(|bytes| bytes.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        self.remaining == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.remaining)
    }
}

#[cfg(test)]
#[path = "stream_tests.rs"]
mod tests;
