//! What the command line asks for.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::ports::PortBase;

/// Starts every service on this machine: an S3 store, an origin with a small site, content-fetcher, file-server,
/// review-api with reviews, and the samples. Ctrl-C drains all.
#[derive(Debug, Parser)]
#[command(
    version,
    after_help = "The environment reaches the services only by RUST_LOG and RUST_BACKTRACE.\n\
    Exit code: 0 where everything was ready and ended well, 1 where not, 2 for a wrong argument."
)]
pub struct Arguments {
    /// The first port; every port is this plus an offset. 0 takes free ports.
    #[arg(long, env = "PORT_BASE", default_value = "8000", value_name = "PORT")]
    pub port_base: PortBase,

    /// Where the store, the origin's files and the manifest are kept [default: target/devstack]
    #[arg(long, value_name = "FOLDER")]
    pub folder: Option<PathBuf>,

    /// How long the services may take until all are ready, like 30s or 2m.
    #[arg(long, default_value = "60s", value_name = "TIME")]
    pub ready_timeout: humantime::Duration,

    /// Drains and ends as soon as all are ready: a check that everything starts.
    #[arg(long)]
    pub exit_when_ready: bool,

    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What devstack calls itself with.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Becomes a program that ends with its parent.
    #[command(hide = true)]
    Leash {
        /// The process id of devstack.
        parent: i32,
        /// The program.
        program: PathBuf,
        /// What it is told on its command line.
        arguments: Vec<String>,
    },
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (argument, value) in [("--port-base", "70000"), ("--port-base", "x"), ("--ready-timeout", "5")] {
            let fault =
                Arguments::try_parse_from(["devstack", argument, value]).expect_err(value).to_string();
            assert!(fault.contains(argument) && fault.contains(value), "{fault}");
        }
    }
}
