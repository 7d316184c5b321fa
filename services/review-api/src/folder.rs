//! A folder that one process has: spool, dead letters and the embedded index each live in one.
//!
//! 1. It is made where it is missing, so that a loss of power does not take it away again: whatever is synced in it is
//!    safe only as long as the folder itself has a name.
//! 2. Its file `lock` is locked (flock). The kernel takes the lock back when its holder ends, however it ends.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::Path;

/// The file that is locked. Its contents mean nothing, and it is never deleted: a deleted file could be locked twice.
const LOCK: &str = "lock";

/// Holds a folder until it is dropped.
#[derive(Debug)]
pub(crate) struct FolderLock {
    _file: File,
}

impl FolderLock {
    /// Makes `folder` where it is missing and locks it for this process; none where another holds it.
    pub(crate) fn take(folder: &Path) -> io::Result<Option<Self>> {
        make(folder)?;
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(folder.join(LOCK))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}

/// Makes `folder` and what is missing above it, durably.
pub(crate) fn make(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let above = match folder.parent() {
        Some(above) if !above.as_os_str().is_empty() => {
            make(above)?;
            above
        }
        _ => Path::new("."),
    };
    match std::fs::create_dir(folder) {
        // Another process may be making it as well.
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists || !folder.is_dir() => Err(error),
        _ => sync(above),
    }
}

/// Makes what was created, renamed or deleted in `folder` survive a loss of power.
pub(crate) fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_made_with_what_is_above_it_and_held_by_one() {
        let folder = tempfile::tempdir().expect("a folder");
        let inner = folder.path().join("a/b/c");
        let held = FolderLock::take(&inner).expect("made").expect("free");
        assert!(FolderLock::take(&inner).expect("there").is_none());
        drop(held);
        assert!(FolderLock::take(&inner).expect("there").is_some());
    }

    #[test]
    fn what_is_no_folder_is_an_error() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("file");
        std::fs::write(&file, "").expect("written");
        for path in [file.clone(), file.join("below"), Path::new("").to_owned()] {
            assert!(FolderLock::take(&path).is_err(), "{}", path.display());
        }
    }
}
