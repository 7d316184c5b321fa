//! Against a server that does nothing: the load generator alone.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::tool::{PROGRAM, Run};

/// The example `null-server`; it ends with its standard input.
struct NullServer {
    child: Child,
    url: String,
}

impl NullServer {
    fn start() -> Self {
        let program = Path::new(PROGRAM).with_file_name("examples").join("null-server");
        let mut command = Command::new(&program);
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("cargo builds examples for tests");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("piped"))
            .read_line(&mut line)
            .expect("it says where it listens");
        let address = line.trim().strip_prefix("listening ").expect("an address");
        let url = format!("postgresql://nobody@{address}/nothing");
        Self { child, url }
    }
}

impl Drop for NullServer {
    fn drop(&mut self) {
        let _ = self.child.kill(); // it may have ended with its input
        let _ = self.child.wait();
    }
}

const WORKLOAD: &str = "
version: 1
transactions:
  pair:
    pipeline: true
    draw: {n: {random: uniform, from: 1, to: 9}}
    statements: [\"select :n\", \"select :n, :n\"]
";

#[test]
fn every_start_of_a_fast_schedule_is_made_and_none_early() {
    let server = NullServer::start();
    let arguments =
        ["--rate", "2000", "--clients", "16", "--warm-up", "200ms", "--duration", "1s", "--slo", "errors=0"];
    let result = Run::bench(&server.url, &arguments).with_workload(WORKLOAD).passed();
    // 2,000 by Poisson, with a standard deviation of 45.
    assert!((1_750..=2_250).contains(&result.committed), "{}", result.committed);
    assert_eq!(result.lateness.count, result.committed);
    assert_eq!(result.server, "a server that does nothing");
}

#[test]
fn the_same_seed_has_the_same_schedule() {
    let server = NullServer::start();
    let arguments =
        ["--rate", "500", "--clients", "4", "--warm-up", "0s", "--duration", "500ms", "--seed", "11"];
    let run = || {
        let mut run = Run::bench(&server.url, &arguments).with_workload(WORKLOAD).writing("--log", "log.csv");
        run.passed();
        let mut starts: Vec<_> =
            crate::tool::raw_log(&run.file("log.csv")).iter().map(|line| line.intended).collect();
        starts.sort_unstable();
        starts
    };
    assert_eq!(run(), run());
}
