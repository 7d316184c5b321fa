//! The variables, topic by topic. A field's name is its variable's name in lower case.

use std::path::PathBuf;

use serde::Deserialize;
use service_kit::{Secret, Size, Span, Topic};
use url::Url;

use super::Switch;
use crate::http::accept_encoding::Coding;

/// How clients reach the server.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Server {
    pub s3www_address: Option<String>,
    pub s3www_ssl_cert: Option<PathBuf>,
    pub s3www_ssl_key: Option<PathBuf>,
    pub s3www_lets_encrypt: Switch,
    pub acme_domains: Option<String>,
    pub acme_contact: Option<String>,
    pub acme_cache: Option<PathBuf>,
    pub acme_directory: Option<Url>,
    pub acme_ca_file: Option<PathBuf>,
}

impl Topic for Server {}

/// How the server reaches the store.
#[derive(Deserialize)]
#[serde(default)]
pub(super) struct StoreTopic {
    pub s3www_endpoint: Option<String>,
    pub s3www_bucket: Option<String>,
    pub s3www_bucket_path: String,
    pub s3www_access_key: Option<Secret>,
    pub s3www_secret_key: Option<Secret>,
    pub region: String,
    pub path_style: Option<Switch>,
    pub store_ca_file: Option<PathBuf>,
    pub store_connect_timeout: Span,
    pub store_read_timeout: Span,
    pub store_timeout: Span,
}

impl Default for StoreTopic {
    fn default() -> Self {
        Self {
            s3www_endpoint: None,
            s3www_bucket: None,
            s3www_bucket_path: "/".to_owned(),
            s3www_access_key: None,
            s3www_secret_key: None,
            region: "us-east-1".to_owned(),
            path_style: None,
            store_ca_file: None,
            store_connect_timeout: Span::seconds(3),
            store_read_timeout: Span::seconds(10),
            store_timeout: Span::seconds(30),
        }
    }
}

impl Topic for StoreTopic {
    const SECRETS: &'static [&'static str] = &["S3WWW_ACCESS_KEY", "S3WWW_SECRET_KEY"];
}

/// How objects are shown, where a site says nothing else.
#[derive(Deserialize)]
#[serde(default)]
pub(super) struct Shown {
    pub s3www_spa_file: Option<String>,
    pub s3www_allowed_cors_origins: String,
    pub index_file: String,
    pub not_found_file: String,
    pub listing: Switch,
    pub missing_on_403: Switch,
    pub cache_control: String,
    pub headers: Option<String>,
    pub security_headers: Switch,
    pub sites: Option<String>,
}

impl Default for Shown {
    fn default() -> Self {
        Self {
            s3www_spa_file: None,
            s3www_allowed_cors_origins: String::new(),
            index_file: "index.html".to_owned(),
            not_found_file: "404.html".to_owned(),
            listing: Switch(false),
            missing_on_403: Switch(false),
            cache_control: String::new(),
            headers: None,
            security_headers: Switch(true),
            sites: None,
        }
    }
}

impl Topic for Shown {
    // No secrets, but as long as files are.
    const SECRETS: &'static [&'static str] = &["HEADERS", "SITES"];
}

/// What is kept in memory and for how long.
#[derive(Clone, Debug, Deserialize)]
#[serde(default)]
pub struct CacheSettings {
    /// How long metadata is used before it is revalidated; 0s revalidates each time.
    pub cache_ttl: Span,
    /// How long a 404 is remembered.
    pub cache_negative_ttl: Span,
    /// Memory for all that is kept.
    pub cache_size: Size,
    /// The longest body that is kept.
    pub cache_object_max: Size,
    /// How long past its time an object is served while the store fails.
    pub stale_if_error: Span,
    /// Memory for reading ahead of clients.
    pub stream_memory: Size,
}

impl Default for CacheSettings {
    fn default() -> Self {
        Self {
            cache_ttl: Span::seconds(60),
            cache_negative_ttl: Span::seconds(5),
            cache_size: Size::mebibytes(128),
            cache_object_max: Size::mebibytes(1),
            stale_if_error: Span::seconds(600),
            stream_memory: Size::mebibytes(16),
        }
    }
}

impl Topic for CacheSettings {}

/// What is compressed here, as it is written.
#[derive(Deserialize)]
#[serde(default)]
pub(super) struct Compression {
    pub compress: String,
    pub compress_min: Size,
    pub compress_max: Option<Size>,
    pub compress_types: String,
    pub siblings: Switch,
}

impl Default for Compression {
    fn default() -> Self {
        Self {
            compress: "br,zstd,gzip".to_owned(),
            compress_min: Size::bytes(512),
            compress_max: None,
            compress_types: String::new(),
            siblings: Switch(true),
        }
    }
}

impl Topic for Compression {}

/// What is compressed here.
#[derive(Clone, Debug)]
pub struct CompressionSettings {
    /// The codings that are made; which one a client gets is its choice, then br before zstd before gzip.
    pub codings: Vec<Coding>,
    /// The shortest object in bytes.
    pub min: u64,
    /// The longest object in bytes.
    pub max: u64,
    /// Media types in lower case; `text/*` stands for all of its kind. Empty: the usual ones.
    pub types: Vec<String>,
    /// Whether compressed siblings are looked for in the bucket.
    pub siblings: bool,
}
