//! The command that makes the fault.

use std::process::Stdio;

use anyhow::Context as _;
use tokio::process::Command;

use crate::bench::clock::Clock;
use crate::report::ledger::Fault;

/// Runs `command` by the shell to its end. What it prints goes where the log goes.
pub async fn run(command: &str, primary: &str, clock: Clock) -> anyhow::Result<Fault> {
    let from_us = clock.now() / 1_000;
    tracing::info!(command, primary, "the fault begins");
    let mut child = Command::new("sh")
        .args(["-c", command])
        .env("PG_LOAD_PRIMARY", primary)
        .stdin(Stdio::null())
        .stdout(std::io::stderr())
        .kill_on_drop(true)
        .spawn()
        .context("cannot run the hook")?;
    let status = child.wait().await.context("cannot wait for the hook")?;
    if !status.success() {
        tracing::warn!(%status, "the hook failed");
    }
    Ok(Fault { command: command.to_owned(), from_us, to_us: clock.now() / 1_000, exit_code: status.code() })
}
