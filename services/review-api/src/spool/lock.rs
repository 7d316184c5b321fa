//! One process at a time in a folder: an exclusive lock (flock) that the kernel takes back when its holder ends,
//! however it ends.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::Path;

/// The file that is locked. Its contents mean nothing, and it is never deleted: a deleted file could be locked twice.
const NAME: &str = "lock";

/// Holds a folder until it is dropped.
#[derive(Debug)]
pub(crate) struct FolderLock {
    _file: File,
}

impl FolderLock {
    /// Locks `folder` for this process; none where another holds it.
    pub(crate) fn take(folder: &Path) -> io::Result<Option<Self>> {
        let path = folder.join(NAME);
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(path)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}

/// Makes what was created, renamed or deleted in `folder` survive a loss of power.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}
