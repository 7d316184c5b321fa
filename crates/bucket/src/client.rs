//! Builds the SDK's client.
//!
//! 1. Check what the SDK would panic on or send wrong: the endpoint, the CA file.
//! 2. Make one HTTP client; two SDK clients share it, one for calls whose answer is waited for, one for uploads,
//!    whose answer comes only after a body of any length.
//! 3. Settle each default of the SDK that is wrong for stores other than AWS or for a busy reader.

use std::path::Path;
use std::time::Duration;

use aws_config::default_provider::credentials::DefaultCredentialsChain;
use aws_config::provider_config::ProviderConfig;
use aws_credential_types::provider::ProvideCredentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{
    BehaviorVersion, Builder, Region, RequestChecksumCalculation, ResponseChecksumValidation,
    SharedCredentialsProvider, SharedHttpClient, StalledStreamProtectionConfig,
};
use aws_sdk_s3::error::DisplayErrorContext;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use secrecy::ExposeSecret;
use url::Url;

use crate::error::OpenError;
use crate::settings::{BucketSettings, Credentials, Retries, Timeouts};

/// Connections kept open to a store with nothing to do. Hundreds of readers come in waves, and a connection that is
/// thrown away between two of them costs a handshake each; there is no limit on those in use.
const IDLE_CONNECTIONS: usize = 512;

/// Stores close idle connections after 20 s (AWS) or more; to leave first avoids writing into a closing one.
const IDLE_TIME: Duration = Duration::from_secs(15);

/// The SDK's clients of one bucket.
#[derive(Clone, Debug)]
pub(crate) struct Clients {
    /// For calls whose answer begins within the read time limit.
    pub quick: Client,
    /// For uploads: the SDK's read time limit would count the sending of the body too.
    pub upload: Client,
}

impl Clients {
    pub(crate) async fn build(
        settings: &BucketSettings,
        http: Option<SharedHttpClient>,
    ) -> Result<Self, OpenError> {
        if let Some(endpoint) = &settings.endpoint {
            check_endpoint(endpoint)?;
        }
        if !settings.region.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
            return Err(OpenError::Character { what: "the region" });
        }
        let http = http.map_or_else(|| http_client(settings), Ok)?;
        let mut config = Builder::default()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(settings.region.clone()))
            .force_path_style(settings.path_style)
            .http_client(http)
            .retry_config(retry_config(settings.retries))
            // Checksums in trailers are AWS's: others refuse the request or store `aws-chunked` with the object.
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
            // Bodies have their own watch (`ObjectBody`, and the time limit of an upload grows with its size). The
            // SDK's takes 20 s and also ends what a slow but steady reader goes on with.
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
        if let Some(endpoint) = &settings.endpoint {
            config = config.endpoint_url(endpoint.as_str());
        }
        config = match credentials(settings).await? {
            Some(provider) => config.credentials_provider(provider),
            None => config.allow_no_auth(),
        };
        let upload = config.clone().timeout_config(timeouts(settings.timeouts, false));
        let quick = config.timeout_config(timeouts(settings.timeouts, true));
        Ok(Self { quick: Client::from_conf(quick.build()), upload: Client::from_conf(upload.build()) })
    }
}

/// The whole call is limited in `Bucket::call`, with the retries in it: here only what a single attempt may take.
fn timeouts(timeouts: Timeouts, reading: bool) -> TimeoutConfig {
    let mut attempt = TimeoutConfig::builder().connect_timeout(timeouts.connect);
    attempt.set_read_timeout(reading.then_some(timeouts.read));
    attempt.build()
}

fn retry_config(retries: Retries) -> RetryConfig {
    if retries.attempts <= 1 {
        return RetryConfig::disabled();
    }
    RetryConfig::standard()
        .with_max_attempts(retries.attempts)
        .with_initial_backoff(retries.initial_backoff)
        .with_max_backoff(retries.max_backoff)
}

