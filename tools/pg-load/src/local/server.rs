//! A folder with a cluster in it, and the server on it.
//!
//! 1. The folder is locked: two servers on it would be one too many, and a start that waits for another's end unclear.
//! 2. `initdb` makes the cluster the first time, in a folder beside it that gets its name when all is there.
//! 3. A shell starts the server in a process group of its own (Ctrl-C goes to pg-load alone), then reads from a pipe of
//!    ours. The pipe closes when the [`Server`] is dropped and when this process ends, however it does: the shell then
//!    has the server shut down fast (SIGINT).
//! 4. Its own `postmaster.pid` says when it is ready.

use std::fs::{self, File, TryLockError};
use std::io::{self, BufRead as _, BufReader};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::{Account, Programs};

/// How long a server may take to start, recovery after a crash included, or to shut down.
const TIME: Duration = Duration::from_mins(2);
/// How often it is looked whether it has.
const STEP: Duration = Duration::from_millis(20);
/// The longest path of a socket that the kernel takes (unix(7): 108 bytes with the end).
const LONGEST_SOCKET: usize = 107;
/// Starts the server given as arguments, tells its process, and ends it when the standard input ends.
const SUPERVISE: &str = r#"
exec 3<&0
"$@" </dev/null >&2 3<&- &
server=$!
echo $server
(read -r _ <&3; kill -INT $server) >/dev/null &
watcher=$!
wait $server
status=$?
kill $watcher 2>/dev/null
exit $status"#;

/// What a server is told.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where it keeps all it has: `data`, `log` and its socket.
    pub folder: PathBuf,
    /// The port on 127.0.0.1, also in the socket's name; without one it listens on the socket only.
    pub port: Option<u16>,
    /// Whether it waits for disks. A server that only tests kill needs not: what it wrote survives it in the kernel.
    pub durable: bool,
    /// Parameters, as in postgresql.conf; they win over those given here.
    pub parameters: Vec<(String, String)>,
}

/// Why there is no local server.
#[derive(Debug, thiserror::Error)]
pub enum LocalError {
    /// Install it, or name a server that runs elsewhere.
    #[error(
        "no PostgreSQL server is installed here (Debian: apt install postgresql; macOS: brew install postgresql): install one, or set DATABASE_URL"
    )]
    Missing,
    /// Run as somebody else than root.
    #[error(
        "PostgreSQL does not run as root, and there is neither a user postgres nor a user nobody: run this as another user"
    )]
    Account,
    /// Give it another folder, or rights on this one.
    #[error("cannot use {}: {error}", folder.display())]
    Folder {
        /// Which.
        folder: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// End the other, or use another folder.
    #[error("another pg-load uses {}: end it, or name another folder", .0.display())]
    Locked(PathBuf),
    /// Use a shorter path.
    #[error("{} is too long a path for a socket: name a folder whose path is shorter", .0.display())]
    TooLong(PathBuf),
    /// See what it printed.
    #[error("{program} failed: {printed}")]
    Program {
        /// Which.
        program: &'static str,
        /// The end of what it printed.
        printed: String,
    },
}

/// A cluster, and the server on it while it runs.
#[derive(Debug)]
pub struct Server {
    programs: Programs,
    account: Account,
    settings: Settings,
    running: Option<Running>,
    _lock: File,
}

#[derive(Debug)]
struct Running {
    shell: Child,
    process: Pid,
}

impl Settings {
    /// The defaults, in `folder`.
    pub fn new(folder: PathBuf) -> Self {
        Self { folder, port: None, durable: true, parameters: Vec::new() }
    }

    fn port_number(&self) -> u16 {
        self.port.unwrap_or(5432)
    }

    fn socket(&self) -> PathBuf {
        self.folder.join(format!(".s.PGSQL.{}", self.port_number()))
    }
}

impl Server {
    /// Locks the folder, and makes the cluster where there is none. Starts nothing.
    pub fn prepare(programs: Programs, settings: Settings) -> Result<Self, LocalError> {
        let server = Self::open(programs, settings)?;
        if !server.data().join("PG_VERSION").exists() {
            server.make_cluster()?;
        }
        Ok(server)
    }

    /// Locks the folder. The cluster in `data` may come from elsewhere, such as a backup.
    pub fn open(programs: Programs, settings: Settings) -> Result<Self, LocalError> {
        let account = Account::choose()?;
        let folder = std::path::absolute(&settings.folder)
            .map_err(|error| LocalError::Folder { folder: settings.folder.clone(), error })?;
        let settings = Settings { folder, ..settings };
        let socket = settings.socket();
        if socket.as_os_str().len() > LONGEST_SOCKET {
            return Err(LocalError::TooLong(socket));
        }
        account.own_folder(&settings.folder)?;
        let lock = lock(&settings.folder)?;
        Ok(Self { programs, account, settings, running: None, _lock: lock })
    }

    /// The cluster's files.
    pub fn data(&self) -> PathBuf {
        self.settings.folder.join("data")
    }

    /// What the server is told; changes count from the next start on.
    pub fn settings(&mut self) -> &mut Settings {
        &mut self.settings
    }

    /// The programs it is run with.
    pub fn programs(&self) -> &Programs {
        &self.programs
    }

