//! The variables, topic by topic. A field's name is its variable's name in lower case.

use std::path::PathBuf;

use serde::Deserialize;
use service_kit::{Secret, Size, Span, Topic};

/// Where clients reach the service, and which store it uses.
#[derive(Deserialize)]
#[serde(default)]
pub(super) struct ServerTopic {
    pub port: u16,
    pub reviews_store: Option<Kind>,
    pub reviews_dir: Option<PathBuf>,
}

/// Which store.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    Elasticsearch,
    Embedded,
}

impl Default for ServerTopic {
    fn default() -> Self {
        Self { port: 8080, reviews_store: None, reviews_dir: None }
    }
}

impl Topic for ServerTopic {}

/// How Elasticsearch is reached, and what its indices are.
#[derive(Deserialize)]
#[serde(default)]
pub(super) struct ElasticsearchTopic {
    pub elasticsearch_url: Option<String>,
    pub elasticsearch_username: Option<String>,
    pub elasticsearch_password: Option<Secret>,
    pub elasticsearch_api_key: Option<Secret>,
    pub elasticsearch_ca_file: Option<PathBuf>,
    pub elasticsearch_timeout: Span,
    pub elasticsearch_gzip: bool,
    pub reviews_index: String,
    pub reviews_replicas: u32,
    pub reviews_shards: u32,
}

impl Default for ElasticsearchTopic {
    fn default() -> Self {
        Self {
            elasticsearch_url: None,
            elasticsearch_username: None,
            elasticsearch_password: None,
            elasticsearch_api_key: None,
            elasticsearch_ca_file: None,
            elasticsearch_timeout: Span::seconds(30),
            elasticsearch_gzip: true,
            reviews_index: "reviews".to_owned(),
            reviews_replicas: 1,
            reviews_shards: 1,
        }
    }
}

impl Topic for ElasticsearchTopic {
    const SECRETS: &'static [&'static str] = &["ELASTICSEARCH_PASSWORD", "ELASTICSEARCH_API_KEY"];
}

/// How reviews get to the store.
#[derive(Deserialize)]
#[serde(default)]
pub(super) struct WriteTopic {
    pub batch_bytes: Size,
    pub batch_count: usize,
    pub batch_wait: Span,
    pub batch_concurrency: usize,
    pub queue_bytes: Size,
    pub retry_for: Span,
    pub spool_dir: Option<PathBuf>,
    pub spool_max: Size,
    pub spool_segment: Size,
    pub ack_wait: Span,
    pub dead_letter_dir: Option<PathBuf>,
    pub dead_letter_max: Size,
    pub bulk_temp_dir: Option<PathBuf>,
}

impl Default for WriteTopic {
    fn default() -> Self {
        Self {
            batch_bytes: Size::mebibytes(4),
            batch_count: 2_000,
            batch_wait: Span::milliseconds(5),
            batch_concurrency: 8,
            queue_bytes: Size::mebibytes(32),
            retry_for: Span::seconds(30),
            spool_dir: None,
            spool_max: Size::mebibytes(10 * 1024),
            spool_segment: Size::mebibytes(64),
            ack_wait: Span::seconds(1),
            dead_letter_dir: None,
            dead_letter_max: Size::mebibytes(256),
            bulk_temp_dir: None,
        }
    }
}

impl Topic for WriteTopic {}

/// Who may do what, and how much of it.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct AccessTopic {
    pub write_tokens_file: Option<PathBuf>,
    pub read_tokens_file: Option<PathBuf>,
    pub rate_limit: u32,
    pub rate_burst: u32,
}

impl Topic for AccessTopic {}

/// What questions and streams may cost.
#[derive(Deserialize)]
#[serde(default)]
pub(super) struct QueryTopic {
    pub query_timeout: Span,
    pub queries_max: usize,
    pub terminate_after: u32,
    pub streams_max: usize,
    pub stream_interval: Span,
    pub stream_heartbeat: Span,
    pub stream_age: Span,
}

impl Default for QueryTopic {
    fn default() -> Self {
        Self {
            query_timeout: Span::seconds(5),
            queries_max: 32,
            terminate_after: 0,
            streams_max: 100,
            stream_interval: Span::seconds(1),
            stream_heartbeat: Span::seconds(15),
            stream_age: Span::seconds(3600),
        }
    }
}

impl Topic for QueryTopic {}
