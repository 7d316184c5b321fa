//! The parallel reads, which begin only for a store that is slow: here the stream is told that it is.

use bucket::embedded::EmbeddedS3;
use bucket::testing::{Fault, FaultyS3, Rule};
use bucket::{Bucket, BucketSettings, Conditions, Key, Operation, PutOptions, Retries, StoreMetrics};
use http_body_util::BodyExt as _;
use tempfile::TempDir;

use super::*;

const MIB: usize = 1024 * 1024;
const OBJECT: usize = 12 * MIB;
const MEMORY: u64 = 16 * 1024 * 1024;

struct Stage {
    _folder: TempDir,
    _store: EmbeddedS3,
    faulty: FaultyS3,
    bucket: Bucket,
    used: Gauge,
}

impl Stage {
    async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let store = EmbeddedS3::start(folder.path()).await.expect("a store");
        let faulty = FaultyS3::before(&store.endpoint).await.expect("a proxy");
        let settings = BucketSettings { retries: Retries::NONE, ..faulty.settings(store.settings("site")) };
        let bucket = Bucket::open(settings, StoreMetrics::default()).await.expect("a client");
        bucket.create_bucket().await.expect("a bucket");
        Self { _folder: folder, _store: store, faulty, bucket, used: Gauge::default() }
    }

    async fn put(&self, seed: u8) -> Vec<u8> {
        let body: Vec<u8> = (0..OBJECT)
            .map(|place| u8::try_from(place / MIB).expect("small").wrapping_mul(7) ^ seed)
            .collect();
        let key = Key::parse("a.bin").expect("a key");
        self.bucket.put(&key, body.clone().into(), &PutOptions::default()).await.expect("put");
        body
    }

    /// A stream of the object as it is now, which takes its store for a slow one.
    async fn stream(&self) -> ObjectStream {
        let key = Key::parse("a.bin").expect("a key");
        let meta = self.bucket.head(&key, &Conditions::none()).await.expect("an object");
        self.faulty.forget();
        let source = Source { store: Store::new(self.bucket.clone()), key: "a.bin".into(), etag: meta.etag };
        let streams = Streams::new(Budget::new(MEMORY, self.used.clone()), Gauge::default());
        let mut stream = ObjectStream::open(source, &streams, 0..OBJECT as u64).await.expect("it opens");
        stream.pace = Pace::of_a_slow_store();
        stream
    }

    fn gets(&self) -> usize {
        self.faulty.count(Operation::Get)
    }
}

#[tokio::test]
async fn parts_are_read_in_parallel_and_come_in_order() {
    let stage = Stage::start().await;
    let body = stage.put(1).await;
    let mut stream = stage.stream().await;
    let mut read = Vec::new();
    let (mut most_parts, mut most_memory) = (0, 0);
    while let Some(frame) = stream.frame().await {
        read.extend_from_slice(&frame.expect("bytes").into_data().expect("data"));
        most_parts = most_parts.max(stream.parts.len());
        most_memory = most_memory.max(stage.used.get());
    }
    assert!(read == body, "{} bytes of {}", read.len(), body.len());
    assert!(most_parts >= 2, "{most_parts} parts at a time");
    assert!(most_memory <= i64::try_from(MEMORY).expect("small"), "{most_memory} bytes");
    drop(stream);
    assert_eq!(stage.used.get(), 0, "every byte was given back");
    let asked = stage.faulty.seen();
    let tags: Vec<_> = asked.iter().filter_map(|seen| seen.header("if-match")).collect();
    assert!(tags.len() == asked.len() && tags.windows(2).all(|pair| pair[0] == pair[1]), "{tags:?}");
}

#[tokio::test]
async fn a_part_of_another_version_ends_the_answer() {
    let stage = Stage::start().await;
    let body = stage.put(1).await;
    let mut stream = stage.stream().await;
    stage.put(2).await;
    let mut read = Vec::new();
    let ended = loop {
        match stream.frame().await.expect("it does not end well") {
            Ok(frame) => read.extend_from_slice(&frame.into_data().expect("data")),
            Err(error) => break error,
        }
    };
    assert_eq!(ended, StoreError::Changed);
    assert!(read.len() < body.len() && body.starts_with(&read), "never a byte of the other version");
}

#[tokio::test]
async fn a_part_that_breaks_off_is_asked_for_again() {
    let stage = Stage::start().await;
    let body = stage.put(1).await;
    let mut stream = stage.stream().await;
    stage.faulty.fail(Rule::on(Operation::Get).times(1), Fault::ShortBody(1000));
    let mut read = Vec::new();
    while let Some(frame) = stream.frame().await {
        read.extend_from_slice(&frame.expect("bytes").into_data().expect("data"));
    }
    assert!(read == body, "{} bytes of {}", read.len(), body.len());
}

#[tokio::test]
async fn dropping_the_stream_ends_its_reads() {
    let stage = Stage::start().await;
    stage.put(1).await;
    let mut stream = stage.stream().await;
    stage.faulty.fail(Rule::on(Operation::Get), Fault::Silence);
    // The opened piece, then a poll that begins the parts and waits for the first in vain.
    stream.frame().await.expect("a piece").expect("bytes");
    assert!(futures::poll!(stream.frame()).is_pending());
    assert!(stream.parts.len() >= 2 && stage.used.get() > 0);
    let until_asked = async {
        while stage.gets() < 2 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), until_asked).await.expect("the parts are asked for");
    drop(stream);
    let until_free = async {
        while stage.used.get() > 0 || stage.faulty.open() > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), until_free).await.expect("reads and memory are given up");
}
