//! What was acknowledged, one line each: `created ID`, `duplicate ID`, `accepted ID`. Other lines are for people.
//!
//! A line is written after the answer was read. A ledger that misses its last lines (a kill) says less, never more, than
//! is true.

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::sync::Mutex;

use crate::client::Fate;

/// A ledger that is written.
pub struct Ledger(Option<Mutex<File>>);

impl Ledger {
    /// Opens the file to append to; without one nothing is written.
    pub fn open(path: Option<&Path>) -> io::Result<Self> {
        let file = path.map(|path| OpenOptions::new().create(true).append(true).open(path)).transpose()?;
        Ok(Self(file.map(Mutex::new)))
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
        let mut file = file.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        file.write_all(lines.as_bytes())
    }
}

/// The ids that a ledger says are acknowledged.
pub fn acknowledged(path: &Path) -> io::Result<BTreeSet<String>> {
    let mut ids = BTreeSet::new();
    for line in BufReader::new(File::open(path)?).lines() {
        let line = line?;
        if let Some(("created" | "duplicate" | "accepted", id)) = line.split_once(' ') {
            ids.insert(id.to_owned());
        }
    }
    Ok(ids)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_acknowledged_is_read_back_and_nothing_else() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("ledger");
        let ledger = Ledger::open(Some(&path)).expect("opens");
        let (created, again) = (Fate::Created, Fate::Again { reason: "503".to_owned(), after: None });
        ledger.note([("a", &created), ("b", &again), ("c", &Fate::Accepted)]).expect("written");
        let ids = acknowledged(&path).expect("read");
        assert_eq!(ids.into_iter().collect::<Vec<_>>(), ["a", "c"]);
    }
}
