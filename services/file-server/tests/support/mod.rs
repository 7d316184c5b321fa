//! What the tests of the cache and of the features share: the real service, a real store, and a proxy between them that
//! fails as told.
#![allow(dead_code, unused_imports, reason = "each test program uses its own part of this")]

#[path = "../http_points/support/client.rs"]
mod client;

use std::net::SocketAddr;
use std::time::Duration;

use bucket::embedded::EmbeddedS3;
use bucket::testing::FaultyS3;
use bucket::{Bucket, Key, Operation, PutOptions, StoreMetrics};
use secrecy::ExposeSecret;
use service_kit::Running;

pub use client::{Answer, Ask, DEADLINE, ask, exchange, get, head, parse};

/// The service in front of a store that can be made to fail. Everything ends with it.
pub struct Server {
    pub store: FaultyS3,
    /// The bucket, past the proxy.
    pub bucket: Bucket,
    pub running: Running,
    pub embedded: EmbeddedS3,
    _folder: tempfile::TempDir,
}

impl Server {
    /// Starts both, and waits until the service is ready and the store's count of requests begins.
    pub async fn start(variables: &[(&str, &str)]) -> Self {
        Self::start_with(&[], variables).await
    }

    /// As [`start`](Self::start), with further buckets in the store, without which some services are never ready.
    pub async fn start_with(buckets: &[&str], variables: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let embedded = EmbeddedS3::start(folder.path()).await.expect("the store starts");
        let store = FaultyS3::before(&embedded.endpoint).await.expect("the proxy starts");
        let bucket = open(&embedded, "site").await;
        for name in buckets {
            open(&embedded, name).await;
        }
        let endpoint = store.endpoint.to_string();
        let mut environment = vec![
            ("S3WWW_ENDPOINT", endpoint.as_str()),
            ("S3WWW_BUCKET", "site"),
            ("S3WWW_ACCESS_KEY", embedded.access_key.as_str()),
            ("S3WWW_SECRET_KEY", embedded.secret_key.expose_secret()),
            ("S3WWW_ADDRESS", "127.0.0.1:0"),
        ];
        environment.extend_from_slice(variables);
        let running = service_kit::testing::start("file-server", &environment, file_server::build).await;
        tokio::time::timeout(DEADLINE, running.readiness().ready()).await.expect("the service becomes ready");
        store.forget();
        Self { store, bucket, running, embedded, _folder: folder }
    }

    /// Where the service listens.
    pub fn address(&self) -> SocketAddr {
        self.running.address("http")
    }

    /// Stores an object.
    pub async fn put(&self, key: &str, body: &[u8], content_type: &str) {
        let options = PutOptions { content_type: Some(content_type.to_owned()), ..PutOptions::default() };
        put(&self.bucket, key, body, &options).await;
    }

    /// Stores a text with a Cache-Control of its own.
    pub async fn put_with_cache_control(&self, key: &str, body: &[u8], cache_control: &str) {
        let options = PutOptions {
            content_type: Some("text/plain".to_owned()),
            cache_control: Some(cache_control.to_owned()),
            ..PutOptions::default()
        };
        put(&self.bucket, key, body, &options).await;
    }

    /// Asks, and reads the whole answer.
    pub async fn ask(&self, ask: &Ask) -> Answer {
        exchange(self.address(), &ask.bytes()).await
    }

    /// Sends a body to the admin listener.
    pub async fn admin(&self, method: &str, target: &str, body: &str) -> Answer {
        let length = body.len();
        let head = format!(
            "{method} {target} HTTP/1.1\r\nHost: admin\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n"
        );
        exchange(self.running.admin(), format!("{head}{body}").as_bytes()).await
    }

    /// The value of a metric without labels; 0 where it is not there.
    pub async fn metric(&self, name: &str) -> i64 {
        let request = b"GET /metrics HTTP/1.1\r\nHost: admin\r\nConnection: close\r\n\r\n";
        let text = exchange(self.running.admin(), request).await;
        let line = text
            .text()
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(' ').map(str::to_owned));
        line.map_or(0, |value| value.parse().unwrap_or_else(|_| panic!("{name} is {value}")))
    }

    /// How many objects were asked of the store.
    pub fn gets(&self) -> usize {
        self.store.count(Operation::Get)
    }

    /// How often this key was asked of the store.
    pub fn gets_of(&self, key: &str) -> usize {
        self.store.seen().iter().filter(|seen| seen.operation == Operation::Get && seen.key == key).count()
    }

    /// Drains the service, which has nothing left to do.
    pub async fn stop(self) {
        let outcome = self.running.stop().await;
        assert_eq!(outcome.cut, 0, "every answer was finished");
    }
}

/// A bucket of the store.
pub async fn bucket(store: &EmbeddedS3, name: &str) -> Bucket {
    Bucket::open(store.settings(name), StoreMetrics::default()).await.expect("the settings are sound")
}

/// Makes a bucket in the store.
pub async fn open(store: &EmbeddedS3, name: &str) -> Bucket {
    let bucket = bucket(store, name).await;
    bucket.create_bucket().await.expect("the bucket is made");
    bucket
}

/// Stores an object.
pub async fn put(bucket: &Bucket, key: &str, body: &[u8], options: &PutOptions) {
    let key = Key::parse(key).expect("a key");
    bucket.put(&key, body.to_vec().into(), options).await.unwrap_or_else(|error| panic!("{key}: {error}"));
}

/// The Cache-Status of an answer.
pub fn cache_status(answer: &Answer) -> &str {
    answer.header("cache-status").unwrap_or_else(|| panic!("no Cache-Status in {:?}", answer.headers))
}

/// Bytes in which every place can be told from every other.
pub fn pattern(length: usize) -> Vec<u8> {
    (1_u64..).flat_map(|block| block.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_le_bytes()).take(length).collect()
}

/// A text that compresses well.
pub fn prose(length: usize) -> Vec<u8> {
    (0..)
        .flat_map(|line| format!("Line {line} of a text that repeats itself.\n").into_bytes())
        .take(length)
        .collect()
}

/// Waits until `holds`, and fails the test where it never does.
pub async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let waited = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(DEADLINE, waited)
        .await
        .unwrap_or_else(|_| panic!("it never came about that {what}"));
}
