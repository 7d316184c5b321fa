//! TLS whose certificate follows its files.
//!
//! 1. The chain and the key are read from PEM files and held against each other, at the start and at each change.
//! 2. TLS 1.2 and 1.3 with rustls' safe defaults; ALPN offers h2 and http/1.1.

use std::path::PathBuf;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::lifecycle::Kit;
use crate::reload::{Followed, UnreadableFile};

/// The protocol under which an ACME server proves a name (RFC 8737).
pub const ACME_ALPN: &[u8] = b"acme-tls/1";

/// Follows a certificate chain and its key, both PEM.
pub fn follow(kit: &mut Kit, chain: PathBuf, key: PathBuf) -> Result<Followed<ServerConfig>, UnreadableFile> {
    kit.follow("tls certificate", vec![chain, key], |files| match files {
        [chain, key] => server_config(chain, key),
        _ => Err("needs a chain and a key".to_owned()),
    })
}

/// A server's TLS of a chain and a key, both PEM.
pub fn server_config(chain: &[u8], key: &[u8]) -> Result<ServerConfig, String> {
    let chain: Vec<_> = CertificateDer::pem_slice_iter(chain)
        .collect::<Result<_, _>>()
        .map_err(|error| format!("the certificate is not PEM: {error}"))?;
    if chain.is_empty() {
        return Err("the certificate file holds no certificate".to_owned());
    }
    let key = PrivateKeyDer::from_pem_slice(key).map_err(|error| format!("the key is not PEM: {error}"))?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(|error| format!("the certificate and the key do not go together: {error}"))?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}
