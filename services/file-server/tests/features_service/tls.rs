//! HTTPS: certificates from files, read again when they change, and HTTP/2.

use std::net::SocketAddr;
use std::path::Path;

use rcgen::{CertificateParams, KeyPair, generate_simple_self_signed};

use crate::support::{Server, until};

/// Writes a new certificate for localhost, and returns it as a client trusts it.
fn write(folder: &Path) -> reqwest::Certificate {
    let made = generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    std::fs::write(folder.join("key.pem"), made.signing_key.serialize_pem()).expect("written");
    std::fs::write(folder.join("cert.pem"), made.cert.pem()).expect("written");
    reqwest::Certificate::from_der(made.cert.der()).expect("a certificate")
}

/// A client that trusts only this, and finds localhost at the server.
fn trusting(certificate: reqwest::Certificate, server: SocketAddr) -> reqwest::Client {
    // Another test may have been the first: any provider of this process will do.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .tls_certs_only([certificate])
        .resolve("localhost", server)
        .pool_max_idle_per_host(0)
        .no_proxy()
        .build()
        .expect("a client")
}

#[tokio::test]
async fn certificates_follow_their_files_and_http_2_is_spoken() {
    let folder = tempfile::tempdir().expect("a folder");
    let first = write(folder.path());
    let path = |name| folder.path().join(name).to_str().expect("UTF-8").to_owned();
    let (chain, key) = (path("cert.pem"), path("key.pem"));
    let server =
        Server::start(&[("S3WWW_TLS_CERT", &chain), ("S3WWW_SSL_KEY", &key), ("RELOAD_INTERVAL", "20ms")])
            .await;
    server.put("a.txt", b"over TLS", "text/plain").await;
    let url = format!("https://localhost:{}/a.txt", server.address().port());

    let client = trusting(first, server.address());
    let answer = client.get(&url).send().await.expect("the first certificate is trusted");
    assert_eq!(answer.version(), reqwest::Version::HTTP_2);
    assert_eq!(answer.text().await.expect("a body"), "over TLS");

    let second = trusting(write(folder.path()), server.address());
    until("the new certificate is shown", async || second.get(&url).send().await.is_ok()).await;
    client.get(&url).send().await.expect_err("the old one is gone");

    // A key that does not belong to the certificate keeps what was there.
    let other = KeyPair::generate().expect("a key");
    CertificateParams::new(["localhost".to_owned()])
        .expect("a name")
        .self_signed(&other)
        .expect("a certificate");
    std::fs::write(&key, other.serialize_pem()).expect("written");
    until("the change is refused", async || {
        let request = b"GET /metrics HTTP/1.1\r\nHost: admin\r\nConnection: close\r\n\r\n";
        let text = crate::support::exchange(server.running.admin(), request).await;
        text.text().lines().any(|line| {
            line.starts_with("settings_reloads_total") && line.to_ascii_lowercase().contains("refused")
        })
    })
    .await;
    second.get(&url).send().await.expect("the certificate is as before");
    server.stop().await;
}
