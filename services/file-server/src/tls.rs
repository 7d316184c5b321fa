//! Where HTTPS gets its certificates.
//!
//! 1. From files: read at the start, and again whenever they change, without a restart.
//! 2. From an authority, by ACME (RFC 8555): the account and the certificates are kept in `ACME_CACHE`, and renewed in
//!    time by a task of their own. The authority proves the domain by a handshake on this very port (TLS-ALPN-01,
//!    RFC 8737), so there is no second listener.
//!
//! The service does not wait with its readiness for a first certificate: where nothing is routed to it until it is
//! ready, the authority could never reach it to issue one.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use futures::StreamExt;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use rustls_acme::caches::DirCache;
use rustls_acme::{AcmeConfig, AcmeState};
use service_kit::{Faults, Followed, Kit, tls};

use crate::settings::{Acme, Tls};

/// The certificates that the settings name. What is wrong with them is a fault of those settings.
pub(crate) fn certificates(settings: Tls, kit: &mut Kit) -> anyhow::Result<Followed<ServerConfig>> {
    match settings {
        Tls::Files { chain, key } => tls::follow(kit, chain, key).map_err(|error| {
            let mut faults = Faults::default();
            faults.add("S3WWW_SSL_CERT", error.reason);
            faults.into()
        }),
        Tls::Acme(settings) => acme(&settings, kit),
    }
}

fn acme(settings: &Acme, kit: &mut Kit) -> anyhow::Result<Followed<ServerConfig>> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = match &settings.ca_file {
        None => AcmeConfig::new_with_provider(&settings.domains, Arc::clone(&provider)),
        Some(path) => AcmeConfig::new_with_client_config(&settings.domains, trusting(path, &provider)?),
    };
    let config = config.contact(&settings.contact).cache_option(settings.cache.clone().map(DirCache::new));
    let config = match &settings.directory {
        None => config.directory_lets_encrypt(true),
        Some(url) => config.directory(url.as_str()),
    };
    if settings.cache.is_none() {
        tracing::warn!(
            "ACME_CACHE is not set: each start asks the authority for new certificates, which it limits"
        );
    }
    let state = config.state();
    let mut server = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_cert_resolver(state.resolver());
    server.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec(), tls::ACME_ALPN.to_vec()];
    renew(state, kit);
    Ok(Followed::fixed(server))
}

/// Runs the orders and renewals. A failure is retried by the state itself, with growing pauses.
fn renew(mut state: AcmeState<std::io::Error>, kit: &mut Kit) {
    let shutdown = kit.shutdown();
    kit.spawn("acme", async move {
        while let Some(Some(event)) = shutdown.run_until_cancelled(state.next()).await {
            match event {
                Ok(event) => tracing::info!(?event, "certificates"),
                Err(error) => tracing::warn!(%error, "certificates could not be had"),
            }
        }
        Ok(())
    });
}

/// A client that trusts the authorities of this file and no others.
fn trusting(path: &Path, provider: &Arc<CryptoProvider>) -> anyhow::Result<Arc<ClientConfig>> {
    let mut roots = RootCertStore::empty();
    let unusable = || {
        let mut faults = Faults::default();
        faults.add("ACME_CA_FILE", format_args!("{} holds no certificate that can be read", path.display()));
        faults
    };
    let pem = std::fs::read(path).map_err(|_| unusable())?;
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        roots.add(certificate.map_err(|_| unusable())?).map_err(|_| unusable())?;
    }
    if roots.is_empty() {
        return Err(unusable().into());
    }
    let config =
        ClientConfig::builder_with_provider(Arc::clone(provider)).with_safe_default_protocol_versions();
    let config = config.context("TLS 1.2 and 1.3 with ring")?;
    Ok(Arc::new(config.with_root_certificates(roots).with_no_client_auth()))
}
