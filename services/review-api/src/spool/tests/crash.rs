//! A process that is killed, at any moment and again and again; and two at once.

use std::collections::{HashMap, HashSet};
use std::fs::OpenOptions;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::pump::until;
use super::shelf::{Shelf, batcher};
use super::*;
use crate::dead::DeadSettings;

const FOLDER: &str = "SPOOL_TEST_FOLDER";
const ROUND: &str = "SPOOL_TEST_ROUND";
const ROUNDS: u32 = 100;
/// Who appends at once.
const APPENDERS: u32 = 4;
/// What a line of an acknowledged id begins with, among the lines of the test's own.
const ACKNOWLEDGED: &str = "acknowledged ";

/// Ends with the test, also when that fails.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts a process that appends, kills it when it has acknowledged about `enough`, and returns all that it did.
fn round(test: &str, folder: &Path, number: u32, enough: usize) -> Vec<String> {
    let mut command = again(&[], test);
    command.env(FOLDER, folder).env(ROUND, number.to_string()).stdout(Stdio::piped());
    let mut child = Killed(command.spawn().expect("started"));
    let lines = BufReader::new(child.0.stdout.take().expect("piped")).lines();
    let mut acknowledged = Vec::new();
    for line in lines {
        let line = line.expect("text");
        // The kill may cut a line short: whoever reads half an id was told nothing.
        let id = line.split_once(ACKNOWLEDGED).and_then(|(_, id)| id.strip_suffix('.'));
        acknowledged.extend(id.map(str::to_owned));
        if acknowledged.len() == enough {
            std::thread::sleep(Duration::from_micros(rand::random_range(0..2_000)));
            child.0.kill().expect("killed"); // what it has said until then is still read
        }
    }
    assert!(acknowledged.len() >= enough, "round {number} ended by itself");
    acknowledged
}

/// Appends as fast as it can, `APPENDERS` at once, and says what was acknowledged.
async fn append_and_tell(spool: &Arc<Spool>) {
    let round: u32 = std::env::var(ROUND).expect("a round").parse().expect("a number");
    let appending = (0..APPENDERS).map(|appender| {
        let spool = Arc::clone(spool);
        tokio::spawn(async move {
            for number in 0.. {
                let id = format!("r{round}-{appender}-{number}");
                drop(spool.append(Arc::new(document(&id, &"milk ".repeat(20)))).await.expect("appended"));
                let mut out = std::io::stdout().lock();
                writeln!(out, "{ACKNOWLEDGED}{id}.").expect("somebody listens");
            }
        })
    });
    futures::future::join_all(appending).await;
}

fn settings(folder: &Path) -> SpoolSettings {
    SpoolSettings { segment: 32 << 10, memory: 16 << 10, ..SpoolSettings::new(folder) }
}

fn folder() -> PathBuf {
    PathBuf::from(std::env::var_os(FOLDER).expect("a folder"))
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "started by the test below, in a process of its own, and killed"]
async fn a_process_that_appends() {
    append_and_tell(&open(settings(&folder()))).await;
}

#[test]
fn what_was_acknowledged_is_there_however_often_the_process_is_killed() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut acknowledged = Vec::new();
    for number in 0..ROUNDS {
        let enough = rand::random_range(1..60);
        acknowledged.extend(round("crash::a_process_that_appends", folder.path(), number, enough));
    }
    assert!(acknowledged.len() >= ROUNDS as usize);
    let (stored, lost) = contents(folder.path());
    assert_eq!(lost, 0);
    let places: HashMap<_, _> = stored.iter().enumerate().map(|(place, id)| (id.as_str(), place)).collect();
    assert_eq!(places.len(), stored.len(), "each is there once");
    for id in &acknowledged {
        assert!(places.contains_key(id.as_str()), "{id} was acknowledged and is lost");
    }
    // Of one appender they lie in the order in which they were appended, without gaps.
    let mut next: HashMap<&str, u32> = HashMap::new();
    for id in &stored {
        let (appender, number) = id.rsplit_once('-').expect("three parts");
        let expected = next.entry(appender).or_default();
        assert_eq!(number.parse(), Ok(*expected), "{id}");
        *expected += 1;
    }
}

/// A store in a file: what a write returns for is in it, as after `kill -9` the kernel still has it.
fn shelf_in(file: &Path) -> Arc<Shelf> {
    let shelf = Shelf::default();
    let known = std::fs::read_to_string(file).unwrap_or_default();
    shelf.knows(known.lines().map(str::to_owned));
    let mut out = OpenOptions::new().append(true).create(true).open(file).expect("a file");
    shelf.state().each = Some(Box::new(move |document| {
        out.write_all(format!("{}\n", document.review.id).as_bytes()).expect("written");
    }));
    Arc::new(shelf)
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "started by the test below, in a process of its own, and killed"]
async fn a_process_that_appends_and_stores() {
    let folder = folder();
    let spool = open(settings(&folder));
    let (batcher, _dead, stop) = batcher(&shelf_in(&folder.join("stored")), DeadSettings::default());
    tokio::spawn(Arc::clone(&spool).run(batcher, stop));
    append_and_tell(&spool).await;
}

#[tokio::test]
async fn what_was_acknowledged_is_stored_once_however_often_the_process_is_killed() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().to_owned();
    let acknowledged = tokio::task::spawn_blocking(move || {
        let rounds = (0..ROUNDS).flat_map(|number| {
            let enough = rand::random_range(1..60);
            round("crash::a_process_that_appends_and_stores", &path, number, enough)
        });
        rounds.collect::<Vec<_>>()
    });
    let acknowledged = acknowledged.await.expect("no panic");
    let file = folder.path().join("stored");
    let spool = open(settings(folder.path()));
    let (batcher, _dead, _batching) = batcher(&shelf_in(&file), DeadSettings::default());
    let stop = CancellationToken::new();
    let pump = tokio::spawn(Arc::clone(&spool).run(batcher, stop.clone()));
    until(|| spool.log.lowest() == spool.log.depth().next).await;
    stop.cancel();
    pump.await.expect("no panic").expect("no fault");

    let text = std::fs::read_to_string(file).expect("there");
    let stored: Vec<_> = text.lines().collect();
    let once: HashSet<_> = stored.iter().copied().collect();
    assert_eq!(once.len(), stored.len(), "each is stored once");
    for id in &acknowledged {
        assert!(once.contains(id.as_str()), "{id} was acknowledged and is lost");
    }
}

#[test]
#[ignore = "started by the test below, in a process of its own"]
fn a_second_process() {
    let refused = Spool::open(settings(&folder()), metrics()).err().expect("it is refused");
    println!("{refused}");
}

#[test]
fn a_second_process_on_one_spool_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let spool = open(settings(folder.path()));
    let said = again(&[], "crash::a_second_process").env(FOLDER, folder.path()).output().expect("run");
    assert!(said.status.success(), "{said:?}");
    let text = String::from_utf8_lossy(&said.stdout);
    let path = folder.path().display();
    assert!(text.contains(&format!("the spool in {path} is used by another process")), "{text}");
    drop(spool);
    drop(open(settings(folder.path())));
}
