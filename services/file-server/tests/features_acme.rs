//! Certificates by ACME (TLS-ALPN-01), from Pebble, Let's Encrypt's own test authority.
//!
//! `PEBBLE` names its program (`go install github.com/letsencrypt/pebble/v2/cmd/pebble@latest`). Without it the test fails:
//! a runner that has no Pebble leaves this test program out, and says so.

#[path = "support/mod.rs"]
mod support;

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use rcgen::generate_simple_self_signed;
use support::{Server, until};
use tokio::process::{Child, Command};

/// Pebble, its directory's address, and whom to trust for it. Ends with the test, also when that fails.
struct Pebble {
    process: Child,
    directory: String,
    management: String,
    ca_file: PathBuf,
}

/// A port that was free a moment ago, for a program that cannot be told to pick one.
fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    listener.local_addr().expect("an address").port()
}

impl Pebble {
    /// Starts it. It proves domains at `tls_port`, wherever a name leads: localhost leads to this machine.
    async fn start(folder: &Path, tls_port: u16) -> Self {
        let program = std::env::var("PEBBLE").expect("PEBBLE names Pebble's program");
        let made = generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
        let path = |name| folder.join(name);
        std::fs::write(path("ca.pem"), made.cert.pem()).expect("written");
        std::fs::write(path("key.pem"), made.signing_key.serialize_pem()).expect("written");
        let (port, management) = (free_port(), free_port());
        let config = serde_json::json!({"pebble": {
            "listenAddress": format!("127.0.0.1:{port}"),
            "managementListenAddress": format!("127.0.0.1:{management}"),
            "certificate": path("ca.pem"),
            "privateKey": path("key.pem"),
            "httpPort": free_port(),
            "tlsPort": tls_port,
        }});
        std::fs::write(path("pebble.json"), config.to_string()).expect("written");
        let process = Command::new(program)
            .arg("-config")
            .arg(path("pebble.json"))
            // No waiting and no made-up refusals: what is tested is ours.
            .env("PEBBLE_VA_NOSLEEP", "1")
            .env("PEBBLE_WFE_NONCEREJECT", "0")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("PEBBLE can be run");
        let directory = format!("https://localhost:{port}/dir");
        let management = format!("https://localhost:{management}/roots/0");
        let pebble = Self { process, directory, management, ca_file: path("ca.pem") };
        let client = pebble.client();
        until("Pebble answers", async || client.get(&pebble.directory).send().await.is_ok()).await;
        pebble
    }

    async fn stop(mut self) {
        self.process.kill().await.expect("it was running");
    }

    fn client(&self) -> reqwest::Client {
        trusting(&std::fs::read(&self.ca_file).expect("written")).build().expect("a client")
    }

    /// The authority's own root, under which it issues.
    async fn root(&self) -> Vec<u8> {
        let answer = self.client().get(&self.management).send().await.expect("Pebble answers");
        answer.bytes().await.expect("a certificate").to_vec()
    }
}

fn trusting(pem: &[u8]) -> reqwest::ClientBuilder {
    // Another test may have been the first: any provider of this process will do.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let certificate = reqwest::Certificate::from_pem(pem).expect("a certificate");
    let here = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    reqwest::Client::builder().tls_certs_only([certificate]).resolve("localhost", here).no_proxy()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_is_had_kept_and_used_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let port = free_port();
    let pebble = Pebble::start(folder.path(), port).await;
    let (address, cache) = (format!("127.0.0.1:{port}"), folder.path().join("acme"));
    let (directory, ca_file) = (pebble.directory.clone(), pebble.ca_file.to_str().expect("UTF-8").to_owned());
    let variables = [
        ("S3WWW_LETS_ENCRYPT", "true"),
        ("S3WWW_ADDRESS", address.as_str()),
        ("ACME_DOMAINS", "localhost"),
        ("ACME_CONTACT", "admin@localhost.example"),
        ("ACME_DIRECTORY", directory.as_str()),
        ("ACME_CA_FILE", ca_file.as_str()),
        ("ACME_CACHE", cache.to_str().expect("UTF-8")),
    ];
    let server = Server::start(&variables).await;
    server.put("a.txt", b"over ACME", "text/plain").await;
    let client = trusting(&pebble.root().await).build().expect("a client");
    let url = format!("https://localhost:{port}/a.txt");
    until("the certificate is there", async || client.get(&url).send().await.is_ok()).await;
    let answer = client.get(&url).send().await.expect("it is trusted");
    assert_eq!(answer.version(), reqwest::Version::HTTP_2);
    assert_eq!(answer.text().await.expect("a body"), "over ACME");
    until("the certificate is kept", async || {
        std::fs::read_dir(&cache).is_ok_and(|kept| {
            kept.flatten().any(|file| file.file_name().to_string_lossy().starts_with("cached_cert"))
        })
    })
    .await;
    server.stop().await;

    // With the authority gone, what was kept is enough.
    let root = pebble.root().await;
    pebble.stop().await;
    let server = Server::start(&variables).await;
    server.put("a.txt", b"from the cache", "text/plain").await;
    let client = trusting(&root).build().expect("a client");
    until("the kept certificate is used", async || client.get(&url).send().await.is_ok()).await;
    server.stop().await;
}
