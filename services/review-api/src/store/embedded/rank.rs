//! The first of many in some order, in bounded memory, and where the next page goes on.
//!
//! 1. A document's place is its [`Rank`]: two numbers, the lower the earlier, and its id where those are equal.
//! 2. Within a segment ids are compared by their ordinal, which has the same order.
//! 3. Of each segment the first few are kept; then the first of all of them, for which ids are read.

use std::collections::BinaryHeap;
use std::ops::Bound;

use tantivy::columnar::{Column, StrColumn};
use tantivy::query::Query;
use tantivy::{DocAddress, DocId, Score, Searcher, SegmentReader};

use super::fields::{ID, STORED_AT, WRITTEN_AT};
use super::scan::{Deadline, Visitor, away, scan};
use crate::store::ReadError;

/// What documents are put in order by.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Order {
    /// The last written first.
    Newest,
    /// The first written first.
    Oldest,
    /// The best match first, then the last written.
    Relevance,
    /// The first stored first.
    Stored,
}

/// The numbers a document is put in order by. For relevance the score's bits come first: a score is never negative,
/// so they have its order.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Rank(i64, i64);

impl Rank {
    /// Of a document with this time (milliseconds since 1970) and score.
    pub(super) fn new(order: Order, time: i64, score: Score) -> Self {
        match order {
            Order::Newest => Self(0, time.saturating_neg()),
            Order::Oldest | Order::Stored => Self(0, time),
            Order::Relevance => Self(-i64::from(score.to_bits()), time.saturating_neg()),
        }
    }
}

/// After whom to go on.
#[derive(Clone, Debug)]
pub(super) struct After {
    pub rank: Rank,
    pub id: String,
}

/// One of the first.
#[derive(Clone, Debug)]
pub(super) struct Ranked {
    pub address: DocAddress,
    pub rank: Rank,
    pub id: String,
    /// Milliseconds since 1970.
    pub time: i64,
    pub score: Score,
}

/// The first `size` of what matches after `after`, and how many match in all.
pub(super) fn first(
    searcher: &Searcher,
    query: &dyn Query,
    (order, after): (Order, Option<&After>),
    size: usize,
    deadline: Deadline,
) -> Result<(Vec<Ranked>, u64), ReadError> {
    let total = if order == Order::Relevance {
        let mut visitor = First::<true>::new(order, after, size);
        scan(searcher, query, deadline, &mut visitor)?;
        (visitor.kept, visitor.total)
    } else {
        let mut visitor = First::<false>::new(order, after, size);
        scan(searcher, query, deadline, &mut visitor)?;
        (visitor.kept, visitor.total)
    };
    let (mut kept, total) = total;
    if let Some(last) = kept.len().min(size).checked_sub(1) {
        // What ranks behind the last of the page is not on it, whatever its id is.
        let (_, last, _) = kept.select_nth_unstable_by_key(last, |found| found.rank);
        let rank = last.rank;
        kept.retain(|found| found.rank <= rank);
    }
    let mut ranked = kept.into_iter().map(|found| named(searcher, found)).collect::<Result<Vec<_>, _>>()?;
    ranked.sort_unstable_by(|one, other| (one.rank, &one.id).cmp(&(other.rank, &other.id)));
    ranked.truncate(size);
    Ok((ranked, total))
}

/// A document that may be on the page. The order of the fields is that of the heap: the last of them is on top.
#[derive(Clone, Copy, Debug)]
struct Found {
    rank: Rank,
    /// The id's place among those of the segment.
    ordinal: u64,
    address: DocAddress,
    time: i64,
    score: Score,
}

impl PartialEq for Found {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Found {}

impl PartialOrd for Found {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Found {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.rank, self.ordinal).cmp(&(other.rank, other.ordinal))
    }
}

fn named(searcher: &Searcher, found: Found) -> Result<Ranked, ReadError> {
    let reader = searcher.segment_reader(found.address.segment_ord);
    let mut id = String::new();
    if let Some(ids) = reader.fast_fields().str(ID).map_err(away)? {
        ids.ord_to_str(found.ordinal, &mut id).map_err(away)?;
    }
    Ok(Ranked { address: found.address, rank: found.rank, id, time: found.time, score: found.score })
}

struct First<'a, const SCORED: bool> {
    order: Order,
    after: Option<&'a After>,
    size: usize,
    kept: Vec<Found>,
    total: u64,
}

/// What of a segment is on the page so far.
struct Segment {
    ordinal: u32,
    times: Column<i64>,
    ids: Column<u64>,
    /// Of those with the rank to go on after, the first ordinal that comes after.
    first_id: u64,
    heap: BinaryHeap<Found>,
}

impl<'a, const SCORED: bool> First<'a, SCORED> {
    fn new(order: Order, after: Option<&'a After>, size: usize) -> Self {
        Self { order, after, size, kept: Vec::new(), total: 0 }
    }
}

impl<const S: bool> Visitor for First<'_, S> {
    const SCORED: bool = S;
    type Segment = Segment;

    fn open(&mut self, ordinal: u32, reader: &SegmentReader) -> tantivy::Result<Segment> {
        let columns = reader.fast_fields();
        let times = columns.i64(if self.order == Order::Stored { STORED_AT } else { WRITTEN_AT })?;
        let mut ids = Column::build_empty_column(reader.max_doc());
        let mut first_id = 0;
        if let Some(column) = columns.str(ID)? {
            if let Some(after) = self.after {
                first_id = first_after(&column, &after.id)?;
            }
            ids = column.into_parts().1;
        }
        Ok(Segment { ordinal, times, ids, first_id, heap: BinaryHeap::with_capacity(self.size + 1) })
    }

    fn visit(&mut self, segment: &mut Segment, document: DocId, score: Score) {
        self.total += 1;
        let time = segment.times.first(document).unwrap_or_default();
        let rank = Rank::new(self.order, time, score);
        let full = segment.heap.len() >= self.size;
        let too_late = full && segment.heap.peek().is_some_and(|last| rank > last.rank);
        if too_late || self.after.is_some_and(|after| rank < after.rank) {
            return;
        }
        let ordinal = segment.ids.first(document).unwrap_or_default();
        if self.after.is_some_and(|after| rank == after.rank && ordinal < segment.first_id) {
            return;
        }
        let address = DocAddress::new(segment.ordinal, document);
        segment.heap.push(Found { rank, ordinal, address, time, score });
        if full {
            segment.heap.pop();
        }
    }

    fn close(&mut self, segment: Segment) -> tantivy::Result<()> {
        self.kept.extend(segment.heap);
        Ok(())
    }
}

/// The first ordinal of a segment whose id is greater than this one.
fn first_after(ids: &StrColumn, id: &str) -> tantivy::Result<u64> {
    let (from, _) = ids.dictionary().term_bounds_to_ord(Bound::Excluded(id.as_bytes()), Bound::Unbounded)?;
    Ok(match from {
        Bound::Included(ordinal) => ordinal,
        Bound::Excluded(ordinal) => ordinal.saturating_add(1),
        Bound::Unbounded => 0,
    })
}
