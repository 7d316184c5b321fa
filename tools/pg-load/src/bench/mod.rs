//! Runs a load for a time and says whether service levels were met.
//!
//! 1. [`args`]: what is wanted. [`tpcb`] makes pgbench's tables where that is part of it.
//! 2. [`worker`]: threads connect their clients ([`session`]); nothing is measured before all are connected.
//! 3. [`gate`] says when a transaction is meant to start, by [`schedule`] or as soon as can be; [`client`] does it.
//! 4. [`record`] counts, [`latency`] and [`failure`] are what is counted; [`collect`] puts the threads' seconds together for
//!    [`live`], [`metrics`] and the time series.
//! 5. [`run`](mod@run): the whole of it, in time. [`outcome`]: the result, judged.

pub mod args;
pub mod client;
pub mod clock;
pub mod collect;
mod cpu;
pub mod failure;
pub mod gate;
pub mod latency;
pub mod live;
pub mod metrics;
pub mod outcome;
pub mod record;
mod run;
pub mod schedule;
pub mod session;
mod tpcb;
pub mod worker;

use std::process::ExitCode;

pub use args::Args;
pub use run::measure;

use crate::report;

/// The exit code of what cannot be run as it was asked for, as clap has it.
const USAGE: u8 = 2;

/// Runs the load, prints and writes the result. 0: every service level is met; 1: one is missed, or the run was interrupted;
/// 2: something asked for makes no sense.
pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let prepared = args.settle().and_then(|objectives| {
        let scripts = crate::workload::read(&args.workload).map_err(|error| error.to_string())?;
        Ok((objectives, scripts))
    });
    let (objectives, scripts) = match prepared {
        Ok(prepared) => prepared,
        Err(reason) => {
            tracing::error!("{reason}");
            return Ok(ExitCode::from(USAGE));
        }
    };
    let result = crate::cli::runtime()?.block_on(measure(args, &scripts, &objectives))?;
    print!("{}", report::text::bench(&result));
    if let Some(path) = &args.json {
        report::write_json(path, &result)?;
    }
    if let Some(path) = &args.csv {
        report::write(path, report::csv::render(&result.series).as_bytes())?;
    }
    if let Some(path) = &args.html {
        report::write(path, report::html::bench(&result).as_bytes())?;
    }
    Ok(if result.passed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
