//! A cluster behind TLS and a security plugin, which the bare distribution has not: a front before the real node has them.

use std::sync::Arc;

use reqwest::{Method, StatusCode};
use reviews_contract::live::{Clients, Process, until};
use tokio::sync::Mutex;

use super::{Live, setup};
use crate::cluster::Cluster;
use crate::front::{Front, Rules};

/// `elastic:se cret:ü` in base64: a password may have blanks, colons and what not.
const BASIC: (&str, &str, &str) = ("elastic", "se cret:\u{fc}", "Basic ZWxhc3RpYzpzZSBjcmV0OsO8");
/// A key as `id:secret`, and in base64 as Elasticsearch shows it.
const KEY: (&str, &str, &str) = ("an-id:a_secret", "YW4taWQ6YV9zZWNyZXQ=", "ApiKey YW4taWQ6YV9zZWNyZXQ=");

/// A user, a key in both of its forms; each secret from a file, as it is mounted.
pub(in crate::cases) async fn secrets_come_from_files_and_go_over_tls(cluster: Arc<Mutex<Cluster>>) {
    let cluster = cluster.lock().await;
    for (name, variable, secret, authorization) in [
        ("basic", "ELASTICSEARCH_PASSWORD_FILE", BASIC.1, BASIC.2),
        ("key", "ELASTICSEARCH_API_KEY_FILE", KEY.0, KEY.2),
        ("encoded-key", "ELASTICSEARCH_API_KEY_FILE", KEY.1, KEY.2),
    ] {
        let rules = Rules { authorization: Some(authorization.to_owned()), lifecycle: false };
        let front = Front::start(cluster.urls()[0].clone(), rules).await;
        let file = front.folder().join("secret");
        std::fs::write(&file, format!("{secret}\n")).expect("a file of our own");
        let live = Live::start(&cluster, name, Clients::default(), |setup| {
            let setup = setup
                .with("ELASTICSEARCH_URL", front.url())
                .with("ELASTICSEARCH_CA_FILE", front.authority().display().to_string())
                .with(variable, file.display().to_string());
            if name == "basic" { setup.with("ELASTICSEARCH_USERNAME", BASIC.0) } else { setup }
        })
        .await;
        live.load.more(100).await;
        live.end(&cluster).await;
        let seen = front.seen();
        assert!(seen.refused == 0 && seen.let_in > 0, "{seen:?}");
    }
}

/// Nothing is acknowledged, nothing is lost, and it is said what is wrong.
pub(in crate::cases) async fn a_wrong_key_and_a_strange_authority_are_told(cluster: Arc<Mutex<Cluster>>) {
    let cluster = cluster.lock().await;
    let rules = Rules { authorization: Some(KEY.2.to_owned()), lifecycle: false };
    let front = Front::start(cluster.urls()[0].clone(), rules).await;
    let folder = tempfile::tempdir().expect("a folder");
    let bare = setup(&cluster, &cluster.name("refused"), &folder).with("ELASTICSEARCH_URL", front.url());
    let trusting = bare.clone().with("ELASTICSEARCH_CA_FILE", front.authority().display().to_string());
    for (setup, word) in [
        (trusting.clone(), "missing authentication credentials"),
        (trusting.with("ELASTICSEARCH_API_KEY", "another:key"), "missing authentication credentials"),
        (bare.with("ELASTICSEARCH_API_KEY", KEY.0), "certificate"),
    ] {
        let process = Process::start(&setup).await;
        until("/readyz says what is wrong", async || {
            let answer = process.ask(Method::GET, "/readyz", None).await;
            answer.is_some_and(|(status, text)| {
                status == StatusCode::SERVICE_UNAVAILABLE && text.contains(word)
            })
        })
        .await;
        assert!(!process.printed().contains("a_secret"), "a secret is printed");
        assert_eq!(process.stop().await, 0);
    }
    let seen = front.seen();
    assert!(seen.refused > 0 && seen.let_in == 0, "{seen:?}");
}
