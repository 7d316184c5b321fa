//! Fetches content into a bucket: see the library.

use std::process::ExitCode;

use service_kit::Environment;
use service_kit::telemetry::LogStream;

fn main() -> ExitCode {
    // Standard output is for the summaries.
    service_kit::main_logging_to(
        LogStream::Stderr,
        "content-fetcher",
        env!("CARGO_PKG_VERSION"),
        Environment::process(),
        content_fetcher::build,
    )
}
