//! The command line: one module per command, which owns its arguments.

use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use tokio::runtime::{Builder, Runtime};

use crate::{bench, failover, report, seed, verify};

/// Seeds a database with a web shop's data, benchmarks it against service levels, and measures its failover.
#[derive(Debug, Parser)]
#[command(name = "pg-load", version)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Fills a database with the shop's rows; changes nothing where they are there already.
    Seed(seed::Args),
    /// Reads every row again and compares the checksums with those of the seeding.
    Verify(verify::Args),
    /// Runs a load for a time, and says whether service levels were met.
    Bench(bench::Args),
    /// Writes with a ledger while the primary is lost, and counts what was acknowledged and is gone.
    Failover(failover::Args),
    /// Compares the results of two runs of `bench`.
    Compare(report::Args),
}

impl Command {
    /// Does it. The exit code is the verdict; an error is a failure to reach one.
    pub fn run(&self) -> anyhow::Result<ExitCode> {
        match self {
            Self::Seed(args) => seed::run(args),
            Self::Verify(args) => verify::run(args),
            Self::Bench(args) => bench::run(args),
            Self::Failover(args) => failover::run(args),
            Self::Compare(args) => report::run(args),
        }
    }
}

/// What a command's tasks run on.
pub fn runtime() -> anyhow::Result<Runtime> {
    Builder::new_multi_thread().enable_all().build().context("cannot start threads")
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Arguments::command().debug_assert();
    }
}
