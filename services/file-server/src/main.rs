//! The file server's process: the command line becomes variables, and the kit does the rest.

use std::process::ExitCode;

use file_server::settings::Settings;
use file_server::settings::flags::{self, Invocation};
use service_kit::{Environment, Faults, FromEnvironment};

/// The exit code of a process whose settings are wrong, as the kit has it.
const SETTINGS_ARE_WRONG: u8 = 2;

fn main() -> ExitCode {
    let environment = Environment::process();
    // No flag of s3www's looks like it.
    if let Some(code) = service_kit::healthcheck(&environment) {
        return code;
    }
    let mut faults = Faults::default();
    let environment = match flags::read(environment, std::env::args().skip(1), &mut faults) {
        Invocation::Run(environment) => environment,
        Invocation::Help(text) => {
            print!("{text}");
            return ExitCode::SUCCESS;
        }
    };
    if !faults.is_empty() {
        // One start shows all that is wrong, with the flags and with the variables.
        Settings::from_environment(&environment, &mut faults);
        eprintln!("{faults}");
        return ExitCode::from(SETTINGS_ARE_WRONG);
    }
    service_kit::main("file-server", env!("CARGO_PKG_VERSION"), environment, file_server::build)
}
