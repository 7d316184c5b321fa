//! The services as processes.
//!
//! 1. A child gets its settings and nothing else of devstack's environment but `RUST_LOG` and `RUST_BACKTRACE`, and
//!    a process group of its own: Ctrl-C in a terminal goes to devstack alone, which drains in order.
//! 2. All that it prints is read at once, and its last lines are kept for the day it dies.
//! 3. It is stopped by SIGTERM, and killed where it has not ended in time. It never outlives devstack: dropped, it is
//!    killed, and see [`leash`](crate::leash).

use std::collections::VecDeque;
use std::fmt;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::io::AsyncRead;
use tokio::process::{Child, Command};
use tokio::task::JoinSet;

use crate::lines::each_line;
use crate::output::Voice;
use crate::services::Service;

/// How long a child may take to end: its own `DRAIN_TIMEOUT` of 20 s, and some time to flush.
const STOP_TIME: Duration = Duration::from_secs(30);
/// How long what a dead child printed may take to arrive.
const LAST_WORDS_TIME: Duration = Duration::from_secs(2);
/// How many of its last lines are kept.
const LAST_LINES: usize = 20;
/// What of devstack's environment a child gets.
const PASSED_ON: [&str; 2] = ["RUST_LOG", "RUST_BACKTRACE"];

/// One service's process.
pub struct Running {
    /// Which service it is.
    pub service: &'static Service,
    process: Child,
    last_lines: LastLines,
    readers: JoinSet<()>,
    end: Option<End>,
}

/// How a child ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum End {
    /// By itself, with this exit code.
    Exit(i32),
    /// By this signal.
    Signal(i32),
    /// Killed here, since it had not ended in time.
    Late,
}

#[derive(Clone, Default)]
struct LastLines(Arc<Mutex<VecDeque<String>>>);

impl Running {
    /// Starts `program` as `service`. Call it from the main thread: see [`leash`](crate::leash).
    pub fn start(
        service: &'static Service,
        program: &Path,
        settings: Vec<(&'static str, String)>,
        voice: &Voice,
    ) -> anyhow::Result<Self> {
        let devstack = std::env::current_exe().context("the path of devstack itself")?;
        let passed_on = PASSED_ON.iter().filter_map(|name| Some((*name, std::env::var_os(name)?)));
        let mut command = Command::new(devstack);
        command.arg("leash").arg(std::process::id().to_string()).arg(program);
        command.args(service.arguments);
        command.env_clear().envs(passed_on).envs(settings).process_group(0).kill_on_drop(true);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = command.spawn().with_context(|| format!("cannot start {}", program.display()))?;
        let last_lines = LastLines::default();
        let mut readers = JoinSet::new();
        readers.spawn(listen(process.stdout.take(), voice.clone(), last_lines.clone()));
        readers.spawn(listen(process.stderr.take(), voice.clone(), last_lines.clone()));
        Ok(Self { service, process, last_lines, readers, end: None })
    }

    /// Waits until it has ended; may be called again, and dropped while it waits.
    pub async fn ended(&mut self) -> End {
        if let Some(end) = self.end {
            return end;
        }
        let end = self.process.wait().await.map_or(End::Late, End::of);
        self.end = Some(end);
        end
    }

    /// Asks it to drain, waits, and kills it where it does not end in time.
    pub async fn stop(&mut self) -> End {
        self.signal(Signal::SIGTERM);
        if let Ok(end) = tokio::time::timeout(STOP_TIME, self.ended()).await {
            return end;
        }
        self.kill().await;
        *self.end.insert(End::Late)
    }

    /// Kills it, and waits until it is gone.
    pub async fn kill(&mut self) {
        // It fails only where it has ended already.
        let _ = self.process.start_kill();
        self.ended().await;
    }

    /// The last lines it printed, once it has ended and all has arrived.
    pub async fn last_words(&mut self) -> String {
        let all = async { while self.readers.join_next().await.is_some() {} };
        // A pipe that something else still holds open ends later, or never.
        let _ = tokio::time::timeout(LAST_WORDS_TIME, all).await;
        self.last_lines.text()
    }

    /// The last lines it has printed so far.
    pub fn latest_lines(&self) -> String {
        self.last_lines.text()
    }

    /// Sends `signal` to the process, unless it has been waited for: its number may be another's by then.
    fn signal(&self, signal: Signal) {
        if let Some(pid) = self.process.id().and_then(|pid| i32::try_from(pid).ok()) {
            // It fails only where it is about to be waited for.
            let _ = kill(Pid::from_raw(pid), signal);
        }
    }
}

async fn listen(stream: Option<impl AsyncRead + Unpin>, voice: Voice, last_lines: LastLines) {
    let Some(stream) = stream else { return };
    let each = |line: String| {
        voice.line(&line);
        last_lines.add(line);
    };
    each_line(stream, each).await;
}

impl LastLines {
    fn add(&self, line: String) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == LAST_LINES {
            lines.pop_front();
        }
        lines.push_back(line);
    }

    fn text(&self) -> String {
        let lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.is_empty() {
            return "    (it has printed nothing)".to_owned();
        }
        lines.iter().map(|line| format!("    {line}")).collect::<Vec<_>>().join("\n")
    }
}

impl End {
    fn of(status: ExitStatus) -> Self {
        // A process that has ended has one or the other.
        status.code().map_or_else(|| Self::Signal(status.signal().unwrap_or_default()), Self::Exit)
    }

    /// Whether it ended as it should.
    pub fn is_clean(self) -> bool {
        self == Self::Exit(0)
    }
}

impl fmt::Display for End {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exit(code) => write!(out, "exit code {code}"),
            Self::Signal(number) => match Signal::try_from(*number) {
                Ok(signal) => write!(out, "{signal}"),
                Err(_) => write!(out, "signal {number}"),
            },
            Self::Late => write!(out, "killed: it had not ended in {} s", STOP_TIME.as_secs()),
        }
    }
}
