//! A spool, a file and a disk that are full.

use std::path::PathBuf;
use std::time::Duration;

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use tokio_util::sync::CancellationToken;

use super::pump::until;
use super::shelf::{Shelf, batcher};
use super::*;
use crate::dead::DeadSettings;

/// Where the test in another process has its spool.
const FOLDER: &str = "SPOOL_TEST_FOLDER";
const PATIENCE: Duration = Duration::from_secs(30);

/// Appends until the spool says no; how many it took, and what it said.
async fn fill(spool: &Spool, from: u32) -> (u32, SpoolError) {
    let mut number = from;
    loop {
        match spool.append(Arc::new(document(&format!("r{number}"), &"milk ".repeat(100)))).await {
            Ok(_) => number += 1,
            Err(error) => return (number, error),
        }
    }
}

/// Appends until the spool says yes.
async fn refill(spool: &Spool, number: u32) {
    let appended = async {
        while spool.append(Arc::new(document(&format!("r{number}"), "milk"))).await.is_err() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, appended).await.expect("there is room again");
}

/// Lets a store take everything in the spool, then makes sure that there is room for more. All of it was stored once.
async fn drain_and_go_on(spool: &Arc<Spool>, taken: u32) {
    let shelf = Arc::new(Shelf::default());
    let (batcher, _dead, _batching) = batcher(&shelf, DeadSettings::default());
    let stop = CancellationToken::new();
    let pump = tokio::spawn(Arc::clone(spool).run(batcher, stop.clone()));
    refill(spool, taken).await;
    until(|| shelf.state().stored.len() as u64 == u64::from(taken) + 1).await;
    stop.cancel();
    pump.await.expect("no panic").expect("no fault");
    assert_eq!(shelf.state().stored, ids(0..taken + 1).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_full_spool_says_so_and_goes_on_when_the_store_has_taken_some() {
    let folder = tempfile::tempdir().expect("a folder");
    let spool = open(SpoolSettings { max: 64 << 10, ..SpoolSettings::new(folder.path()) });
    let (taken, error) = fill(&spool, 0).await;
    assert_eq!(error, SpoolError::Full);
    assert!(taken > 40, "{taken} of some 600 bytes fit into 64 KiB");
    drain_and_go_on(&spool, taken).await;
}

/// A file may only be so long: the kernel takes a part of a write, and refuses the next.
#[test]
fn a_file_that_may_not_grow_loses_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    // The kernel's signal would end the process; ignored, the write fails.
    let shell = ["sh", "-c", "trap '' XFSZ; exec \"$0\" \"$@\""];
    let status = again(&shell, "full::in_a_process_that_may_write_short_files")
        .env(FOLDER, folder.path())
        .status()
        .expect("started");
    assert!(status.success());
}

#[tokio::test]
#[ignore = "started by the test above, in a process of its own"]
async fn in_a_process_that_may_write_short_files() {
    let folder = PathBuf::from(std::env::var_os(FOLDER).expect("a folder"));
    let spool = open(SpoolSettings::new(&folder));
    let (soft, hard) = getrlimit(Resource::RLIMIT_FSIZE).expect("a limit");
    setrlimit(Resource::RLIMIT_FSIZE, 20_000, hard).expect("a lower limit");
    let (taken, error) = fill(&spool, 0).await;
    assert!(matches!(error, SpoolError::Failed(_)), "{error}");
    assert!(taken > 10, "{taken}");
    // The limit is of one file, and the next group begins another: only a limit below everything goes on failing.
    setrlimit(Resource::RLIMIT_FSIZE, 10, hard).expect("a lower limit");
    for _ in 0..3 {
        let (none, error) = fill(&spool, taken).await;
        assert!(none == taken && matches!(error, SpoolError::Failed(_)), "{error}");
    }
    setrlimit(Resource::RLIMIT_FSIZE, soft, hard).expect("the limit as it was");
    refill(&spool, taken).await;
    drop(spool);
    assert_eq!(contents(&folder), (ids(0..taken + 1).collect(), 0));
}

/// A disk of one mebibyte, in a mount namespace that ends with the process. Only root may mount.
#[test]
fn a_full_disk_loses_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let mounted = "mount -t tmpfs -o size=1m none \"$SPOOL_TEST_FOLDER\" || exit 77; exec \"$0\" \"$@\"";
    let disk = ["unshare", "-m", "sh", "-c", mounted];
    if !nix::unistd::geteuid().is_root() {
        eprintln!("skipped: only root may mount a small disk");
        return;
    }
    let status = again(&disk, "full::in_a_process_with_a_small_disk")
        .env(FOLDER, folder.path())
        .status()
        .expect("started");
    if status.code() == Some(77) {
        eprintln!("skipped: this root may not mount a small disk");
        return;
    }
    assert!(status.success());
}

#[tokio::test]
#[ignore = "started by the test above, in a process of its own"]
async fn in_a_process_with_a_small_disk() {
    let folder = PathBuf::from(std::env::var_os(FOLDER).expect("a folder"));
    let spool = open(SpoolSettings { segment: 128 << 10, ..SpoolSettings::new(&folder) });
    let (taken, error) = fill(&spool, 0).await;
    assert!(matches!(&error, SpoolError::Failed(reason) if reason.contains("space")), "{error}");
    assert!(taken > 100, "{taken}");
    drain_and_go_on(&spool, taken).await;
    drop(spool);
    assert_eq!(contents(&folder), (Vec::new(), 0));
}
