//! A folder that is not as it was left: the store says what is wrong with it, changes nothing of it, and does not panic.

use std::fs;
use std::path::{Path, PathBuf};

use review_api::store::embedded::OpenError;
use tempfile::TempDir;

use crate::support::{fill, holds, open};

const REVIEWS: std::ops::Range<i64> = 0..5;

/// A folder with reviews in some segments, closed.
async fn folder() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(folder.path()).expect("an empty folder opens");
    fill(&store, REVIEWS).await;
    folder
}

/// The files of the index, those that tantivy locks left out: they are empty.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder.join("index")).expect("a folder").map(|entry| entry.expect("an entry"));
    let mut files: Vec<_> = entries.map(|entry| entry.path()).collect();
    files.retain(|path| path.extension().is_none_or(|extension| extension != "lock"));
    files.sort();
    files
}

/// What opening says.
fn refusal(folder: &Path) -> String {
    match open(folder) {
        Err(error @ OpenError::Damaged { .. }) => error.to_string(),
        Err(error) => panic!("it is damaged, and not this: {error}"),
        Ok(_) => panic!("it opens"),
    }
}

#[tokio::test]
async fn every_damaged_file_is_found_when_the_folder_is_opened() {
    let folder = folder().await;
    let files = files(folder.path());
    assert!(files.len() > 8, "{files:?}");
    for path in &files {
        let whole = fs::read(path).expect("there");
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        let half = &whole[..whole.len() / 2];
        let garbage: Vec<u8> = (0..251).cycle().take(whole.len()).collect();
        for (damage, bytes) in [("truncated", half), ("empty", &[][..]), ("garbage", &garbage)] {
            fs::write(path, bytes).expect("written");
            let refusal = refusal(folder.path());
            assert!(refusal.contains(&*folder.path().to_string_lossy()), "{name} {damage}: {refusal}");
            assert_eq!(fs::read(path).expect("there"), bytes, "{name} {damage}: it is left as it is");
        }
        fs::remove_file(path).expect("removed");
        if name == ".managed.json" {
            drop(open(folder.path()).expect("a list of what may be deleted is made anew"));
        } else {
            refusal(folder.path());
        }
        fs::write(path, &whole).expect("written");
    }
    // Put back, it is what it was: nothing that was refused was made worse.
    let store = open(folder.path()).expect("whole again");
    holds(&store, REVIEWS).await;
}

#[tokio::test]
async fn without_its_list_of_segments_an_index_is_not_taken_for_a_new_one() {
    let folder = folder().await;
    let meta = folder.path().join("index/meta.json");
    let whole = fs::read(&meta).expect("there");
    fs::remove_file(&meta).expect("removed");
    assert!(refusal(folder.path()).contains("meta.json"));
    fs::write(&meta, whole).expect("written");
    holds(&open(folder.path()).expect("whole again"), REVIEWS).await;
}

#[tokio::test]
async fn an_index_of_another_version_is_named_as_such() {
    let folder = folder().await;
    let meta = folder.path().join("index/meta.json");
    let whole = fs::read_to_string(&meta).expect("there");
    // The schema of a version with another field.
    fs::write(&meta, whole.replace("\"delivery_id\"", "\"delivery_no\"")).expect("written");
    let refusal = open(folder.path()).map(drop).expect_err("another version's");
    assert!(matches!(refusal, OpenError::Incompatible(_)), "{refusal}");
    assert!(refusal.to_string().contains("other fields than this version's"), "{refusal}");
    // A later tantivy's files: the version stands in each file's footer.
    fs::write(&meta, &whole).expect("written");
    let segment =
        files(folder.path()).into_iter().find(|path| path.extension().is_some_and(|kind| kind == "store"));
    let segment = segment.expect("a segment");
    let bytes = fs::read(&segment).expect("there");
    let footer = "\"index_format_version\":";
    let at = bytes.windows(footer.len()).rposition(|window| window == footer.as_bytes()).expect("a footer");
    let mut newer = bytes.clone();
    newer[at + footer.len()] = b'9';
    fs::write(&segment, newer).expect("written");
    assert!(self::refusal(folder.path()).contains("version"), "{}", self::refusal(folder.path()));
}

#[tokio::test]
async fn a_second_store_is_refused_as_long_as_the_first_lives() {
    let folder = folder().await;
    let first = open(folder.path()).expect("free");
    let second = open(folder.path()).map(drop).expect_err("it is held");
    assert!(matches!(second, OpenError::Locked(_)), "{second}");
    assert!(second.to_string().contains("is used by another process"), "{second}");
    drop(first);
    holds(&open(folder.path()).expect("free again"), REVIEWS).await;
}
