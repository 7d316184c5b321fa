//! Where this machine's `PostgreSQL` is.
//!
//! 1. `pg_config --bindir` says it, where it is installed and leads to a server's programs.
//! 2. `postgres` itself is on the PATH.
//! 3. The folders that distributions use; of several versions the newest.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::LocalError;

/// Debian and Ubuntu, the PGDG's RPMs, Homebrew on both kinds of Mac.
const PARENTS: [(&str, &str); 4] = [
    ("/usr/lib/postgresql", ""),
    ("/usr", "pgsql-"),
    ("/opt/homebrew/opt", "postgresql@"),
    ("/usr/local/opt", "postgresql@"),
];

/// The programs of one version.
#[derive(Clone, Debug)]
pub struct Programs {
    folder: PathBuf,
}

impl Programs {
    /// Finds them.
    pub fn find() -> Result<Self, LocalError> {
        let folder = by_pg_config().or_else(on_the_path).or_else(in_known_folders);
        folder.map(|folder| Self { folder }).ok_or(LocalError::Missing)
    }

    /// The path of one, such as `pg_basebackup`.
    pub fn path(&self, program: &str) -> PathBuf {
        self.folder.join(program)
    }
}

fn has_server(folder: &Path) -> bool {
    ["initdb", "postgres"].iter().all(|program| folder.join(program).is_file())
}

fn by_pg_config() -> Option<PathBuf> {
    let output = Command::new("pg_config").arg("--bindir").output().ok()?;
    let folder = PathBuf::from(String::from_utf8(output.stdout).ok()?.trim());
    (output.status.success() && has_server(&folder)).then_some(folder)
}

fn on_the_path() -> Option<PathBuf> {
    let output = Command::new("sh").args(["-c", "command -v postgres"]).output().ok()?;
    let program = PathBuf::from(String::from_utf8(output.stdout).ok()?.trim());
    let folder = program.canonicalize().ok()?.parent()?.to_owned();
    has_server(&folder).then_some(folder)
}

fn in_known_folders() -> Option<PathBuf> {
    let versions = PARENTS.iter().flat_map(|(parent, prefix)| {
        let entries = fs::read_dir(parent).into_iter().flatten().flatten();
        entries.filter_map(move |entry| {
            let version: u32 = entry.file_name().to_str()?.strip_prefix(prefix)?.parse().ok()?;
            let folder = entry.path().join("bin");
            has_server(&folder).then_some((version, folder))
        })
    });
    versions.max_by_key(|(version, _)| *version).map(|(_, folder)| folder)
}
