//! Starts a real Express or Flask on a port that the system picks, and ends it whatever becomes of the test.
//!
//! 1. The packages are where `tests/originals/install` puts them, or where `EXPRESS_DIR` and `FLASK_PYTHON` say.
//! 2. The process says its port in its first lines; the rest of what it says is read and forgotten.
//! 3. On drop it gets SIGTERM, then SIGKILL: gunicorn's workers end with their master only if it can tell them.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// How long an original may take to end by itself.
const PATIENCE: Duration = Duration::from_secs(10);

/// A running original.
#[derive(Debug)]
pub struct Original {
    child: Child,
    address: SocketAddr,
}

impl Original {
    /// Express, listening.
    ///
    /// # Panics
    /// Where it is not installed or does not start.
    pub fn express() -> Self {
        let folder =
            std::env::var_os("EXPRESS_DIR").map_or_else(|| target().join("originals/express"), PathBuf::from);
        let modules = folder.join("node_modules");
        assert!(
            modules.join("express").is_dir(),
            "Express is not in {}: run tests/originals/install",
            folder.display()
        );
        let mut command = Command::new("node");
        command.arg(here().join("express/app.js")).env("NODE_PATH", modules).env("PORT", "0");
        Self::start(command.stdout(Stdio::piped()).stderr(Stdio::inherit()), "listening on ")
    }

    /// Flask under gunicorn with `variables`, listening. One worker: `prometheus_client` counts by process.
    ///
    /// # Panics
    /// Where it is not installed or does not start.
    pub fn flask(variables: &[(&str, &str)]) -> Self {
        let python = std::env::var_os("FLASK_PYTHON")
            .map_or_else(|| target().join("python/bin/python"), PathBuf::from);
        assert!(python.is_file(), "there is no {}: run tests/originals/install", python.display());
        let mut command = Command::new(python);
        command.args(["-m", "gunicorn", "--bind", "127.0.0.1:0", "--workers", "1", "--threads", "8"]);
        command.args(["--no-control-socket", "--chdir"]).arg(here().join("flask")).arg("app:app");
        // The order of Allow follows Python's hashes: a fixed seed makes it the same in every run.
        command
            .env("PYTHONHASHSEED", "0")
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .envs(variables.iter().copied());
        Self::start(
            command.stdout(Stdio::inherit()).stderr(Stdio::piped()),
            "Listening at: http://127.0.0.1:",
        )
    }

    fn start(command: &mut Command, before_port: &str) -> Self {
        let child = command.spawn().unwrap_or_else(|error| panic!("{command:?} did not start: {error}"));
        let mut original = Self { child, address: SocketAddr::from(([127, 0, 0, 1], 0)) };
        let pipe: Box<dyn Read + Send> = match (original.child.stdout.take(), original.child.stderr.take()) {
            (Some(stdout), _) => Box::new(stdout),
            (None, Some(stderr)) => Box::new(stderr),
            (None, None) => panic!("neither stream is piped"),
        };
        let mut lines = BufReader::new(pipe).lines();
        let mut said = String::new();
        let port = loop {
            let Some(Ok(line)) = lines.next() else {
                panic!("{command:?} ended before it listened:\n{said}")
            };
            if let Some((_, port)) = line.split_once(before_port) {
                let digits = port.split(|character: char| !character.is_ascii_digit()).next();
                break digits.and_then(|digits| digits.parse().ok()).expect("a port");
            }
            said += &(line + "\n");
        };
        // An unread pipe fills up and stops who writes into it.
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
        original.address.set_port(port);
        original
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Original {
    fn drop(&mut self) {
        // Each of these fails where the process has ended already.
        if let Ok(pid) = self.child.id().try_into() {
            let _ = kill(Pid::from_raw(pid), Signal::SIGTERM);
        }
        let began = Instant::now();
        while began.elapsed() < PATIENCE && matches!(self.child.try_wait(), Ok(None)) {
            std::thread::sleep(Duration::from_millis(5));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn here() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| here().join("../../target"), PathBuf::from)
}
