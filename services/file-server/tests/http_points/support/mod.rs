//! The service under test, its store, and what a test does to them.

mod client;

use std::net::SocketAddr;
use std::time::Duration;

use bucket::embedded::EmbeddedS3;
use bucket::testing::FaultyS3;
use bucket::{Bucket, BucketSettings, Key, Prefix, PutOptions, StoreMetrics};
use secrecy::ExposeSecret;
use service_kit::Running;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpSocket, TcpStream};

pub use client::{Answer, Ask, DEADLINE, ask, exchange, get, head, parse};

/// The service in front of a store that can be made to fail. Everything ends with it.
pub struct Server {
    /// What stands between the service and the store.
    pub store: FaultyS3,
    /// The service's own bucket, past the proxy.
    pub bucket: Bucket,
    outside: Bucket,
    running: Running,
    _embedded: EmbeddedS3,
    _folder: tempfile::TempDir,
}

impl Server {
    /// Starts both. Nothing is remembered from one request to the next unless `variables` say otherwise, so that what
    /// a test puts into the store is what it gets.
    pub async fn start(variables: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let embedded = EmbeddedS3::start(folder.path()).await.expect("the store starts");
        let store = FaultyS3::before(&embedded.endpoint).await.expect("the proxy starts");
        let outside = open(embedded.settings("site")).await;
        outside.create_bucket().await.expect("the bucket is made");
        let path =
            variables.iter().find(|(name, _)| *name == "S3WWW_BUCKET_PATH").map_or("/", |(_, path)| path);
        let prefix = Prefix::parse(path).expect("a prefix");
        let bucket = open(BucketSettings { prefix, ..embedded.settings("site") }).await;

        let endpoint = store.endpoint.to_string();
        let mut environment = vec![
            ("S3WWW_ENDPOINT", endpoint.as_str()),
            ("S3WWW_BUCKET", "site"),
            ("S3WWW_ACCESS_KEY", embedded.access_key.as_str()),
            ("S3WWW_SECRET_KEY", embedded.secret_key.expose_secret()),
            ("S3WWW_ADDRESS", "127.0.0.1:0"),
            ("CACHE_TTL", "0s"),
            ("CACHE_NEGATIVE_TTL", "0s"),
            ("STALE_IF_ERROR", "0s"),
        ];
        environment.extend_from_slice(variables);
        let running = service_kit::testing::start("file-server", &environment, file_server::build).await;
        Self { store, bucket, outside, running, _embedded: embedded, _folder: folder }
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

    /// Stores an object that is encoded already.
    pub async fn put_encoded(&self, key: &str, body: &[u8], content_type: &str, encoding: &str) {
        let options = PutOptions {
            content_type: Some(content_type.to_owned()),
            content_encoding: Some(encoding.to_owned()),
            ..PutOptions::default()
        };
        put(&self.bucket, key, body, &options).await;
    }

    /// Stores an object in the bucket, but not in the folder that is served.
    pub async fn put_outside(&self, key: &str, body: &[u8]) {
        put(&self.outside, key, body, &PutOptions::default()).await;
    }

    /// Asks, and reads the whole answer.
    pub async fn ask(&self, ask: &Ask) -> Answer {
        self.send(&ask.bytes()).await
    }

    /// Sends these bytes, and reads the whole answer.
    pub async fn send(&self, request: &[u8]) -> Answer {
        exchange(self.address(), request).await
    }

    /// Asks over a connection that takes in little, and leaves the answer unread: the server cannot get rid of more
    /// than some megabytes of it.
    pub async fn ask_slowly(&self, ask: &Ask) -> TcpStream {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.set_recv_buffer_size(32 * 1024).expect("a small buffer");
        let mut connection = socket.connect(self.address()).await.expect("the server listens");
        connection.write_all(&ask.bytes()).await.expect("the server reads");
        connection
    }

    /// Waits until the service has no request in hand, as its own metrics say.
    pub async fn until_idle(&self) {
        let idle = async {
            loop {
                let page = exchange(self.running.admin(), &get("/metrics").bytes()).await;
                if page.text().lines().any(|line| line == "http_requests_in_flight 0") {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(DEADLINE, idle).await.expect("every request ends");
    }

    /// Drains the service, which has nothing left to do.
    pub async fn stop(self) {
        let outcome = self.running.stop().await;
        assert_eq!(outcome.cut, 0, "every answer was finished");
    }
}

async fn open(settings: BucketSettings) -> Bucket {
    Bucket::open(settings, StoreMetrics::default()).await.expect("the settings are sound")
}

async fn put(bucket: &Bucket, key: &str, body: &[u8], options: &PutOptions) {
    let key = Key::parse(key).expect("a key");
    bucket.put(&key, body.to_vec().into(), options).await.unwrap_or_else(|error| panic!("{key}: {error}"));
}

/// Bytes in which every place can be told from every other.
pub fn pattern(length: usize) -> Vec<u8> {
    seeded(length, 0)
}

/// As [`pattern`], but other bytes for another seed.
pub fn seeded(length: usize, seed: u64) -> Vec<u8> {
    (1 + seed..)
        .flat_map(|block: u64| block.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_le_bytes())
        .take(length)
        .collect()
}

/// Waits until `holds`, and fails the test where it never does.
pub async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let waited = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(DEADLINE, waited)
        .await
        .unwrap_or_else(|_| panic!("it never came about that {what}"));
}