fn check_endpoint(endpoint: &Url) -> Result<(), OpenError> {
    let wrong = |problem| {
        let mut shown = endpoint.clone();
        // Both fail only for URLs that cannot have them, which then show none.
        let _ = (shown.set_username(""), shown.set_password(None));
        Err(OpenError::Endpoint { endpoint: shown.into(), problem })
    };
    if !matches!(endpoint.scheme(), "http" | "https") {
        return wrong("is neither http nor https");
    }
    if endpoint.host_str().is_none_or(str::is_empty) {
        return wrong("names no host");
    }
    if !endpoint.username().is_empty() || endpoint.password().is_some() {
        return wrong("holds a user or a password; give the keys by their own settings");
    }
    if endpoint.query().is_some() || endpoint.fragment().is_some() {
        return wrong("has a query or a fragment");
    }
    Ok(())
}

fn http_client(settings: &BucketSettings) -> Result<SharedHttpClient, OpenError> {
    let builder = aws_smithy_http_client::Builder::new()
        .pool_idle_timeout(IDLE_TIME)
        .pool_max_idle_per_host(IDLE_CONNECTIONS);
    let plain = settings.endpoint.as_ref().is_some_and(|endpoint| endpoint.scheme() == "http");
    if plain && settings.ca_file.is_none() {
        // Reads no certificates of the system, which takes longer than all else at the start.
        return Ok(builder.build_http());
    }
    let mut trust = TrustStore::default();
    if let Some(path) = &settings.ca_file {
        trust.add_pem_certificate(read_certificates(path)?);
    }
    Ok(tls_client(builder, trust))
}

fn tls_client(builder: aws_smithy_http_client::Builder, trust: TrustStore) -> SharedHttpClient {
    let context = TlsContext::builder().with_trust_store(trust).build();
    let builder = builder.tls_provider(Provider::Rustls(CryptoMode::Ring));
    match context {
        Ok(context) => builder.tls_context(context).build_https(),
        // Of a trust store alone no context fails to build; the default one trusts the system's certificates.
        Err(_) => builder.build_https(),
    }
}

/// The SDK panics at the first request on a file with no certificate in it: look before it does.
fn read_certificates(path: &Path) -> Result<Vec<u8>, OpenError> {
    let unreadable = |source| OpenError::CaFile { path: path.to_owned(), source };
    let unusable = |problem: String| OpenError::Certificate { path: path.to_owned(), problem };
    let pem = std::fs::read(path).map_err(unreadable)?;
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let certificate = certificate.map_err(|error| unusable(error.to_string()))?;
        roots.add(certificate).map_err(|error| unusable(error.to_string()))?;
    }
    if roots.is_empty() { Err(unusable("there is none in PEM".to_owned())) } else { Ok(pem) }
}

async fn credentials(settings: &BucketSettings) -> Result<Option<SharedCredentialsProvider>, OpenError> {
    match &settings.credentials {
        Credentials::Anonymous => Ok(None),
        Credentials::Static { access_key, secret_key, session_token } => {
            if !access_key.bytes().all(|byte| byte.is_ascii_graphic()) {
                return Err(OpenError::Character { what: "the access key" });
            }
            let token = session_token.as_ref().map(|token| token.expose_secret().to_owned());
            let secret = secret_key.expose_secret();
            let fixed = aws_sdk_s3::config::Credentials::new(access_key, secret, token, None, "settings");
            Ok(Some(SharedCredentialsProvider::new(fixed)))
        }
        Credentials::Chain => chain(settings).await,
    }
}

/// AWS's chain, if it has credentials at all.
async fn chain(settings: &BucketSettings) -> Result<Option<SharedCredentialsProvider>, OpenError> {
    // The chain may have to ask AWS's token service: over TLS, wherever the bucket itself is.
    let http = tls_client(aws_smithy_http_client::Builder::new(), TrustStore::default());
    let region = Region::new(settings.region.clone());
    let config = ProviderConfig::without_region()
        .with_behavior_version(Some(BehaviorVersion::latest()))
        .with_region(Some(region))
        .with_http_client(http);
    let chain = DefaultCredentialsChain::builder().configure(config).build().await;
    match chain.provide_credentials().await {
        Ok(_) => Ok(Some(SharedCredentialsProvider::new(chain))),
        Err(CredentialsError::CredentialsNotLoaded(_)) => {
            tracing::info!("no AWS credentials were found: requests to the store are anonymous");
            Ok(None)
        }
        Err(error) => Err(OpenError::Credentials(DisplayErrorContext(error).to_string())),
    }
}
