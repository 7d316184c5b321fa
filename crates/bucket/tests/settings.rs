//! Settings that cannot be used, credentials of each kind, TLS.

mod support;

use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;

use bucket::embedded::EmbeddedS3;
use bucket::{
    Bucket, BucketName, BucketSettings, Conditions, Credentials, OpenError, StoreError, StoreMetrics,
};
use rustls::pki_types::PrivatePkcs8KeyDer;
use support::{DEADLINE, key};
use tokio::net::{TcpListener, TcpStream};

async fn open(settings: BucketSettings) -> Result<Bucket, OpenError> {
    Bucket::open(settings, StoreMetrics::default()).await
}

fn settings(endpoint: &str) -> BucketSettings {
    let name = BucketName::parse("site").unwrap();
    BucketSettings {
        credentials: Credentials::Anonymous,
        ..BucketSettings::new(Some(endpoint.parse().unwrap()), name)
    }
}

#[test]
fn path_style_follows_the_endpoint() {
    let name = BucketName::parse("site").unwrap();
    assert!(!BucketSettings::new(None, name.clone()).path_style);
    assert!(BucketSettings::new(Some("http://store".parse().unwrap()), name).path_style);
}

#[tokio::test]
async fn endpoints_that_are_none() {
    for endpoint in ["ftp://store", "file:///folder", "data:x", "http://store/?x=1", "http://store/#x"] {
        assert!(matches!(open(settings(endpoint)).await, Err(OpenError::Endpoint { .. })), "{endpoint}");
    }
    let error = open(settings("http://me:hunter2@store")).await.unwrap_err().to_string();
    assert!(!error.contains("hunter2") && error.contains("store"), "{error}");
}

#[tokio::test]
async fn what_a_header_cannot_carry() {
    let region = BucketSettings { region: "eu\r\nx".into(), ..settings("http://store") };
    assert!(matches!(open(region).await, Err(OpenError::Character { what: "the region" })));
    let credentials =
        Credentials::Static { access_key: "a\nb".into(), secret_key: "hunter2".into(), session_token: None };
    let error = open(BucketSettings { credentials, ..settings("http://store") }).await.unwrap_err();
    assert!(matches!(error, OpenError::Character { what: "the access key" }));
}

#[tokio::test]
async fn ca_files_that_are_none() {
    let folder = tempfile::tempdir().unwrap();
    let file = |text: &str| {
        let path = folder.path().join("ca.pem");
        std::fs::write(&path, text).unwrap();
        BucketSettings { ca_file: Some(path), ..settings("https://store") }
    };
    let missing =
        BucketSettings { ca_file: Some(PathBuf::from("/does/not/exist")), ..settings("https://store") };
    assert!(matches!(open(missing).await, Err(OpenError::CaFile { .. })));
    let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    for text in ["", "hello", broken, "-----BEGIN CERTIFICATE-----\n%%%\n-----END CERTIFICATE-----\n"] {
        assert!(matches!(open(file(text)).await, Err(OpenError::Certificate { .. })), "{text:?}");
    }
}

#[tokio::test]
async fn wrong_keys_are_denied() {
    let folder = tempfile::tempdir().unwrap();
    let store = EmbeddedS3::start(folder.path()).await.unwrap();
    let right = open(store.settings("site")).await.unwrap();
    right.create_bucket().await.unwrap();
    let with = |access_key: &str, secret_key: &str| Credentials::Static {
        access_key: access_key.into(),
        secret_key: secret_key.into(),
        session_token: None,
    };
    for credentials in [with("embedded", "wrong"), with("nobody", "embedded-secret"), Credentials::Anonymous]
    {
        let bucket = open(BucketSettings { credentials, ..store.settings("site") }).await.unwrap();
        let error = bucket.get(&key("a"), None, &Conditions::none()).await.unwrap_err();
        assert!(matches!(error, StoreError::Denied { .. }), "{error:?}");
        let error = bucket.head(&key("a"), &Conditions::none()).await.unwrap_err();
        assert!(matches!(error, StoreError::Denied { .. }), "{error:?}");
    }
}

