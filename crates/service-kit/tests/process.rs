//! The whole process: its signals, its exit codes and what it says.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use nix::sys::resource::{Resource, getrlimit};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// The example `sample`, killed where a test fails.
struct Process {
    child: Child,
    output: BufReader<std::process::ChildStdout>,
    log: String,
}

impl Process {
    fn start(variables: &[(&str, &str)]) -> Self {
        Self::of(&mut Command::new(example()), variables)
    }

    fn of(command: &mut Command, variables: &[(&str, &str)]) -> Self {
        command.env_clear().env("ADMIN_ADDRESS", "127.0.0.1:0").envs(variables.iter().copied());
        let mut child =
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the sample starts");
        let output = BufReader::new(child.stdout.take().expect("piped"));
        Self { child, output, log: String::new() }
    }

    /// Reads the log until a line holds `text`.
    fn wait_for(&mut self, text: &str) -> String {
        loop {
            let mut line = String::new();
            let count = self.output.read_line(&mut line).expect("a log line");
            assert!(count > 0, "the process ended before {text:?}: {}", self.log);
            self.log += &line;
            if line.contains(text) {
                return line;
            }
        }
    }

    fn address(&mut self) -> SocketAddr {
        let line = self.wait_for("\"name\":\"http\"");
        let value: serde_json::Value = serde_json::from_str(&line).expect("a JSON log line");
        value["address"].as_str().expect("an address").parse().expect("an address")
    }

    fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id().try_into().expect("a pid")), signal).expect("signalled");
    }

    fn ended(mut self) -> (i32, String) {
        self.output.read_to_string(&mut self.log).expect("the rest of the log");
        let status = self.child.wait().expect("it ends");
        (status.code().expect("it exits by itself"), std::mem::take(&mut self.log))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Both fail where it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `cargo test` builds examples beside the folder of this test's own program.
fn example() -> PathBuf {
    let mut path = std::env::current_exe().expect("this program's path");
    path.pop();
    path.pop();
    path.join("examples/sample")
}

fn ask(address: SocketAddr, path: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).expect("it listens");
    write!(stream, "GET {path} HTTP/1.1\r\nHost: test\r\n\r\n").expect("sent");
    stream
}

/// Waits until the service itself says that `count` requests are being answered.
fn wait_for_in_flight(process: &mut Process, admin: SocketAddr, count: usize) {
    loop {
        let (_, text) = service_kit::testing::ask(admin, "GET", "/metrics", &[]);
        if text.contains(&format!("\nhttp_requests_in_flight {count}\n")) {
            return;
        }
        assert!(process.child.try_wait().expect("its state").is_none(), "it ended");
    }
}

fn admin(process: &mut Process) -> SocketAddr {
    let line = process.wait_for("\"name\":\"admin\"");
    let value: serde_json::Value = serde_json::from_str(&line).expect("a JSON log line");
    value["address"].as_str().expect("an address").parse().expect("an address")
}

#[test]
fn sigterm_and_sigint_end_it_with_0() {
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let mut process = Process::start(&[]);
        process.address();
        process.signal(signal);
        let (code, log) = process.ended();
        assert_eq!(code, 0, "{log}");
        assert!(log.contains(signal.as_str()), "{log}");
    }
}

#[test]
fn a_request_that_outlives_the_deadline_is_counted_and_the_exit_code_is_1() {
    let mut process = Process::start(&[("DRAIN_TIMEOUT", "50ms")]);
    let admin = admin(&mut process);
    let address = process.address();
    let _slow = [ask(address, "/sleep/60000"), ask(address, "/sleep/60000")];
    wait_for_in_flight(&mut process, admin, 2);
    process.signal(Signal::SIGTERM);
    let (code, log) = process.ended();
    assert_eq!(code, 1, "{log}");
    assert!(log.contains("\"cut\":2"), "{log}");
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let mut process = Process::start(&[("DRAIN_DELAY", "10m"), ("DRAIN_TIMEOUT", "10m")]);
    process.address();
    process.signal(Signal::SIGTERM);
    process.wait_for("draining");
    process.signal(Signal::SIGTERM);
    let (code, log) = process.ended();
    assert_eq!(code, 1, "{log}");
    assert!(log.contains("second signal"), "{log}");
}

#[test]
fn it_may_have_as_many_files_open_as_the_system_lets_it() {
    let mut shell = Command::new("/bin/sh");
    let mut process = Process::of(shell.args(["-c", "ulimit -Sn 100; exec \"$0\""]).arg(example()), &[]);
    let admin = admin(&mut process);
    let (_, text) = service_kit::testing::ask(admin, "GET", "/metrics", &[]);
    let (_, most) = getrlimit(Resource::RLIMIT_NOFILE).expect("a limit");
    assert!(text.contains(&format!("\nprocess_max_fds {most}\n")), "not {most}: {text}");
}

#[test]
fn a_port_in_use_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("its address").to_string();
    for variable in ["ADDRESS", "ADMIN_ADDRESS"] {
        let (code, log) = Process::start(&[(variable, &address)]).ended();
        assert_eq!(code, 1, "{log}");
        let listener = if variable == "ADDRESS" { "http" } else { "admin" };
        assert!(log.contains(&format!("the {listener} listener cannot use {address}")), "{log}");
    }
}

#[test]
fn every_fault_of_every_setting_is_in_one_report_without_a_secret() {
    let (code, log) = Process::start(&[
        ("ADDRESS", "nowhere"),
        ("RETRIES", "300"),
        ("PAUSE", "5 parsecs"),
        ("DRAIN_DELAY", "soon"),
        ("LOG_FORMAT", "xml"),
        ("RUST_LOG", "info,web=loud"),
        ("PASSWORD", "hunter2"),
        ("PASSWORD_FILE", "also/set"),
    ])
    .ended();
    assert_eq!(code, 2, "{log}");
    assert_eq!(log.lines().count(), 1, "one report: {log}");
    for name in ["ADDRESS", "RETRIES", "PAUSE", "DRAIN_DELAY", "LOG_FORMAT", "RUST_LOG", "PASSWORD_FILE"] {
        assert!(log.contains(&format!("\\n  {name}: ")), "{name} is missing: {log}");
    }
    assert!(log.contains("7 settings are wrong") && !log.contains("hunter2"), "{log}");
}
