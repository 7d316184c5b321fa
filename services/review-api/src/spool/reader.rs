//! Records that memory does not hold any more, or not yet: read back from disk in order.
//!
//! 1. It goes on where it stopped, or looks for the place in the segment that holds it.
//! 2. Only what was durable when the plan was made is read, and nothing of what a file holds beyond.
//! 3. Sequence numbers have no gaps. Where a record is missing its segment goes to quarantine and the gap is told; the
//!    rest is read on.

use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::log::Entry;
use super::scan::{Found, Scanner};
use super::{record, segment};

/// Payload bytes that are read at once.
const BATCH: usize = 1024 * 1024;

/// What to read.
#[derive(Debug)]
pub(super) struct Plan {
    /// The first record.
    pub position: u64,
    /// One above the last.
    pub limit: u64,
    /// The first records of all segments there are, ascending.
    pub segments: Vec<u64>,
}

/// What was read, in order.
#[derive(Debug)]
pub(super) enum Item {
    Record(Entry),
    /// These cannot be read.
    Lost(Range<u64>),
}

/// Reads the log of one folder.
#[derive(Debug)]
pub(super) struct Reader {
    folder: PathBuf,
    place: Option<Place>,
}

/// Where the record `next` is expected.
#[derive(Debug)]
struct Place {
    segment: u64,
    offset: u64,
    next: u64,
}

/// What a batch has come to.
struct Batch {
    items: Vec<Item>,
    bytes: usize,
    /// The next record that is wanted.
    next: u64,
}

impl Reader {
    pub(super) fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), place: None }
    }

    /// Reads from the plan's position, a batch at most. The number is one above the last record dealt with. It blocks.
    pub(super) fn read(&mut self, plan: &Plan) -> io::Result<(Vec<Item>, u64)> {
        let mut batch = Batch { items: Vec::new(), bytes: 0, next: plan.position };
        while batch.next < plan.limit && batch.bytes < BATCH {
            let after = plan.segments.partition_point(|first| *first <= batch.next);
            let bound = plan.segments.get(after).map_or(plan.limit, |first| plan.limit.min(*first));
            match after.checked_sub(1) {
                Some(index) => self.read_segment(plan.segments[index], bound, &mut batch)?,
                None => {
                    batch.lose(batch.next..bound); // the segment is gone
                }
            }
        }
        Ok((batch.items, batch.next))
    }

    /// Reads records of one segment, those below `bound`.
    fn read_segment(&mut self, segment: u64, bound: u64, batch: &mut Batch) -> io::Result<()> {
        let mut scanner = match Scanner::open(&segment::path(&self.folder, segment)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                batch.lose(batch.next..bound);
                return Ok(());
            }
            opened => opened?,
        };
        let known = self.place.take().filter(|place| place.segment == segment && place.next <= batch.next);
        let start = Place { segment, offset: segment::HEADER.len() as u64, next: segment };
        let mut place = known.unwrap_or(start);
        while place.next < bound && batch.bytes < BATCH {
            let lost = match scanner.at(place.offset, &(place.next..bound))? {
                Found::Damage { until } => {
                    place.offset = until; // what it cost is known when the next record is met
                    continue;
                }
                Found::Record { sequence, payload, end } => {
                    let before = batch.lose(place.next..sequence);
                    place = Place { segment, offset: end, next: sequence + 1 };
                    let known = batch.add(sequence, scanner.payload(payload));
                    before || (!known && batch.lose(sequence..sequence + 1))
                }
                Found::End => {
                    let rest = place.next..bound;
                    place.next = bound;
                    batch.lose(rest)
                }
            };
            if lost {
                segment::quarantine(&self.folder, segment)?;
            }
        }
        self.place = Some(place);
        Ok(())
    }
}

impl Batch {
    /// Adds a sound record that is wanted; false where its payload means nothing to this version.
    fn add(&mut self, sequence: u64, payload: &[u8]) -> bool {
        if sequence < self.next {
            return true;
        }
        let Some(document) = record::decode(payload) else { return false };
        let bytes = record::HEADER + payload.len();
        let entry = Entry { sequence, document: Arc::new(document), bytes, waiting: None };
        self.items.push(Item::Record(entry));
        self.bytes += bytes;
        self.next = sequence + 1;
        true
    }

    /// Those of `range` that are wanted are lost; false where none is.
    fn lose(&mut self, range: Range<u64>) -> bool {
        let range = range.start.max(self.next)..range.end;
        let any = !range.is_empty();
        if any {
            self.next = range.end;
            self.items.push(Item::Lost(range));
        }
        any
    }
}
