//! The program, and what its writers have done so far.

use std::io::{BufReader, Read as _};
use std::process::{Child, ChildStderr, Command, Output, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use pg_load::report::ledger::FailoverResult;
use tempfile::TempDir;

use crate::support::{Replicated, wait_until};

/// The program.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_pg-load");

/// A run of `failover` that goes on.
pub struct Run {
    child: Child,
    log: BufReader<ChildStderr>,
    folder: TempDir,
}

impl Run {
    /// Starts one on the servers of `url`.
    pub fn start(url: &str, arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut command = Command::new(PROGRAM);
        command.arg("failover").args(arguments);
        command
            .arg("--json")
            .arg(folder.path().join("result.json"))
            .arg("--html")
            .arg(folder.path().join("report.html"));
        command.env("DATABASE_URL", url).env("LOG_FORMAT", "json");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("it starts");
        let log = BufReader::new(child.stderr.take().expect("piped"));
        Self { child, log, folder }
    }

    /// Asks it to stop writing and to check, as Ctrl-C does.
    pub fn interrupt(&self) {
        let process = i32::try_from(self.child.id()).expect("a process");
        kill(Pid::from_raw(process), Signal::SIGINT).expect("it runs");
    }

    /// Waits for its end: the exit code, the result, the report.
    pub fn end(mut self) -> (Option<i32>, FailoverResult, String) {
        let mut log = String::new();
        self.log.read_to_string(&mut log).expect("it can be read");
        let status = self.child.wait().expect("it ends");
        let text = std::fs::read(self.folder.path().join("result.json"));
        let result =
            serde_json::from_slice(&text.unwrap_or_else(|error| panic!("{error}: {log}"))).expect("a result");
        let html = std::fs::read_to_string(self.folder.path().join("report.html")).expect("a report");
        (status.code(), result, html)
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        let _ = self.child.kill(); // it has ended, where all went well
        let _ = self.child.wait();
    }
}

/// Rows of all ledgers on server `index`, as one of its sessions sees them.
pub fn rows(servers: &Replicated, index: usize) -> u64 {
    let table = "select to_regclass('pg_load_ledger') is not null";
    if servers.psql(index, table) != "t" {
        return 0;
    }
    servers.psql(index, "select count(*) from pg_load_ledger").parse().expect("a count")
}

/// Waits until server `index` has `more` rows than it has now.
pub fn wait_for_rows(servers: &Replicated, index: usize, more: u64) {
    let before = rows(servers, index);
    wait_until("rows are written", || rows(servers, index) >= before + more);
}

/// What a program that ended has said.
pub fn told(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}