    /// As whom it runs.
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// The URL of its superuser through the socket.
    pub fn url(&self) -> String {
        let folder = self.settings.folder.to_string_lossy();
        let folder = utf8_percent_encode(&folder, NON_ALPHANUMERIC);
        format!("postgresql://postgres@{folder}:{}/postgres", self.settings.port_number())
    }

    /// The process of the server itself, while it runs.
    pub fn process(&self) -> Option<Pid> {
        self.running.as_ref().map(|running| running.process)
    }

    /// Starts it, and waits until it takes connections.
    pub fn start(&mut self) -> Result<(), LocalError> {
        let mut running = self.launch()?;
        let deadline = Instant::now() + TIME;
        while !self.is_ready(running.process) {
            if running.has_ended() || Instant::now() > deadline {
                running.end();
                return Err(LocalError::Program { program: "postgres", printed: self.printed() });
            }
            std::thread::sleep(STEP);
        }
        self.running = Some(running);
        Ok(())
    }

    /// Shuts it down fast: sessions end, what they did not commit is rolled back.
    pub fn stop(&mut self) {
        if let Some(running) = self.running.take() {
            running.end();
        }
    }

    /// Waits until a server that something else ended is gone.
    pub fn wait_for_end(&mut self) {
        if let Some(mut running) = self.running.take() {
            let _ = running.shell.wait(); // it fails only where it was waited for already
        }
    }

    /// The end of its log.
    pub fn printed(&self) -> String {
        let log = fs::read(self.settings.folder.join("log")).unwrap_or_default();
        let end = &log[log.len().saturating_sub(4_000)..];
        String::from_utf8_lossy(end).trim().to_owned()
    }

    /// Makes a cluster with one superuser, `postgres`, whom nobody asks for a password.
    pub fn make_cluster(&self) -> Result<(), LocalError> {
        let fault = |error| LocalError::Folder { folder: self.settings.folder.clone(), error };
        let unfinished = self.settings.folder.join("data.unfinished");
        if unfinished.exists() {
            fs::remove_dir_all(&unfinished).map_err(fault)?;
        }
        let mut command = Command::new(self.programs.path("initdb"));
        command.args(["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]);
        command.arg("--pgdata").arg(&unfinished).current_dir("/").stdin(Stdio::null());
        self.account.apply(&mut command);
        let output = command.output().map_err(fault)?;
        if !output.status.success() {
            let printed = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            return Err(LocalError::Program { program: "initdb", printed });
        }
        fs::rename(&unfinished, self.data()).map_err(fault)
    }

    fn launch(&self) -> Result<Running, LocalError> {
        let fault = |error| LocalError::Folder { folder: self.settings.folder.clone(), error };
        let log = File::options().create(true).append(true).open(self.settings.folder.join("log"));
        let log = log.map_err(fault)?;
        let mut command = Command::new("sh");
        command.args(["-c", SUPERVISE, "postgres"]).arg(self.programs.path("postgres"));
        command.arg("-D").arg(self.data()).args(["-p", &self.settings.port_number().to_string()]);
        let mut parameters = vec![
            ("listen_addresses", if self.settings.port.is_some() { "127.0.0.1" } else { "" }.to_owned()),
            ("unix_socket_directories", self.settings.folder.to_string_lossy().into_owned()),
        ];
        if !self.settings.durable {
            parameters.push(("fsync", "off".to_owned()));
        }
        parameters
            .extend(self.settings.parameters.iter().map(|(name, value)| (name.as_str(), value.clone())));
        for (name, value) in parameters {
            command.arg("-c").arg(format!("{name}={value}"));
        }
        command.current_dir("/").process_group(0);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(log);
        self.account.apply(&mut command);
        let mut shell = command.spawn().map_err(fault)?;
        let mut line = String::new();
        if let Some(output) = shell.stdout.take() {
            BufReader::new(output).read_line(&mut line).map_err(fault)?;
        }
        let process = line.trim().parse().map(Pid::from_raw);
        let process = process.map_err(|_| LocalError::Program { program: "sh", printed: self.printed() })?;
        Ok(Running { shell, process })
    }

    /// Whether it takes connections. postmaster.pid says so in its eighth line (utils/pidfile.h), under the number of the
    /// process; it may be left from a server that was killed.
    fn is_ready(&self, process: Pid) -> bool {
        let file = fs::read_to_string(self.data().join("postmaster.pid")).unwrap_or_default();
        let mut lines = file.lines();
        lines.next() == Some(&process.to_string())
            && lines.nth(6).is_some_and(|state| matches!(state.trim(), "ready" | "standby"))
    }
}

impl Running {
    fn has_ended(&mut self) -> bool {
        !matches!(self.shell.try_wait(), Ok(None))
    }

    /// Has the shell end the server; one that does not end in time is killed.
    fn end(mut self) {
        drop(self.shell.stdin.take());
        let deadline = Instant::now() + TIME;
        while !self.has_ended() {
            if Instant::now() > deadline {
                let _ = kill(self.process, Signal::SIGKILL); // the shell has not waited for it: the number is its own
            }
            std::thread::sleep(STEP);
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

fn lock(folder: &Path) -> Result<File, LocalError> {
    let fault = |error| LocalError::Folder { folder: folder.to_owned(), error };
    let file = File::create(folder.join("lock")).map_err(fault)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(LocalError::Locked(folder.to_owned())),
        Err(TryLockError::Error(error)) => Err(fault(error)),
    }
}
