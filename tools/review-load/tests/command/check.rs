//! A check that passes where all is well, and fails where it is not: what is lost and what is doubled, and what cannot be
//! told.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::json;
use tempfile::TempDir;

use crate::service::{Ran, Reply, Request, Service, nobody, run};

const LEDGER: &str = "created r-1\nduplicate r-2\naccepted r-3\nrejected r-4\nunknown r-5\n";

fn ledger(text: impl AsRef<[u8]>) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("ledger");
    std::fs::write(&path, text).expect("written");
    (folder, path)
}

fn check(url: &str, ledger: &Path, wait: &str) -> Ran {
    let (url, ledger, wait) =
        (format!("--url={url}"), format!("--ledger={}", ledger.display()), format!("--wait={wait}"));
    run(&["check", &url, &ledger, &wait], &[])
}

/// One page of reviews, and the cursor of the next.
fn page(ids: &[&str], next: Option<&str>) -> String {
    let items: Vec<_> = ids.iter().map(|id| json!({"id": id, "text": "milk"})).collect();
    let mut page = json!({"items": items, "partial": false});
    if let Some(next) = next {
        page["next"] = next.into();
    }
    page.to_string()
}

/// A service whose reviews come in these pages.
fn pages(pages: &'static [&'static [&'static str]]) -> Service {
    Service::start(move |request| {
        assert_eq!(request.method, "GET");
        let number: usize = cursor(request).map_or(0, |cursor| cursor.parse().expect("ours"));
        let next = (number + 1 < pages.len()).then(|| (number + 1).to_string());
        Some(ok(page(pages[number], next.as_deref())))
    })
}

fn cursor(request: &Request) -> Option<String> {
    let (_, query) = request.target.split_once('?')?;
    query.split('&').find_map(|pair| pair.strip_prefix("cursor=")).map(str::to_owned)
}

fn ok(body: String) -> Reply {
    ("200 OK", body)
}

/// Pages, then what is lost and what is doubled in them.
type Case = (&'static [&'static [&'static str]], &'static [&'static str], &'static [&'static str]);

const CASES: [Case; 6] = [
    (&[&["r-1", "r-2"], &["r-3", "r-4", "other"]], &[], &[]),
    (&[&["r-1"], &["r-3"]], &["r-2"], &[]),
    (&[&[]], &["r-1", "r-2", "r-3"], &[]),
    (&[&["r-1", "r-2"], &["r-2", "r-3"]], &[], &["r-2"]),
    (&[&["r-1", "r-1", "r-2"]], &["r-3"], &["r-1"]),
    (&[&["r-1", "r-2", "r-3", "other", "other"]], &[], &["other"]),
];

#[test]
fn a_check_says_what_is_lost_and_what_is_doubled() {
    let (_folder, ledger) = ledger(LEDGER);
    for (pages_of, lost, doubled) in CASES {
        let service = pages(pages_of);
        let ran = check(&service.url(), &ledger, "0s");
        let summary = ran.summary();
        let told = ["lost", "doubled", "lost_ids", "doubled_ids"].map(|field| summary[field].clone());
        let expected = [json!(lost.len()), json!(doubled.len()), json!(lost), json!(doubled)];
        assert_eq!(told, expected, "{pages_of:?}");
        assert_eq!(summary["acknowledged"], 3);
        let sound = lost.is_empty() && doubled.is_empty();
        assert_eq!(ran.code, Some(i32::from(!sound)), "{pages_of:?}: {ran:?}");
    }
}

#[test]
fn what_is_late_is_waited_for() {
    let (_folder, ledger) = ledger(LEDGER);
    let asked = AtomicU64::new(0);
    let service = Service::start(move |_| {
        Some(match asked.fetch_add(1, Ordering::SeqCst) {
            0 => ("503 Service Unavailable", String::new()),
            1 => ok(page(&["r-1"], None)),
            2 => ok(json!({"items": [], "partial": true}).to_string()),
            _ => ok(page(&["r-1", "r-2", "r-3"], None)),
        })
    });
    let ran = check(&service.url(), &ledger, "30s");
    assert_eq!((ran.code, ran.summary()["lost"].clone()), (Some(0), json!(0)), "{ran:?}");
}

#[test]
fn a_service_that_cannot_be_read_fails_the_check() {
    let (_folder, ledger) = ledger(LEDGER);
    for (status, body) in [
        ("200 OK", "<html>it works</html>"),
        ("200 OK", "{}"),
        ("200 OK", "{\"items\":[{\"name\":\"r-1\"}]}"),
        ("200 OK", "{\"items\":[],\"partial\":true}"),
        ("404 Not Found", ""),
        ("500 Internal Server Error", "{}"),
    ] {
        let service = Service::start(move |_| Some((status, body.to_owned())));
        let ran = check(&service.url(), &ledger, "0s");
        assert!(
            ran.code == Some(1) && ran.out.is_empty() && !ran.error.is_empty(),
            "{status} {body}: {ran:?}"
        );
    }
    for url in [nobody(), Service::start(|_| None).url()] {
        let ran = check(&url, &ledger, "0s");
        assert!(ran.code == Some(1) && ran.error.starts_with("review-load: "), "{ran:?}");
    }
}

#[test]
fn pages_that_never_end_fail_the_check() {
    let (_folder, ledger) = ledger(LEDGER);
    for ids in [&["r-1", "r-2", "r-3"][..], &[]] {
        let service = Service::start(move |_| Some(ok(page(ids, Some("again")))));
        let ran = check(&service.url(), &ledger, "0s");
        assert!(ran.code == Some(1) && ran.error.contains("no end"), "{ran:?}");
    }
}

#[test]
fn a_ledger_that_is_damaged_or_empty_fails_the_check() {
    let service = pages(&[&["r-1", "r-2", "r-3"]]);
    for (text, told) in [
        (&b"created r-1\ncreat\xFFed r-2\n"[..], "line 2 is no line of a ledger"),
        (b"created r-1\nstored r-2\n", "line 2 is no line of a ledger"),
        (b"", "acknowledges nothing"),
        (b"unknown r-1\nrejected r-2\n", "acknowledges nothing"),
    ] {
        let (_folder, ledger) = ledger(text);
        let ran = check(&service.url(), &ledger, "0s");
        assert!(ran.code == Some(1) && ran.error.contains(told), "{ran:?}");
        assert!(ran.error.contains(&*ledger.to_string_lossy()), "{ran:?}");
    }
}
