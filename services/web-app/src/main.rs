//! The process: see the library for what it answers.

use std::process::ExitCode;

use service_kit::Environment;

fn main() -> ExitCode {
    service_kit::main("web-app", env!("CARGO_PKG_VERSION"), Environment::process(), web_app::build)
}
