//! The program itself.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Output, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use pg_load::report::result::BenchResult;
use tempfile::TempDir;

/// The program.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_pg-load");

/// A run of `bench` in the making, with a folder for what it writes.
pub struct Run {
    command: Command,
    pub folder: TempDir,
}

impl Run {
    /// `bench` on the server at `url`, with these arguments.
    pub fn bench(url: &str, arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut command = Command::new(PROGRAM);
        command.arg("bench").args(arguments).arg("--json").arg(folder.path().join("result.json"));
        command.env_remove("DATABASE_URL").env("DATABASE_URL", url).env("LOG_FORMAT", "json");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Self { command, folder }
    }

    /// A file in its folder.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// With a workload of one's own.
    pub fn with_workload(mut self, text: &str) -> Self {
        let path = self.file("workload.yaml");
        std::fs::write(&path, text).expect("written");
        self.command.arg("--workload").arg(path);
        self
    }

    /// With a file to write, such as `--csv`, under this name.
    pub fn writing(mut self, option: &str, name: &str) -> Self {
        let path = self.file(name);
        self.command.arg(option).arg(path);
        self
    }

    /// Runs it to its end.
    pub fn output(&mut self) -> Output {
        self.command.output().expect("it starts")
    }

    /// Runs it to its end, which is that of a run that passed.
    pub fn passed(&mut self) -> BenchResult {
        let output = self.output();
        assert_eq!(output.status.code(), Some(0), "{}", told(&output));
        self.result()
    }

    /// Starts it.
    pub fn spawn(mut self) -> Running {
        let mut child = self.command.spawn().expect("it starts");
        let log = BufReader::new(child.stderr.take().expect("piped"));
        Running { child, log, run: self }
    }

    /// What it wrote.
    pub fn result(&self) -> BenchResult {
        let text = std::fs::read(self.file("result.json")).expect("a result");
        serde_json::from_slice(&text).expect("a result of bench")
    }
}

/// A run that goes on.
pub struct Running {
    child: Child,
    log: BufReader<ChildStderr>,
    pub run: Run,
}

impl Running {
    /// Reads its log up to a line with `words` in it.
    pub fn line(&mut self, words: &str) -> String {
        let mut all = String::new();
        loop {
            let mut line = String::new();
            assert!(self.log.read_line(&mut line).expect("it can be read") > 0, "it ended: {all}");
            if line.contains(words) {
                return line;
            }
            all += &line;
        }
    }

    /// Asks it to end, as Ctrl-C does.
    pub fn interrupt(&self) {
        let process = i32::try_from(self.child.id()).expect("a process");
        kill(Pid::from_raw(process), Signal::SIGINT).expect("it runs");
    }

    /// Waits for its end: the exit code, the result and the log's rest.
    pub fn end(&mut self) -> (Option<i32>, BenchResult, String) {
        let mut rest = String::new();
        self.log.read_to_string(&mut rest).expect("it can be read");
        let status = self.child.wait().expect("it ends");
        assert!(self.run.file("result.json").exists(), "no result: {rest}");
        (status.code(), self.run.result(), rest)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill(); // it has ended, where all went well
        let _ = self.child.wait();
    }
}

/// Both outputs of a program that ended.
pub fn told(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// One line of a raw log: times in microseconds.
pub struct Line {
    pub intended: u64,
    pub started: u64,
    pub ended: u64,
    pub outcome: String,
}

/// A raw log.
pub fn raw_log(path: &Path) -> Vec<Line> {
    let text = std::fs::read_to_string(path).expect("a log");
    let line = |line: &str| {
        let fields: Vec<_> = line.split(',').collect();
        let [intended, started, ended, _, _, outcome] = fields[..] else { panic!("{line}") };
        let [intended, started, ended] = [intended, started, ended].map(|at| at.parse().expect("a time"));
        Line { intended, started, ended, outcome: outcome.to_owned() }
    };
    text.lines().skip(1).map(line).collect()
}
