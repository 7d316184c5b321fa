//! One bucket of a store, and the one way every request to it goes.
//!
//! 1. [`Bucket::open`] checks the settings and makes the clients; nothing is asked of the store.
//! 2. Each operation puts the prefix before its key and goes through [`Bucket::call`]: limited in time, classified,
//!    counted.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_sdk_s3::config::SharedHttpClient;
use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};

use crate::classify::{Asked, Failure, classify};
use crate::client::Clients;
use crate::error::{OpenError, StoreError};
use crate::metrics::{Operation, StoreMetrics};
use crate::names::{BucketName, KEY_BYTES, Key, Prefix};
use crate::settings::{BucketSettings, PayloadSigning, Timeouts};

/// One bucket of a store. Cheap to clone; clones share connections, and dropping a call or a body ends it.
#[derive(Clone)]
pub struct Bucket(Arc<Inner>);

struct Inner {
    clients: Clients,
    name: BucketName,
    prefix: Prefix,
    timeouts: Timeouts,
    sign_payloads: bool,
    metrics: StoreMetrics,
}

impl Bucket {
    /// Checks the settings and makes the clients. Nothing is asked of the store; with
    /// [`Credentials::Chain`](crate::Credentials) AWS's chain is asked for credentials, which may take some seconds
    /// where there are none.
    pub async fn open(settings: BucketSettings, metrics: StoreMetrics) -> Result<Self, OpenError> {
        Self::open_with(settings, metrics, None).await
    }

    /// As [`open`](Self::open), over this HTTP client where there is one; of the settings the connect time limit, the
    /// idle connections and the CA file are then the client's own business.
    pub async fn open_with(
        settings: BucketSettings,
        metrics: StoreMetrics,
        http: Option<SharedHttpClient>,
    ) -> Result<Self, OpenError> {
        let clients = Clients::build(&settings, http).await?;
        let plain = settings.endpoint.as_ref().is_some_and(|endpoint| endpoint.scheme() == "http");
        let sign_payloads = match settings.payload_signing {
            PayloadSigning::OverPlainHttp => plain,
            PayloadSigning::Always => true,
            PayloadSigning::Never => false,
        };
        let BucketSettings { bucket: name, prefix, timeouts, .. } = settings;
        Ok(Self(Arc::new(Inner { clients, name, prefix, timeouts, sign_payloads, metrics })))
    }

    /// The bucket's name.
    pub fn name(&self) -> &BucketName {
        &self.0.name
    }

    /// What stands before every key.
    pub fn prefix(&self) -> &Prefix {
        &self.0.prefix
    }

    pub(crate) fn clients(&self) -> &Clients {
        &self.0.clients
    }

    pub(crate) fn metrics(&self) -> &StoreMetrics {
        &self.0.metrics
    }

    pub(crate) fn timeouts(&self) -> Timeouts {
        self.0.timeouts
    }

    pub(crate) fn signs_payloads(&self) -> bool {
        self.0.sign_payloads
    }

    /// The key as the store knows it.
    pub(crate) fn full_key(&self, key: &Key) -> Result<String, StoreError> {
        let full = format!("{}{key}", self.0.prefix);
        if full.len() > KEY_BYTES {
            let detail = format!("the key has {} bytes with its prefix; {KEY_BYTES} are allowed", full.len());
            return Err(StoreError::Invalid { detail });
        }
        Ok(full)
    }

    /// What is asked when it concerns the bucket as a whole.
    pub(crate) fn asked<'a>(&'a self, key: Option<&'a str>) -> Asked<'a> {
        Asked { bucket: self.0.name.as_str(), key, upload: None, page: false }
    }

    /// One call: at most the operation's time limit and `extra`, its failure classified, counted.
    pub(crate) async fn call<T, E>(
        &self,
        operation: Operation,
        asked: Asked<'_>,
        extra: Duration,
        request: impl Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    ) -> Result<T, StoreError>
    where
        E: std::error::Error + ProvideErrorMetadata + 'static,
    {
        let begun = Instant::now();
        let limit = self.0.timeouts.operation.saturating_add(extra);
        // The SDK's futures are some kilobytes each; boxed, those of our callers stay small.
        let result = match tokio::time::timeout(limit, Box::pin(request)).await {
            Ok(Ok(output)) => Ok(output),
            Ok(Err(error)) => Err(classify(Failure::of(&error), asked)),
            Err(_) => Err(StoreError::Timeout { detail: format!("no answer within {limit:?}") }),
        };
        self.0.metrics.observe(operation, begun.elapsed(), &result);
        result
    }
}

impl std::fmt::Debug for Bucket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bucket")
            .field("name", &self.0.name)
            .field("prefix", &self.0.prefix)
            .finish_non_exhaustive()
    }
}
