//! The source goes away, lies, stalls, changes: what arrives is right, or nothing does.

mod common;

use bucket::Operation;
use common::origin::{Fault, Resource};
use common::{PART, World, content};
use content_fetcher::verify::Digest;

#[tokio::test]
async fn a_cut_download_goes_on_where_it_broke_off() {
    let world = World::new().await;
    let bytes = content(3 * PART + 7);
    let sha256 = Digest::of(&bytes).to_string();
    world.origin.set("/a", Resource::new(bytes.clone()));
    world.origin.fail("/a", [Fault::Cut(PART + 100), Fault::Cut(10), Fault::Cut(PART)]);
    world.run(&[("SHA256", &sha256)]).await.with(0);
    world.holds("a", &bytes).await;
    let seen = world.origin.seen();
    assert_eq!(seen.len(), 4);
    let ranges: Vec<_> = seen.iter().map(|seen| seen.header("range").unwrap_or("none").to_owned()).collect();
    let expected = [0, PART + 100, PART + 110, 2 * PART + 110];
    for (range, from) in ranges.iter().zip(expected).skip(1) {
        assert_eq!(*range, format!("bytes={from}-"));
    }
    assert_eq!((ranges[0].as_str(), seen[1].header("if-range")), ("none", Some("\"v1\"")));
    // Nothing was thrown away: four parts, one upload.
    assert_eq!(world.faulty.count(Operation::CreateUpload), 1);
    assert_eq!(world.faulty.count(Operation::UploadPart), 4);
    assert_eq!(world.uploads().await, 0);
}

#[tokio::test]
async fn without_ranges_or_a_strong_tag_it_begins_anew() {
    for (tag, ranges) in [(Some("\"v1\""), false), (Some("W/\"v1\""), true), (None, true)] {
        let world = World::new().await;
        let bytes = content(2 * PART + 7);
        world.origin.set("/a", Resource { content: bytes.clone(), tag, ranges });
        world.origin.fail("/a", [Fault::Cut(PART + PART / 2)]);
        world.run(&[]).await.with(0);
        world.holds("a", &bytes).await;
        let range = world.origin.seen()[1].header("range").map(str::to_owned);
        assert_eq!(range.is_some(), tag == Some("\"v1\""), "only a strong tag is asked to go on: {tag:?}");
        assert_eq!(world.faulty.count(Operation::AbortUpload), 1, "what was sent is dropped");
        assert_eq!(world.uploads().await, 0);
    }
}

#[tokio::test]
async fn content_that_changes_midway_is_never_mixed() {
    let world = World::new().await;
    let (old, new) = (content(2 * PART), content(2 * PART + 99).slice(33..));
    world.origin.set("/a", Resource::new(old));
    let changed = Resource { tag: Some("\"v2\""), ..Resource::new(new.clone()) };
    world.origin.fail("/a", [Fault::Cut(PART + 1000), Fault::Change(changed)]);
    world.run(&[]).await.with(0);
    let seen = world.origin.seen();
    assert_eq!((seen.len(), seen[1].header("if-range")), (2, Some("\"v1\"")));
    let meta = world.holds("a", &new).await;
    assert_eq!(meta.metadata["source-etag"], "\"v2\"");
    assert_eq!(world.uploads().await, 0);
}

#[tokio::test]
async fn a_rest_that_is_not_the_one_asked_for_is_refused() {
    for fault in [Fault::WrongRange(1), Fault::WrongTag, Fault::Whole] {
        let world = World::new().await;
        let bytes = content(2 * PART);
        world.origin.set("/a", Resource::new(bytes.clone()));
        world.origin.fail("/a", [Fault::Cut(PART + 5), fault]);
        world.run(&[]).await.with(0);
        world.holds("a", &bytes).await;
        assert_eq!(world.uploads().await, 0);
    }
}

#[tokio::test]
async fn a_length_that_says_too_much_fails() {
    let world = World::new().await;
    world.origin.set("/a", Resource::new(content(PART + 10)));
    world.origin.fail("/a", std::iter::repeat_n(Fault::Long(5), 100));
    let ended = world.run(&[]).await.with(3);
    assert!(!ended.error().is_empty());
    world.nothing_is_left_of("a").await;
}

#[tokio::test]
async fn a_length_that_says_too_little_fails_by_the_hash() {
    let world = World::new().await;
    let bytes = content(PART + 10);
    world.origin.set("/a", Resource::new(bytes.clone()));
    world.origin.fail("/a", [Fault::Short(5)]);
    let ended = world.run(&[("SHA256", &Digest::of(&bytes).to_string())]).await.with(4);
    assert!(ended.error().starts_with("the content's SHA-256 is "), "{}", ended.error());
    world.nothing_is_left_of("a").await;
}

#[tokio::test]
async fn a_wrong_hash_is_final_and_leaves_the_old_object() {
    let world = World::new().await;
    world.put("a", b"old").await;
    for length in [100, PART + 1] {
        world.origin.set("/a", Resource::new(content(length)));
        world.origin.forget();
        let ended = world.run(&[("SHA256", &Digest::of("other").to_string())]).await.with(4);
        assert_eq!(ended.summary["class"], "verification");
        assert_eq!(world.origin.seen().len(), 1, "given up at once");
        world.holds("a", b"old").await;
        assert_eq!(world.uploads().await, 0);
    }
}

