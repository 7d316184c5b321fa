//! The store as a process has it: refused to a second one, killed, and on a disk that takes no more.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use reqwest::StatusCode;
use reviews_contract::live::{Process, Setup, client, until};
use serde_json::{Value, json};

const PROGRAM: &str = env!("CARGO_BIN_EXE_review-api");

/// The service on the store in `folder`, without a spool; `name` is where its logs go.
fn setup(program: &Path, folder: &Path, name: &str) -> Setup {
    let logs = folder.join(name);
    fs::create_dir_all(&logs).expect("a folder");
    let reviews = folder.join("reviews").display().to_string();
    Setup::new(program, logs).with("REVIEWS_STORE", "embedded").with("REVIEWS_DIR", reviews)
}

fn review(id: &str, text: &str) -> Value {
    json!({"id": id, "delivery_id": format!("d-{id}"), "text": text, "written_at": "2024-05-01T10:00:00Z"})
}

/// Posts one review; what the answer's status is.
async fn post(process: &Process, review: &Value) -> StatusCode {
    let request = client().post(format!("http://{}/reviews", process.address()));
    request.json(review).send().await.expect("an answer").status()
}

/// Posts reviews as lines; the status of each. None where the service says to come again.
async fn post_all(process: &Process, reviews: &[Value]) -> Option<Vec<String>> {
    let lines: String = reviews.iter().map(|review| review.to_string() + "\n").collect();
    let request = client().post(format!("http://{}/reviews/_bulk", process.address()));
    let answer = request.header("content-type", "application/x-ndjson").body(lines).send().await;
    let answer = answer.expect("an answer");
    if answer.status() == StatusCode::SERVICE_UNAVAILABLE {
        return None;
    }
    let answer: Value = answer.json().await.expect("JSON");
    let items = answer["items"].as_array().unwrap_or_else(|| panic!("no items: {answer}"));
    Some(items.iter().map(|item| item["status"].as_str().expect("a status").to_owned()).collect())
}

async fn has(process: &Process, id: &str) -> bool {
    let answer = client().get(format!("http://{}/reviews/{id}", process.address())).send().await;
    answer.expect("an answer").status() == StatusCode::OK
}

#[tokio::test]
async fn a_second_process_on_one_folder_does_not_start() {
    let folder = tempfile::tempdir().expect("a folder");
    let first = Process::start(&setup(PROGRAM.as_ref(), folder.path(), "first")).await;
    let second = Process::spawn(&setup(PROGRAM.as_ref(), folder.path(), "second"));
    until("the second ends", async || second.printed().contains("REVIEWS_DIR")).await;
    let printed = second.printed();
    assert!(
        printed.contains("is used by another process: the embedded store is for one process only"),
        "{printed}"
    );
    assert_eq!(second.ended().await, 1);
    assert_eq!(post(&first, &review("r-1", "milk")).await, StatusCode::CREATED);
    assert_eq!(first.stop().await, 0);
}

#[tokio::test]
async fn what_was_stored_is_there_after_a_kill() {
    let folder = tempfile::tempdir().expect("a folder");
    let setup = setup(PROGRAM.as_ref(), folder.path(), "logs");
    for start in 0..3 {
        let process = Process::start(&setup).await;
        for before in 0..start {
            assert!(has(&process, &format!("r-{before}")).await, "review {before} at start {start}");
        }
        assert_eq!(post(&process, &review(&format!("r-{start}"), "milk")).await, StatusCode::CREATED);
        process.kill().await;
    }
    let process = Process::start(&setup).await;
    assert_eq!(post(&process, &review("r-2", "milk")).await, StatusCode::OK, "a repeat is a duplicate");
    assert_eq!(process.stop().await, 0);
}

/// The program under a limit of what any of its files may have: the kernel answers EFBIG beyond, as it answers ENOSPC on
/// a disk that is full. `ulimit -f` counts blocks of 512 bytes in a POSIX shell; the signal that comes with it is ignored.
fn limited(folder: &Path, blocks: u32) -> PathBuf {
    let script = folder.join("limited");
    let text = format!("#!/bin/sh\ntrap '' XFSZ\nulimit -f {blocks} || exit\nexec '{PROGRAM}'\n");
    fs::write(&script, text).expect("written");
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).expect("made a program");
    script
}

/// Text that no compression makes small.
fn noise(characters: usize) -> String {
    (0..characters).map(|_| char::from_u32(rand::random_range(0x4E00..0x9FA5)).unwrap_or('x')).collect()
}

/// As many reviews as a batch has here, so that they are written as one.
fn reviews(name: &str, text: impl Fn() -> String) -> Vec<Value> {
    (0..BATCH).map(|index| review(&format!("{name}-{index}"), &text())).collect()
}

const BATCH: usize = 100;

#[tokio::test]
async fn a_full_disk_takes_nothing_and_loses_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let full = setup(&limited(folder.path(), 4_096), folder.path(), "full");
    let full = full.with("BATCH_COUNT", BATCH.to_string()).with("BATCH_WAIT", "10s").with("RETRY_FOR", "8s");
    let process = Process::start(&full).await;
    let (small, large) = (reviews("small", || "milk".to_owned()), reviews("large", || noise(10_000)));
    assert_eq!(post_all(&process, &small).await, Some(vec!["created".to_owned(); BATCH]));
    // Three megabytes in one batch: their segment fits into no file of two.
    let told = post_all(&process, &large).await.expect("the store was there");
    assert!(told.iter().any(|status| status == "retry"), "{told:?}");
    assert!(has(&process, "small-0").await, "what is stored is given back meanwhile");
    let after = reviews("after", || "milk".to_owned());
    until("it goes on by itself with what fits", async || {
        let statuses = post_all(&process, &after).await.unwrap_or_default();
        !statuses.is_empty() && statuses.iter().all(|status| status == "created" || status == "duplicate")
    })
    .await;
    assert_eq!(process.stop().await, 0);

    let process = Process::start(&setup(PROGRAM.as_ref(), folder.path(), "roomy")).await;
    for stored in [small, after] {
        let again = post_all(&process, &stored).await;
        assert_eq!(again, Some(vec!["duplicate".to_owned(); BATCH]), "acknowledged is stored");
    }
    let again = post_all(&process, &large).await.expect("the store is there");
    for (index, (again, told)) in again.iter().zip(told).enumerate() {
        let sound = again == "duplicate" || (again == "created" && told == "retry");
        assert!(sound, "large-{index} was told {told} and then {again}");
    }
    assert_eq!(process.stop().await, 0);
}
