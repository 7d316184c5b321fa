//! The store goes away, refuses, loses answers: an object is whole or not there, and no upload is left.

mod common;

use bucket::Operation;
use bucket::testing::{Fault, Rule};
use common::origin::Resource;
use common::{PART, World, content};

#[tokio::test]
async fn parts_are_sent_again() {
    let world = World::new().await;
    let bytes = content(3 * PART);
    world.origin.set("/a", Resource::new(bytes.clone()));
    world.faulty.fail(Rule::on(Operation::UploadPart).times(2), Fault::slow_down(Some(0)));
    world.faulty.fail(Rule::on(Operation::UploadPart).after(1).times(1), Fault::Reset);
    world.faulty.fail(Rule::on(Operation::CreateUpload).times(1), Fault::internal());
    world.faulty.fail(Rule::on(Operation::Head).times(1), Fault::Garbage { status: 200, body: "<p>hello" });
    world.run(&[]).await.with(0);
    world.holds("a", &bytes).await;
    assert_eq!(world.origin.seen().len(), 1, "the source has nothing to do with it");
    assert_eq!(world.uploads().await, 0);
}

#[tokio::test]
async fn a_part_that_never_gets_through_ends_it() {
    for fault in [Fault::internal(), Fault::Reset, Fault::slow_down(None)] {
        let world = World::new().await;
        world.origin.set("/a", Resource::new(content(4 * PART)));
        world.faulty.fail(Rule::on(Operation::UploadPart).after(1), fault);
        let ended = world.run(&[("MAX_ATTEMPTS", "2")]).await.with(5);
        assert!(ended.error().starts_with("store: "), "{}", ended.error());
        world.nothing_is_left_of("a").await;
    }
}

#[tokio::test]
async fn denied_is_denied_at_once() {
    for operation in
        [Operation::Head, Operation::CreateUpload, Operation::UploadPart, Operation::CompleteUpload]
    {
        let world = World::new().await;
        world.origin.set("/a", Resource::new(content(PART + 1)));
        world.faulty.fail(Rule::on(operation), Fault::denied());
        let ended = world.run(&[]).await.with(5);
        assert!(ended.error().contains("denies access"), "{operation:?}: {}", ended.error());
        let most = if operation == Operation::UploadPart { 2 } else { 1 };
        assert!(world.faulty.count(operation) <= most, "{operation:?} was asked again");
        world.nothing_is_left_of("a").await;
    }
}

#[tokio::test]
async fn a_completion_whose_answer_is_lost_is_found() {
    for fault in [Fault::ResetBody(0), Fault::ShortBody(0), Fault::Garbage { status: 200, body: "" }] {
        let world = World::new().await;
        let bytes = content(2 * PART);
        world.origin.set("/a", Resource::new(bytes.clone()));
        world.faulty.fail(Rule::on(Operation::CompleteUpload).times(1), fault);
        world.run(&[]).await.with(0);
        world.holds("a", &bytes).await;
        assert_eq!(world.uploads().await, 0);
    }
}

#[tokio::test]
async fn a_completion_that_fails_for_good_leaves_the_old_object() {
    let world = World::new().await;
    world.put("a", b"old").await;
    world.origin.set("/a", Resource::new(content(2 * PART)));
    world.faulty.fail(Rule::on(Operation::CompleteUpload), Fault::internal());
    world.run(&[("MAX_ATTEMPTS", "3")]).await.with(5);
    assert_eq!(world.faulty.count(Operation::CompleteUpload), 3);
    world.holds("a", b"old").await;
    assert_eq!(world.uploads().await, 0);
}

#[tokio::test]
async fn a_creation_whose_answer_is_lost_leaves_no_upload() {
    let world = World::new().await;
    let bytes = content(PART + 1);
    world.origin.set("/a", Resource::new(bytes.clone()));
    world.faulty.fail(Rule::on(Operation::CreateUpload).times(1), Fault::ShortBody(10));
    world.run(&[]).await.with(0);
    world.holds("a", &bytes).await;
    assert_eq!(world.faulty.count(Operation::CreateUpload), 2);
    assert_eq!(world.uploads().await, 0);
}

#[tokio::test]
async fn a_small_object_is_written_again_until_it_is_there() {
    let world = World::new().await;
    world.origin.set("/a", Resource::new("one"));
    world.faulty.fail(Rule::on(Operation::Put).times(2), Fault::ResetBody(0));
    world.run(&[]).await.with(0);
    world.holds("a", b"one").await;
}

#[tokio::test]
async fn a_byte_changed_on_its_way_is_refused_by_the_signature() {
    let world = World::new().await;
    let bytes = content(2 * PART);
    world.origin.set("/a", Resource::new(bytes.clone()));
    world.faulty.fail(Rule::on(Operation::UploadPart).times(1), Fault::FlipByte);
    world.run(&[]).await.with(0);
    world.holds("a", &bytes).await;
    assert_eq!(world.faulty.count(Operation::UploadPart), 3, "one was sent again");
}

#[tokio::test]
async fn a_store_that_says_nothing_ends_in_time() {
    let world = World::new().await;
    world.origin.set("/a", Resource::new("one"));
    world.faulty.fail(Rule::on(Operation::Put), Fault::Silence);
    let ended = world.run(&[("S3_TIMEOUT", "300ms"), ("MAX_ATTEMPTS", "2")]).await.with(5);
    assert!(ended.error().contains("did not answer in time"), "{}", ended.error());
    world.nothing_is_left_of("a").await;
}

#[tokio::test]
async fn no_store_is_a_fault_of_the_store() {
    let world = World::new().await;
    world.origin.set("/a", Resource::new("one"));
    let free =
        tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port").local_addr().expect("an address");
    let ended = world.run(&[("S3_ENDPOINT", &format!("http://{free}")), ("MAX_ATTEMPTS", "2")]).await.with(5);
    assert_eq!(ended.summary["class"], "store");
    assert!(world.origin.seen().is_empty());
}

#[tokio::test]
async fn a_store_that_lists_no_uploads_is_used_all_the_same() {
    let world = World::new().await;
    world.origin.set("/a", Resource::new("one"));
    let fault = Fault::Status { status: 501, code: "NotImplemented", headers: Vec::new() };
    world.faulty.fail(Rule::on(Operation::ListUploads), fault);
    let ended = world.run(&[]).await.with(0);
    assert!(ended.log.contains("does not list uploads"), "{}", ended.log);
    world.holds("a", b"one").await;
}
