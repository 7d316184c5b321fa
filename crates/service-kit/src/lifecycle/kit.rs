//! What a service is built with: listeners are bound and parts registered, and nothing runs yet.

use std::future::Future;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use tokio::net::{TcpListener, TcpSocket};
use tokio_util::sync::CancellationToken;

use super::drain::Live;
use super::running::{Parts, Running, Stopper};
use crate::admin;
use crate::http::observe::Observer;
use crate::http::server::Server;
use crate::http::{Answer, Answers, HttpOptions};
use crate::metrics::{Metrics, ProcessCollector};
use crate::readiness::{Readiness, ReadyHandle};
use crate::reload::{Followed, Follower, ReloadMetrics, UnreadableFile};
use crate::settings::KitSettings;

/// Connections that the kernel holds for a listener until they are accepted; the kernel's own limit
/// (net.core.somaxconn) may be lower.
const BACKLOG: u32 = 4096;

/// An address that could not be listened on.
#[derive(Debug, thiserror::Error)]
#[error("the {name} listener cannot use {address}: {source}")]
pub struct BindError {
    /// Which listener of the service.
    pub name: &'static str,
    /// The address that was asked for.
    pub address: SocketAddr,
    /// The system's own word: in use, not permitted, not an address of this machine.
    pub source: std::io::Error,
}

/// A bound listener that nobody answers yet.
#[derive(Debug)]
pub struct Listener {
    name: &'static str,
    address: SocketAddr,
    socket: TcpListener,
}

impl Listener {
    /// The address that is really listened on: with port 0 asked for, the one that the system picked.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

/// What a service is built with.
pub struct Kit {
    name: &'static str,
    version: &'static str,
    settings: Arc<KitSettings>,
    readiness: Readiness,
    metrics: Metrics,
    observer: Observer,
    reloads: ReloadMetrics,
    admin: Option<Router>,
    servers: Vec<(&'static str, SocketAddr, Server)>,
    parts: Parts,
    stopper: Stopper,
    draining: CancellationToken,
    shutdown: CancellationToken,
}

impl Kit {
    pub(crate) fn new(name: &'static str, version: &'static str, settings: KitSettings) -> Self {
        let metrics = Metrics::default();
        let (http, reloads) = metrics.with(|registry| {
            if let Some(process) = ProcessCollector::new() {
                registry.register_collector(Box::new(process));
            }
            (crate::http::metrics::HttpMetrics::register(registry), ReloadMetrics::register(registry))
        });
        Self {
            name,
            version,
            settings: Arc::new(settings),
            readiness: Readiness::default(),
            metrics,
            observer: Observer::new(http),
            reloads,
            admin: Some(Router::new()),
            servers: Vec::new(),
            parts: Parts::default(),
            stopper: Stopper::default(),
            draining: CancellationToken::new(),
            shutdown: CancellationToken::new(),
        }
    }

    /// The settings that every service shares.
    pub fn settings(&self) -> &KitSettings {
        &self.settings
    }

    /// Binds `address` now; port 0 lets the system pick. `LISTEN_HOST` stands in for an address that means all
    /// of them. Call it inside the runtime.
    pub fn listen(&mut self, name: &'static str, mut address: SocketAddr) -> Result<Listener, BindError> {
        if let Some(host) = self.settings.listen_host.filter(|_| address.ip().is_unspecified()) {
            address.set_ip(host);
        }
        let failed = |source| BindError { name, address, source };
        let socket = bind(address).map_err(failed)?;
        let address = socket.local_addr().map_err(failed)?;
        Ok(Listener { name, address, socket })
    }

    /// Serves `answers`, mostly a router, on `listener` once the service starts.
    pub fn serve(&mut self, listener: Listener, answers: impl Into<Answers>, options: HttpOptions) {
        self.add_server(listener, answers.into(), options, None);
    }

