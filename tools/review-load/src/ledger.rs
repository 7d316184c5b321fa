//! What became of each review, one line each: `created ID`, `duplicate ID`, `accepted ID` are acknowledged, `rejected ID`
//! and `unknown ID` are not. Blank lines and those that begin with `#` are for people.
//!
//! 1. A line is written after the answer was read. A ledger that misses its last lines (a kill) says less, never more,
//!    than is true.
//! 2. A last line without its end was not written whole: half an id is another id. It is not read, and cut off before
//!    more is appended.
//! 3. Any other line that makes no sense is an error by its number: a check that passed over it would check less than
//!    it says.

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use crate::client::Fate;

/// A ledger that is written.
pub struct Ledger(Option<Mutex<File>>);

impl Ledger {
    /// Opens the file to append to; without one nothing is written.
    pub fn open(path: Option<&Path>) -> io::Result<Self> {
        Ok(Self(path.map(open).transpose()?.map(Mutex::new)))
    }

    /// Notes what became of reviews.
    pub fn note<'a>(&self, fates: impl IntoIterator<Item = (&'a str, &'a Fate)>) -> io::Result<()> {
        let Some(file) = &self.0 else { return Ok(()) };
        let mut lines = String::new();
        for (id, fate) in fates {
            lines.push_str(fate.name());
            lines.push(' ');
            lines.push_str(id);
            lines.push('\n');
        }
        let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
        file.write_all(lines.as_bytes())
    }
}

/// Opens a file to append to, after its last whole line.
fn open(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().create(true).read(true).append(true).open(path)?;
    let (mut reader, mut line, mut whole) = (BufReader::new(&file), Vec::new(), 0);
    while reader.read_until(b'\n', &mut line)? > 0 && line.ends_with(b"\n") {
        whole += line.len() as u64;
        line.clear();
    }
    file.set_len(whole)?;
    Ok(file)
}

/// Why a ledger cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// It is not there, or the system does not give it.
    #[error(transparent)]
    File(#[from] io::Error),
    /// A line is damaged, or this is no ledger.
    #[error("line {0} is no line of a ledger")]
    Line(u64),
}

/// The ids that a ledger says are acknowledged.
pub fn acknowledged(path: &Path) -> Result<BTreeSet<String>, LedgerError> {
    let mut ids = BTreeSet::new();
    let (mut reader, mut line) = (BufReader::new(File::open(path)?), Vec::new());
    for number in 1.. {
        line.clear();
        if reader.read_until(b'\n', &mut line)? == 0 || !line.ends_with(b"\n") {
            break;
        }
        match std::str::from_utf8(&line).map(|line| line.trim_end().split_once(' ')) {
            Ok(Some(("created" | "duplicate" | "accepted", id))) if is_id(id) => {
                ids.insert(id.to_owned());
            }
            Ok(Some(("rejected" | "unknown", id))) if is_id(id) => {}
            Ok(_) if line.starts_with(b"#") || line.trim_ascii().is_empty() => {}
            _ => return Err(LedgerError::Line(number)),
        }
    }
    Ok(ids)
}

/// Ids have no blanks: two lines that ran into one have.
fn is_id(text: &str) -> bool {
    !text.is_empty() && !text.contains(char::is_whitespace)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: impl AsRef<[u8]>) -> Result<Vec<String>, LedgerError> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("ledger");
        std::fs::write(&path, text).expect("written");
        acknowledged(&path).map(|ids| ids.into_iter().collect())
    }

    #[test]
    fn what_was_acknowledged_is_read_back_and_nothing_else() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("ledger");
        let ledger = Ledger::open(Some(&path)).expect("opens");
        let (created, again) = (Fate::Created, Fate::Again { reason: "503".to_owned(), after: None });
        let rejected = Fate::Rejected("422".to_owned());
        ledger
            .note([("a", &created), ("b", &again), ("c", &Fate::Accepted), ("d", &rejected)])
            .expect("written");
        ledger.note([("e", &Fate::Duplicate)]).expect("written");
        let ids = acknowledged(&path).expect("read");
        assert_eq!(ids.into_iter().collect::<Vec<_>>(), ["a", "c", "e"]);
    }

    #[test]
    fn a_line_that_was_not_written_whole_is_not_read_and_cut_off() {
        assert_eq!(read("created r-1\ncreated r-12").expect("sound"), ["r-1"]);
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("ledger");
        std::fs::write(&path, "# a run\n\ncreated r-1\ncreated r-2").expect("written");
        let ledger = Ledger::open(Some(&path)).expect("opens");
        ledger.note([("r-3", &Fate::Created)]).expect("written");
        assert_eq!(std::fs::read_to_string(&path).expect("there"), "# a run\n\ncreated r-1\ncreated r-3\n");
    }

    #[test]
    fn a_damaged_line_is_named() {
        for (text, number) in [
            (&b"created r-1\ncreatd r-2\n"[..], 2),
            (b"created\n", 1),
            (b"created \n", 1),
            (b"created r-1created r-2\n", 1),
            (b"created r-1 created r-2\n", 1),
            (b"created r-1\n\ncreated \xFF\n", 3),
            (b"{\"acknowledged\": 1}\n", 1),
            (b"\0\0\0\0\n", 1),
        ] {
            let read = read(text);
            let seen = matches!(read, Err(LedgerError::Line(line)) if line == number);
            assert!(seen, "{}: {read:?}", String::from_utf8_lossy(text));
        }
        let none = acknowledged(Path::new("does/not/exist"));
        assert!(matches!(none, Err(LedgerError::File(_))), "{none:?}");
    }
}
