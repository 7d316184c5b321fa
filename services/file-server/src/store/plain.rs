//! The HTTP client for stores without TLS: the SDK's own, but for the size of its read buffers.
//!
//! 1. hyper's read buffer doubles whenever one read fills it, up to 408 KiB, and the pieces of a body are slices of it. A
//!    reader slower than its store fills it each time: hundreds of them would hold hundreds of MiB. Here it ends at
//!    [`READ_BUFFER`]. The SDK's client cannot be told so. Over TLS a read yields no more than a record (16 KiB), so
//!    there the SDK's client stays.
//! 2. Connections are kept, given up and retried as in the SDK's client; the errors are sorted for its retries.

use std::error::Error;
use std::time::Duration;

use aws_smithy_runtime_api::client::connection::{CaptureSmithyConnection, ConnectionMetadata};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::retry::ErrorKind;
use bucket::BucketSettings;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::{self, CaptureConnection, capture_connection};
use hyper_util::rt::{TokioExecutor, TokioTimer};

/// The longest piece of a body, in bytes, and what a connection's read buffer grows to.
pub const READ_BUFFER: usize = 32 * 1024;

/// Connections kept open with nothing to do, and for how long: as the bucket's own client has it.
const IDLE_CONNECTIONS: usize = 512;
const IDLE_TIME: Duration = Duration::from_secs(15);

/// The client for a store with these settings; none where it is reached over TLS.
pub fn client(settings: &BucketSettings) -> Option<SharedHttpClient> {
    let plain = settings.endpoint.as_ref().is_some_and(|endpoint| endpoint.scheme() == "http");
    (plain && settings.ca_file.is_none())
        .then(|| SharedHttpClient::new(Plain::new(settings.timeouts.connect)))
}

/// One pool of connections. Cheap to clone.
#[derive(Clone, Debug)]
struct Plain {
    client: Client<connect::HttpConnector, SdkBody>,
    /// Until the head of an answer.
    read_timeout: Option<Duration>,
}

impl Plain {
    fn new(connect_timeout: Duration) -> Self {
        let mut connector = connect::HttpConnector::new();
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(connect_timeout));
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_TIME)
            .pool_max_idle_per_host(IDLE_CONNECTIONS)
            .http1_max_buf_size(READ_BUFFER)
            .build(connector);
        Self { client, read_timeout: None }
    }
}

impl HttpClient for Plain {
    fn http_connector(&self, settings: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        let read_timeout = settings.read_timeout();
        SharedHttpConnector::new(Self { client: self.client.clone(), read_timeout })
    }
}

impl HttpConnector for Plain {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let mut request = match request.try_into_http1x() {
            Ok(request) => request,
            Err(error) => return HttpConnectorFuture::ready(Err(ConnectorError::user(error.into()))),
        };
        let connection = capture_connection(&mut request);
        if let Some(capture) = request.extensions().get::<CaptureSmithyConnection>() {
            capture.set_connection_retriever(move || metadata(&connection));
        }
        let asked = self.client.request(request);
        let read_timeout = self.read_timeout;
        HttpConnectorFuture::new(async move {
            let answered = match read_timeout {
                Some(limit) => tokio::time::timeout(limit, asked)
                    .await
                    .map_err(|_| ConnectorError::timeout(format!("no answer within {limit:?}").into()))?,
                None => asked.await,
            };
            let response = answered.map_err(sorted)?;
            HttpResponse::try_from(response.map(SdkBody::from_body_1_x))
                .map_err(|error| ConnectorError::other(error.into(), None))
        })
    }
}

/// Lets the SDK keep a connection from further use, after an answer that another server might give better.
fn metadata(connection: &CaptureConnection) -> Option<ConnectionMetadata> {
    let proxied = connection.connection_metadata().as_ref()?.is_proxied();
    let connection = connection.clone();
    let poison = move || {
        if let Some(connected) = connection.connection_metadata().as_ref() {
            connected.poison();
        }
    };
    Some(ConnectionMetadata::builder().proxied(proxied).poison_fn(poison).build())
}

/// The error as the SDK's retries want to see it.
fn sorted(error: hyper_util::client::legacy::Error) -> ConnectorError {
    let timed_out =
        find::<std::io::Error>(&error).is_some_and(|io| io.kind() == std::io::ErrorKind::TimedOut);
    let connects = error.is_connect() || find::<std::io::Error>(&error).is_some();
    let hyper = find::<hyper::Error>(&error);
    let is = |test: fn(&hyper::Error) -> bool| hyper.is_some_and(test);
    let (user, incomplete) = (is(hyper::Error::is_user), is(hyper::Error::is_incomplete_message));
    let closed = is(hyper::Error::is_closed) || is(hyper::Error::is_canceled);
    let error = Box::new(error);
    if timed_out {
        ConnectorError::timeout(error)
    } else if connects || closed {
        ConnectorError::io(error)
    } else if user {
        ConnectorError::user(error)
    } else {
        ConnectorError::other(error, incomplete.then_some(ErrorKind::TransientError))
    }
}

fn find<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        next = error.source();
    }
    None
}
