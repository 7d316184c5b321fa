//! Every service as a process, asked until all that it can say is said.
//!
//! 1. devstack runs them with their embedded stores; two more of them run with what it does not switch on: review-api with
//!    a spool before a store that is away, work-app with a file that it follows.
//! 2. Each is asked for what makes its metrics appear: a counter by label is there once it has counted.
//! 3. All are scraped. Whatever was started ends with its handle, also where a test fails.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use serde_json::Value;
use tests_manifests::object::Look as _;
use tests_manifests::promql::selectors;

/// The longest wait for anything: the machine may be busy.
const DEADLINE: Duration = Duration::from_secs(90);

/// Metrics, the labels that they have, and the values that were seen of each.
pub type Scrape = BTreeMap<String, Labels>;
/// Labels and the values that were seen of each.
pub type Labels = BTreeMap<String, BTreeSet<String>>;

/// What all services export, read once.
pub fn scrape() -> Scrape {
    static SCRAPED: OnceLock<Scrape> = OnceLock::new();
    SCRAPED.get_or_init(scraped).clone()
}

fn scraped() -> Scrape {
    let folder = tempfile::tempdir().expect("a folder");
    let greeting = folder.path().join("greeting");
    fs::write(&greeting, "hello").expect("written");
    let path = |name: &str| folder.path().join(name).to_str().expect("UTF-8").to_owned();
    fs::create_dir(path("spool")).expect("a folder");
    let mut stack = Process::start(
        Command::new(program("devstack"))
            .env_clear()
            .env("PORT_BASE", "0")
            .args(["--folder", &path("stack")]),
    );
    // Nobody listens on port 1: the store is away.
    let spooled = [("ELASTICSEARCH_URL", "http://127.0.0.1:1"), ("SPOOL_DIR", &path("spool")), ("PORT", "0")];
    let mut reviews = Process::start(service("review-api").envs(spooled));
    let followed = [("GREETING_FILE", path("greeting")), ("PORT", "0".to_owned())];
    let mut work = Process::start(service("work-app").envs(followed));

    let mut addresses = stack.table();
    let listeners = reviews.listeners(&["http", "admin"]);
    write_review(listeners["http"]);
    addresses.push(listeners["admin"]);
    let listeners = work.listeners(&["http"]);
    addresses.push(listeners["http"]);
    fs::write(&greeting, "").expect("written"); // empty is no greeting: refused
    wait_until("the file is looked at", || {
        get(listeners["http"], "/metrics").contains("settings_reloads_total{")
    });
    for address in &addresses {
        // A metrics address is a service's too: what is not there is answered, and counted.
        for path in ["/no/such/page", "/healthz", "/readyz", "/metrics"] {
            get(*address, path);
        }
    }
    let mut all = Scrape::new();
    for address in addresses {
        let answer = get(address, "/metrics");
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
        assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
        read(body, &mut all);
    }
    all
}

fn wait_until(what: &str, is: impl Fn() -> bool) {
    let end = Instant::now() + DEADLINE;
    while !is() {
        assert!(Instant::now() < end, "never: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn write_review(address: SocketAddr) {
    let review = r#"{"delivery_id":"d-1","text":"The milk was warm","rating":1,"hub":"utrecht","written_at":"2026-01-01T00:00:00Z"}"#;
    let request = format!(
        "POST /reviews HTTP/1.1\r\nHost: test\r\nConnection: close\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{review}",
        review.len()
    );
    let answer = exchange(address, &request);
    assert!(answer.starts_with("HTTP/1.1 20"), "{answer}");
}

fn get(address: SocketAddr, path: &str) -> String {
    exchange(address, &format!("GET {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n"))
}

/// What comes back; content may be anything but text.
fn exchange(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("it listens");
    stream.set_read_timeout(Some(DEADLINE)).expect("a socket option");
    stream.write_all(request.as_bytes()).expect("sent");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("an answer");
    String::from_utf8_lossy(&answer).into_owned()
}

/// The samples of a scrape, each of which looks like a selector and its value.
fn read(text: &str, all: &mut Scrape) {
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        for sample in selectors(line) {
            let labels = all.entry(sample.name).or_default();
            for matcher in sample.matchers {
                labels.entry(matcher.label).or_default().insert(matcher.value);
            }
        }
    }
}

/// A program of this workspace, beside the folder of the test's own.
fn program(name: &str) -> PathBuf {
    let own = std::env::current_exe().expect("the test's own program");
    let folder = own.ancestors().nth(2).expect("a profile's folder");
    let program = folder.join(name);
    assert!(program.is_file(), "{} is not built: cargo build --workspace --bins", program.display());
    program
}

fn service(name: &str) -> Command {
    let mut command = Command::new(program(name));
    command.env_clear().envs([
        ("ADMIN_ADDRESS", "127.0.0.1:0"),
        ("LISTEN_HOST", "127.0.0.1"),
        ("LOG_FORMAT", "json"),
        ("READINESS_DELAY_SEC", "0"),
        ("RELOAD_INTERVAL", "50ms"),
    ]);
    command
}

/// A process that ends with this.
struct Process {
    child: Child,
    lines: Receiver<String>,
    printed: Vec<String>,
}

impl Process {
    fn start(command: &mut Command) -> Self {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect("it starts");
        let stdout = child.stdout.take().expect("piped");
        Self { child, lines: lines(stdout), printed: Vec::new() }
    }

    /// Reads on until a line is one.
    fn wait_for(&mut self, what: &str, is: impl Fn(&str) -> bool) -> String {
        let end = Instant::now() + DEADLINE;
        loop {
            match self.lines.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(line) => {
                    self.printed.push(line.clone());
                    if is(&line) {
                        return line;
                    }
                }
                Err(error) => panic!("{error} before {what}; it printed:\n{}", self.printed.join("\n")),
            }
        }
    }

    /// Where a service listens, as its log says.
    fn listeners(&mut self, names: &[&str]) -> BTreeMap<String, SocketAddr> {
        let mut found = BTreeMap::new();
        while !names.iter().all(|name| found.contains_key(*name)) {
            let line = self.wait_for("it listens", |line| line.contains("listening"));
            let line: Value = serde_json::from_str(&line).expect("JSON");
            let field = |name: &str| {
                [line.at(name), line.at("fields").at(name)].map(|value| value.text().to_owned()).concat()
            };
            found.insert(field("name"), field("address").parse().expect("an address"));
        }
        found
    }

    /// Asks for every line of devstack's table that can be asked for as it stands, and says where metrics are.
    fn table(&mut self) -> Vec<SocketAddr> {
        self.wait_for("its table", |line| line.contains("Ctrl-C drains all"));
        let mut metrics = Vec::new();
        for line in &self.printed {
            let Some((_, url)) = line.split_once("http://").filter(|(before, _)| before.contains("curl "))
            else {
                continue;
            };
            let (address, path) = url.split_once('/').expect("a path");
            let Ok(address) = address.parse::<SocketAddr>() else { continue };
            let path = path.trim_end_matches(['\'', ' ']);
            get(address, &format!("/{path}"));
            if path == "metrics" {
                metrics.push(address);
            }
        }
        assert!(metrics.len() >= 5, "no table: {}", self.printed.join("\n"));
        metrics
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Both fail where it has ended already. devstack's services end with it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn lines(stdout: ChildStdout) -> Receiver<String> {
    let (sender, lines) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    lines
}
