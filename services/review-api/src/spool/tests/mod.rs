//! The spool on a real disk.
//!
//! Where a crash or a limit of the kernel matters, a test starts this very program again, with one ignored test as its
//! whole work: see [`again`].

mod crash;
mod damage;
mod failing;
mod full;
mod pump;
pub(crate) mod shelf;

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use prometheus_client::registry::Registry;

use super::log::Log;
use super::reader::{Item, Plan, Reader};
use super::record::Encoded;
use super::recover::recover;
use super::writer::{Pending, Queue, Writer};
use super::{Spool, SpoolError, SpoolMetrics, SpoolSettings, Ticket};
use crate::review::{Document, Review, ReviewId};

/// A document of this id.
pub(crate) fn document(id: &str, text: &str) -> Document {
    let at = "2026-11-21T10:00:00Z".parse().expect("a time");
    let review = Review {
        id: ReviewId::parse(id).expect("an id"),
        delivery_id: format!("d-{id}"),
        text: text.to_owned(),
        rating: Some(4),
        language: Some("en".to_owned()),
        written_at: at,
        hub: Some("berlin-3".to_owned()),
        tour: None,
        tags: vec!["cold".to_owned()],
    };
    Document { review, received_at: at }
}

fn metrics() -> SpoolMetrics {
    SpoolMetrics::register(&mut Registry::default())
}

fn open(settings: SpoolSettings) -> Arc<Spool> {
    Arc::new(Spool::open(settings, metrics()).expect("the spool opens"))
}

/// What a restart finds: the ids of all readable records that are not done, in order, and how many cannot be read.
fn contents(folder: &Path) -> (Vec<String>, u64) {
    let recovered = recover(folder, &metrics()).expect("the spool is recovered");
    let segments: Vec<_> = recovered.segments.iter().map(|(first, _)| *first).collect();
    let mut reader = Reader::new(folder);
    let (mut position, mut ids, mut lost) = (recovered.lowest, Vec::new(), 0);
    while position < recovered.next {
        let plan = Plan { position, limit: recovered.next, segments: segments.clone() };
        let (items, next) = reader.read(&plan).expect("the spool is read");
        assert!(next > position, "reading goes on");
        for item in items {
            match item {
                Item::Record(entry) => {
                    assert_eq!(entry.sequence, position, "in order and without gaps");
                    ids.push(entry.document.review.id.to_string());
                    position += 1;
                }
                Item::Lost(range) => {
                    assert_eq!(range.start, position, "in order and without gaps");
                    lost += range.end - range.start;
                    position = range.end;
                }
            }
        }
    }
    (ids, lost)
}

/// A writer without its thread: what it does when is the test's choice.
struct Hand {
    writer: Writer,
    room: Arc<tokio::sync::Semaphore>,
}

impl Hand {
    fn new(settings: SpoolSettings) -> Self {
        let recovered = recover(&settings.dir, &metrics()).expect("recovered");
        let log = Arc::new(Log::new(settings, metrics(), recovered));
        let room = Arc::new(tokio::sync::Semaphore::new(1 << 20));
        Self { writer: Writer::new(log, Arc::new(Queue::default())), room }
    }

    /// Writes one group and returns what each of its appenders is told.
    fn write<I: IntoIterator<Item = String>>(&mut self, ids: I) -> Vec<Result<Ticket, SpoolError>> {
        let (mut group, mut answers) = (Vec::new(), Vec::new());
        for id in ids {
            let document = Arc::new(document(&id, "milk"));
            let encoded = Encoded::of(&document).expect("short");
            assert!(self.writer.log.reserve(encoded.len()), "there is room");
            let (told, answer) = tokio::sync::oneshot::channel();
            let room = Arc::clone(&self.room).try_acquire_owned().expect("room");
            group.push(Pending { encoded, document, told, room });
            answers.push(answer);
        }
        self.writer.write(group);
        answers.into_iter().map(|mut answer| answer.try_recv().expect("everybody is told")).collect()
    }
}

fn ids(range: std::ops::Range<u32>) -> impl Iterator<Item = String> {
    range.map(|number| format!("r{number}"))
}

/// This program again, to run one ignored test of these; `before` is what it is started through.
fn again(before: &[&str], test: &str) -> Command {
    let program = std::env::current_exe().expect("this program has a path");
    let mut words = before.iter().copied();
    let mut command = match words.next() {
        None => Command::new(&program),
        Some(first) => {
            let mut command = Command::new(first);
            command.args(words).arg(&program);
            command
        }
    };
    let name = format!("spool::tests::{test}");
    command.args([name.as_str(), "--exact", "--ignored", "--nocapture", "--test-threads=1"]);
    command
}
