//! A disk that does not take what it is given, or does not say that it has.

use std::fs::OpenOptions;
use std::io::Write as _;

use super::super::segment;
use super::*;

/// Writes through `device` instead of the segment: `/dev/full` takes no byte, and `/dev/null` cannot be synced.
fn fails_on(device: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut hand = Hand::new(SpoolSettings::new(folder.path()));
    assert!(hand.write(ids(0..3)).iter().all(Result::is_ok));
    let depth = hand.writer.log.depth();

    let active = hand.writer.active.as_mut().expect("a segment is open");
    active.file = OpenOptions::new().write(true).open(device).expect("a device of every Linux");
    let told = hand.write(ids(10..13));
    assert!(told.iter().all(|told| matches!(told, Err(SpoolError::Failed(_)))), "{told:?}");
    assert_eq!(hand.writer.log.depth(), depth, "nothing of it counts");

    // What the kernel may have kept of it: a record that is whole, but was never durable.
    let mut left = Vec::new();
    Encoded::of(&document("r10", "milk")).expect("short").write(4, &mut left);
    let path = segment::path(folder.path(), 1);
    OpenOptions::new().append(true).open(&path).and_then(|mut file| file.write_all(&left)).expect("written");

    assert!(hand.write(ids(20..22)).iter().all(Result::is_ok), "it heals by itself");
    assert_eq!(hand.writer.log.depth().segments, 2, "a file whose sync failed is not written again");
    drop(hand);
    assert_eq!(contents(folder.path()), (ids(0..3).chain(ids(20..22)).collect(), 0));
}

#[test]
fn what_cannot_be_written_is_not_acknowledged() {
    fails_on("/dev/full");
}

#[test]
fn what_cannot_be_synced_is_not_acknowledged() {
    fails_on("/dev/null");
}

#[test]
fn the_first_group_of_a_segment_may_fail() {
    let folder = tempfile::tempdir().expect("a folder");
    let settings = SpoolSettings { max: 1 << 20, segment: 1, ..SpoolSettings::new(folder.path()) };
    let mut hand = Hand::new(settings);
    assert!(hand.write(ids(0..1)).iter().all(Result::is_ok));
    // Something of that name that is no file: the segment cannot be made, nor what is there deleted.
    let next = segment::path(folder.path(), 2);
    std::fs::create_dir(&next).expect("created");
    for _ in 0..3 {
        assert!(hand.write(ids(1..2)).iter().all(Result::is_err));
    }
    std::fs::remove_dir(&next).expect("removed");
    assert!(hand.write(ids(2..3)).iter().all(Result::is_ok));
    drop(hand);
    assert_eq!(contents(folder.path()), (vec!["r0".to_owned(), "r2".to_owned()], 0));
}

#[test]
fn those_who_come_while_a_group_is_synced_share_the_next_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = Arc::new(Log::new(
        SpoolSettings::new(folder.path()),
        metrics(),
        recover(folder.path(), &metrics()).expect("recovered"),
    ));
    let queue = Arc::new(Queue::default());
    let room = Arc::new(tokio::sync::Semaphore::new(100));
    for id in ids(0..100) {
        let document = Arc::new(document(&id, "milk"));
        let encoded = Encoded::of(&document).expect("short");
        assert!(log.reserve(encoded.len()));
        let room = Arc::clone(&room).try_acquire_owned().expect("room");
        let (told, _) = tokio::sync::oneshot::channel();
        assert!(queue.put(Pending { encoded, document, told, room }).is_ok());
    }
    queue.close();
    Writer::new(Arc::clone(&log), queue).run();
    assert_eq!(log.depth().next, 101);
    let mut text = String::new();
    let mut registry = Registry::default();
    registry.register("groups", "Groups", log.metrics.spool_group_size.clone());
    prometheus_client::encoding::text::encode(&mut text, &registry).expect("encoded");
    assert!(text.contains("groups_count 1\n") && text.contains("groups_sum 100.0\n"), "{text}");
    assert_eq!(room.available_permits(), 100, "the queue's room is free again");
}
