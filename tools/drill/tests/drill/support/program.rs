//! The program itself, as a child that ends with its value.

use std::path::PathBuf;
use std::process::{Output, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;
use tokio::process::{Child, Command};

use super::api::{Api, NAMESPACE};
use super::origin::Origin;

/// More than any run here takes on a busy machine.
const DEADLINE: Duration = Duration::from_mins(1);

/// A folder with a kubeconfig, and a command line that begins with what every run needs.
pub struct Program {
    pub folder: TempDir,
}

impl Program {
    pub fn new(api: &Api) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("kubeconfig"), api.kubeconfig()).expect("a kubeconfig");
        Self { folder }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The program with its arguments and nothing of the environment that it would read.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_drill"));
        command.args(arguments).env("KUBECONFIG", self.path("kubeconfig")).env_remove("REVIEWS_TOKEN");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        command
    }

    /// A run of a scenario against `deployment/web` with traffic to `origin`, and waits that suit a test.
    pub fn run(&self, origin: &Origin, arguments: &[&str]) -> Command {
        let mut command = self.command(&["run"]);
        command.args(arguments).args(["--context", "test", "--namespace", NAMESPACE]);
        command.args([
            "--target",
            &format!("web=http://{}/", origin.address),
            "--rate",
            "100",
            "--output",
            "json",
        ]);
        command.args(["--timeout", "1s", "--clean-for", "1s", "--journal"]).arg(self.path("journal"));
        command
    }
}

/// Waits for its end.
pub async fn output(mut command: Command) -> Output {
    let ended = tokio::time::timeout(DEADLINE, command.output()).await;
    ended.expect("it ends in time").expect("it runs")
}

/// Waits for the end of one that was started.
pub async fn end(child: Child) -> Output {
    let ended = tokio::time::timeout(DEADLINE, child.wait_with_output()).await;
    ended.expect("it ends in time").expect("it runs")
}

/// Sends a signal to one that was started.
pub fn signal(child: &Child, signal: Signal) {
    let id = child.id().expect("it runs");
    kill(Pid::from_raw(i32::try_from(id).expect("a process id")), signal).expect("it takes signals");
}

/// The standard error.
pub fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The report on the standard output.
#[track_caller]
pub fn report(output: &Output) -> serde_json::Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
        panic!("{error}: {:?}\n{}", String::from_utf8_lossy(&output.stdout), said(output))
    })
}
