//! What the table promises, and what went through the chain.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use bucket::{Bucket, BucketName, BucketSettings, Credentials, ListRequest, StoreMetrics};
use nix::sys::signal::Signal;
use reqwest::Client;

use crate::curl::{Curl, client};
use crate::stack::{Row, Stack, folder, runs};

#[tokio::test]
async fn every_line_of_the_table_works_and_all_is_drained() {
    let folder = folder();
    let mut stack = Stack::start(&folder, &[]);
    let table = stack.table();
    let services = stack.services();
    let shown: BTreeSet<_> = table.iter().map(|row| row.service.as_str()).collect();
    let all = [
        "content-fetcher",
        "file-server",
        "origin",
        "review-api",
        "review-load",
        "store",
        "web-app",
        "work-app",
    ];
    assert_eq!(shown.into_iter().collect::<Vec<_>>(), all);

    let client = client();
    let curl_is_there =
        Command::new("curl").arg("--version").output().is_ok_and(|told| told.status.success());
    if !curl_is_there {
        eprintln!("no curl on this machine: the lines are asked by another client only");
    }
    for row in &table {
        check(row, &client, folder.path()).await;
        if curl_is_there {
            run_in_a_shell(row);
        }
    }
    let site = table.iter().find(|row| row.service == "file-server").expect("the site").curl();
    every_file_arrived(&client, &site.url, folder.path()).await;
    let store = table.iter().find(|row| row.service == "store").expect("the store").curl();
    assert_eq!(keys_in_the_store(&store).await, keys_of_the_manifest(folder.path()));

    stack.signal(Signal::SIGINT);
    assert_eq!(stack.ended(), Some(0), "{}", stack.printed);
    for (name, pid) in services {
        assert!(!runs(pid), "{name} still runs");
        assert!(
            stack.printed.contains(&format!("devstack: {name} ended: exit code 0\n")),
            "{}",
            stack.printed
        );
    }
    for row in &table {
        client.get(row.curl().url).send().await.expect_err("nobody listens");
    }
}

/// Runs one line and holds the answer against what it is to show.
async fn check(row: &Row, client: &Client, folder: &Path) {
    let curl = row.curl();
    let answer = curl.run(client).await;
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let body = answer.bytes().await.expect("a body");
    let path = curl.url.splitn(4, '/').nth(3).expect("a path");
    let line = &row.command;
    match (row.service.as_str(), path) {
        (service, "metrics") => {
            let counter = match service {
                "content-fetcher" => "store_bytes_total",
                "review-load" => "feed_reviews_total",
                _ => "http_requests_total",
            };
            let text = String::from_utf8_lossy(&body);
            assert!(status == 200 && text.contains(&format!("\n{counter}{{")), "{line}: {text}");
        }
        ("web-app", "") => assert_eq!((status, &body[..]), (200, &b"Hello OUI!"[..]), "{line}"),
        ("work-app", "work") => {
            let wanted = if status == 200 { r#"{"greeting":"ahoy","ok":true}"# } else { r#"{"ok":false}"# };
            assert!(matches!(status, 200 | 500), "{line}: {status}");
            assert_eq!(json(&body), json(wanted.as_bytes()), "{line}");
        }
        ("file-server", "") => {
            assert_eq!((status, &body[..]), (200, &include_bytes!("../../site/index.html")[..]), "{line}");
        }
        ("file-server", "data/words.txt") => {
            assert_eq!((status, header("content-encoding")), (200, "br"), "{line}");
        }
        ("file-server", "data/random.bin") => {
            let file = std::fs::read(folder.join("origin/data/random.bin")).expect("there");
            assert_eq!((status, header("content-range")), (206, "bytes 1000-1999/20971520"), "{line}");
            assert_eq!(body, &file[1000..2000]);
        }
        ("file-server", "no/such/page") => {
            assert_eq!((status, &body[..]), (404, &include_bytes!("../../site/404.html")[..]), "{line}");
        }
        ("content-fetcher", "readyz") => assert_eq!((status, &body[..]), (200, &b"ready\n"[..]), "{line}"),
        ("review-api", "") => {
            assert!(status == 200 && body.starts_with(b"<!doctype html>"), "{line}: {status}");
        }
        ("review-api", "reviews") => {
            let told = json(&body);
            assert!(matches!(status, 200 | 201), "{line}: {status} {told}");
            assert!(matches!(told["status"].as_str(), Some("created" | "duplicate")), "{line}: {told}");
        }
        ("review-api", path) if path.starts_with("reviews?") => {
            let items = &json(&body)["items"];
            assert_eq!((status, items.as_array().map(Vec::len)), (200, Some(3)), "{line}: {items}");
        }
        ("review-api", path) if path.starts_with("reviews/stats") => {
            let told = json(&body);
            assert!(status == 200 && told["total"].as_u64() > Some(100), "{line}: {told}");
        }
        ("origin", "index.html") => assert!(status == 200 && header("etag").starts_with('"'), "{line}"),
        // Unsigned it is refused; signed it is asked below.
        ("store", _) => assert!(status == 403 && curl.user.is_some(), "{line}"),
        _ => panic!("nothing is known of {line}"),
    }
}

/// Types the line as it was printed. Only curl can sign the one for the store.
fn run_in_a_shell(row: &Row) {
    let output = Command::new("sh").args(["-c", &row.command]).output().expect("a shell");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && !text.is_empty(), "{}: {output:?}", row.command);
    if row.service == "store" {
        assert!(text.contains("<Key>index.html</Key>"), "{}: {text}", row.command);
    }
}

