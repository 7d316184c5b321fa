//! Tells of results.

use std::process::ExitCode;

/// What the command is told.
#[derive(clap::Args, Debug)]
pub struct Args {}

/// Does it.
pub fn run(_args: Args) -> anyhow::Result<ExitCode> {
    anyhow::bail!("not written yet")
}
