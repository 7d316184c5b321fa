//! How the program ends, and what it leaves when it is ended.

mod common;

use bucket::Operation;
use common::origin::{Fault, Resource};
use common::{PART, World, content, ended, until};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::process::Child;

fn send(child: &Child, signal: Signal) {
    let pid = i32::try_from(child.id().expect("it runs")).expect("a process id");
    kill(Pid::from_raw(pid), signal).expect("sent");
}

/// A fetch of three parts that waits for its source after the second.
async fn halfway(world: &World) -> Child {
    world.origin.set("/a", Resource::new(content(3 * PART)));
    world.origin.fail("/a", [Fault::Stall(2 * PART + 10)]);
    let child = world.spawn(&[]);
    until("two parts are there", async || world.faulty.count(Operation::UploadPart) == 2).await;
    assert_eq!(world.uploads().await, 1);
    child
}

#[tokio::test]
async fn a_signal_aborts_what_is_under_way() {
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let world = World::new().await;
        let child = halfway(&world).await;
        send(&child, signal);
        let ended = ended(child).await.with(1);
        assert_eq!(ended.error(), "interrupted");
        world.nothing_is_left_of("a").await;
    }
}

#[tokio::test]
async fn a_signal_between_two_tries_ends_it_too() {
    let world = World::new().await;
    world.origin.fail("/a", [Fault::Status(503, vec![("Retry-After", "3600".to_owned())])]);
    let child = world.spawn(&[("RETRY_AFTER_CAP", "1h")]);
    until("the source is asked", async || world.origin.seen().len() == 1).await;
    send(&child, Signal::SIGTERM);
    ended(child).await.with(1);
}

#[tokio::test]
async fn what_a_killed_run_left_is_cleared_by_the_next() {
    let world = World::new().await;
    let mut child = halfway(&world).await;
    child.kill().await.expect("killed");
    assert!(world.object("a").await.is_none());
    assert_eq!(world.uploads().await, 1, "the killed run left its upload");
    // Somebody else's upload under the prefix is not the fetcher's to abort.
    let other = bucket::Key::parse("other").expect("a key");
    let other = world.bucket.create_upload(&other, &bucket::PutOptions::default()).await.expect("begun");
    let ended = world.run(&[]).await.with(0);
    assert!(ended.log.contains("an earlier run left behind"), "{}", ended.log);
    world.holds("a", &content(3 * PART)).await;
    assert_eq!(world.uploads().await, 1);
    world.bucket.abort_upload(&other).await.expect("aborted");
}

#[tokio::test]
async fn wrong_settings_end_it_with_every_name() {
    let world = World::new().await;
    let wrong =
        [("SOURCE_URL", "hunter2"), ("SHA256", "hunter2"), ("PART_SIZE", "1MiB"), ("ADMIN_ADDRESS", "x")];
    let ended = world.run(&wrong).await.with(2);
    for (name, _) in wrong {
        assert!(ended.log.contains(name), "{name} is missing in {}", ended.log);
    }
    assert!(!ended.log.contains("hunter2"), "{}", ended.log);
    assert!(ended.summary.is_null() && world.origin.seen().is_empty());
}

#[tokio::test]
async fn a_wrong_manifest_ends_it_with_items_and_fields() {
    let world = World::new().await;
    let path = world
        .file("manifest.yaml", "items:\n  - {url: 'http://example.org/', key: a}\n  - {url: 3, key: a}\n");
    let ended = world.run(&[("MANIFEST", &path)]).await.with(2);
    assert!(ended.log.contains("MANIFEST") && ended.log.contains("items[1]"), "{}", ended.log);
    assert!(ended.log.contains("url: must be text, not a number"), "{}", ended.log);
    let missing = world.run(&[("MANIFEST", "does/not/exist")]).await.with(2);
    assert!(missing.log.contains("MANIFEST"), "{}", missing.log);
}

#[tokio::test]
async fn settings_that_only_their_use_can_judge_are_settings_too() {
    let world = World::new().await;
    for (name, value) in [
        ("S3_ENDPOINT", "ftp://127.0.0.1/".to_owned()),
        ("S3_CA_FILE", world.file("empty", "")),
        ("S3_REGION", "eu west".to_owned()),
    ] {
        let ended = world.run(&[(name, &value)]).await.with(2);
        assert!(ended.log.contains(name), "{}", ended.log);
    }
}

#[tokio::test]
async fn a_headers_file_that_cannot_be_used_is_a_setting() {
    let world = World::new().await;
    world.origin.set("/a", Resource::new("one"));
    let path = world.file("headers", "hunter2");
    let ended = world.run(&[("SOURCE_HEADERS_FILE", &path)]).await.with(2);
    assert!(ended.error().contains("line 1 is not of the form"), "{}", ended.error());
    assert!(!ended.log.contains("hunter2"));
    assert!(world.origin.seen().is_empty());
}
