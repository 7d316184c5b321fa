//! A whole service on the kit: `cargo run -p service-kit --example sample`.

#[path = "../tests/common/sample.rs"]
mod sample;

use service_kit::Environment;

fn main() -> std::process::ExitCode {
    service_kit::main("sample", env!("CARGO_PKG_VERSION"), Environment::process(), sample::build)
}
