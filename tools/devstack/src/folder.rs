//! Where the stack keeps its files: the project's target folder, beside the programs.
//!
//! 1. `target/devstack`, found from this program's own place, or the folder that was named.
//! 2. It is locked: two stacks on one store would corrupt it. The lock goes with the process, however it ends.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

/// The folder of one running stack.
pub struct Folder {
    path: PathBuf,
    _lock: File,
}

impl Folder {
    /// Makes and locks the folder: `named`, or `devstack` beside the folder of the programs.
    pub fn open(named: Option<&Path>, programs: &Path) -> anyhow::Result<Self> {
        let path = match named {
            Some(path) => path.to_owned(),
            None => programs.parent().context("the programs lie in no target folder")?.join("devstack"),
        };
        // The services get it by variable and must not depend on where they were started.
        let path = std::path::absolute(path)?;
        fs::create_dir_all(path.join("store")).with_context(|| format!("cannot make {}", path.display()))?;
        let lock =
            File::create(path.join("lock")).with_context(|| format!("cannot write in {}", path.display()))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path, _lock: lock }),
            Err(TryLockError::WouldBlock) => bail!(
                "another devstack runs on {}: end it, or give this one a --folder and a PORT_BASE of its own",
                path.display()
            ),
            Err(TryLockError::Error(error)) => {
                Err(error).with_context(|| format!("cannot lock {}", path.display()))
            }
        }
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The store's buckets.
    pub fn store(&self) -> PathBuf {
        self.path.join("store")
    }

    /// The origin's files.
    pub fn origin(&self) -> PathBuf {
        self.path.join("origin")
    }

    /// The reviews' index.
    pub fn reviews(&self) -> PathBuf {
        self.path.join("reviews")
    }

    /// The manifest of the origin's files.
    pub fn manifest(&self) -> PathBuf {
        self.path.join("manifest.json")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_stack_per_folder() {
        let target = tempfile::tempdir().expect("a folder");
        let programs = target.path().join("debug");
        let first = Folder::open(None, &programs).expect("ours");
        assert_eq!(first.path(), target.path().join("devstack"));
        let fault = Folder::open(None, &programs).err().expect("locked").to_string();
        assert!(fault.contains("another devstack runs on"), "{fault}");
        let other = target.path().join("other");
        assert_eq!(Folder::open(Some(&other), &programs).expect("ours").path(), other);
        drop(first);
        Folder::open(None, &programs).expect("ours again");
    }
}
