//! The process: see the library for what it answers.

use std::process::ExitCode;

use service_kit::Environment;

fn main() -> ExitCode {
    service_kit::main("review-api", env!("CARGO_PKG_VERSION"), Environment::process(), review_api::build)
}
