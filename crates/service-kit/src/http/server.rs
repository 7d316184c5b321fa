//! One listener: accepts within bounds, serves, and closes without dropping anybody.
//!
//! 1. A connection takes a place among `HTTP_MAX_CONNECTIONS`; without one it waits in the kernel's queue.
//! 2. In clear it speaks HTTP/1.1; over TLS the protocol that ALPN chose. There is no sniffing of the first bytes,
//!    during which no time limit would hold.
//! 3. Head, idle, write and handshake times are limited.
//! 4. Told to close, it takes what the kernel has already accepted, then closes the listener; each connection ends
//!    after the answer it is giving.
//! 5. Told to cut, it drops what is left.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use futures::FutureExt;
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::{HttpService, service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio_io_timeout::TimeoutStream;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use super::head_timer::HeadTimer;
use super::{Answer, Peer};
use crate::reload::Followed;
use crate::settings::KitSettings;

/// How long a TLS handshake may take.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// What a request's head may take; Node and nginx allow 16 and 32 KiB. Also the write buffer of a connection.
const HEAD_MAX: usize = 64 * 1024;
/// Requests that one HTTP/2 connection may have open.
const STREAMS_MAX: u32 = 128;
/// The pause after the kernel refused an accept, mostly for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A listener that is bound, and what it will answer.
pub(crate) struct Server {
    pub(crate) listener: TcpListener,
    pub(crate) answer: Arc<dyn Answer>,
    pub(crate) tls: Option<Followed<rustls::ServerConfig>>,
    pub(crate) settings: Arc<KitSettings>,
}

/// When a server closes and when it cuts.
#[derive(Clone, Default)]
pub(crate) struct Ends {
    pub(crate) close: CancellationToken,
    pub(crate) cut: CancellationToken,
}

impl Server {
    /// Serves until told to close, then until the last connection has ended or all are cut.
    pub(crate) async fn run(self, ends: Ends) {
        let places = Arc::new(Semaphore::new(self.settings.http_max_connections.get()));
        let graceful = GracefulShutdown::new();
        let front = Front {
            protocols: Protocols::new(&self.settings),
            answer: self.answer,
            tls: self.tls,
            write_timeout: self.settings.http_write_timeout.get(),
        };
        let mut connections = JoinSet::new();
        loop {
            let (stream, peer, place) = tokio::select! {
                biased;
                () = ends.close.cancelled() => break,
                Some(_) = connections.join_next(), if !connections.is_empty() => continue,
                accepted = accept(&self.listener, &places) => accepted,
            };
            connections.spawn(front.connect(peer).hold(place, stream, graceful.watcher()));
        }
        // A client whose connection the kernel has accepted does not know that nobody has taken it yet.
        while let Some(Ok((stream, peer))) = self.listener.accept().now_or_never() {
            let Ok(place) = Arc::clone(&places).try_acquire_owned() else { break };
            connections.spawn(front.connect(peer).hold(place, stream, graceful.watcher()));
        }
        drop(self.listener);
        ends.cut.run_until_cancelled(graceful.shutdown()).await;
        connections.shutdown().await;
    }
}

async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> (TcpStream, SocketAddr, OwnedSemaphorePermit) {
    loop {
        // The semaphore is never closed; a fresh permit is only waited for.
        let Ok(place) = Arc::clone(places).acquire_owned().await else { continue };
        match listener.accept().await {
            Ok((stream, peer)) => return (stream, peer, place),
            Err(error) => {
                tracing::warn!(%error, "a connection was not accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// The limits of a connection, for each protocol.
#[derive(Clone)]
struct Protocols {
    http1: http1::Builder,
    http2: http2::Builder<TokioExecutor>,
}

impl Protocols {
    fn new(settings: &KitSettings) -> Self {
        let head_timeout = settings.http_header_timeout.get();
        let mut http1 = http1::Builder::new();
        http1.header_read_timeout(head_timeout).max_buf_size(HEAD_MAX);
        let mut http2 = http2::Builder::new(TokioExecutor::new());
        http2
            .timer(TokioTimer::new())
            .max_concurrent_streams(STREAMS_MAX)
            .max_header_list_size(u32::try_from(HEAD_MAX).unwrap_or(u32::MAX))
            .keep_alive_interval(head_timeout)
            .keep_alive_timeout(HANDSHAKE_TIMEOUT);
        Self { http1, http2 }
    }
}

/// What every connection of a listener needs.
struct Front {
    protocols: Protocols,
    answer: Arc<dyn Answer>,
    tls: Option<Followed<rustls::ServerConfig>>,
    write_timeout: Duration,
}

impl Front {
    fn connect(&self, peer: SocketAddr) -> Connection {
        let mut protocols = self.protocols.clone();
        protocols.http1.timer(HeadTimer::default());
        Connection {
            protocols,
            answer: Arc::clone(&self.answer),
            tls: self.tls.as_ref().map(|config| TlsAcceptor::from(config.load())),
            write_timeout: self.write_timeout,
            peer: Peer::new(peer),
        }
    }
}

struct Connection {
    protocols: Protocols,
    answer: Arc<dyn Answer>,
    tls: Option<TlsAcceptor>,
    write_timeout: Duration,
    peer: Peer,
}

type Stream = Pin<Box<TimeoutStream<TcpStream>>>;

impl Connection {
    async fn hold(self, place: OwnedSemaphorePermit, stream: TcpStream, watcher: Watcher) {
        let _place = place;
        // Small answers must not wait for an acknowledgement (Nagle); a refusal here only costs time.
        let _ = stream.set_nodelay(true);
        let mut stream = TimeoutStream::new(stream);
        stream.set_write_timeout(Some(self.write_timeout));
        let stream = Box::pin(stream);
        match self.tls.clone() {
            None => self.serve_http1(stream, watcher).await,
            // Boxed, so that a connection in clear does not carry the room of a TLS one.
            Some(acceptor) => Box::pin(self.serve_tls(acceptor, stream, watcher)).await,
        }
    }

    async fn serve_tls(self, acceptor: TlsAcceptor, stream: Stream, watcher: Watcher) {
        let stream = match tokio::time::timeout(HANDSHAKE_TIMEOUT, acceptor.accept(stream)).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => {
                return tracing::debug!(%error, peer = self.peer.as_str(), "TLS handshake failed");
            }
            Err(_) => return tracing::debug!(peer = self.peer.as_str(), "TLS handshake took too long"),
        };
        match stream.get_ref().1.alpn_protocol() {
            // An ACME server has seen all it wants once the handshake is done (RFC 8737, section 3).
            Some(crate::tls::ACME_ALPN) => {}
            Some(b"h2") => {
                let (service, peer) = (self.service(), self.peer.clone());
                let connection = self.protocols.http2.serve_connection(TokioIo::new(stream), service);
                told(watcher.watch(connection).await, &peer);
            }
            _ => self.serve_http1(stream, watcher).await,
        }
    }

    async fn serve_http1<S>(self, stream: S, watcher: Watcher)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (service, peer) = (self.service(), self.peer.clone());
        let connection = self.protocols.http1.serve_connection(TokioIo::new(stream), service);
        told(watcher.watch(connection).await, &peer);
    }

    fn service(
        &self,
    ) -> impl HttpService<Incoming, ResBody = Body, Error = Infallible, Future: Send> + use<> {
        let (answer, peer) = (Arc::clone(&self.answer), self.peer.clone());
        service_fn(move |request| Arc::clone(&answer).answer(request, &peer).map(Ok))
    }
}

fn told(ended: hyper::Result<()>, peer: &Peer) {
    if let Err(error) = ended {
        tracing::debug!(%error, peer = peer.as_str(), "connection ended early");
    }
}
