//! The file of dead letters: one line of JSON each, fsynced before anybody is told of it.
//!
//! 1. Opened, it is cut after its last whole line: a crash may have interrupted the one behind.
//! 2. Letters are appended; after a failure the file is opened anew and cut to what was synced before.
//! 3. Letters are taken out by writing the others into a new file, which then is renamed over the old one.
//! 4. A line that makes no sense is skipped when reading and kept when rewriting: somebody may want it.

use std::collections::HashSet;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, BufWriter, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::folder::sync;
use crate::review::Document;

const NAME: &str = "dead-letters.ndjson";
const NEW: &str = "dead-letters.ndjson.new";

/// A document that the store refused for good.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(super) struct Letter {
    /// Its place among all letters there ever were.
    pub number: u64,
    /// When it was refused.
    pub at: Timestamp,
    /// What the store said.
    pub reason: String,
    pub document: Document,
}

/// The open file.
#[derive(Debug)]
pub(super) struct DeadFile {
    folder: PathBuf,
    /// Bytes that it may have.
    max: u64,
    /// None after a failure, until it is opened anew.
    file: Option<File>,
    /// Bytes that are durable.
    length: u64,
    /// The number of the next letter.
    pub next: u64,
    /// Lines.
    pub letters: u64,
}

/// The file as it was at one moment; reading it disturbs nobody.
pub(super) struct Snapshot {
    file: File,
    /// Where the next page begins.
    offset: u64,
    length: u64,
    pub letters: u64,
}

/// Some of the letters.
#[derive(Debug, Default)]
pub(super) struct Page {
    pub letters: Vec<Letter>,
    /// Whether there are more that match.
    pub more: bool,
    /// Lines on the way that make no sense.
    pub unreadable: u64,
}

impl DeadFile {
    /// Opens the file in `folder`, which must be locked.
    pub(super) fn open(folder: &Path, max: u64) -> io::Result<Self> {
        let path = folder.join(NAME);
        let file = OpenOptions::new().read(true).append(true).create(true).open(path)?;
        sync(folder)?;
        let mut dead = Self { folder: folder.to_owned(), max, file: None, length: 0, next: 1, letters: 0 };
        let mut lines = Lines::new(&file, 0, u64::MAX);
        let mut ended = true;
        while let Some(line) = lines.next()? {
            ended = line.ends_with(b"\n");
            let number = parse(line).map(|letter| letter.number);
            if !ended && number.is_none() {
                tracing::warn!(bytes = line.len(), "a dead letter that was never whole is cut off");
                ended = true;
                break;
            }
            dead.next = dead.next.max(number.map_or(0, |number| number.saturating_add(1)));
            dead.letters += 1;
            dead.length = lines.offset;
        }
        file.set_len(dead.length)?;
        if !ended {
            (&file).write_all(b"\n")?; // an editor has taken the last one away
            dead.length += 1;
        }
        file.sync_all()?;
        dead.file = Some(file);
        Ok(dead)
    }

    /// Bytes of the file.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// Whether so many bytes more fit.
    pub(super) fn fits(&self, bytes: usize) -> bool {
        self.length + bytes as u64 <= self.max
    }

    /// Appends whole lines, `letters` of them; durable where it succeeds, and not there where it fails.
    pub(super) fn append(&mut self, lines: &[u8], letters: u64) -> io::Result<()> {
        let mut file = match self.file.take() {
            Some(file) => file,
            None => self.reopen()?,
        };
        file.write_all(lines)?;
        file.sync_data()?;
        self.length += lines.len() as u64;
        self.letters += letters;
        self.file = Some(file);
        Ok(())
    }

    pub(super) fn snapshot(&self) -> io::Result<Snapshot> {
        let file = File::open(self.folder.join(NAME))?;
        Ok(Snapshot { file, offset: 0, length: self.length, letters: self.letters })
    }

    /// Takes these letters out; returns how many there were.
    pub(super) fn remove(&mut self, numbers: &HashSet<u64>) -> io::Result<u64> {
        let new = self.folder.join(NEW);
        let mut rest = BufWriter::new(File::create(&new)?);
        let (mut length, mut letters) = (0, 0);
        let old = self.snapshot()?;
        let mut lines = Lines::new(&old.file, 0, old.length);
        while let Some(line) = lines.next()? {
            if parse(line).is_none_or(|letter| !numbers.contains(&letter.number)) {
                rest.write_all(line)?;
                length += line.len() as u64;
                letters += 1;
            }
        }
        rest.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
        std::fs::rename(new, self.folder.join(NAME))?;
        self.file = None; // it is the old one's
        let removed = self.letters - letters;
        (self.length, self.letters) = (length, letters);
        sync(&self.folder)?;
        Ok(removed)
    }

    /// Lets the next append go to something else.
    #[cfg(test)]
    pub(super) fn fail_on(&mut self, file: File) {
        self.file = Some(file);
    }

    /// Opens the file anew and cuts off whatever is behind the durable lines.
    fn reopen(&self) -> io::Result<File> {
        let file = OpenOptions::new().append(true).create(true).open(self.folder.join(NAME))?;
        file.set_len(self.length)?;
        file.sync_all()?;
        Ok(file)
    }
}

impl Snapshot {
    /// The next letters that are `wanted`: at most `size`, and about `bytes` at most. It goes on where it stopped.
    pub(super) fn page(
        &mut self,
        (size, bytes): (usize, usize),
        wanted: impl Fn(&Letter) -> bool,
    ) -> io::Result<Page> {
        let mut page = Page::default();
        let mut used = 0;
        (&self.file).seek(SeekFrom::Start(self.offset))?;
        let mut lines = Lines::new(&self.file, self.offset, self.length);
        while let Some(line) = lines.next()? {
            let length = line.len();
            match parse(line) {
                None => page.unreadable += 1,
                Some(letter) if wanted(&letter) => {
                    page.more = page.letters.len() == size || used >= bytes;
                    if page.more {
                        break;
                    }
                    used += length;
                    page.letters.push(letter);
                }
                Some(_) => {}
            }
            self.offset = lines.offset;
        }
        Ok(page)
    }
}

fn parse(line: &[u8]) -> Option<Letter> {
    serde_json::from_slice(line).ok()
}

/// Lines with their ends, the last one perhaps without.
struct Lines<'a> {
    reader: BufReader<io::Take<&'a File>>,
    line: Vec<u8>,
    /// Where the next line begins.
    offset: u64,
}

impl<'a> Lines<'a> {
    /// Those of a file, which stands at `offset`, up to `length`.
    fn new(file: &'a File, offset: u64, length: u64) -> Self {
        let reader = BufReader::with_capacity(64 * 1024, file.take(length - offset));
        Self { reader, line: Vec::new(), offset }
    }

    fn next(&mut self) -> io::Result<Option<&[u8]>> {
        self.line.clear();
        let count = self.reader.read_until(b'\n', &mut self.line)?;
        self.offset += count as u64;
        Ok((count > 0).then_some(&self.line))
    }
}
