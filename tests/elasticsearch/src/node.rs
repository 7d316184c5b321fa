//! One Elasticsearch process.
//!
//! 1. A shell starts it in a process group of its own, as `nobody` where we are root, and then reads from a pipe of ours.
//! 2. The pipe closes when the [`Node`] is dropped, and when this process ends, however it does: the shell then kills the
//!    group, paused processes and all.
//! 3. Signals go to the server itself, whose process Elasticsearch names in a file: the program that was started is only
//!    its launcher.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, User, geteuid};
use serde_json::Value;
use url::Url;

use crate::cluster::wait_for;
use crate::version::Version;

/// A process may take this long to end.
const END: Duration = Duration::from_mins(1);

/// `kill 0` is the group: this shell, the launcher and the server.
const SUPERVISE: &str = r#"("$@" </dev/null; echo $? >exit) & cat >/dev/null; kill -9 0"#;

/// One node, running or not.
#[derive(Debug)]
pub struct Node {
    folder: PathBuf,
    version: Version,
    name: String,
    http: u16,
    shell: Option<Child>,
}

impl Node {
    /// Writes its settings into `folder`; it is not started yet.
    pub(crate) fn new(
        version: Version,
        folder: PathBuf,
        name: &str,
        http: u16,
        settings: &[(String, Value)],
    ) -> Self {
        let config = folder.join("config");
        fs::create_dir_all(&config).expect("a folder of our own");
        for file in ["jvm.options", "log4j2.properties"] {
            fs::copy(version.home().join("config").join(file), config.join(file))
                .expect("the default settings");
        }
        let mut text = String::new();
        for (name, value) in settings {
            let _ = writeln!(text, "{name}: {value}"); // JSON is YAML
        }
        fs::write(config.join("elasticsearch.yml"), text).expect("a file of our own");
        for folder in [folder.join("data"), folder.join("temp")] {
            fs::create_dir(folder).expect("a folder of our own");
        }
        Self { folder, version, name: name.to_owned(), http, shell: None }
    }

    /// Where it is asked.
    ///
    /// # Panics
    /// Never: the port is a number.
    pub fn url(&self) -> Url {
        Url::parse(&format!("http://127.0.0.1:{}", self.http)).expect("a URL of our own")
    }

    /// Its folder: settings in `config`, what it prints in `log`.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Starts it, on the same ports and data as before. It answers some seconds later: see
    /// [`Cluster::is_complete`](crate::Cluster::is_complete).
    ///
    /// # Panics
    /// Where it runs already, or cannot be started.
    pub fn start(&mut self) {
        assert!(self.shell.is_none(), "{} runs", self.name);
        for leftover in ["exit", "pid"] {
            let _ = fs::remove_file(self.folder.join(leftover)); // it is not there the first time
        }
        let log = File::options().create(true).append(true).open(self.log()).expect("a log file");
        let errors = log.try_clone().expect("a second handle of the log file");
        let mut command = Command::new("sh");
        command
            .args(["-c", SUPERVISE, "elasticsearch"])
            .arg(self.version.home().join("bin/elasticsearch"))
            .args(["--pidfile".as_ref(), self.folder.join("pid").as_os_str()])
            .env_clear()
            .envs(std::env::vars_os().filter(|(name, _)| name == "PATH"))
            .env("HOME", &self.folder)
            .env("ES_JAVA_HOME", self.version.java())
            .env("ES_PATH_CONF", self.folder.join("config"))
            .env("ES_TMPDIR", self.folder.join("temp"))
            .env("ES_JAVA_OPTS", "-Xms512m -Xmx512m")
            .current_dir(&self.folder)
            .stdin(Stdio::piped())
            .stdout(log)
            .stderr(errors)
            .process_group(0);
        if let Some(nobody) = user() {
            own(&self.folder, &nobody);
            command.uid(nobody.uid.as_raw()).gid(nobody.gid.as_raw());
        }
        self.shell = Some(command.spawn().expect("sh starts"));
    }

    /// Panics with the end of what it printed, if it has ended by itself.
    pub(crate) fn check(&self) {
        if let Ok(status) = fs::read_to_string(self.folder.join("exit")) {
            panic!("{} ended with {}; it printed:\n{}", self.name, status.trim(), self.printed());
        }
    }

    /// The end of what it printed.
    pub fn printed(&self) -> String {
        let log = fs::read_to_string(self.log()).unwrap_or_default();
        log[log.floor_char_boundary(log.len().saturating_sub(8_000))..].to_owned()
    }

    /// SIGKILL, as a lost machine; waits until its ports are free.
    pub async fn kill(&mut self) {
        self.end(Signal::SIGKILL).await;
    }

    /// SIGTERM, as an operator; waits until it has ended.
    pub async fn stop(&mut self) {
        self.end(Signal::SIGTERM).await;
    }

    /// SIGSTOP: its connections stay, and nothing is answered.
    ///
    /// # Panics
    /// Where it does not run.
    pub fn pause(&self) {
        kill(self.server(), Signal::SIGSTOP).expect("it runs");
    }

    /// SIGCONT.
    ///
    /// # Panics
    /// Where it does not run.
    pub fn resume(&self) {
        kill(self.server(), Signal::SIGCONT).expect("it runs");
    }

    /// Runs again, whatever was done to it.
    pub(crate) fn restore(&mut self) {
        if self.shell.is_none() {
            self.start();
        } else if let Ok(pid) = fs::read_to_string(self.folder.join("pid")) {
            // It may have ended by itself, which the next look at it says.
            let _ = pid.trim().parse().map(|pid| kill(Pid::from_raw(pid), Signal::SIGCONT));
        }
    }

    async fn end(&mut self, signal: Signal) {
        let server = self.server();
        kill(server, signal).expect("it runs");
        wait_for("the node's end", END, async || has_ended(server)).await;
        self.finish();
    }

    fn server(&self) -> Pid {
        let pid = fs::read_to_string(self.folder.join("pid")).expect("it has begun to run");
        Pid::from_raw(pid.trim().parse().expect("a process id"))
    }

    fn log(&self) -> PathBuf {
        self.folder.join("log")
    }

    /// Closes the pipe: the shell kills its group and itself.
    fn finish(&mut self) {
        if let Some(mut shell) = self.shell.take() {
            drop(shell.stdin.take());
            let _ = shell.wait(); // it fails only where there is nothing to wait for
        }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.finish();
    }
}

/// Gone, or a zombie that its new parent has not buried yet.
fn has_ended(process: Pid) -> bool {
    let Ok(stat) = fs::read_to_string(format!("/proc/{process}/stat")) else { return true };
    stat.rsplit_once(") ").is_none_or(|(_, rest)| rest.starts_with('Z'))
}

/// Whom the nodes run as, where it is not ourselves.
fn user() -> Option<User> {
    geteuid().is_root().then(|| User::from_name("nobody").ok().flatten().expect("a user `nobody`"))
}

fn own(path: &Path, user: &User) {
    chown(path, Some(user.uid.as_raw()), Some(user.gid.as_raw())).expect("we are root");
    for entry in fs::read_dir(path).into_iter().flatten().flatten() {
        let path = entry.path();
        // A file may go away meanwhile; a link is never followed.
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => own(&path, user),
            Ok(kind) if kind.is_file() => {
                let _ = chown(&path, Some(user.uid.as_raw()), Some(user.gid.as_raw()));
            }
            _ => {}
        }
    }
}
