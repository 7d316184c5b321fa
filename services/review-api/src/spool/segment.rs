//! The files of the log: `SPOOL_DIR/<first sequence number, 20 digits>.spool`.
//!
//! Each begins with [`HEADER`], for whoever looks into it. Sequence numbers have no gaps, within a file and
//! from one file to the next, so that a missing record is known to be missing.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use super::record;
use crate::folder::sync;

/// The first bytes of a segment.
pub(super) const HEADER: &[u8; 16] = b"ballast spool 1\n";
const SUFFIX: &str = ".spool";

/// Where the segment lies whose first record is `first`.
pub(super) fn path(folder: &Path, first: u64) -> PathBuf {
    folder.join(format!("{first:020}{SUFFIX}"))
}

/// The first sequence numbers of all segments in `folder`, ascending, with their lengths in bytes.
pub(super) fn list(folder: &Path) -> io::Result<Vec<(u64, u64)>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let digits = name.to_str().and_then(|name| name.strip_suffix(SUFFIX));
        let plain = |text: &&str| text.len() == 20 && text.bytes().all(|byte| byte.is_ascii_digit());
        if let Some(first) = digits.filter(plain).and_then(|digits| digits.parse().ok()) {
            found.push((first, entry.metadata()?.len()));
        }
    }
    found.sort_unstable();
    Ok(found)
}

/// Whether a later version of this service wrote the file: its first record says so. Every start begins a new file, so
/// the others are no different.
pub(super) fn is_newer(path: &Path) -> io::Result<bool> {
    let mut head = Vec::with_capacity(HEADER.len() + record::HEADER);
    File::open(path)?.take((HEADER.len() + record::HEADER) as u64).read_to_end(&mut head)?;
    let first = head.get(HEADER.len()..).and_then(record::Header::read);
    Ok(first.is_some_and(|header| header.is_newer()))
}

/// Creates the segment whose first record will be `first`. Where it fails, a part of it may be left.
pub(super) fn create(folder: &Path, first: u64) -> io::Result<File> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(path(folder, first))?;
    file.write_all(HEADER)?;
    // Without this a loss of power could take the name of a file whose contents were synced.
    sync(folder)?;
    Ok(file)
}

/// Cuts the segment to its first `length` bytes, durably.
pub(super) fn cut(path: &Path, length: u64) -> io::Result<()> {
    let file = OpenOptions::new().write(true).open(path)?;
    file.set_len(length)?;
    file.sync_all()
}

/// Deletes a segment that may be gone already.
pub(super) fn delete(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Keeps a damaged segment in the folder `quarantine` for whoever wants to look into it, also when its sound records
/// are done and it is deleted here.
pub(super) fn quarantine(folder: &Path, first: u64) -> io::Result<PathBuf> {
    let aside = folder.join("quarantine");
    std::fs::create_dir_all(&aside)?;
    let (from, to) = (path(folder, first), path(&aside, first));
    if !to.exists() {
        // A second name for the same bytes takes no room on a disk that may be full.
        std::fs::hard_link(&from, &to).or_else(|_| std::fs::copy(&from, &to).map(drop))?;
        sync(&aside)?;
    }
    Ok(to)
}
