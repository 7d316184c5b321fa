//! Breaks a cluster under load and says what was lost.

fn main() -> std::process::ExitCode {
    drill::cli::main()
}
