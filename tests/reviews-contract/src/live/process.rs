//! review-api as a process.
//!
//! 1. A shell starts it in a process group of its own, says its number in a file, and reads from a pipe of ours.
//! 2. The pipe closes when the [`Process`] is dropped, and when this process ends, however it does: the shell then kills
//!    the group.
//! 3. What the service prints goes into a file: where it listens is read from there.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use reqwest::{Client, Method, StatusCode};
use serde_json::Value;

use super::until;

/// `kill 0` is the group: this shell and the service. What is written in one go is not read in half.
const SUPERVISE: &str =
    r#"("$@" </dev/null & echo $! >pid; wait $!; echo $? >exit) & cat >/dev/null; kill -9 0"#;
/// A request may take this long: longer than the service makes anybody wait.
const REQUEST: Duration = Duration::from_mins(1);

/// How the service is started, as often as it is.
#[derive(Clone, Debug)]
pub struct Setup {
    program: PathBuf,
    folder: PathBuf,
    variables: Vec<(String, String)>,
}

impl Setup {
    /// `program` on free ports of this machine; `folder` is for its logs, and for what it keeps.
    pub fn new(program: impl Into<PathBuf>, folder: impl Into<PathBuf>) -> Self {
        let (program, folder) = (program.into(), folder.into());
        assert!(program.is_file(), "there is no {}: build review-api first", program.display());
        let bare = Self { program, folder, variables: Vec::new() };
        [
            ("PORT", "0"),
            ("LISTEN_HOST", "127.0.0.1"),
            ("ADMIN_ADDRESS", "127.0.0.1:0"),
            ("DRAIN_DELAY", "0s"),
            ("LOG_FORMAT", "json"),
            ("RUST_LOG", "info,access=off"),
        ]
        .into_iter()
        .fold(bare, |setup, (name, value)| setup.with(name, value))
    }

    /// With one variable more, or with another value of it.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.variables.retain(|(other, _)| other != name);
        self.variables.push((name.to_owned(), value.into()));
        self
    }

    /// With a spool in its folder.
    #[must_use]
    pub fn spooled(self) -> Self {
        let spool = self.spool().display().to_string();
        self.with("SPOOL_DIR", spool)
    }

    /// Where that is.
    pub fn spool(&self) -> PathBuf {
        self.folder.join("spool")
    }

    /// Its folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

/// One start of the service.
#[derive(Debug)]
pub struct Process {
    shell: Option<Child>,
    folder: PathBuf,
    client: Client,
    /// Where it listens for clients and for operators, once that is known.
    addresses: Option<(SocketAddr, SocketAddr)>,
}

impl Process {
    /// Starts it, and waits for nothing.
    ///
    /// # Panics
    /// Where there is no shell.
    pub fn spawn(setup: &Setup) -> Self {
        static STARTS: AtomicU32 = AtomicU32::new(0);
        let number = STARTS.fetch_add(1, Ordering::Relaxed);
        let folder = setup.folder.join(format!("start-{number}"));
        fs::create_dir_all(&folder).expect("a folder of our own");
        let log = File::create(folder.join("log")).expect("a log file");
        let errors = log.try_clone().expect("a second handle of the log file");
        let mut command = Command::new("sh");
        command
            .args(["-c", SUPERVISE, "review-api"])
            .arg(&setup.program)
            .env_clear()
            .envs(std::env::vars_os().filter(|(name, _)| name == "PATH"))
            .envs(setup.variables.iter().map(|(name, value)| (name, value)))
            .current_dir(&folder)
            .stdin(Stdio::piped())
            .stdout(log)
            .stderr(errors)
            .process_group(0);
        let shell = Some(command.spawn().expect("sh starts"));
        Self { shell, folder, client: client(), addresses: None }
    }

    /// Starts it, and waits until it listens.
    pub async fn start(setup: &Setup) -> Self {
        let mut process = Self::spawn(setup);
        process.listens().await;
        process
    }

    /// Waits until it listens; returns where it takes reviews.
    ///
    /// # Panics
    /// Where it ends instead.
    pub async fn listens(&mut self) -> SocketAddr {
        let mut addresses = None;
        until("review-api listens", async || {
            addresses = listening(&self.printed());
            assert!(addresses.is_some() || self.exit().is_none(), "it ended: {}", self.printed());
            addresses.is_some()
        })
        .await;
        self.addresses = addresses;
        addresses.expect("it listens").0
    }

    /// Waits until /readyz says so.
    pub async fn is_ready(&self) {
        until("review-api is ready", async || {
            self.ask(Method::GET, "/readyz", None).await.is_some_and(|(status, _)| status == StatusCode::OK)
        })
        .await;
    }

    /// Waits until the store has what the service needs of it, and takes writes.
    pub async fn is_installed(&self) {
        until("the store takes writes", async || self.metric("store_up").await > 0.0).await;
    }