/// What was put into the origin's folder comes out of the file server, byte for byte.
async fn every_file_arrived(client: &Client, site: &str, folder: &Path) {
    for item in manifest(folder) {
        let key = item["key"].as_str().expect("a key");
        let answer = client.get(format!("{site}{key}")).send().await.expect("an answer");
        assert_eq!(answer.status(), 200, "{key}");
        for name in ["content-type", "cache-control"] {
            assert_eq!(answer.headers()[name], item[name].as_str().expect(name), "{key}");
        }
        let wanted = std::fs::read(folder.join("origin").join(key)).expect("there");
        let found = answer.bytes().await.expect("a body");
        assert!(found == wanted, "{key}: {} bytes in, {} out, or others", wanted.len(), found.len());
    }
}

/// What the line for the store lists, asked with the key it shows.
async fn keys_in_the_store(curl: &Curl) -> BTreeSet<String> {
    let url: url::Url = curl.url.parse().expect("a URL");
    let (access_key, secret_key) = curl.user.clone().expect("a key");
    let name = BucketName::parse(url.path().trim_matches('/')).expect("a bucket");
    let endpoint = url.join("/").expect("the store");
    let credentials = Credentials::Static { access_key, secret_key: secret_key.into(), session_token: None };
    let settings = BucketSettings { credentials, ..BucketSettings::new(Some(endpoint), name) };
    let bucket = Bucket::open(settings, StoreMetrics::default()).await.expect("opened");
    let listing = bucket.list(&ListRequest::default()).await.expect("listed");
    listing.objects.into_iter().map(|object| object.key.to_string()).collect()
}

fn keys_of_the_manifest(folder: &Path) -> BTreeSet<String> {
    manifest(folder).iter().map(|item| item["key"].as_str().expect("a key").to_owned()).collect()
}

fn manifest(folder: &Path) -> Vec<serde_json::Value> {
    let text = std::fs::read(folder.join("manifest.json")).expect("there");
    json(&text)["items"].as_array().expect("items").clone()
}

fn json(text: &[u8]) -> serde_json::Value {
    serde_json::from_slice(text).unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(text)))
}

/// The table is for one's own machine: nothing answers on any other address of it.
#[test]
fn everything_listens_on_the_loopback_only() {
    let folder = folder();
    let mut stack = Stack::start(&folder, &[]);
    stack.table();
    let announced: Vec<_> = stack.printed.lines().filter(|line| line.contains(": listening ")).collect();
    assert_eq!(announced.len(), 9, "{announced:?}");
    for line in announced {
        assert!(line.contains(" address=127.0.0.1:"), "{line}");
    }
}
