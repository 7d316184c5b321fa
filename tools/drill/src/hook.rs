//! Commands of the user: what cuts a node off, what takes a store away, and what brings them back.
//!
//! A command runs by `sh -c` with `DRILL_CONTEXT`, `DRILL_NAMESPACE` and, where it is about one, `DRILL_NODE`. What it prints
//! goes to the standard error, since the report goes to the standard output. It has a deadline; when that is over, or the run is
//! interrupted, it is killed with all that it started and did not take out of its process group.

use std::process::Stdio;
use std::time::Duration;

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};
use thiserror::Error;
use tokio::process::Command;

use crate::cluster::Cluster;

/// A command with what it is about.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Hook {
    /// What the shell is given.
    pub command: String,
    /// The node it is about.
    pub node: Option<String>,
}

/// A command did not do what it was for: see what it printed, and run it by hand.
#[derive(Debug, Error)]
pub enum HookError {
    /// It could not be started.
    #[error("{command:?} cannot be run: {source}")]
    Start {
        /// The command.
        command: String,
        /// Why.
        source: std::io::Error,
    },
    /// It said that it failed.
    #[error("{command:?}: {status}")]
    Failed {
        /// The command.
        command: String,
        /// Its exit code, or the signal that ended it.
        status: std::process::ExitStatus,
    },
    /// It took too long.
    #[error("{command:?} did not end within {}", humantime::format_duration(*within))]
    Late {
        /// The command.
        command: String,
        /// How long it was waited for.
        within: Duration,
    },
}

/// The process group of a command; killed with the value unless the command has ended.
struct Group(Option<Pid>);

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            // Nothing is left to be killed where this fails.
            let _ = killpg(group, Signal::SIGKILL);
        }
    }
}

impl Hook {
    /// Runs it to its end.
    pub async fn run(&self, cluster: &Cluster, within: Duration) -> Result<(), HookError> {
        let mut command = Command::new("sh");
        command.arg("-c").arg(&self.command);
        command.env("DRILL_CONTEXT", cluster.context()).env("DRILL_NAMESPACE", cluster.namespace());
        if let Some(node) = &self.node {
            command.env("DRILL_NODE", node);
        }
        // A group of its own: Ctrl-C of a terminal is for drill, which then brings back what was cut off.
        command.stdin(Stdio::null()).stdout(std::io::stderr()).process_group(0).kill_on_drop(true);
        let start = |source| HookError::Start { command: self.command.clone(), source };
        let mut child = command.spawn().map_err(start)?;
        let mut group = Group(child.id().and_then(|id| i32::try_from(id).ok()).map(Pid::from_raw));
        let ended = tokio::time::timeout(within, child.wait()).await;
        if ended.is_ok() {
            group.0 = None;
        }
        match ended {
            Err(_) => Err(HookError::Late { command: self.command.clone(), within }),
            Ok(Err(source)) => Err(start(source)),
            Ok(Ok(status)) if status.success() => Ok(()),
            Ok(Ok(status)) => Err(HookError::Failed { command: self.command.clone(), status }),
        }
    }
}
