//! An S3 store inside the process, on a folder: what `make run` and the tests put the services in front of.
//!
//! 1. [`EmbeddedS3::bind`] opens the folder and the port; requests must be signed with its one key.
//! 2. `operations` answers them: s3s-fs keeps the files, and what S3 does beyond that is added there.
//! 3. [`EmbeddedS3::stop`] finishes what is under way; dropping it cuts everything.
//!
//! What it does not do, and answers 400 to: keys that a file system cannot hold (see `store::storable`), objects above
//! 128 MiB in one piece. An upload in parts that is under way is forgotten when the process ends.
//!
//! ```
//! use bucket::embedded::EmbeddedS3;
//! use bucket::{Bucket, Key, PutOptions, StoreMetrics};
//!
//! # tokio::runtime::Runtime::new().unwrap().block_on(async {
//! let folder = tempfile::tempdir()?;
//! let store = EmbeddedS3::start(folder.path()).await?;
//! let bucket = Bucket::open(store.settings("site"), StoreMetrics::default()).await?;
//! bucket.create_bucket().await?;
//! bucket.put(&Key::parse("index.html")?, "hello".into(), &PutOptions::default()).await?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! ```

mod conditions;
mod operations;
mod store;

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder as Connections;
use hyper_util::server::graceful::GracefulShutdown;
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use secrecy::{ExposeSecret, SecretString};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};
use url::Url;

use crate::names::BucketName;
use crate::settings::{BucketSettings, Credentials};

/// How long [`EmbeddedS3::stop`] waits for requests under way.
const STOP_TIME: Duration = Duration::from_secs(5);

/// A running store. Dropping it ends it at once.
#[derive(Debug)]
pub struct EmbeddedS3 {
    /// Where it listens.
    pub endpoint: Url,
    /// The one access key.
    pub access_key: String,
    /// Its secret.
    pub secret_key: SecretString,
    stop: DropGuard,
    server: JoinHandle<()>,
}

impl EmbeddedS3 {
    /// A store on `folder`, which must be there, at a free port of 127.0.0.1.
    pub async fn start(folder: impl AsRef<Path>) -> io::Result<Self> {
        Self::bind(folder, ([127, 0, 0, 1], 0).into(), "embedded", SecretString::from("embedded-secret"))
            .await
    }

    /// A store on `folder`, which must be there, at `address`, for this one key. Each folder in it is a bucket.
    pub async fn bind(
        folder: impl AsRef<Path>,
        address: SocketAddr,
        access_key: &str,
        secret_key: SecretString,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let endpoint = format!("http://{}", listener.local_addr()?);
        let endpoint = Url::parse(&endpoint).map_err(io::Error::other)?;
        let store = store::Store::open(folder.as_ref())?;
        let mut service = S3ServiceBuilder::new(store);
        service.set_auth(SimpleAuth::from_single(access_key, secret_key.expose_secret()));
        let stop = CancellationToken::new();
        let server = tokio::spawn(serve(listener, service.build(), stop.clone()));
        let access_key = access_key.to_owned();
        Ok(Self { endpoint, access_key, secret_key, stop: stop.drop_guard(), server })
    }

    /// Settings that reach `bucket` in it.
    ///
    /// # Panics
    /// If `bucket` is no bucket's name: it is the caller's own word, not input.
    pub fn settings(&self, bucket: &str) -> BucketSettings {
        let name = BucketName::parse(bucket).unwrap_or_else(|error| panic!("{error}"));
        BucketSettings {
            credentials: Credentials::Static {
                access_key: self.access_key.clone(),
                secret_key: self.secret_key.clone(),
                session_token: None,
            },
            ..BucketSettings::new(Some(self.endpoint.clone()), name)
        }
    }

    /// Accepts no more, and waits up to 5 s for what is under way.
    pub async fn stop(self) {
        self.stop.disarm().cancel();
        // The server's task neither panics nor is aborted; were it so, it has stopped all the same.
        let _ = self.server.await;
    }
}

async fn serve(listener: TcpListener, service: S3Service, stop: CancellationToken) {
    let connections = Connections::new(TokioExecutor::new());
    let graceful = GracefulShutdown::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.cancelled() => break,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                // Out of files, most often: without a pause this would be a busy loop until some are closed.
                tracing::warn!(%error, "the embedded store could not accept a connection");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "no TCP_NODELAY");
        }
        let connection = connections.serve_connection(TokioIo::new(stream), service.clone()).into_owned();
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(error, "a connection of the embedded store ended badly");
            }
        });
    }
    drop(listener);
    if tokio::time::timeout(STOP_TIME, graceful.shutdown()).await.is_err() {
        tracing::warn!("the embedded store cut requests that were still under way");
    }
}