#[tokio::test]
async fn an_end_that_could_be_a_cut_is_not_believed() {
    let world = World::new().await;
    let bytes = content(1000);
    world.origin.set("/a", Resource::new(bytes.clone()));
    world.origin.fail("/a", [Fault::Unframed(500), Fault::Unframed(500), Fault::Unframed(1000)]);
    let ended = world.run(&[]).await.with(4);
    assert!(ended.error().contains("a cut could not be told from the end"), "{}", ended.error());
    let sha256 = Digest::of(&bytes).to_string();
    world.run(&[("SHA256", &sha256)]).await.with(4);
    world.nothing_is_left_of("a").await;
    world.run(&[("SHA256", &sha256)]).await.with(0);
    world.holds("a", &bytes).await;
}

#[tokio::test]
async fn a_chunked_body_without_its_end_is_a_cut() {
    let world = World::new().await;
    world.origin.set("/a", Resource { tag: None, ..Resource::new(content(PART + 10)) });
    world.origin.fail("/a", std::iter::repeat_n(Fault::Chunked(false), 100));
    let ended = world.run(&[("MAX_ATTEMPTS", "2")]).await.with(3);
    assert!(ended.error().starts_with("the source broke off after "), "{}", ended.error());
    world.nothing_is_left_of("a").await;
}

#[tokio::test]
async fn what_may_pass_is_tried_again() {
    let world = World::new().await;
    world.origin.set("/a", Resource::new("one"));
    let after = |value: &str| Fault::Status(429, vec![("Retry-After", value.to_owned())]);
    world.origin.fail(
        "/a",
        [
            Fault::Status(500, vec![]),
            Fault::Status(503, vec![]),
            after("0"),
            Fault::Garbage,
            Fault::Cut(1),
            after("Sun, 06 Nov 1994 08:49:37 GMT"),
            Fault::Status(408, vec![]),
        ],
    );
    world.run(&[("MAX_ATTEMPTS", "8")]).await.with(0);
    assert_eq!(world.origin.seen().len(), 8);
    world.holds("a", b"one").await;
}

#[tokio::test]
async fn what_will_not_pass_is_given_up_at_once() {
    for status in [400, 401, 403, 404, 410, 451, 501] {
        let world = World::new().await;
        world.origin.fail("/a", [Fault::Status(status, vec![])]);
        let ended = world.run(&[]).await.with(3);
        assert_eq!(ended.error(), format!("the source answered {status}"));
        assert_eq!(world.origin.seen().len(), 1);
        world.nothing_is_left_of("a").await;
    }
}

#[tokio::test]
async fn tries_are_counted() {
    let world = World::new().await;
    world.origin.fail("/a", std::iter::repeat_n(Fault::Status(500, vec![]), 100));
    world.run(&[("MAX_ATTEMPTS", "3")]).await.with(3);
    assert_eq!(world.origin.seen().len(), 3);
}

#[tokio::test]
async fn a_source_that_asks_for_patience_is_given_no_more_than_the_cap() {
    let world = World::new().await;
    world.origin.set("/a", Resource::new("one"));
    world.origin.fail("/a", [Fault::Status(429, vec![("Retry-After", "86400".to_owned())])]);
    // Without the cap this would outlast the test's deadline by far.
    world.run(&[("RETRY_AFTER_CAP", "10ms")]).await.with(0);
}

#[tokio::test]
async fn silence_and_stalls_end() {
    let world = World::new().await;
    world.origin.set("/a", Resource::new(content(PART + 10)));
    world.origin.fail("/a", [Fault::Stall(PART + 1), Fault::Silence]);
    let ended = world.run(&[("IDLE_TIMEOUT", "300ms"), ("MAX_ATTEMPTS", "2")]).await.with(3);
    assert_eq!(ended.error(), "nothing came from the source for 300ms");
    world.nothing_is_left_of("a").await;
}

#[tokio::test]
async fn the_time_in_all_is_limited() {
    let world = World::new().await;
    world.origin.set("/a", Resource::new(content(PART + 10)));
    world.origin.fail("/a", [Fault::Stall(PART + 1)]);
    let ended = world.run(&[("TOTAL_TIMEOUT", "1s")]).await.with(3);
    assert_eq!(ended.error(), "the item took longer than 1s in all");
    world.nothing_is_left_of("a").await;
}

#[tokio::test]
async fn size_is_limited_before_and_while_it_comes() {
    let world = World::new().await;
    world.origin.set("/a", Resource::new(content(2 * PART)));
    world.origin.fail("/a", [Fault::Headers(vec![]), Fault::Chunked(true)]);
    for _ in 0..2 {
        let ended = world.run(&[("MAX_SIZE", "6MiB")]).await.with(3);
        assert_eq!(ended.error(), "the content is larger than 6291456 bytes, as MAX_SIZE allows");
        world.nothing_is_left_of("a").await;
    }
    assert_eq!(
        world.faulty.count(Operation::CreateUpload),
        1,
        "an announced length is refused before anything is sent"
    );
}

#[tokio::test]
async fn no_source_is_a_fault_of_the_source() {
    let world = World::new().await;
    let free =
        tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port").local_addr().expect("an address");
    let ended = world
        .run(&[("SOURCE_URL", &format!("http://{free}/?sig=hunter2")), ("MAX_ATTEMPTS", "2")])
        .await
        .with(3);
    assert!(ended.error().starts_with("no connection to the source: "), "{}", ended.error());
    assert!(!ended.log.contains("hunter2") && !ended.summary.to_string().contains("hunter2"));
}