    /// Where it takes reviews.
    ///
    /// # Panics
    /// Where nobody has waited until it listens.
    pub fn address(&self) -> SocketAddr {
        self.addresses.expect("it listens").0
    }

    /// Asks the admin listener; none where it does not answer.
    pub async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> Option<(StatusCode, String)> {
        let (_, admin) = self.addresses.expect("it listens");
        let mut request = self.client.request(method, format!("http://{admin}{path}"));
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.ok()?;
        Some((answer.status(), answer.text().await.ok()?))
    }

    /// Asks the admin listener for JSON.
    ///
    /// # Panics
    /// Where it has none.
    pub async fn admin(&self, method: Method, path: &str, body: Option<Value>) -> Value {
        let (status, text) = self.ask(method, path, body).await.expect("the admin listener answers");
        assert!(status.is_success(), "{path} answers {status}: {text}");
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error} in {text}"))
    }

    /// The sum of a metric's values whose name and labels begin so: `batch_retries_total{reason="item"`.
    pub async fn metric(&self, beginning: &str) -> f64 {
        let (_, text) = self.ask(Method::GET, "/metrics", None).await.expect("the admin listener answers");
        let values = text.lines().filter(|line| line.starts_with(beginning));
        values.filter_map(|line| line.rsplit_once(' ')?.1.parse::<f64>().ok()).sum()
    }

    /// The most memory that was ever resident, in KiB (`VmHWM` of proc(5)); none where the system has no /proc.
    pub fn peak_memory(&self) -> Option<u64> {
        self.status("VmHWM:")
    }

    /// The memory that is resident now, in KiB (`VmRSS` of proc(5)); none where the system has no /proc.
    pub fn memory(&self) -> Option<u64> {
        self.status("VmRSS:")
    }

    fn status(&self, field: &str) -> Option<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid()?)).ok()?;
        let value = status.lines().find_map(|line| line.strip_prefix(field))?;
        value.trim().strip_suffix(" kB")?.parse().ok()
    }

    /// Sends a signal; one that has ended already gets none.
    ///
    /// # Panics
    /// Where the signal cannot be sent.
    pub async fn signal(&self, signal: Signal) {
        until("its number", async || self.pid().is_some()).await;
        if let (None, Some(pid)) = (self.exit(), self.pid()) {
            let sent = kill(Pid::from_raw(pid), signal);
            assert!(
                sent.is_ok() || self.exit().is_some() || !Path::new(&format!("/proc/{pid}")).exists(),
                "{sent:?}"
            );
        }
    }

    /// Waits for its end; returns its exit code, or 128 and the signal's number.
    ///
    /// # Panics
    /// Where something in it has panicked.
    pub async fn ended(mut self) -> i32 {
        until("review-api ends", async || self.exit().is_some()).await;
        self.finish();
        let printed = self.printed();
        assert!(!printed.contains("panicked"), "it panicked: {printed}");
        self.exit().expect("it has ended")
    }

    /// SIGTERM, as an operator, and its exit code.
    pub async fn stop(self) -> i32 {
        self.signal(Signal::SIGTERM).await;
        self.ended().await
    }

    /// SIGKILL, as a lost machine.
    pub async fn kill(self) {
        self.signal(Signal::SIGKILL).await;
        self.ended().await;
    }

    /// What it has printed.
    pub fn printed(&self) -> String {
        fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }

    fn exit(&self) -> Option<i32> {
        self.number("exit")
    }

    fn pid(&self) -> Option<i32> {
        self.number("pid")
    }

    fn number(&self, file: &str) -> Option<i32> {
        fs::read_to_string(self.folder.join(file)).ok()?.strip_suffix('\n')?.parse().ok()
    }

    /// Closes the pipe: the shell kills its group and itself.
    fn finish(&mut self) {
        if let Some(mut shell) = self.shell.take() {
            drop(shell.stdin.take());
            let _ = shell.wait(); // it fails only where there is nothing to wait for
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.finish();
    }
}

/// The addresses of the two listeners, once both are announced.
fn listening(log: &str) -> Option<(SocketAddr, SocketAddr)> {
    let find = |name: &str| {
        let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let mut fields =
            lines.map(|mut line| if line["fields"].is_object() { line["fields"].take() } else { line });
        let announced = fields.find(|fields| fields["message"] == "listening" && fields["name"] == name)?;
        announced["address"].as_str()?.parse().ok()
    };
    Some((find("http")?, find("admin")?))
}

/// A client that goes nowhere but where it is told.
///
/// # Panics
/// Where the system has no random numbers.
pub fn client() -> Client {
    // reqwest wants one to be there, also for plain HTTP; the second call in a process finds the first's.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder().no_proxy().timeout(REQUEST).build().expect("a client")
}
