//! One server.

use std::net::TcpListener;
use std::path::Path;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use pg_load::connect::{Connection, Endpoint, Target};
use pg_load::local::{LocalError, Programs, Server, Settings};
use tempfile::TempDir;

use super::wait_until;

/// Below the kernel's range for outgoing connections (`ip_local_port_range`), which would take a port while its server is
/// down.
const PORTS: std::ops::Range<u16> = 20_000..32_000;

/// A server on a socket and on a port of 127.0.0.1; its superuser is `postgres`, and nobody needs a password.
#[derive(Debug)]
pub struct Postgres {
    server: Server,
    port: u16,
    frozen: bool,
    _folder: TempDir,
}

impl Postgres {
    /// Makes and starts one with `parameters`. Where no `PostgreSQL` is installed it says so and gives none: the test is
    /// left out, which under `CI=true` is a failure.
    pub fn start(parameters: &[(&str, &str)]) -> Option<Self> {
        let programs = programs()?;
        Some(Self::make(programs, parameters, |server| server.make_cluster().expect("initdb")))
    }

    /// Makes and starts one in a cluster that `fill` brings.
    pub(super) fn make(programs: Programs, parameters: &[(&str, &str)], fill: impl FnOnce(&Server)) -> Self {
        let folder = tempfile::Builder::new().prefix("pg").tempdir().expect("a folder");
        let port = free_port();
        let parameters = parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let settings = Settings {
            port: Some(port),
            durable: false,
            parameters: parameters.collect(),
            ..Settings::new(folder.path().join("s"))
        };
        // The server's own folder lies in ours: its user has to get there.
        open_to_others(folder.path());
        let server = Server::open(programs, settings).expect("a folder of our own");
        fill(&server);
        let mut postgres = Self { server, port, frozen: false, _folder: folder };
        postgres.start_again();
        postgres
    }

    /// The URL of its superuser, by TCP.
    pub fn url(&self) -> String {
        format!("postgresql://postgres@127.0.0.1:{}/postgres", self.port)
    }

    /// The URL of its superuser, by the socket.
    pub fn socket_url(&self) -> String {
        self.server.url()
    }

    /// Where it listens on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The server itself.
    pub fn server(&mut self) -> &mut Server {
        &mut self.server
    }

    /// A file of its cluster, such as `pg_hba.conf`.
    pub fn file(&self, name: &str) -> std::path::PathBuf {
        self.server.data().join(name)
    }

    /// A session of its superuser.
    pub async fn connect(&self) -> Connection {
        let endpoint = Endpoint::new(&Target::at(self.url())).expect("a sound URL");
        endpoint.connect().await.expect("a connection")
    }

    /// SIGKILL to it and to each of its children, as a machine that is lost; waits until all are gone.
    pub fn kill(&mut self) {
        let all = self.stop_all();
        for process in &all {
            let _ = kill(*process, Signal::SIGKILL); // some may have ended by themselves
        }
        self.frozen = false;
        self.server.wait_for_end();
        // A restart waits for the last of them to let go of the shared memory.
        wait_until("the killed server's processes are gone", || {
            all.iter().all(|process| !is_alive(*process))
        });
    }

    /// Shuts it down fast (SIGINT), as an operator.
    pub fn stop(&mut self) {
        self.thaw();
        self.server.stop();
    }

    /// Starts it on the same folder and port as before.
    pub fn start_again(&mut self) {
        if let Err(error) = self.server.start() {
            panic!("{error}");
        }
    }

    /// SIGSTOP to it and to each of its children: connections stay, new ones are taken by the kernel, nothing is
    /// answered.
    pub fn freeze(&mut self) {
        self.stop_all();
        self.frozen = true;
    }

    /// SIGCONT.
    pub fn thaw(&mut self) {
        if std::mem::take(&mut self.frozen) {
            for process in self.processes() {
                let _ = kill(process, Signal::SIGCONT); // some may have ended
            }
        }
    }

    /// The end of its log.
    pub fn printed(&self) -> String {
        self.server.printed()
    }

    fn processes(&self) -> Vec<Pid> {
        let Some(server) = self.server.process() else { return Vec::new() };
        let mut all = vec![server];
        all.extend(children(server));
        all
    }

    /// Stops all its processes: the parent first, so that no new child escapes.
    fn stop_all(&self) -> Vec<Pid> {
        if let Some(server) = self.server.process() {
            kill(server, Signal::SIGSTOP).expect("it runs");
        }
        let all = self.processes();
        for process in &all {
            let _ = kill(*process, Signal::SIGSTOP);
        }
        all
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.thaw();
        // What it would write at a shutdown is of no use to anyone.
        if self.server.process().is_some() {
            self.kill();
        }
    }
}

/// Whether a `PostgreSQL` is installed here; where not, it says that the test is left out.
pub fn is_installed() -> bool {
    programs().is_some()
}

/// This machine's `PostgreSQL`, or the word that the test is left out.
pub(super) fn programs() -> Option<Programs> {
    match Programs::find() {
        Ok(programs) => Some(programs),
        Err(error @ LocalError::Missing) => {
            assert!(std::env::var_os("CI").is_none_or(|value| value != "true"), "{error}");
            eprintln!("left out: {error}");
            None
        }
        Err(error) => panic!("{error}"),
    }
}

fn free_port() -> u16 {
    let free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
    std::iter::repeat_with(|| rand::random_range(PORTS)).find(free).expect("a free port")
}

fn open_to_others(folder: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o711)).expect("a folder of our own");
}

/// The children of `parent`, by the parent's number in each process's `stat` (proc(5)).
fn children(parent: Pid) -> Vec<Pid> {
    let entries = std::fs::read_dir("/proc").expect("Linux").flatten();
    let child = |entry: std::fs::DirEntry| {
        let process: i32 = entry.file_name().to_str()?.parse().ok()?;
        (state(Pid::from_raw(process))?.1 == parent.as_raw()).then(|| Pid::from_raw(process))
    };
    entries.filter_map(child).collect()
}

/// A process's state and its parent, from behind the name, which may itself hold parentheses.
fn state(process: Pid) -> Option<(char, i32)> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    Some((fields.next()?.chars().next()?, fields.next()?.parse().ok()?))
}

fn is_alive(process: Pid) -> bool {
    state(process).is_some_and(|(state, _)| !matches!(state, 'Z' | 'X'))
}
