//! One pass over what matches, which ends when its time is up.
//!
//! 1. Segment by segment, the columns that a visitor needs are opened.
//! 2. It is shown each document that matches, with its score where that is wanted.
//! 3. Every [`CHECK_EVERY`] documents the clock is asked: too late, and the pass is given up.

use std::time::Instant;

use tantivy::query::{EnableScoring, Query};
use tantivy::{DocId, DocSet as _, Score, Searcher, SegmentReader, TERMINATED};

use crate::store::ReadError;

/// Some ten microseconds of work.
const CHECK_EVERY: u32 = 1_024;

/// When an answer is too late.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deadline(pub Instant);

impl Deadline {
    /// Whether there is time left.
    pub(super) fn check(self) -> Result<(), ReadError> {
        if Instant::now() < self.0 { Ok(()) } else { Err(ReadError::TimedOut) }
    }
}

/// What is made of the documents of a query.
pub(super) trait Visitor {
    /// Whether scores are wanted.
    const SCORED: bool = false;
    /// What is kept of one segment while it is passed over.
    type Segment;

    /// A segment begins.
    fn open(&mut self, ordinal: u32, reader: &SegmentReader) -> tantivy::Result<Self::Segment>;
    /// A document matches.
    fn visit(&mut self, segment: &mut Self::Segment, document: DocId, score: Score);
    /// The segment ends.
    fn close(&mut self, segment: Self::Segment) -> tantivy::Result<()>;
}

/// Shows the visitor all that matches. Nothing is ever deleted from the index, so every document of it counts.
pub(super) fn scan<V: Visitor>(
    searcher: &Searcher,
    query: &dyn Query,
    deadline: Deadline,
    visitor: &mut V,
) -> Result<(), ReadError> {
    let scoring = if V::SCORED {
        EnableScoring::enabled_from_searcher(searcher)
    } else {
        EnableScoring::disabled_from_searcher(searcher)
    };
    let weight = query.weight(scoring).map_err(away)?;
    for (ordinal, reader) in (0..).zip(searcher.segment_readers()) {
        deadline.check()?;
        let mut segment = visitor.open(ordinal, reader).map_err(away)?;
        let mut scorer = weight.scorer(reader, 1.0).map_err(away)?;
        let mut document = scorer.doc();
        let mut seen = 0_u32;
        while document != TERMINATED {
            let score = if V::SCORED { scorer.score() } else { 0.0 };
            visitor.visit(&mut segment, document, score);
            seen = seen.wrapping_add(1);
            if seen.is_multiple_of(CHECK_EVERY) {
                deadline.check()?;
            }
            document = scorer.advance();
        }
        visitor.close(segment).map_err(away)?;
    }
    Ok(())
}

/// The index cannot be read: the disk's fault, and perhaps a passing one.
pub(super) fn away(error: impl std::fmt::Display) -> ReadError {
    ReadError::Away(error.to_string())
}
