//! Three nodes of each version.

use std::process::ExitCode;

use tests_elasticsearch::{Shape, THREE, Version, run};

fn main() -> ExitCode {
    run(&[(Shape::three(Version::V8), THREE), (Shape::three(Version::V9), THREE)])
}
