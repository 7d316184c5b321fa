//! The service's own process, as a test handles it.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// A process that says nothing for this long has failed the test.
const PATIENCE: Duration = Duration::from_secs(30);

/// The service's own process, killed where a test fails.
pub struct Process {
    child: Child,
    lines: Receiver<String>,
    log: String,
}

impl Process {
    /// Starts `program` with `variables` and nothing else in its environment.
    pub fn start(program: &str, variables: &[(&str, &str)]) -> Self {
        let mut command = Command::new(program);
        command.env_clear().envs(variables.iter().copied()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("it starts");
        let output = BufReader::new(child.stdout.take().expect("piped"));
        // A process whose pipe is full stands still until somebody reads it.
        let (line, lines) = channel();
        std::thread::spawn(move || output.lines().map_while(Result::ok).try_for_each(|text| line.send(text)));
        Self { child, lines, log: String::new() }
    }

    /// Reads the log until a line holds `text`, and returns that line.
    pub fn wait_for(&mut self, text: &str) -> String {
        loop {
            let Ok(line) = self.lines.recv_timeout(PATIENCE) else { panic!("no {text:?} in {}", self.log) };
            self.log += &line;
            self.log += "\n";
            if line.contains(text) {
                return line;
            }
        }
    }

    /// Where it says that its listener "http" listens.
    pub fn address(&mut self) -> SocketAddr {
        let line = self.wait_for("\"name\":\"http\"");
        let (_, rest) = line.split_once("\"address\":\"").expect("an address");
        rest.split('"').next().and_then(|address| address.parse().ok()).expect("an address")
    }

    /// Asks it to end.
    pub fn terminate(&self) {
        kill(Pid::from_raw(self.child.id().try_into().expect("a pid")), Signal::SIGTERM).expect("signalled");
    }

    /// Its exit code and all that it said.
    pub fn ended(mut self) -> (i32, String) {
        let status = self.child.wait().expect("it ends");
        self.lines.iter().for_each(|line| self.log += &(line + "\n"));
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
