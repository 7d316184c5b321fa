//! Writes with a ledger while the primary is lost, and counts what was acknowledged and is gone.
//!
//! 1. [`writer`]: each write is one row with an identity of its own, committed by itself; [`ledger`] keeps its fate.
//! 2. [`hook`]: a command that makes the fault, or nobody, where it is made by hand.
//! 3. [`check`]: when all is over, what is in the table is held against the ledger. Nothing was ever written twice, so that
//!    a row that is there twice was doubled by somebody else.
//! 4. [`timeline`]: the longest gap, the time to recover, and what happened when.
//! 5. [`run`](mod@run): the whole of it, in time.

pub mod args;
pub mod check;
mod hook;
pub mod ledger;
mod run;
pub mod timeline;
mod writer;

use std::process::ExitCode;

pub use args::Args;
pub use run::measure;

use crate::report;

/// The exit code of what cannot be run as it was asked for, as clap has it.
const USAGE: u8 = 2;

/// Writes, checks, prints and writes the result. 0: nothing is lost or doubled, writes came back and every service level is
/// met; 1: not so; 2: something asked for makes no sense.
pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let objectives = match args.settle() {
        Ok(objectives) => objectives,
        Err(reason) => {
            tracing::error!("{reason}");
            return Ok(ExitCode::from(USAGE));
        }
    };
    let result = crate::cli::runtime()?.block_on(measure(args, &objectives))?;
    print!("{}", report::text::failover(&result));
    if let Some(path) = &args.json {
        report::write_json(path, &result)?;
    }
    if let Some(path) = &args.html {
        report::write(path, report::html::failover(&result).as_bytes())?;
    }
    Ok(if result.passed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
