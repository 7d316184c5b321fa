//! One GET of a range, piece by piece, that goes on after a break.
//!
//! 1. The range is asked for, of one version; an answer of another is refused.
//! 2. Each piece is handed on when it is asked for: the store waits for the client, and no time limit runs meanwhile.
//! 3. A body that breaks off is asked for again from where it stopped, [`READ_ATTEMPTS`] times in all until it has got on by [`PROGRESS`].

use std::future::Future;
use std::ops::Range;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bucket::{Key, ObjectBody};
use bytes::Bytes;
use futures::Stream;

use super::stream::Source;
use super::{READ_ATTEMPTS, StoreError, ask};

/// Bytes after which a read has got on: a store that breaks off sooner each time is not asked for ever.
const PROGRESS: u64 = 256 * 1024;

/// A range on its way. After an error it is not to be polled again.
pub struct Direct {
    source: Source,
    left: Range<u64>,
    /// How often it was asked since it last got on.
    attempts: u32,
    /// What came since then.
    gained: u64,
    state: State,
}

enum State {
    Asked(Pin<Box<dyn Future<Output = Result<ObjectBody, bucket::StoreError>> + Send>>),
    Comes(Box<ObjectBody>),
}

impl Direct {
    /// The bytes of `range`, which is not empty. Nothing is asked before the first poll.
    pub fn new(source: Source, range: Range<u64>) -> Self {
        let state = asked(&source, &range);
        Self { source, left: range, attempts: 1, gained: 0, state }
    }

    /// The next piece; pieces end with the range, and with it the polling.
    pub fn poll(&mut self, context: &mut Context<'_>) -> Poll<Result<Bytes, StoreError>> {
        loop {
            let error = match &mut self.state {
                State::Asked(answer) => match ready!(answer.as_mut().poll(context)) {
                    Ok(body) => {
                        self.state = State::Comes(Box::new(body));
                        continue;
                    }
                    Err(error) => error,
                },
                State::Comes(body) => match ready!(Pin::new(body).poll_next(context)) {
                    Some(Ok(piece)) => {
                        self.left.start += piece.len() as u64;
                        self.gained += piece.len() as u64;
                        if self.gained >= PROGRESS {
                            (self.gained, self.attempts) = (0, 1);
                        }
                        return Poll::Ready(Ok(piece));
                    }
                    Some(Err(error)) => error,
                    None => bucket::StoreError::Garbled { detail: "the range ended early".to_owned() },
                },
            };
            // Only what broke off under way: the bucket has retried all else.
            let broke_off = matches!(error, bucket::StoreError::Truncated { .. });
            if !broke_off || self.attempts == READ_ATTEMPTS || self.left.is_empty() {
                return Poll::Ready(Err(StoreError::from_bucket(&error)));
            }
            self.attempts += 1;
            self.state = asked(&self.source, &self.left);
        }
    }
}

fn asked(source: &Source, range: &Range<u64>) -> State {
    let (source, range) = (source.clone(), range.clone());
    State::Asked(Box::pin(async move {
        let key = Key::parse(&*source.key)?;
        ask(&source.store.bucket, &key, &source.etag, range).await
    }))
}
