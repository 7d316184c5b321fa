//! Content arrives as it is, once, and with what is said of it.

mod common;

use bucket::Operation;
use common::origin::{Fault, Resource};
use common::{PART, World, content};
use content_fetcher::verify::Digest;

#[tokio::test]
async fn content_of_every_shape_arrives() {
    let world = World::new().await;
    for length in [0, 1, PART - 1, PART, PART + 1, 2 * PART, 2 * PART + 12_345] {
        let bytes = content(length);
        let sha256 = Digest::of(&bytes).to_string();
        world.origin.set("/a", Resource::new(bytes.clone()));
        let ended = world.run(&[("SHA256", &sha256)]).await.with(0);
        assert_eq!(ended.result(), "fetched", "{length}");
        assert_eq!(ended.summary["items"][0]["bytes"], length);
        assert_eq!(ended.summary["items"][0]["sha256"], sha256);
        let meta = world.holds("a", &bytes).await;
        assert_eq!(meta.metadata["sha256"], sha256);
        assert_eq!(meta.metadata["source-etag"], "\"v1\"");
        assert_eq!(meta.content_type.as_deref(), Some("text/x-origin"));
    }
    assert_eq!(world.uploads().await, 0);
}

#[tokio::test]
async fn only_content_above_a_part_is_uploaded_in_parts() {
    let world = World::new().await;
    world.origin.set("/a", Resource::new(content(PART)));
    world.run(&[]).await.with(0);
    assert_eq!((world.faulty.count(Operation::Put), world.faulty.count(Operation::CreateUpload)), (1, 0));
    world.origin.set("/a", Resource { tag: Some("\"v2\""), ..Resource::new(content(PART + 1)) });
    world.run(&[]).await.with(0);
    assert_eq!((world.faulty.count(Operation::Put), world.faulty.count(Operation::UploadPart)), (1, 2));
}

#[tokio::test]
async fn what_the_bucket_holds_by_hash_is_not_asked_for() {
    let world = World::new().await;
    let bytes = content(100);
    let sha256 = Digest::of(&bytes).to_string();
    world.origin.set("/a", Resource::new(bytes.clone()));
    world.run(&[("SHA256", &sha256)]).await.with(0);
    world.origin.forget();
    let again = world.run(&[("SHA256", &sha256)]).await.with(0);
    assert_eq!(again.result(), "unchanged");
    assert!(world.origin.seen().is_empty(), "the source was asked");
    // A small object carries its hash even where none was wanted.
    let other = world.run(&[("OBJECT_KEY", "b")]).await.with(0);
    assert_eq!(other.result(), "fetched");
    assert_eq!(world.run(&[("OBJECT_KEY", "b"), ("SHA256", &sha256)]).await.with(0).result(), "unchanged");
}

#[tokio::test]
async fn without_a_hash_the_source_is_asked_by_its_tag() {
    let world = World::new().await;
    world.origin.set("/a", Resource::new("one"));
    world.run(&[]).await.with(0);
    assert_eq!(world.run(&[]).await.with(0).result(), "unchanged");
    let seen = world.origin.seen();
    assert_eq!(seen[0].header("if-none-match"), None);
    assert_eq!(seen[1].header("if-none-match"), Some("\"v1\""));
    world.origin.set("/a", Resource { tag: Some("\"v2\""), ..Resource::new("two") });
    assert_eq!(world.run(&[]).await.with(0).result(), "fetched");
    let meta = world.holds("a", b"two").await;
    assert_eq!(meta.metadata["source-etag"], "\"v2\"");
}

#[tokio::test]
async fn a_source_without_tags_is_fetched_each_time() {
    let world = World::new().await;
    world.origin.set("/a", Resource { tag: None, ..Resource::new("one") });
    assert_eq!(world.run(&[]).await.with(0).result(), "fetched");
    assert_eq!(world.run(&[]).await.with(0).result(), "fetched");
}

#[tokio::test]
async fn headers_of_the_object_follow_the_settings() {
    let world = World::new().await;
    let coded = || Fault::Headers(vec![("Content-Encoding", "gzip".to_owned())]);
    world.origin.set("/a", Resource::new("one"));
    world.origin.fail("/a", [coded(), coded()]);
    world.run(&[]).await.with(0);
    let meta = world.holds("a", b"one").await;
    assert_eq!(
        meta.content_encoding.as_deref(),
        Some("gzip"),
        "a coding nobody asked for is told to readers"
    );
    let named = [("CONTENT_TYPE", "text/html; charset=utf-8"), ("CACHE_CONTROL", "max-age=60")];
    assert_eq!(
        world.run(&named).await.with(0).result(),
        "fetched",
        "the object's headers are not those named"
    );
    let meta = world.holds("a", b"one").await;
    assert_eq!(meta.content_type.as_deref(), Some("text/html; charset=utf-8"));
    assert_eq!(meta.cache_control.as_deref(), Some("max-age=60"));
    assert_eq!(world.run(&named).await.with(0).result(), "unchanged");
}

#[tokio::test]
async fn the_request_asks_for_the_content_itself() {
    let world = World::new().await;
    world.origin.set("/a", Resource::new("one"));
    let headers = world.file("headers", "Authorization: Bearer hunter2\nX-Own: yes\n");
    let ended = world.run(&[("SOURCE_HEADERS_FILE", &headers), ("RUST_LOG", "trace")]).await.with(0);
    let seen = &world.origin.seen()[0];
    assert_eq!(seen.header("accept-encoding"), Some("identity"));
    assert_eq!(seen.header("authorization"), Some("Bearer hunter2"));
    assert_eq!(seen.header("x-own"), Some("yes"));
    assert!(seen.header("user-agent").is_some_and(|agent| agent.starts_with("content-fetcher/")));
    assert!(!ended.log.contains("hunter2"), "the log shows a secret: {}", ended.log);
}

#[tokio::test]
async fn the_bucket_is_made_if_told() {
    let world = World::without_bucket().await;
    world.origin.set("/a", Resource::new("one"));
    let refused = world.run(&[]).await.with(5);
    assert!(refused.summary.to_string().contains("no bucket"), "{}", refused.summary);
    world.run(&[("CREATE_BUCKET", "true")]).await.with(0);
    world.holds("a", b"one").await;
    world.run(&[("CREATE_BUCKET", "true")]).await.with(0);
}

#[tokio::test]
async fn a_chunked_body_marks_its_own_end() {
    let world = World::new().await;
    let bytes = content(PART + 1);
    world.origin.set("/a", Resource::new(bytes.clone()));
    world.origin.fail("/a", [Fault::Chunked(true)]);
    world.run(&[]).await.with(0);
    let meta = world.holds("a", &bytes).await;
    // Metadata goes before the content: of several parts, a hash that was not named is not known in time.
    assert_eq!(meta.metadata.get("sha256"), None);
    assert_eq!(meta.metadata["source-etag"], "\"v1\"");
}
