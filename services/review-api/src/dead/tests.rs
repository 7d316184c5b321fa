//! Dead letters in a real folder, asked for over HTTP.

use std::fs::OpenOptions;
use std::net::SocketAddr;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use prometheus_client::registry::Registry;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::Instant;
use tokio_util::task::AbortOnDropHandle;

use super::*;
use crate::batch::{Outcome, Patience, weight};
use crate::spool::tests::document;
use crate::spool::tests::shelf::{Shelf, batcher};

fn at(folder: &Path) -> DeadSettings {
    DeadSettings { dir: Some(folder.to_owned()), ..DeadSettings::default() }
}

fn open(settings: DeadSettings, shelf: &Arc<Shelf>) -> Result<Dead, OpenError> {
    Dead::open(settings, Arc::clone(shelf) as _, DeadMetrics::register(&mut Registry::default()))
}

fn file(folder: &Path) -> PathBuf {
    folder.join("dead-letters.ndjson")
}

/// The ids in the file, in order, as a restart finds them.
fn letters(folder: &Path) -> Vec<String> {
    let dead = DeadFile::open(folder, u64::MAX).expect("opened");
    let page = dead.snapshot().expect("readable").page((usize::MAX, usize::MAX), |_| true).expect("readable");
    assert_eq!(page.unreadable, dead.letters - page.letters.len() as u64);
    page.letters.iter().map(|letter| letter.document.review.id.to_string()).collect()
}

/// The ids in the file of open letters.
async fn letters_of(dead: &Dead) -> Vec<String> {
    let keeper = dead.keeper.as_ref().expect("a file");
    let page = keeper.snapshot().await.expect("readable").page((usize::MAX, usize::MAX), |_| true);
    page.expect("readable").letters.iter().map(|letter| letter.document.review.id.to_string()).collect()
}

/// Dead letters behind a batcher, and their routes on a port.
struct Service {
    folder: TempDir,
    shelf: Arc<Shelf>,
    batcher: Batcher,
    address: SocketAddr,
    _serving: AbortOnDropHandle<io::Result<()>>,
}

impl Service {
    async fn start(settings: impl FnOnce(&Path) -> DeadSettings) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let shelf = Arc::new(Shelf::default());
        let (batcher, dead, _stop) = batcher(&shelf, settings(folder.path()));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let serving = tokio::spawn(axum::serve(listener, dead.admin_routes(batcher.clone())).into_future());
        let serving = AbortOnDropHandle::new(serving);
        Self { folder, shelf, batcher, address, _serving: serving }
    }

    async fn push(&self, document: Document) -> Outcome {
        let room = self.batcher.room(weight(&document)).await;
        let patience = Patience::Until(Instant::now() + std::time::Duration::from_secs(30));
        self.batcher.push(room, Arc::new(document), patience).await
    }

    async fn ask(&self, method: &'static str, target: &str, body: &str) -> (u16, Value) {
        let request = format!(
            "{method} {target} HTTP/1.1\r\nHost: test\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let address = self.address;
        let asking =
            tokio::task::spawn_blocking(move || service_kit::testing::exchange(address, request.as_bytes()));
        let answer = asking.await.expect("an answer");
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        (status, serde_json::from_str(body).expect("JSON"))
    }

    async fn listed(&self) -> Vec<(String, String)> {
        let (status, body) = self.ask("GET", "/-/dead-letters", "").await;
        assert_eq!(status, 200, "{body}");
        let letters = body["letters"].as_array().expect("a list").iter();
        let text = |value: &Value| value.as_str().expect("text").to_owned();
        letters.map(|letter| (text(&letter["document"]["id"]), text(&letter["reason"]))).collect()
    }
}

fn pair(id: &str, reason: &str) -> (String, String) {
    (id.to_owned(), reason.to_owned())
}

