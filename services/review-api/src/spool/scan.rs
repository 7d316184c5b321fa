//! Goes through a segment from record to record, also past damage.
//!
//! 1. A record is sound where its header, its sequence number and its payload are.
//! 2. Where the next one is not, the next sound one is looked for, byte by byte from there: every byte 0xFF may begin it.
//! 3. Bytes are read through a window, so that memory is bounded whatever a length says.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt as _;

use super::record::{self, Header, MARK};

/// Bytes that are read at once.
const WINDOW: usize = 1024 * 1024;

/// A segment, read from anywhere.
pub(super) struct Scanner {
    file: File,
    /// Bytes of the file, as it was when it was opened.
    length: u64,
    window: Vec<u8>,
    start: u64,
}

/// What is found at a place of a segment.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Found {
    /// A sound record, which ends before `end`.
    Record { sequence: u64, payload: Range<usize>, end: u64 },
    /// Bytes that are no record; `until` is where the next sound one begins, or the end of the file.
    Damage { until: u64 },
    /// The end of the file.
    End,
}

impl Scanner {
    pub(super) fn open(path: &std::path::Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let length = file.metadata()?.len();
        Ok(Self { file, length, window: Vec::new(), start: 0 })
    }

    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// The bytes of the record that was found last.
    pub(super) fn payload(&self, range: Range<usize>) -> &[u8] {
        &self.window[range]
    }

    /// What is at `offset`, where the next record can only have one of the numbers `expected`.
    pub(super) fn at(&mut self, offset: u64, expected: &Range<u64>) -> io::Result<Found> {
        if offset >= self.length {
            return Ok(Found::End);
        }
        if let Some(record) = self.record(offset, expected)? {
            return Ok(record);
        }
        self.resume(offset + 1, expected).map(|until| Found::Damage { until })
    }

    /// The sound record at `offset`, if there is one.
    fn record(&mut self, offset: u64, expected: &Range<u64>) -> io::Result<Option<Found>> {
        let Some(at) = self.load(offset, record::HEADER)? else { return Ok(None) };
        let Some(header) = Header::read(&self.window[at..]) else { return Ok(None) };
        let whole = record::HEADER + header.length;
        if !expected.contains(&header.sequence) {
            return Ok(None);
        }
        let Some(at) = self.load(offset, whole)? else { return Ok(None) };
        let payload = at + record::HEADER..at + whole;
        let sound = header.fits(&self.window[payload.clone()]);
        let end = offset + whole as u64;
        Ok(sound.then_some(Found::Record { sequence: header.sequence, payload, end }))
    }

    /// Where the next sound record begins, from `offset` on; else the end of the file.
    fn resume(&mut self, mut offset: u64, expected: &Range<u64>) -> io::Result<u64> {
        while let Some(at) = self.load(offset, 1)? {
            match self.window[at..].iter().position(|byte| *byte == MARK) {
                None => offset = self.start + self.window.len() as u64,
                Some(skipped) => {
                    offset += skipped as u64;
                    if self.record(offset, expected)?.is_some() {
                        return Ok(offset);
                    }
                    offset += 1;
                }
            }
        }
        Ok(self.length)
    }

    /// Makes `count` bytes from `offset` part of the window; where they begin in it, or none where the file ends before.
    fn load(&mut self, offset: u64, count: usize) -> io::Result<Option<usize>> {
        if offset + count as u64 > self.length {
            return Ok(None);
        }
        let held = offset.checked_sub(self.start).and_then(|at| usize::try_from(at).ok());
        if let Some(at) = held.filter(|at| at + count <= self.window.len()) {
            return Ok(Some(at));
        }
        let rest = usize::try_from(self.length - offset).unwrap_or(usize::MAX);
        self.window.resize(rest.min(count.max(WINDOW)), 0);
        self.start = offset;
        if let Err(error) = self.file.read_exact_at(&mut self.window, offset) {
            self.window.clear(); // what it holds now is nothing
            return Err(error);
        }
        Ok(Some(0))
    }
}
