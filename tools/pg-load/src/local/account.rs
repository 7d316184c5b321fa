//! As whom a server runs: `PostgreSQL` refuses to run as root.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

use nix::unistd::{User, geteuid};

use super::LocalError;

/// Whom root runs a server as, the first that there is.
const OTHERS: [&str; 2] = ["postgres", "nobody"];

/// As whom a server runs.
#[derive(Clone, Debug)]
pub struct Account(Option<User>);

impl Account {
    /// Ourselves; where that is root, `postgres` or `nobody`.
    pub fn choose() -> Result<Self, LocalError> {
        if !geteuid().is_root() {
            return Ok(Self(None));
        }
        let other = OTHERS.iter().find_map(|name| User::from_name(name).ok().flatten());
        other.map(|user| Self(Some(user))).ok_or(LocalError::Account)
    }

    /// Makes `folder`, the server's own and closed to others.
    pub fn own_folder(&self, folder: &Path) -> Result<(), LocalError> {
        let own = || {
            fs::create_dir_all(folder)?;
            fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
            self.0
                .as_ref()
                .map_or(Ok(()), |user| chown(folder, Some(user.uid.as_raw()), Some(user.gid.as_raw())))
        };
        own().map_err(|error| LocalError::Folder { folder: folder.to_owned(), error })
    }

    /// Has `command` run as it.
    pub fn apply(&self, command: &mut Command) {
        if let Some(user) = &self.0 {
            // Without a supplementary group of root's: the standard library drops those for a uid of its own accord.
            command.uid(user.uid.as_raw()).gid(user.gid.as_raw());
        }
    }
}
