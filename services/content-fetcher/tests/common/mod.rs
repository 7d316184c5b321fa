//! What the tests start: an origin and a store that fail as told, and the fetcher between them.
#![allow(dead_code, reason = "each test binary uses its part of this")]

pub mod origin;

use std::collections::BTreeMap;
use std::future::Future;
use std::process::Stdio;
use std::time::Duration;

use bucket::embedded::EmbeddedS3;
use bucket::testing::FaultyS3;
use bucket::{Bucket, Conditions, Key, ObjectMeta, PutOptions, StoreError, StoreMetrics};
use bytes::Bytes;
use content_fetcher::verify::Digest;
use secrecy::ExposeSecret as _;
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::AsyncReadExt as _;
use tokio::process::{Child, Command};

use origin::Origin;

/// The smallest part that S3 takes, so that little content has several.
pub const PART: usize = 5 * 1024 * 1024;
/// Far more than anything here takes, on a busy machine too.
pub const DEADLINE: Duration = Duration::from_mins(1);

/// An origin, a store behind a proxy that fails as told, and a bucket in it.
pub struct World {
    pub origin: Origin,
    pub faulty: FaultyS3,
    /// The bucket, past the proxy.
    pub bucket: Bucket,
    pub store: EmbeddedS3,
    pub folder: TempDir,
}

/// A fetcher that has ended.
#[derive(Debug)]
pub struct Ended {
    pub code: Option<i32>,
    pub summary: Value,
    pub log: String,
}

/// Bytes without a pattern that parts could share, the same in every run.
pub fn content(length: usize) -> Bytes {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let words = std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    });
    words.flatten().take(length).collect::<Vec<u8>>().into()
}

impl World {
    pub async fn new() -> Self {
        let world = Self::without_bucket().await;
        world.bucket.create_bucket().await.expect("the bucket is made");
        world
    }

    pub async fn without_bucket() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path().join("store");
        std::fs::create_dir(&root).expect("the store's folder");
        let store = EmbeddedS3::start(&root).await.expect("the store starts");
        let faulty = FaultyS3::before(&store.endpoint).await.expect("the proxy starts");
        let mut settings = store.settings("site");
        settings.prefix = bucket::Prefix::parse("pre").expect("a prefix");
        let bucket = Bucket::open(settings, StoreMetrics::default()).await.expect("the bucket opens");
        Self { origin: Origin::start().await, faulty, bucket, store, folder }
    }

    /// The variables that a fetcher of `/a` to `a` is started with here, and `more`, which win.
    pub fn variables(&self, more: &[(&str, &str)]) -> BTreeMap<String, String> {
        let url = self.origin.url("/a");
        let manifest = more.iter().any(|(name, _)| *name == "MANIFEST");
        let one = [("SOURCE_URL", url.as_str()), ("OBJECT_KEY", "a")];
        let base = [
            ("ADMIN_ADDRESS", "127.0.0.1:0"),
            ("ALLOW_CIDRS", "127.0.0.0/8"),
            ("LOG_FORMAT", "json"),
            ("PART_SIZE", "5MiB"),
            ("RETRY_BASE", "1ms"),
            ("RETRY_CAP", "20ms"),
            ("S3_ACCESS_KEY", self.store.access_key.as_str()),
            ("S3_BUCKET", "site"),
            ("S3_ENDPOINT", self.faulty.endpoint.as_str()),
            ("S3_PREFIX", "pre"),
            ("S3_SECRET_KEY", self.store.secret_key.expose_secret()),
        ];
        let one = if manifest { &[][..] } else { &one };
        let all = base.iter().chain(one).chain(more);
        all.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    /// Starts the real program.
    pub fn spawn(&self, more: &[(&str, &str)]) -> Child {
        Command::new(env!("CARGO_BIN_EXE_content-fetcher"))
            .env_clear()
            .envs(self.variables(more))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the fetcher starts")
    }

    /// Runs the real program to its end.
    pub async fn run(&self, more: &[(&str, &str)]) -> Ended {
        ended(self.spawn(more)).await
    }

    /// The object of `key`, whole.
    pub async fn object(&self, key: &str) -> Option<(Bytes, ObjectMeta)> {
        let key = Key::parse(key).expect("a key");
        match self.bucket.get(&key, None, &Conditions::none()).await {
            Ok(object) => {
                Some((object.body.collect(u64::MAX).await.expect("the object's bytes"), object.meta))
            }
            Err(StoreError::NotFound { .. }) => None,
            Err(error) => panic!("{error}"),
        }
    }

    /// The object of `key` is exactly `content`.
    pub async fn holds(&self, key: &str, content: &[u8]) -> ObjectMeta {
        let (found, meta) = self.object(key).await.unwrap_or_else(|| panic!("there is no {key}"));
        assert_eq!(found.len(), content.len(), "the length of {key}");
        assert_eq!(Digest::of(&found), Digest::of(content), "the content of {key}");
        meta
    }

    /// Stores an object as somebody else would.
    pub async fn put(&self, key: &str, content: &'static [u8]) {
        let key = Key::parse(key).expect("a key");
        self.bucket.put(&key, Bytes::from_static(content), &PutOptions::default()).await.expect("stored");
    }

    /// The uploads that are under way.
    pub async fn uploads(&self) -> usize {
        self.bucket.list_uploads("").await.expect("uploads are listed").len()
    }

    /// A failed fetch of `key` left neither an object nor an upload.
    pub async fn nothing_is_left_of(&self, key: &str) {
        assert!(self.object(key).await.is_none(), "{key} is visible");
        assert_eq!(self.uploads().await, 0, "an upload is left");
    }

    /// Writes a file into the world's folder and returns its path.
    pub fn file(&self, name: &str, text: &str) -> String {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).expect("written");
        path.to_str().expect("UTF-8").to_owned()
    }
}

/// Waits for the program's end.
pub async fn ended(mut child: Child) -> Ended {
    let (mut stdout, mut stderr) = (child.stdout.take().expect("piped"), child.stderr.take().expect("piped"));
    let reading = async {
        let (mut out, mut log) = (String::new(), String::new());
        let (read_out, read_log) =
            tokio::join!(stdout.read_to_string(&mut out), stderr.read_to_string(&mut log));
        read_out.expect("UTF-8");
        read_log.expect("UTF-8");
        (out, log, child.wait().await.expect("waited for"))
    };
    let (out, log, status) = tokio::time::timeout(DEADLINE, reading).await.expect("the fetcher ends");
    let summary = if out.is_empty() {
        Value::Null
    } else {
        serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error} in the summary {out:?}\n{log}"))
    };
    Ended { code: status.code(), summary, log }
}

impl Ended {
    /// The exit code, in the summary too.
    #[track_caller]
    pub fn with(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{}\n{}", self.summary, self.log);
        if !self.summary.is_null() {
            assert_eq!(self.summary["exit_code"], code, "{}", self.summary);
        }
        self
    }

    /// What the first item's error says.
    pub fn error(&self) -> &str {
        self.summary["items"][0]["error"].as_str().unwrap_or_default()
    }

    /// What became of the first item.
    pub fn result(&self) -> &str {
        self.summary["items"][0]["result"].as_str().unwrap_or_default()
    }
}

/// Waits until `condition` holds.
pub async fn until<F: Future<Output = bool>>(what: &str, condition: impl Fn() -> F) {
    let waiting = async {
        while !condition().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    assert!(tokio::time::timeout(DEADLINE, waiting).await.is_ok(), "{what}: not within {DEADLINE:?}");
}