/// AWS's chain reads the environment, so each case is a process of its own: this binary again.
async fn in_a_process(test: &str, variables: &[(&str, &str)]) {
    let mut command = tokio::process::Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--ignored", "--nocapture"]).env_clear().kill_on_drop(true);
    // No machine of AWS's is asked for credentials, and no file of this user's is read.
    command.env("AWS_EC2_METADATA_DISABLED", "true").env("HOME", "/nonexistent");
    command.envs(variables.iter().copied()).stdin(Stdio::null());
    let output = tokio::time::timeout(DEADLINE, command.output()).await.unwrap().unwrap();
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success() && printed.contains("1 passed"), "{printed}");
}

#[tokio::test]
async fn the_chain_finds_keys_in_the_environment() {
    let folder = tempfile::tempdir().unwrap();
    let store = EmbeddedS3::start(folder.path()).await.unwrap();
    open(store.settings("site")).await.unwrap().create_bucket().await.unwrap();
    let keys = [("AWS_ACCESS_KEY_ID", "embedded"), ("AWS_SECRET_ACCESS_KEY", "embedded-secret")];
    let place = [("TEST_STORE", store.endpoint.as_str())];
    in_a_process("child_with_keys", &[keys.as_slice(), &place].concat()).await;
    in_a_process("child_without_keys", &place).await;
}

fn chain() -> BucketSettings {
    BucketSettings { credentials: Credentials::Chain, ..settings(&std::env::var("TEST_STORE").unwrap()) }
}

#[tokio::test]
#[ignore = "a part of the_chain_finds_keys_in_the_environment"]
async fn child_with_keys() {
    assert!(open(chain()).await.unwrap().bucket_exists().await.unwrap());
}

#[tokio::test]
#[ignore = "a part of the_chain_finds_keys_in_the_environment"]
async fn child_without_keys() {
    let bucket = open(chain()).await.unwrap();
    // Anonymous: refused by the store, not by the client.
    let error = bucket.bucket_exists().await.unwrap_err();
    assert!(matches!(error, StoreError::Denied { .. }), "{error:?}");
}

/// A TLS server before `store`, and its certificate.
async fn tls_before(store: &EmbeddedS3) -> (std::net::SocketAddr, String) {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config =
        rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config =
        config.with_no_client_auth().with_single_cert(vec![made.cert.der().clone()], key.into()).unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let store = store.endpoint.socket_addrs(|| None).unwrap()[0];
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let (Ok(mut client), Ok(mut store)) =
                    (acceptor.accept(client).await, TcpStream::connect(store).await)
                else {
                    return;
                };
                // Either end may close as it likes.
                let _ = tokio::io::copy_bidirectional(&mut client, &mut store).await;
            });
        }
    });
    (address, made.cert.pem())
}

#[tokio::test]
async fn a_private_authority_is_trusted_when_told() {
    let folder = tempfile::tempdir().unwrap();
    let store = EmbeddedS3::start(folder.path()).await.unwrap();
    let (address, certificate) = tls_before(&store).await;
    let ca_file = folder.path().join("ca.pem");
    std::fs::write(&ca_file, certificate).unwrap();
    let endpoint = Some(format!("https://{address}").parse().unwrap());
    let trusting = BucketSettings { endpoint, ca_file: Some(ca_file), ..store.settings("site") };
    let bucket = open(trusting.clone()).await.unwrap();
    bucket.create_bucket().await.unwrap();
    // Over TLS the body is not hashed for the signature: the store must take that.
    bucket.put(&key("a"), "over TLS".into(), &bucket::PutOptions::default()).await.unwrap();
    let object = bucket.get(&key("a"), None, &Conditions::none()).await.unwrap();
    assert_eq!(object.body.collect(100).await.unwrap(), "over TLS");

    let strange = open(BucketSettings { ca_file: None, ..trusting }).await.unwrap();
    let error = strange.bucket_exists().await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error:?}");
    assert!(error.to_string().contains("certificate"), "{error}");
}