#[tokio::test]
async fn what_is_refused_is_kept_listed_and_sent_again() {
    let service = Service::start(at).await;
    service.shelf.state().refused = Some(("sour", "too sour"));
    for (id, text) in [("a", "sour milk"), ("b", "sour and old"), ("c", "sour cream"), ("d", "sour")] {
        let outcome = service.push(document(id, text)).await;
        assert_eq!(outcome, Outcome::Rejected("too sour".to_owned()));
        assert_eq!(letters(service.folder.path()).last().map(String::as_str), Some(id), "durable when told");
    }
    assert_eq!(service.push(document("e", "fresh milk")).await, Outcome::Created);

    let (_, page) = service.ask("GET", "/-/dead-letters?size=3", "").await;
    assert_eq!((page["letters"].as_array().map(Vec::len), &page["total"]), (Some(3), &json!(4)));
    let next = format!("/-/dead-letters?size=3&after={}", page["next"]);
    let (_, page) = service.ask("GET", &next, "").await;
    assert_eq!((&page["letters"][0]["document"]["id"], page.get("next")), (&json!("d"), None));

    // Two of them are asked for; one is refused still, for another reason.
    service.shelf.state().refused = Some(("old", "too old"));
    let (status, replayed) =
        service.ask("POST", "/-/dead-letters/replay", r#"{"ids":["b","c","no such"]}"#).await;
    let expected = json!({"created": 1, "duplicate": 0, "rejected": 1, "retry": 0});
    assert_eq!((status, replayed), (200, expected));
    assert_eq!(service.listed().await, [pair("a", "too sour"), pair("d", "too sour"), pair("b", "too old")]);

    service.shelf.state().refused = None;
    service.shelf.knows(["d".to_owned()]);
    let (_, replayed) = service.ask("POST", "/-/dead-letters/replay", "{}").await;
    assert_eq!(replayed, json!({"created": 2, "duplicate": 1, "rejected": 0, "retry": 0}));
    assert_eq!(service.listed().await, []);
    assert_eq!(letters(service.folder.path()), [""; 0]);
    assert_eq!(service.shelf.state().stored, ["e", "c", "a", "b"]);
    assert!(service.shelf.state().buried.contains(&pair("b", "too old")), "the index has a copy");
}

#[tokio::test(start_paused = true)]
async fn a_replay_ends_whatever_else_waits_for_the_store() {
    let (folder, shelf) = (tempfile::tempdir().expect("a folder"), Arc::new(Shelf::default()));
    let (batcher, dead, _stop) = batcher(&shelf, at(folder.path()));
    dead.bury(&document("a", "sour"), "too sour").await.expect("kept");
    shelf.state().away = true;
    let replay = async || {
        let turn = Arc::clone(&dead.replaying).try_lock_owned().expect("nobody else");
        let replayed = Arc::clone(&dead).replay(batcher.clone(), None, turn).await.expect("readable");
        assert_eq!((replayed.retry, replayed.created), (1, 0));
        assert_eq!(letters_of(&dead).await, ["a"], "it stays as it was");
    };
    let full = batcher.room(usize::MAX).await;
    replay().await;
    drop(full);
    let room = batcher.room(1).await;
    let _same_id_for_ever = batcher.push(room, Arc::new(document("a", "sour")), Patience::Forever);
    replay().await;
}

#[tokio::test]
async fn wrong_questions_are_refused() {
    let service = Service::start(at).await;
    for target in ["?size=0", "?size=1001", "?size=x", "?after=-1", "?since=1"] {
        let (status, body) = service.ask("GET", &format!("/-/dead-letters{target}"), "").await;
        assert_eq!((status, &body["status"]), (400, &json!(400)), "{target}: {body}");
    }
    for body in ["", "[]", r#"{"id":"a"}"#, r#"{"ids":"a"}"#] {
        let (status, _) = service.ask("POST", "/-/dead-letters/replay", body).await;
        assert_eq!(status, 400, "{body}");
    }
}

#[tokio::test]
async fn without_a_folder_the_index_must_take_it() {
    let service = Service::start(|_| DeadSettings::default()).await;
    service.shelf.state().refused = Some(("sour", "too sour"));
    assert_eq!(service.push(document("a", "sour")).await, Outcome::Rejected("too sour".to_owned()));
    assert_eq!(service.shelf.state().buried, [pair("a", "too sour")]);
    assert_eq!(service.ask("GET", "/-/dead-letters", "").await.0, 404);
    assert_eq!(service.ask("POST", "/-/dead-letters/replay", "{}").await.0, 404);

    let shelf = Arc::new(Shelf::default());
    shelf.state().away = true;
    let dead = open(DeadSettings::default(), &shelf).expect("opened");
    let kept = dead.bury(&document("b", "sour"), "too sour").await;
    assert!(matches!(kept, Err(DeadError::Index(_))), "{kept:?}");
}

#[tokio::test]
async fn many_at_once_are_each_kept_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let dead = open(at(folder.path()), &Arc::new(Shelf::default())).expect("opened");
    let documents: Vec<_> = (0..200).map(|number| document(&format!("r{number}"), "sour")).collect();
    let burying = documents.iter().map(|document| dead.bury(document, "as told"));
    for kept in futures::future::join_all(burying).await {
        kept.expect("kept");
    }
    drop(dead);
    let mut found = letters(folder.path());
    found.sort_unstable();
    let mut expected: Vec<_> = (0..200).map(|number| format!("r{number}")).collect();
    expected.sort_unstable();
    assert_eq!(found, expected);
}

