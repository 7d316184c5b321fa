//! What is wrong is told by name, all of it, and without what is secret.

use secrecy::ExposeSecret as _;
use service_kit::{Topic, testing::variables};

use super::topics::ElasticsearchTopic;
use super::*;
use crate::store::elasticsearch::Credentials;

fn read(pairs: &[(&str, &str)]) -> Result<Settings, Faults> {
    service_kit::testing::settings(pairs)
}

fn sound(pairs: &[(&str, &str)]) -> Settings {
    read(pairs).unwrap_or_else(|faults| panic!("{faults}"))
}

/// The names of the faults that `pairs` bring.
fn faulty(pairs: &[(&str, &str)]) -> Vec<String> {
    let faults = read(pairs).expect_err("faults");
    assert!(!faults.to_string().contains("hunter2"), "{faults}");
    faults.iter().map(|fault| fault.name.clone()).collect()
}

fn cluster(pairs: &[(&str, &str)]) -> crate::store::elasticsearch::Options {
    let all = [&[("ELASTICSEARCH_URL", "http://a.example:9200, http://b.example:9200")][..], pairs].concat();
    match sound(&all).store {
        StoreSettings::Elasticsearch(options) => *options,
        StoreSettings::Embedded(..) => panic!("a cluster"),
    }
}

#[test]
fn the_store_is_the_one_that_is_named_or_can_be_told() {
    assert_eq!(faulty(&[]), ["REVIEWS_STORE"]);
    assert_eq!(faulty(&[("REVIEWS_STORE", "files")]), ["REVIEWS_STORE"]);
    assert_eq!(faulty(&[("REVIEWS_STORE", "elasticsearch"), ("REVIEWS_DIR", "d")]), ["ELASTICSEARCH_URL"]);
    let url = ("ELASTICSEARCH_URL", "http://a.example:9200");
    assert_eq!(faulty(&[("REVIEWS_STORE", "embedded"), url]), ["REVIEWS_DIR"]);
    let both = [("REVIEWS_DIR", "d"), url];
    assert!(matches!(sound(&both).store, StoreSettings::Elasticsearch(_)));
    assert!(matches!(sound(&both[..1]).store, StoreSettings::Embedded(dir, _) if dir == *"d"));
}

#[test]
fn a_cluster_needs_little() {
    let options = cluster(&[]);
    assert_eq!(options.nodes.len(), 2);
    assert!(matches!(options.credentials, Credentials::None));
    assert_eq!((options.replicas, options.shards, options.gzip), (1, 1, true));
    assert_eq!((options.query_timeout, options.timeout), (Duration::from_secs(5), Duration::from_secs(30)));
    let dead = sound(&[("ELASTICSEARCH_URL", "http://a.example")]);
    assert_eq!((dead.dead.dir, dead.spool), (None, None));
}

#[test]
fn a_cluster_is_told_one_thing_about_who_we_are() {
    let (user, password) = (("ELASTICSEARCH_USERNAME", "elastic"), ("ELASTICSEARCH_PASSWORD", "hunter2"));
    let key = ("ELASTICSEARCH_API_KEY", "hunter2");
    let url = ("ELASTICSEARCH_URL", "http://a.example");
    let Credentials::Basic { username, password: secret } = cluster(&[user, password]).credentials else {
        panic!("a user")
    };
    assert_eq!((username.as_str(), secret.expose_secret()), ("elastic", "hunter2"));
    assert!(matches!(cluster(&[key]).credentials, Credentials::ApiKey(_)));
    assert!(!format!("{:?}", sound(&[url, user, password])).contains("hunter2"));
    assert_eq!(faulty(&[url, user]), ["ELASTICSEARCH_PASSWORD"]);
    assert_eq!(faulty(&[url, password]), ["ELASTICSEARCH_USERNAME"]);
    assert_eq!(faulty(&[url, user, password, key]), ["ELASTICSEARCH_API_KEY"]);
    assert_eq!(faulty(&[("ELASTICSEARCH_URL", "http://a.example,hunter2:")]), ["ELASTICSEARCH_URL"]);
    assert_eq!(faulty(&[url, ("ELASTICSEARCH_CA_FILE", "does/not/exist")]), ["ELASTICSEARCH_CA_FILE"]);
}

#[test]
fn dead_letters_are_in_the_spool_unless_told_otherwise() {
    let spooled = [("REVIEWS_DIR", "d"), ("SPOOL_DIR", "s")];
    assert_eq!(sound(&spooled).dead.dir.as_deref(), Some("s/dead".as_ref()));
    let apart = [&spooled[..], &[("DEAD_LETTER_DIR", "x")]].concat();
    assert_eq!(sound(&apart).dead.dir.as_deref(), Some("x".as_ref()));
}

#[test]
fn every_bound_is_a_fault_by_name() {
    let dir = ("REVIEWS_DIR", "d");
    for (name, value) in [
        ("PORT", "65536"),
        ("BATCH_BYTES", "1GiB"),
        ("BATCH_COUNT", "0"),
        ("BATCH_WAIT", "1m"),
        ("BATCH_CONCURRENCY", "0"),
        ("QUEUE_BYTES", "1KiB"),
        ("SPOOL_MAX", "1KiB"),
        ("SPOOL_SEGMENT", "2GiB"),
        ("DEAD_LETTER_MAX", "0"),
        ("QUERY_TIMEOUT", "0s"),
        ("QUERIES_MAX", "0"),
        ("TERMINATE_AFTER", "-1"),
        ("STREAMS_MAX", "100001"),
        ("STREAM_INTERVAL", "0s"),
        ("STREAM_HEARTBEAT", "2h"),
        ("STREAM_AGE", "0s"),
        ("ACK_WAIT", "2h"),
        ("RETRY_FOR", "2h"),
        ("RATE_LIMIT", "many"),
        ("BULK_TEMP_DIR", "does/not/exist"),
    ] {
        assert_eq!(faulty(&[dir, (name, value)]), [name], "{name}={value}");
    }
    let url = ("ELASTICSEARCH_URL", "http://a.example");
    for (name, value) in [
        ("REVIEWS_REPLICAS", "21"),
        ("REVIEWS_SHARDS", "0"),
        ("REVIEWS_INDEX", "A*"),
        ("ELASTICSEARCH_TIMEOUT", "0s"),
        ("ELASTICSEARCH_GZIP", "maybe"),
    ] {
        assert_eq!(faulty(&[url, (name, value)]), [name], "{name}={value}");
    }
}

#[test]
fn the_docs_name_what_is_read() {
    let docs = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/settings.md");
    let docs = std::fs::read_to_string(docs).expect("the docs");
    let topics = [
        variables::<ServerTopic>(),
        variables::<ElasticsearchTopic>(),
        variables::<WriteTopic>(),
        variables::<AccessTopic>(),
        variables::<QueryTopic>(),
    ];
    for name in topics.into_iter().flatten() {
        let named = docs.split(|character: char| !character.is_ascii_uppercase() && character != '_');
        assert!(named.into_iter().any(|word| word == name), "{name} is missing in docs/settings.md");
    }
    assert_eq!(ElasticsearchTopic::SECRETS, ["ELASTICSEARCH_PASSWORD", "ELASTICSEARCH_API_KEY"]);
}
