//! Seeds a `PostgreSQL`, benchmarks it, and measures its failover: see `pg-load --help`.

use std::process::ExitCode;

use clap::Parser;
use pg_load::cli::Arguments;
use service_kit::Environment;
use service_kit::telemetry::{self, LogStream};

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    // Standard output is for results.
    let _telemetry = telemetry::start(&Environment::process(), LogStream::Stderr);
    arguments.command.run().unwrap_or_else(|error| {
        tracing::error!("{error:#}");
        ExitCode::FAILURE
    })
}
