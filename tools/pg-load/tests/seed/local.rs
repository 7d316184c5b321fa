//! `--local`: a server of this machine's own `PostgreSQL`, as long as the program runs.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use tempfile::TempDir;

use crate::program::{Ended, Running, start};
use crate::support::{is_installed, wait_until};

/// A folder that another user may pass through: the server runs as one where the test is root.
fn folder() -> Option<TempDir> {
    is_installed().then(|| {
        let folder = tempfile::Builder::new().prefix("pg").tempdir().expect("a folder");
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o711)).expect("a folder of our own");
        folder
    })
}

fn seeding(folder: &Path, rows: &str) -> Running {
    let arguments = ["seed", "--rows", rows, "--local"].map(AsRef::<std::ffi::OsStr>::as_ref);
    start(arguments.into_iter().chain([folder.as_os_str()]))
}

fn verified(folder: &Path) -> Ended {
    start(["verify".as_ref(), "--local".as_ref(), folder.as_os_str()]).end()
}

#[test]
fn it_is_there_as_long_as_the_program() {
    let Some(folder) = folder() else { return };
    let server = folder.path().join("server");
    let first = seeding(&server, "10000").end().well();
    assert_eq!(first.summary("unchanged"), false);
    assert!(!server.join("data/postmaster.pid").exists(), "it is shut down");
    assert_eq!(seeding(&server, "10000").end().well().summary("unchanged"), true);
    verified(&server).well();
}

#[test]
fn a_second_program_does_not_disturb_the_first() {
    let Some(folder) = folder() else { return };
    let server = folder.path().join("server");
    let first = seeding(&server, "100k");
    wait_until("the server runs", || server.join("data/postmaster.pid").exists());
    let second = seeding(&server, "100k").end();
    assert_eq!(second.code, Some(1));
    assert!(second.log.contains("another pg-load uses"), "{}", second.log);
    first.end().well();
}

#[test]
fn a_killed_program_leaves_no_server() {
    let Some(folder) = folder() else { return };
    let server = folder.path().join("server");
    let pid_file = server.join("data/postmaster.pid");
    let program = seeding(&server, "300k");
    wait_until("the server runs", || pid_file.exists());
    program.kill();
    wait_until("the server has shut down", || !pid_file.exists());
    seeding(&server, "300k").end().well();
    verified(&server).well();
}

#[test]
fn what_is_wrong_with_a_folder_is_said() {
    if !is_installed() {
        return;
    }
    let long = std::env::temp_dir().join("x".repeat(100));
    let ended = seeding(&long, "10000").end();
    assert!(!long.exists());
    assert!(ended.log.contains("is too long a path for a socket"), "{}", ended.log);
    let file = tempfile::NamedTempFile::new().expect("a file");
    let ended = seeding(file.path(), "10000").end();
    assert_eq!(ended.code, Some(1));
    assert!(ended.log.contains(&format!("cannot use {}", file.path().display())), "{}", ended.log);
}