#[tokio::test]
async fn a_full_file_takes_nothing_and_loses_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let settings = DeadSettings { max: 2_000, ..at(folder.path()) };
    let dead = open(settings, &Arc::new(Shelf::default())).expect("opened");
    let mut kept = 0;
    while dead.bury(&document(&format!("r{kept}"), "sour"), "as told").await.is_ok() {
        kept += 1;
    }
    assert!(kept > 3, "{kept}");
    let refused = dead.bury(&document("r99", "sour"), "as told").await;
    assert!(matches!(refused, Err(DeadError::Full)), "{refused:?}");
    drop(dead);
    assert!(std::fs::metadata(file(folder.path())).expect("there").len() <= 2_000);
    assert_eq!(letters(folder.path()).len(), kept);
}

#[tokio::test]
async fn a_crash_may_cut_the_last_line_anywhere() {
    let folder = tempfile::tempdir().expect("a folder");
    let shelf = Arc::new(Shelf::default());
    let dead = open(at(folder.path()), &shelf).expect("opened");
    for id in ["a", "b"] {
        dead.bury(&document(id, "sour"), "as told").await.expect("kept");
    }
    drop(dead);
    let whole = std::fs::read(file(folder.path())).expect("there");
    let first = whole.iter().position(|byte| *byte == b'\n').expect("two lines") + 1;
    for cut in first..=whole.len() {
        std::fs::write(file(folder.path()), &whole[..cut]).expect("written");
        // A letter that lacks nothing but its line's end is whole.
        let kept = if cut + 1 < whole.len() { vec!["a", "c"] } else { vec!["a", "b", "c"] };
        let dead = open(at(folder.path()), &shelf).expect("opened");
        dead.bury(&document("c", "sour"), "as told").await.expect("kept");
        drop(dead);
        assert_eq!(letters(folder.path()), kept, "cut to {cut}");
    }
}

#[tokio::test]
async fn a_line_that_makes_no_sense_is_passed_over_and_kept() {
    let service = Service::start(at).await;
    service.shelf.state().refused = Some(("sour", "too sour"));
    for id in ["a", "b", "c"] {
        service.push(document(id, "sour")).await;
    }
    let path = file(service.folder.path());
    let writer = OpenOptions::new().write(true).open(&path).expect("there");
    let line =
        std::fs::read(&path).expect("there").iter().position(|byte| *byte == b'\n').expect("lines") + 1;
    writer.write_all_at(b"\xFF\x00", line as u64).expect("damaged");
    assert_eq!(service.listed().await, [pair("a", "too sour"), pair("c", "too sour")]);
    service.shelf.state().refused = None;
    let (_, replayed) = service.ask("POST", "/-/dead-letters/replay", "{}").await;
    assert_eq!(replayed["created"], 2);
    let left = std::fs::read(&path).expect("there");
    assert!(left.starts_with(b"\xFF\x00") && left.split(|byte| *byte == b'\n').count() == 2);
    let (_, page) = service.ask("GET", "/-/dead-letters", "").await;
    assert_eq!((&page["total"], &page["unreadable"]), (&json!(1), &json!(1)));
}

#[test]
fn after_a_failure_the_file_is_cut_to_what_was_synced() {
    let folder = tempfile::tempdir().expect("a folder");
    let line = |number: u64| {
        let letter = Letter {
            number,
            at: Timestamp::UNIX_EPOCH,
            reason: "as told".to_owned(),
            document: document(&format!("r{number}"), "sour"),
        };
        let mut line = serde_json::to_vec(&letter).expect("JSON");
        line.push(b'\n');
        line
    };
    for device in ["/dev/full", "/dev/null"] {
        let mut dead = DeadFile::open(folder.path(), u64::MAX).expect("opened");
        dead.append(&line(1), 1).expect("kept");
        dead.fail_on(OpenOptions::new().write(true).open(device).expect("a device of every Linux"));
        dead.append(&line(2), 1).expect_err("the device fails");
        // What the kernel may have kept of it.
        let path = file(folder.path());
        let mut bytes = std::fs::read(&path).expect("there");
        bytes.extend_from_slice(&line(2));
        std::fs::write(&path, &bytes).expect("written");
        dead.append(&line(3), 1).expect("it heals by itself");
        drop(dead);
        assert_eq!(letters(folder.path()), ["r1", "r3"], "{device}");
        std::fs::remove_file(path).expect("removed");
    }
}

#[test]
fn one_folder_serves_one_process() {
    let folder = tempfile::tempdir().expect("a folder");
    let shelf = Arc::new(Shelf::default());
    let dead = open(at(folder.path()), &shelf).expect("opened");
    assert!(matches!(open(at(folder.path()), &shelf), Err(OpenError::Locked { .. })));
    drop(dead);
    open(at(folder.path()), &shelf).expect("free again");
}
