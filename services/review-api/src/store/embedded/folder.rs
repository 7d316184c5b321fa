//! The folder: one process has it, and what is in it is an index that this version can read, or opening says what is
//! wrong.
//!
//! 1. The folder is made where it is missing, and its file `lock` is locked for as long as the store lives.
//! 2. The index is opened, or made in an empty folder, with the analyzer it was written with.
//! 3. What is damaged is found here rather than by the first query: every segment is opened once, and an index without
//!    its list of segments is not taken for an empty one.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use tantivy::directory::MmapDirectory;
use tantivy::schema::Schema;
use tantivy::tokenizer::TextAnalyzer;
use tantivy::{Index, IndexReader, ReloadPolicy, TantivyError};

use super::analyzer::{NAME, StandardTokenizer};
use crate::folder::{FolderLock, make};

/// Why a folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// It cannot be made, read or written: give the service a folder of its own that it may write.
    #[error("{folder}: {source}", folder = folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Another process has it: the embedded store is for one process. End the other, or give this one another folder.
    #[error("{folder} is used by another process: the embedded store is for one process only", folder = .0.display())]
    Locked(PathBuf),
    /// It was written by a version with other fields: give this version another folder and feed the reviews again.
    #[error("{folder} holds an index with other fields than this version's", folder = .0.display())]
    Incompatible(PathBuf),
    /// Its index is damaged: put back a copy, or give the service another folder and feed the reviews again.
    #[error("the index in {folder} is damaged: {reason}", folder = folder.display())]
    Damaged {
        /// The folder.
        folder: PathBuf,
        /// What was found.
        reason: String,
    },
}

/// An open folder.
pub(super) struct Folder {
    pub path: PathBuf,
    pub index: Index,
    pub reader: IndexReader,
    /// Locked for as long as it is open.
    pub lock: FolderLock,
}

impl Folder {
    /// Opens the folder, or makes it.
    pub(super) fn open(path: &Path, schema: &Schema) -> Result<Self, OpenError> {
        let failed = |source| OpenError::Folder { folder: path.to_owned(), source };
        let Some(lock) = FolderLock::take(path).map_err(failed)? else {
            return Err(OpenError::Locked(path.to_owned()));
        };
        let inside = path.join("index");
        make(&inside).map_err(failed)?;
        let damaged = |reason| OpenError::Damaged { folder: path.to_owned(), reason };
        if has_lost_its_list(&inside).map_err(failed)? {
            return Err(damaged("it has segments and no meta.json, which lists them".to_owned()));
        }
        // tantivy answers some damage with a panic.
        let opened = catch_unwind(AssertUnwindSafe(|| open_index(&inside, schema)));
        match opened.map_err(|_| damaged("it cannot be read".to_owned()))? {
            Ok((index, reader)) => Ok(Self { path: path.to_owned(), index, reader, lock }),
            Err(TantivyError::SchemaError(_)) => Err(OpenError::Incompatible(path.to_owned())),
            Err(error) => Err(damaged(error.to_string())),
        }
    }
}

/// Whether there are segments that nobody lists: an index would be made anew beside them, and they be as good as lost.
fn has_lost_its_list(folder: &Path) -> io::Result<bool> {
    if folder.join("meta.json").exists() {
        return Ok(false);
    }
    // An index that is being made has hidden files only, until its list is there.
    let mut names = std::fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.file_name()));
    names.try_fold(false, |any, name| Ok(any || !name?.to_string_lossy().starts_with('.')))
}

fn open_index(folder: &Path, schema: &Schema) -> tantivy::Result<(Index, IndexReader)> {
    let index = Index::open_or_create(MmapDirectory::open(folder)?, schema.clone())?;
    index.tokenizers().register(NAME, TextAnalyzer::from(StandardTokenizer));
    // Blocks of reviews are not cached: each view of a cursor would have a cache of its own for every segment.
    let builder = index.reader_builder().reload_policy(ReloadPolicy::Manual).doc_store_cache_num_blocks(0);
    let reader = builder.try_into()?;
    // A segment without positions is read as one of a schema that wants none, and would find no phrase.
    for segment in index.searchable_segment_ids()? {
        let positions = format!("{}.pos", segment.uuid_string());
        if !folder.join(&positions).exists() {
            return Err(TantivyError::SystemError(format!("{positions} is missing")));
        }
    }
    Ok((index, reader))
}
