//! Sources under TLS: whom to trust, and no way back to plain HTTP.

mod common;

use std::sync::Arc;

use common::World;
use common::origin::{Fault, Resource};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

/// TLS for `localhost` before a plain origin. Dropping it ends it.
struct Front {
    port: u16,
    certificate: String,
    server: JoinHandle<()>,
}

impl Drop for Front {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Front {
    async fn before(origin: u16) -> Self {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .expect("a configuration");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let server = tokio::spawn(serve(listener, TlsAcceptor::from(Arc::new(config)), origin));
        Self { port, certificate: made.cert.pem(), server }
    }

    fn url(&self) -> String {
        format!("https://localhost:{}/a", self.port)
    }
}

async fn serve(listener: TcpListener, acceptor: TlsAcceptor, origin: u16) {
    let mut connections = tokio::task::JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let acceptor = acceptor.clone();
        connections.spawn(async move {
            let mut outer = acceptor.accept(stream).await?;
            let mut inner = TcpStream::connect(("127.0.0.1", origin)).await?;
            tokio::io::copy_bidirectional(&mut outer, &mut inner).await
        });
    }
}

#[tokio::test]
async fn a_source_of_a_private_authority_is_trusted_if_named() {
    let world = World::new().await;
    world.origin.set("/a", Resource::new("one"));
    let front = Front::before(world.origin.port()).await;
    let authority = world.file("ca.pem", &front.certificate);
    let url = front.url();
    let refused = world.run(&[("SOURCE_URL", &url)]).await.with(3);
    assert!(refused.error().starts_with("the source's certificate is refused: "), "{}", refused.error());
    assert!(!refused.log.contains("trying again"), "a refused certificate is final: {}", refused.log);
    assert!(world.origin.seen().is_empty());
    world.run(&[("SOURCE_URL", &url), ("SOURCE_CA_FILE", &authority)]).await.with(0);
    world.holds("a", b"one").await;
}

#[tokio::test]
async fn a_certificate_of_another_name_is_refused() {
    let world = World::new().await;
    let front = Front::before(world.origin.port()).await;
    let authority = world.file("ca.pem", &front.certificate);
    let url = format!("https://127.0.0.1:{}/a", front.port);
    let refused = world.run(&[("SOURCE_URL", &url), ("SOURCE_CA_FILE", &authority)]).await.with(3);
    assert!(refused.error().starts_with("the source's certificate is refused: "), "{}", refused.error());
}

#[tokio::test]
async fn no_redirect_leads_from_https_to_http() {
    let world = World::new().await;
    let front = Front::before(world.origin.port()).await;
    let authority = world.file("ca.pem", &front.certificate);
    world.origin.set("/b", Resource::new("one"));
    world.origin.fail("/a", [Fault::Status(302, vec![("Location", world.origin.url("/b"))])]);
    let ended = world.run(&[("SOURCE_URL", &front.url()), ("SOURCE_CA_FILE", &authority)]).await.with(3);
    assert_eq!(ended.error(), "a redirect from https to http");
    assert_eq!(world.origin.seen().len(), 1, "the plain URL was asked");
    world.nothing_is_left_of("a").await;
}