    /// As [`serve`](Self::serve), over TLS; see [`tls`](crate::tls) for certificates that follow their files.
    pub fn serve_tls(
        &mut self,
        listener: Listener,
        tls: Followed<rustls::ServerConfig>,
        answers: impl Into<Answers>,
        options: HttpOptions,
    ) {
        self.add_server(listener, answers.into(), options, Some(tls));
    }

    /// No admin listener: the service's contract has health and metrics on its own port.
    pub fn no_admin(&mut self) {
        self.admin = None;
    }

    /// Further routes of the admin listener.
    pub fn admin_routes(&mut self, routes: Router) {
        self.admin = self.admin.take().map(|admin| admin.merge(routes));
    }

    /// The readiness of one part, not ready yet.
    pub fn readiness(&self, part: &'static str) -> ReadyHandle {
        self.readiness.part(part)
    }

    /// The readiness of the whole service, for one that answers /readyz itself.
    pub fn whole_readiness(&self) -> Readiness {
        self.readiness.clone()
    }

    /// The registry of this service.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Runs `part` beside the listeners. Where it fails or panics, the service drains and exits with 1.
    pub fn spawn(
        &mut self,
        name: &'static str,
        part: impl Future<Output = anyhow::Result<()>> + Send + 'static,
    ) {
        self.parts.add(name, part);
    }

    /// A value that follows its files: see [`reload`](crate::reload). `parse` is given the files' contents, in order.
    pub fn follow<T, F>(
        &mut self,
        name: &'static str,
        paths: Vec<PathBuf>,
        parse: F,
    ) -> Result<Followed<T>, UnreadableFile>
    where
        T: Send + Sync + 'static,
        F: Fn(&[Vec<u8>]) -> Result<T, String> + Send + 'static,
    {
        let (follower, value) = Follower::start(name, paths, parse, self.reloads.clone())?;
        let looking = follower.run(self.settings.reload_interval.get(), self.shutdown.clone());
        self.parts.add(name, async move {
            looking.await;
            Ok(())
        });
        Ok(value)
    }

    /// Cancelled when the drain begins: for answers that never end by themselves.
    pub fn draining(&self) -> CancellationToken {
        self.draining.clone()
    }

    /// Cancelled when the listeners have drained: background parts flush and end.
    pub fn shutdown(&self) -> CancellationToken {
        self.shutdown.clone()
    }

    /// Lets a part end the service, as a job does that is done.
    pub fn stopper(&self) -> Stopper {
        self.stopper.clone()
    }

    /// Binds the admin listener and sets everything running.
    pub(crate) fn start(mut self) -> Result<Running, BindError> {
        let admin = match self.admin.take() {
            None => None,
            Some(extra) => {
                let listener = self.listen("admin", self.settings.admin_address)?;
                let router = admin::routes(self.readiness.clone(), self.metrics.clone()).merge(extra);
                let options = HttpOptions { observed: false, ..HttpOptions::default() };
                let answer = crate::http::surround(router.into(), options, &self.settings, &self.observer);
                Some((listener.address, self.server(listener.socket, answer, None)))
            }
        };
        let live = Live::new(self.settings, (self.readiness, self.observer), (self.draining, self.shutdown));
        tracing::info!(service = self.name, version = self.version, "starting");
        let running = Running::new(self.name, self.stopper, live);
        Ok(running.spawn_all(self.servers, admin, self.parts))
    }

    fn add_server(
        &mut self,
        listener: Listener,
        answers: Answers,
        options: HttpOptions,
        tls: Option<Followed<rustls::ServerConfig>>,
    ) {
        let answer = crate::http::surround(answers, options, &self.settings, &self.observer);
        let server = self.server(listener.socket, answer, tls);
        self.servers.push((listener.name, listener.address, server));
    }

    fn server(
        &self,
        listener: TcpListener,
        answer: Arc<dyn Answer>,
        tls: Option<Followed<rustls::ServerConfig>>,
    ) -> Server {
        Server { listener, answer, tls, settings: Arc::clone(&self.settings) }
    }
}

fn bind(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // A restarted service must not wait for the last one's closed connections to be forgotten.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}
