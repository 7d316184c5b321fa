//! What is in the folder when the spool is opened.
//!
//! 1. Segments of a later version are refused: their records could not be read.
//! 2. The last segment is gone through. A crash may have interrupted its last write: what follows its last sound record
//!    was never acknowledged and is cut off. Damage before a sound record stays, for the pump to report.
//! 3. Older segments are not read now: the pump meets their damage when it comes by.
//! 4. Everything from the checkpoint on is sent again. Segments below are deleted.

use std::collections::VecDeque;
use std::path::Path;

use super::metrics::SpoolMetrics;
use super::scan::{Found, Scanner};
use super::{OpenError, checkpoint, segment};

/// The log as it was found.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Recovered {
    /// First numbers and lengths, ascending.
    pub segments: VecDeque<(u64, u64)>,
    /// The number of the next record.
    pub next: u64,
    /// The lowest number whose record the store has no verdict on.
    pub lowest: u64,
}

/// Recovers the log in `folder`, which must be locked.
pub(super) fn recover(folder: &Path, metrics: &SpoolMetrics) -> Result<Recovered, OpenError> {
    let failed = |source| OpenError::Unreadable { folder: folder.to_owned(), source };
    let mut segments = VecDeque::from(segment::list(folder).map_err(failed)?);
    for (first, _) in &segments {
        let path = segment::path(folder, *first);
        if segment::is_newer(&path).map_err(failed)? {
            return Err(OpenError::Newer { segment: path });
        }
    }
    let checkpoint = checkpoint::read(folder).map_err(failed)?.unwrap_or(1);
    let mut next = checkpoint;
    if let Some((first, length)) = segments.pop_back() {
        let (end, sound) = last_record(&segment::path(folder, first), first).map_err(failed)?;
        let torn = length - sound;
        if torn > 0 {
            metrics.spool_torn_bytes.inc_by(torn);
            tracing::warn!(segment = first, bytes = torn, "a write that never ended is cut off the spool");
        }
        if end == first {
            segment::delete(&segment::path(folder, first)).map_err(failed)?;
        } else {
            segment::cut(&segment::path(folder, first), sound).map_err(failed)?;
            segments.push_back((first, sound));
        }
        next = next.max(end);
    }
    let lowest = segments.front().map_or(next, |(first, _)| checkpoint.max(*first));
    let recovered = drop_finished(folder, Recovered { segments, next, lowest }).map_err(failed)?;
    let records = recovered.next - recovered.lowest;
    tracing::info!(records, segments = recovered.segments.len(), "the spool is open");
    Ok(recovered)
}

/// The number after the last sound record of a segment, and where that record ends.
fn last_record(path: &Path, first: u64) -> std::io::Result<(u64, u64)> {
    let mut scanner = Scanner::open(path)?;
    let (mut next, mut sound) = (first, (segment::HEADER.len() as u64).min(scanner.length()));
    let mut offset = sound;
    loop {
        match scanner.at(offset, &(next..u64::MAX))? {
            Found::Record { sequence, end, .. } => (next, sound, offset) = (sequence + 1, end, end),
            Found::Damage { until } => offset = until,
            Found::End => return Ok((next, sound)),
        }
    }
}

fn drop_finished(folder: &Path, mut recovered: Recovered) -> std::io::Result<Recovered> {
    while let Some((first, _)) = recovered.segments.front() {
        let end = recovered.segments.get(1).map_or(recovered.next, |(first, _)| *first);
        if end > recovered.lowest {
            break;
        }
        segment::delete(&segment::path(folder, *first))?;
        recovered.segments.pop_front();
    }
    Ok(recovered)
}
