//! The program, started and watched; and what a database holds afterwards.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use pg_load::connect::{Endpoint, Target, describe};
use tokio_postgres::Row;

use crate::support::Postgres;

/// A program that runs takes this long at most; these tests have some seconds' work each.
const PATIENCE: Duration = Duration::from_mins(4);

/// How a program ended.
#[derive(Debug)]
pub struct Ended {
    /// Its exit code, unless a signal ended it.
    pub code: Option<i32>,
    /// What it printed as its result.
    pub out: String,
    /// What it logged.
    pub log: String,
}

impl Ended {
    /// Fails the test unless the program ended with 0.
    #[track_caller]
    pub fn well(self) -> Self {
        assert_eq!(self.code, Some(0), "{}\n{}", self.out, self.log);
        self
    }

    /// A field of the summary.
    pub fn summary(&self, field: &str) -> serde_json::Value {
        let summary: serde_json::Value = serde_json::from_str(self.out.trim()).expect("a summary");
        summary[field].clone()
    }
}

/// A program that runs; killed where it is dropped.
#[derive(Debug)]
pub struct Running(Option<Child>);

impl Running {
    /// SIGKILL, as a lost machine.
    pub fn kill(mut self) {
        let mut child = self.0.take().expect("it was not waited for");
        child.kill().expect("it was not waited for");
        child.wait().expect("it is ours");
    }

    /// SIGTERM, as an operator.
    pub fn terminate(&self) {
        let process = self.0.as_ref().expect("it was not waited for").id();
        let process = nix::unistd::Pid::from_raw(process.try_into().expect("a process"));
        nix::sys::signal::kill(process, nix::sys::signal::Signal::SIGTERM).expect("it is ours");
    }

    /// Whether it has ended.
    pub fn has_ended(&mut self) -> bool {
        self.0.as_mut().expect("it was not waited for").try_wait().expect("it is ours").is_some()
    }

    /// Waits for its end.
    pub fn end(mut self) -> Ended {
        let deadline = Instant::now() + PATIENCE;
        while !self.has_ended() {
            assert!(Instant::now() < deadline, "pg-load does not end");
            std::thread::sleep(Duration::from_millis(10));
        }
        let output = self.0.take().expect("it was not waited for").wait_with_output().expect("it is ours");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Ended { code: output.status.code(), out: text(&output.stdout), log: text(&output.stderr) }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(mut child) = self.0.take() {
            let _ = child.kill(); // the test has failed already
            let _ = child.wait();
        }
    }
}

/// Starts pg-load with `arguments`, and nothing of the test's environment.
pub fn start(arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Running {
    let child = Command::new(env!("CARGO_BIN_EXE_pg-load"))
        .args(arguments)
        .env_clear()
        .envs(std::env::vars_os().filter(|(name, _)| name == "PATH"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    Running(Some(child.expect("pg-load starts")))
}

/// The arguments that seed `url`.
pub fn seeding<'a>(url: &'a str, seed: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let rows = if more.contains(&"--rows") { &[][..] } else { &["--rows", "10000"] };
    [&["seed", "--database-url", url, "--seed", seed], rows, more].concat()
}

/// Seeds `url`, and waits for the end.
pub fn seed(url: &str, seed: &str, more: &[&str]) -> Ended {
    start(seeding(url, seed, more)).end()
}

/// Verifies `url`.
pub fn verify(url: &str) -> Ended {
    start(["verify", "--database-url", url]).end()
}

/// The manifest: rows and checksum of each part.
pub fn manifest(url: &str) -> BTreeMap<String, (i64, String)> {
    let rows = query(url, "SELECT part, rows, checksum FROM shop.seed_manifest");
    rows.iter().map(|row| (row.get(0), (row.get(1), row.get(2)))).collect()
}

/// The answer to a question.
pub fn query(url: &str, statement: &str) -> Vec<Row> {
    answer(url, statement).unwrap_or_else(|error| panic!("{statement}: {}", describe(&error)))
}

/// Why the server does not do `statement`.
pub fn refusal(url: &str, statement: &str) -> String {
    describe(&answer(url, statement).expect_err(statement))
}

fn answer(url: &str, statement: &str) -> Result<Vec<Row>, tokio_postgres::Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let session =
            Endpoint::new(&Target::at(url)).expect("a sound URL").connect().await.expect("a session");
        let rows = session.query(statement, &[]).await;
        session.close().await;
        rows
    })
}

/// A number that `statement` asks for.
pub fn number(url: &str, statement: &str) -> i64 {
    query(url, statement)[0].get(0)
}

/// What an uninterrupted seeding leaves in the manifest.
pub fn undisturbed(number: &str, more: &[&str]) -> Option<BTreeMap<String, (i64, String)>> {
    let postgres = Postgres::start(&[])?;
    seed(&postgres.url(), number, more).well();
    Some(manifest(&postgres.url()))
}
