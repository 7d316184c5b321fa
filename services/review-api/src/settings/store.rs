//! Which store, and how it is reached.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use service_kit::{Environment, Faults};
use url::Url;

use super::topics::{ElasticsearchTopic, Kind, QueryTopic, ServerTopic};
use super::within;
use crate::store::elasticsearch::{self, Credentials, IndexPrefix};
use crate::store::embedded;

/// The longest file of certificates in bytes.
const CA_FILE_MAX: u64 = 4 * 1024 * 1024;
/// The most nodes that may be named.
const NODES_MAX: usize = 64;

/// The store that is used.
#[derive(Clone, Debug)]
pub enum StoreSettings {
    /// A cluster.
    Elasticsearch(Box<elasticsearch::Options>),
    /// A folder.
    Embedded(PathBuf, embedded::Options),
}

/// Reads which store is used, and what it is told.
pub(super) fn store(
    environment: &Environment,
    server: &ServerTopic,
    queries: &QueryTopic,
    faults: &mut Faults,
) -> Option<StoreSettings> {
    let topic: ElasticsearchTopic = environment.read(faults);
    let kind = match (server.reviews_store, &topic.elasticsearch_url, &server.reviews_dir) {
        (Some(kind), ..) => Some(kind),
        (None, Some(_), _) => Some(Kind::Elasticsearch),
        (None, None, Some(_)) => Some(Kind::Embedded),
        // One that is no store's name is a fault already.
        (None, None, None) if environment.get("REVIEWS_STORE").is_some() => None,
        (None, None, None) => {
            faults.add("REVIEWS_STORE", "must be set unless ELASTICSEARCH_URL or REVIEWS_DIR is");
            None
        }
    };
    match kind? {
        Kind::Elasticsearch => {
            cluster(&topic, queries, faults).map(|options| StoreSettings::Elasticsearch(Box::new(options)))
        }
        Kind::Embedded => {
            let folder = faults.require("REVIEWS_DIR", server.reviews_dir.clone());
            let options =
                embedded::Options { query_timeout: queries.query_timeout.get(), ..Default::default() };
            folder.map(|folder| StoreSettings::Embedded(folder, options))
        }
    }
}

fn cluster(
    topic: &ElasticsearchTopic,
    queries: &QueryTopic,
    faults: &mut Faults,
) -> Option<elasticsearch::Options> {
    let nodes = faults.require("ELASTICSEARCH_URL", topic.elasticsearch_url.as_deref());
    let nodes = nodes.and_then(|text| faults.check("ELASTICSEARCH_URL", nodes_of(text)));
    within("ELASTICSEARCH_TIMEOUT", topic.elasticsearch_timeout.get(), &(super::SHORT..=super::LONG), faults);
    within("REVIEWS_REPLICAS", topic.reviews_replicas, &(0..=20), faults);
    within("REVIEWS_SHARDS", topic.reviews_shards, &(1..=1024), faults);
    let index = faults.check("REVIEWS_INDEX", IndexPrefix::parse(&topic.reviews_index));
    let authorities = match &topic.elasticsearch_ca_file {
        None => Some(None),
        Some(path) => faults.check("ELASTICSEARCH_CA_FILE", read(path)).map(Some),
    };
    let credentials = credentials(topic, faults);
    Some(elasticsearch::Options {
        credentials: credentials?,
        authorities: authorities?,
        timeout: topic.elasticsearch_timeout.get(),
        gzip: topic.elasticsearch_gzip,
        index: index?,
        replicas: topic.reviews_replicas,
        shards: topic.reviews_shards,
        query_timeout: queries.query_timeout.get(),
        terminate_after: queries.terminate_after,
        ..elasticsearch::Options::new(nodes?)
    })
}

/// The nodes, comma separated. What is wrong is told by the node's number: a URL may hold a password.
fn nodes_of(text: &str) -> Result<Vec<Url>, String> {
    let nodes: Vec<_> = text.split(',').map(str::trim).collect();
    if nodes.len() > NODES_MAX {
        return Err(format!("names more than {NODES_MAX} nodes"));
    }
    let numbered = nodes.iter().zip(1..);
    numbered
        .map(|(node, number)| {
            let url: Url = node.parse().map_err(|error| format!("node {number} is not a URL: {error}"))?;
            let speaks_http = matches!(url.scheme(), "http" | "https") && url.has_host();
            speaks_http.then_some(url).ok_or_else(|| format!("node {number} is not an http or https URL"))
        })
        .collect()
}

fn credentials(topic: &ElasticsearchTopic, faults: &mut Faults) -> Option<Credentials> {
    let (name, password) = (&topic.elasticsearch_username, &topic.elasticsearch_password);
    match (&topic.elasticsearch_api_key, name, password) {
        (None, None, None) => Some(Credentials::None),
        (Some(key), None, None) => Some(Credentials::ApiKey(key.clone())),
        (Some(_), ..) => {
            faults.add("ELASTICSEARCH_API_KEY", "a user or a password is set as well: choose one");
            None
        }
        (None, username, password) => {
            let username = faults.require("ELASTICSEARCH_USERNAME", username.clone());
            let password = faults.require("ELASTICSEARCH_PASSWORD", password.clone());
            Some(Credentials::Basic { username: username?, password: password? })
        }
    }
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    let failed = |error: std::io::Error| format!("cannot read {}: {error}", path.display());
    let mut pem = Vec::new();
    File::open(path).map_err(failed)?.take(CA_FILE_MAX + 1).read_to_end(&mut pem).map_err(failed)?;
    if pem.len() as u64 > CA_FILE_MAX { Err(format!("is longer than {CA_FILE_MAX} bytes")) } else { Ok(pem) }
}

/// What is wrong with a cluster's settings, by the variable that it came from.
pub(crate) fn fault(error: &elasticsearch::OpenError) -> Faults {
    let name = match error {
        elasticsearch::OpenError::ApiKey => "ELASTICSEARCH_API_KEY",
        elasticsearch::OpenError::Authorities(_) => "ELASTICSEARCH_CA_FILE",
        _ => "ELASTICSEARCH_URL",
    };
    let mut faults = Faults::default();
    faults.add(name, error);
    faults
}
