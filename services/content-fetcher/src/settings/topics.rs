//! The variables by topic, each with its default.

use ipnet::IpNet;
use serde::Deserialize;
use service_kit::{Secret, Size, Span, Topic};

/// What to fetch.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct WantedTopic {
    pub manifest: Option<String>,
    pub source_url: Option<String>,
    pub object_key: Option<String>,
    pub sha256: Option<String>,
    pub content_type: Option<String>,
    pub cache_control: Option<String>,
    pub source_headers_file: Option<String>,
}

impl Topic for WantedTopic {
    /// A URL may be signed in its query.
    const SECRETS: &'static [&'static str] = &["SOURCE_URL"];
}

impl WantedTopic {
    /// The variables that describe one item, which a manifest does without.
    pub fn of_one(&self) -> [(&'static str, &Option<String>); 6] {
        [
            ("SOURCE_URL", &self.source_url),
            ("OBJECT_KEY", &self.object_key),
            ("SHA256", &self.sha256),
            ("CONTENT_TYPE", &self.content_type),
            ("CACHE_CONTROL", &self.cache_control),
            ("SOURCE_HEADERS_FILE", &self.source_headers_file),
        ]
    }
}

/// How sources are reached.
#[derive(Debug, Deserialize)]
#[serde(default)]
pub(super) struct SourceTopic {
    pub allow_cidrs: Vec<IpNet>,
    pub connect_timeout: Span,
    pub idle_timeout: Span,
    pub max_redirects: usize,
    pub source_ca_file: Option<String>,
}

impl Default for SourceTopic {
    fn default() -> Self {
        Self {
            allow_cidrs: Vec::new(),
            connect_timeout: Span::seconds(10),
            idle_timeout: Span::seconds(30),
            max_redirects: 5,
            source_ca_file: None,
        }
    }
}

impl Topic for SourceTopic {}

/// How patiently.
#[derive(Debug, Deserialize)]
#[serde(default)]
pub(super) struct PatienceTopic {
    pub max_attempts: u32,
    pub retry_base: Span,
    pub retry_cap: Span,
    pub retry_after_cap: Span,
    pub total_timeout: Span,
}

impl Default for PatienceTopic {
    fn default() -> Self {
        Self {
            max_attempts: 5,
            retry_base: Span::milliseconds(500),
            retry_cap: Span::seconds(30),
            retry_after_cap: Span::seconds(120),
            total_timeout: Span::seconds(6 * 60 * 60),
        }
    }
}

impl Topic for PatienceTopic {}

/// How much at a time.
#[derive(Debug, Deserialize)]
#[serde(default)]
pub(super) struct TransferTopic {
    pub part_size: Size,
    pub parts_in_flight: usize,
    pub items_in_flight: usize,
    pub max_size: Size,
    pub progress_interval: Span,
}

impl Default for TransferTopic {
    fn default() -> Self {
        Self {
            part_size: Size::mebibytes(8),
            parts_in_flight: 4,
            items_in_flight: 4,
            max_size: Size::mebibytes(64 * 1024),
            progress_interval: Span::seconds(10),
        }
    }
}

impl Topic for TransferTopic {}

/// How often, and what goes with it.
#[derive(Debug, Deserialize)]
#[serde(default)]
pub(super) struct ModeTopic {
    pub mode: String,
    pub interval: Span,
    pub start_failure_budget: u32,
    pub failure_budget: u32,
    pub prune: bool,
    pub prune_max: usize,
    pub prune_whole_bucket: bool,
}

impl Default for ModeTopic {
    fn default() -> Self {
        Self {
            mode: "once".to_owned(),
            interval: Span::seconds(300),
            start_failure_budget: 5,
            failure_budget: 3,
            prune: false,
            prune_max: 1000,
            prune_whole_bucket: false,
        }
    }
}

impl Topic for ModeTopic {}

/// Where it goes.
#[derive(Debug, Deserialize)]
#[serde(default)]
pub(super) struct StoreTopic {
    pub s3_endpoint: Option<String>,
    pub s3_bucket: Option<String>,
    pub s3_prefix: String,
    pub s3_region: Option<String>,
    pub s3_access_key: Option<String>,
    pub s3_secret_key: Option<Secret>,
    pub s3_session_token: Option<Secret>,
    pub s3_anonymous: bool,
    pub s3_path_style: Option<bool>,
    pub s3_ca_file: Option<String>,
    pub s3_connect_timeout: Span,
    pub s3_timeout: Span,
    pub s3_payload_signing: Option<String>,
    pub create_bucket: bool,
}

impl Default for StoreTopic {
    fn default() -> Self {
        Self {
            s3_endpoint: None,
            s3_bucket: None,
            s3_prefix: String::new(),
            s3_region: None,
            s3_access_key: None,
            s3_secret_key: None,
            s3_session_token: None,
            s3_anonymous: false,
            s3_path_style: None,
            s3_ca_file: None,
            s3_connect_timeout: Span::seconds(3),
            s3_timeout: Span::seconds(60),
            s3_payload_signing: None,
            create_bucket: false,
        }
    }
}

impl Topic for StoreTopic {
    const SECRETS: &'static [&'static str] = &["S3_ACCESS_KEY", "S3_SECRET_KEY", "S3_SESSION_TOKEN"];
}
