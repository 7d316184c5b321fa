//! Loads, in front of services that work, fail, or make no sense: nothing is acknowledged that was not.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};

use crate::service::{Ran, Reply, Request, Service, nobody, run};

/// Sends a few reviews to `url`, with these flags more.
fn load(url: &str, ledger: &Path, more: &[&str]) -> Ran {
    let (url, ledger) = (format!("--url={url}"), format!("--ledger={}", ledger.display()));
    let flags = ["load", &url, &ledger, "--count=6", "--rate=0", "--connections=2", "--run=t"];
    run(&[&flags[..], more].concat(), &[])
}

fn ids(request: &Request) -> Vec<String> {
    let lines = request.body.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let reviews = lines.map(|line| serde_json::from_slice::<Value>(line).expect("a review"));
    reviews.map(|review| review["id"].as_str().expect("an id").to_owned()).collect()
}

/// What review-api would say, where each of these reviews has this status.
fn verdicts(request: &Request, status: &str) -> Reply {
    let ids = ids(request);
    match (request.target.as_str(), &ids[..]) {
        ("/reviews", [id]) => ("201 Created", json!({"id": id, "status": status}).to_string()),
        ("/reviews/_bulk", ids) => {
            let items: Vec<_> =
                ids.iter().map(|id| json!({"id": id, "status": status, "errors": []})).collect();
            ("200 OK", json!({"items": items}).to_string())
        }
        (target, _) => panic!("nobody asks for {target} with {} reviews", ids.len()),
    }
}

fn lines(ledger: &Path) -> Vec<String> {
    let mut lines: Vec<_> =
        std::fs::read_to_string(ledger).expect("a ledger").lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

fn all(word: &str) -> Vec<String> {
    (0..6).map(|number| format!("{word} t-{number}")).collect()
}

#[test]
fn what_is_acknowledged_is_in_the_ledger_once() {
    let folder = tempfile::tempdir().expect("a folder");
    for (status, flags) in [
        ("created", &["--bulk=1", "--seed=3"][..]),
        ("accepted", &["--bulk=4", "--patience=10s"]),
        ("duplicate", &["--for=1ms"]), // which a count outweighs
    ] {
        let ledger = folder.path().join(status);
        let service = Service::start(move |request| Some(verdicts(request, status)));
        let ran = load(&service.url(), &ledger, flags);
        assert_eq!((ran.code, ran.error.as_str()), (Some(0), ""), "{ran:?}");
        assert_eq!(lines(&ledger), all(status));
        assert_eq!(ran.summary()["acknowledged"], 6);
        assert_eq!(ran.fates(), BTreeMap::from([(status.to_owned(), 6)]));
    }
}

#[test]
fn a_steady_rate_sends_each_and_says_what_was_held_back() {
    let service = Service::start(|request| Some(verdicts(request, "created")));
    let url = format!("--url={}", service.url());
    let ran = run(&["load", &url, "--rate=500", "--connections=1", "--count=20"], &[]);
    assert_eq!((ran.code, ran.error.as_str()), (Some(0), ""), "{ran:?}");
    assert_eq!((&ran.summary()["acknowledged"], &ran.summary()["answers"]["201"]), (&json!(20), &json!(20)));
    assert!(ran.summary()["held_back"].is_u64(), "{ran:?}");
    // Without a count it ends when its time is over, however many it has sent by then.
    let ran = run(&["load", &url, "--rate=0", "--connections=2", "--for=300ms"], &[]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let answers = ran.summary()["answers"]["201"].as_u64().unwrap_or(0);
    assert_eq!(ran.summary()["acknowledged"], answers);
}

#[test]
fn a_service_that_is_busy_gets_the_same_reviews_again() {
    let (seen, asked) = (Mutex::new(HashSet::new()), AtomicU64::new(0));
    let service = Service::start(move |request| {
        // Every other answer is lost, after the reviews were taken.
        let new =
            ids(request).into_iter().filter(|id| seen.lock().expect("no panic").insert(id.clone())).count();
        if asked.fetch_add(1, Ordering::SeqCst).is_multiple_of(2) {
            return Some(("429 Too Many Requests\r\nRetry-After: 0", String::new()));
        }
        Some(verdicts(request, if new > 0 { "created" } else { "duplicate" }))
    });
    let folder = tempfile::tempdir().expect("a folder");
    let ledger = folder.path().join("ledger");
    let ran = load(&service.url(), &ledger, &[]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(ran.summary()["acknowledged"], 6);
    assert!(ran.summary()["sent_again"].as_u64() > Some(0), "{ran:?}");
    assert_eq!(lines(&ledger).len(), 6);
}

#[test]
fn a_service_that_is_not_there_acknowledges_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let ledger = folder.path().join("ledger");
    let ran = load(&nobody(), &ledger, &["--patience=100ms"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert_eq!((ran.summary()["acknowledged"].clone(), ran.fates()["unknown"]), (json!(0), 6));
    assert!(ran.summary()["answers"]["no answer"].as_u64() > Some(5), "{ran:?}");
    assert_eq!(lines(&ledger), all("unknown"));
}

#[test]
fn an_answer_that_makes_no_sense_acknowledges_nothing() {
    let of_another = json!({"id": "another", "status": "created"}).to_string();
    let too_few = json!({"items": [{"id": "t-0", "status": "created"}]}).to_string();
    let anonymous = json!({"status": "created"}).to_string();
    let unheard_of = json!({"id": "t-0", "status": "stored"}).to_string();
    for (bulk, status, body) in [
        ("--bulk=1", "200 OK", "<html>it works</html>"),
        ("--bulk=1", "201 Created", ""),
        ("--bulk=1", "201 Created", "{}"),
        ("--bulk=1", "201 Created", &of_another),
        ("--bulk=1", "201 Created", &anonymous),
        ("--bulk=1", "201 Created", &unheard_of),
        ("--bulk=1", "500 Internal Server Error", "{\"status\":\"created\"}"),
        ("--bulk=3", "200 OK", "[]"),
        ("--bulk=3", "200 OK", &too_few),
        ("--bulk=3", "503 Service Unavailable", ""),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let ledger = folder.path().join("ledger");
        let said = body.to_owned();
        let service = Service::start(move |_| Some((status, said.clone())));
        let ran = load(&service.url(), &ledger, &[bulk, "--patience=0s"]);
        assert_eq!(ran.code, Some(1), "{status} {body}: {ran:?}");
        assert_eq!(lines(&ledger), all("unknown"), "{status} {body}");
        assert!(!ran.summary()["reasons"].as_array().expect("reasons").is_empty(), "{ran:?}");
    }
    let silent = Service::start(|_| None);
    let folder = tempfile::tempdir().expect("a folder");
    let ledger = folder.path().join("ledger");
    assert_eq!(load(&silent.url(), &ledger, &["--patience=0s"]).code, Some(1));
    assert_eq!(lines(&ledger), all("unknown"));
}

#[test]
fn what_is_refused_is_said_and_not_sent_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let ledger = folder.path().join("ledger");
    let service = Service::start(|_| Some(("422 Unprocessable Entity", "too sour".to_owned())));
    let ran = load(&service.url(), &ledger, &[]);
    assert_eq!((ran.code, ran.summary()["sent_again"].clone()), (Some(0), json!(0)), "{ran:?}");
    assert_eq!(lines(&ledger), all("rejected"));
    assert!(ran.summary()["reasons"][0].as_str().expect("a reason").contains("too sour"));
}
