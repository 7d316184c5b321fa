//! devstack as a process of its own.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Once;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

use crate::curl::Curl;

/// The longest wait for anything: the machine may be busy.
const DEADLINE: Duration = Duration::from_secs(90);

const SERVICES: [&str; 6] =
    ["web-app", "work-app", "file-server", "content-fetcher", "review-api", "review-load"];

/// A running devstack; killed where a test fails, and its services with it.
pub struct Stack {
    process: Child,
    lines: Receiver<String>,
    /// What it has printed so far.
    pub printed: String,
}

/// One line of the table.
pub struct Row {
    pub service: String,
    pub command: String,
}

/// A folder for the stack's files.
pub fn folder() -> TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder")
}

/// The program and its arguments, with nothing of this process's environment.
pub fn devstack(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_clear().stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// The program as cargo built it.
pub fn program() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_devstack"))
}

impl Stack {
    /// Starts it on free ports with its files in `folder`.
    pub fn start(folder: &TempDir, arguments: &[&str]) -> Self {
        build_services();
        let mut command = devstack(&program());
        command.env("PORT_BASE", "0").arg("--folder").arg(folder.path()).args(arguments);
        let mut process = command.spawn().expect("devstack starts");
        let (sender, lines) = channel();
        let stdout = process.stdout.take().expect("piped");
        let stderr = process.stderr.take().expect("piped");
        let errors = sender.clone();
        std::thread::spawn(move || send_lines(stdout, |line| sender.send(line).is_ok()));
        std::thread::spawn(move || send_lines(stderr, |line| errors.send(line).is_ok()));
        Self { process, lines, printed: String::new() }
    }

    /// Reads until a line holds `text`.
    pub fn wait_for(&mut self, text: &str) {
        let end = Instant::now() + DEADLINE;
        loop {
            match self.lines.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(line) => self.printed += &(line.clone() + "\n"),
                Err(error) => panic!("{error} before {text:?} was printed:\n{}", self.printed),
            }
            if self.printed.lines().next_back().is_some_and(|line| line.contains(text)) {
                return;
            }
        }
    }

    /// Waits for the table and returns its lines.
    pub fn table(&mut self) -> Vec<Row> {
        self.wait_for("Ctrl-C drains all");
        let lines = self.printed.lines().skip_while(|line| !line.starts_with("SERVICE"));
        let mut rows: Vec<Row> = Vec::new();
        for line in lines.skip(1).take_while(|line| !line.is_empty()) {
            let start = line.find("curl ").unwrap_or_else(|| panic!("no command: {line}"));
            let name = line.split("  ").next().unwrap_or_default();
            let above = rows.last().map(|row| row.service.clone());
            let service = if name.is_empty() { above.expect("a service") } else { name.to_owned() };
            rows.push(Row { service, command: line[start..].to_owned() });
        }
        rows
    }

    /// Waits until it has ended; its exit code, if it was no signal that ended it.
    pub fn ended(&mut self) -> Option<i32> {
        let end = Instant::now() + DEADLINE;
        // Its output ends when it and all that could write there have ended.
        loop {
            match self.lines.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(line) => self.printed += &(line + "\n"),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => panic!("it has not ended:\n{}", self.printed),
            }
        }
        self.process.wait().expect("its status").code()
    }

    /// Sends `signal` to devstack alone.
    pub fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.process.id().try_into().expect("a pid")), signal).expect("signalled");
    }

    /// The services that run, by name.
    pub fn children(&self) -> Vec<(String, Pid)> {
        let folders = std::fs::read_dir("/proc").expect("Linux").filter_map(Result::ok);
        let pids = folders.filter_map(|folder| folder.file_name().to_str()?.parse::<i32>().ok());
        let parent = self.process.id().to_string();
        let ours = pids.filter(|pid| field(*pid, 3).is_some_and(|of| of == parent));
        ours.filter_map(|pid| Some((program_name(pid)?, Pid::from_raw(pid)))).collect()
    }

    /// The services that must be there while it runs, by name.
    pub fn services(&self) -> Vec<(String, Pid)> {
        let children = self.children();
        let mut names: Vec<_> = children.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        let all = ["content-fetcher", "file-server", "review-api", "review-load", "web-app", "work-app"];
        assert_eq!(names, all);
        children
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        // Both fail where it has ended already. Its services end with it, as a test of its own holds.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Row {
    pub fn curl(&self) -> Curl {
        Curl::parse(&self.command)
    }
}

/// Waits until none of `processes` runs.
pub fn wait_until_gone(processes: &[(String, Pid)]) {
    let end = Instant::now() + DEADLINE;
    for (name, pid) in processes {
        while runs(*pid) {
            assert!(Instant::now() < end, "{name} still runs");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// Whether it runs: one that has ended and was not waited for does not.
pub fn runs(pid: Pid) -> bool {
    field(pid.as_raw(), 2).is_some_and(|state| !matches!(state.as_str(), "Z" | "X"))
}

/// A field of /proc/PID/stat by its number less one (proc(5)); the name, the second, may hold anything.
fn field(pid: i32, index: usize) -> Option<String> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, after_name) = stat.rsplit_once(") ")?;
    after_name.split(' ').nth(index - 2).map(str::to_owned)
}

fn program_name(pid: i32) -> Option<String> {
    let path = std::fs::read_link(format!("/proc/{pid}/exe")).ok()?;
    Some(path.file_name()?.to_str()?.to_owned())
}

fn send_lines(stream: impl Read, mut each: impl FnMut(String) -> bool) {
    for line in BufReader::new(stream).lines().map_while(Result::ok) {
        if !each(line) {
            return;
        }
    }
}

/// Builds the services beside devstack where they are not there: `cargo test -p devstack` alone does not.
pub fn build_services() {
    static BUILT: Once = Once::new();
    BUILT.call_once(|| {
        let programs = program().parent().expect("a folder").to_owned();
        if SERVICES.iter().all(|name| programs.join(name).is_file()) {
            return;
        }
        let profile = match programs.file_name().and_then(|name| name.to_str()).expect("a profile's folder") {
            "debug" => "dev",
            other => other,
        };
        let mut cargo = Command::new(env!("CARGO"));
        cargo.current_dir(env!("CARGO_MANIFEST_DIR")).args(["build", "--quiet", "--profile", profile]);
        cargo.args(SERVICES.iter().flat_map(|name| ["-p", name]));
        assert!(cargo.status().expect("cargo runs").success(), "the services are built");
    });
}
