//! Plausible delivery reviews: made, sent, and looked for again.

fn main() -> std::process::ExitCode {
    review_load::main()
}
