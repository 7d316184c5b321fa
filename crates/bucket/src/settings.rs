//! How a bucket is reached. The services fill [`BucketSettings`] from their own variables; nothing here reads the
//! environment (AWS's own credentials chain, where it is chosen, does).

use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;
use url::Url;

use crate::names::{BucketName, Prefix};

/// How a bucket is reached and as whom.
#[derive(Clone, Debug)]
pub struct BucketSettings {
    /// The store's URL; none means AWS, at the address that follows from the region.
    pub endpoint: Option<Url>,
    /// The region requests are signed for.
    pub region: String,
    /// The bucket.
    pub bucket: BucketName,
    /// What stands before every key; keys given to and had from [`Bucket`](crate::Bucket) are without it.
    pub prefix: Prefix,
    /// As whom requests are made.
    pub credentials: Credentials,
    /// Whether the bucket is named in the path (`http://store/bucket/key`) or in the host.
    /// AWS wants the host, almost every other store the path.
    pub path_style: bool,
    /// How long each thing may take.
    pub timeouts: Timeouts,
    /// How often a request is made again before its error reaches the caller.
    pub retries: Retries,
    /// PEM certificates to trust beside the system's, for a store with a private authority.
    pub ca_file: Option<PathBuf>,
    /// Whether the body of an upload is hashed for its signature.
    pub payload_signing: PayloadSigning,
}

impl BucketSettings {
    /// The settings of `bucket` at `endpoint` with everything else at its default: region `us-east-1`, no prefix,
    /// AWS's credentials chain, path style exactly when there is an endpoint.
    pub fn new(endpoint: Option<Url>, bucket: BucketName) -> Self {
        Self {
            path_style: endpoint.is_some(),
            endpoint,
            region: "us-east-1".to_owned(),
            bucket,
            prefix: Prefix::default(),
            credentials: Credentials::Chain,
            timeouts: Timeouts::default(),
            retries: Retries::default(),
            ca_file: None,
            payload_signing: PayloadSigning::default(),
        }
    }
}

/// As whom requests are made.
#[derive(Clone, Debug)]
pub enum Credentials {
    /// A key given by name.
    Static {
        /// The access key's id, which is no secret.
        access_key: String,
        /// The secret key.
        secret_key: SecretString,
        /// The token of a temporary key.
        session_token: Option<SecretString>,
    },
    /// AWS's own chain (environment, profile, web identity, container, instance), and anonymous when it has nothing.
    /// The chain is asked once, when the bucket is opened; what it finds is renewed before it expires.
    Chain,
    /// Requests are not signed.
    Anonymous,
}

/// How long each thing may take.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// Until a connection stands, TLS included.
    pub connect: Duration,
    /// Until the first byte of an answer, and between two pieces of its body while somebody waits for the next.
    /// A reader that takes its time is not counted.
    pub read: Duration,
    /// One whole call with the retries in it: until the head of the answer for [`Bucket::get`](crate::Bucket::get),
    /// until its end for all others. An upload gets the time on top that its body takes at `upload_rate`.
    pub operation: Duration,
    /// The slowest upload that is waited for, in bytes per second. At least 1.
    pub upload_rate: u64,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(3),
            read: Duration::from_secs(10),
            operation: Duration::from_secs(30),
            upload_rate: 64 * 1024,
        }
    }
}

/// How often a request is made again before its error reaches the caller.
#[derive(Clone, Copy, Debug)]
pub struct Retries {
    /// Attempts in all, at least 1. A caller with a retry policy of its own says 1.
    pub attempts: u32,
    /// The longest wait before the second attempt; it doubles for each further one, and the wait itself is random
    /// below it.
    pub initial_backoff: Duration,
    /// The longest wait before any attempt.
    pub max_backoff: Duration,
}

impl Retries {
    /// One attempt only.
    pub const NONE: Self =
        Self { attempts: 1, initial_backoff: Duration::from_millis(50), max_backoff: Duration::from_secs(1) };
}

impl Default for Retries {
    /// Three attempts within about a quarter of a second: a reader is waiting.
    fn default() -> Self {
        Self { attempts: 3, ..Self::NONE }
    }
}

/// Whether the body of an upload is hashed (SHA-256) for its signature.
///
/// What it costs: uploading 8 MiB parts to `MinIO` over loopback, both on the same two cores, took 1.1 to 1.6 CPU
/// seconds per GiB of the client with the hash and 0.3 to 0.7 without, and was 0.69 to 0.85 times as fast; SHA-256
/// alone ran at 1,063 MiB/s on one core. What it buys: over plain HTTP it is all that shows the store a byte that
/// changed on its way, so there it stays on unless the caller says otherwise.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum PayloadSigning {
    /// Over plain HTTP only: TLS guards each byte on its way already, as the AWS clients reason.
    #[default]
    OverPlainHttp,
    /// Always.
    Always,
    /// Never. Over plain HTTP a body changed on its way is then stored as it arrives: for a caller that compares the
    /// stored bytes by other means.
    Never,
}
