//! A service that runs, and what ends it.

use std::collections::BTreeMap;
use std::future::Future;
use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};

use futures::FutureExt;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::drain::{Cause, Live, Outcome};
use crate::http::server::Server;
use crate::readiness::Readiness;
use crate::telemetry::panic_message;

/// Ends a service from inside. Cheap to clone.
#[derive(Clone, Default)]
pub struct Stopper {
    asked: CancellationToken,
    exit_code: Arc<OnceLock<u8>>,
}

impl Stopper {
    /// Drains the service, which then exits with `exit_code`. The first call counts.
    pub fn stop(&self, exit_code: u8) {
        let _ = self.exit_code.set(exit_code);
        self.asked.cancel();
    }
}

type Part = Pin<Box<dyn Future<Output = anyhow::Result<()>> + Send>>;

/// The parts that run beside the listeners.
#[derive(Default)]
pub(crate) struct Parts(Vec<(&'static str, Part)>);

impl Parts {
    pub(crate) fn add(
        &mut self,
        name: &'static str,
        part: impl Future<Output = anyhow::Result<()>> + Send + 'static,
    ) {
        self.0.push((name, Box::pin(part)));
    }
}

/// A service that runs.
pub struct Running {
    name: &'static str,
    addresses: BTreeMap<&'static str, SocketAddr>,
    signals: Option<(Signal, Signal)>,
    stopper: Stopper,
    live: Live,
}

impl Running {
    pub(crate) fn new(name: &'static str, stopper: Stopper, live: Live) -> Self {
        Self { name, addresses: BTreeMap::new(), signals: signals(), stopper, live }
    }

    pub(crate) fn spawn_all(
        mut self,
        servers: Vec<(&'static str, SocketAddr, Server)>,
        admin: Option<(SocketAddr, Server)>,
        parts: Parts,
    ) -> Self {
        if let Some((address, server)) = admin {
            self.announce("admin", address);
            self.live.admin.spawn(server);
        }
        for (name, address, server) in servers {
            self.announce(name, address);
            self.live.servers.spawn(server);
        }
        for (name, part) in parts.0 {
            self.live.parts.spawn(watched(name, part));
        }
        self
    }

    fn announce(&mut self, listener: &'static str, address: SocketAddr) {
        tracing::info!(service = self.name, name = listener, %address, "listening");
        self.addresses.insert(listener, address);
    }

    /// Where the listener `name` of the service really listens.
    ///
    /// # Panics
    /// Where the service has no such listener.
    pub fn address(&self, name: &str) -> SocketAddr {
        *self.addresses.get(name).unwrap_or_else(|| panic!("{} has no listener {name}", self.name))
    }

    /// Where the admin listener really listens.
    pub fn admin(&self) -> SocketAddr {
        self.address("admin")
    }

    /// The readiness of the whole service.
    pub fn readiness(&self) -> &Readiness {
        &self.live.readiness
    }

    /// Waits for a signal, for a part that fails or for the service's own word, then drains.
    pub async fn wait(mut self) -> Outcome {
        let cause = tokio::select! {
            signal = next(&mut self.signals) => Cause::Signal(signal),
            () = self.stopper.asked.cancelled() => Cause::Asked,
            () = failed(&mut self.live.parts) => Cause::PartFailed,
        };
        self.drain(cause).await
    }

    /// Drains as if the process had been sent SIGTERM.
    pub async fn stop(self) -> Outcome {
        self.drain(Cause::Signal("stop")).await
    }

    async fn drain(self, cause: Cause) -> Outcome {
        tracing::info!(service = self.name, %cause, "draining");
        let mut signals = self.signals;
        let exit_code = self.stopper.exit_code;
        let outcome = tokio::select! {
            outcome = self.live.drain(cause) => outcome,
            signal = next(&mut signals) => {
                tracing::warn!(signal, "second signal: ending at once");
                Outcome::interrupted()
            }
        };
        tracing::info!(cut = outcome.cut, "ended");
        outcome.with_exit_code(exit_code.get().copied())
    }
}

/// SIGTERM and SIGINT. Where the system refuses a handler, the process ends by the signal itself.
fn signals() -> Option<(Signal, Signal)> {
    Some((signal(SignalKind::terminate()).ok()?, signal(SignalKind::interrupt()).ok()?))
}

async fn next(signals: &mut Option<(Signal, Signal)>) -> &'static str {
    match signals {
        None => std::future::pending().await,
        Some((terminate, interrupt)) => tokio::select! {
            _ = terminate.recv() => "SIGTERM",
            _ = interrupt.recv() => "SIGINT",
        },
    }
}

/// Returns when a part has failed; a part that has ended well is let go.
async fn failed(parts: &mut JoinSet<Result<(), ()>>) {
    while let Some(ended) = parts.join_next().await {
        if !matches!(ended, Ok(Ok(()))) {
            return;
        }
    }
    std::future::pending::<()>().await;
}

/// Logs how a part ended, by its name.
async fn watched(name: &'static str, part: Part) -> Result<(), ()> {
    match AssertUnwindSafe(part).catch_unwind().await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => {
            tracing::error!(part = name, "failed: {error:#}");
            Err(())
        }
        Err(panic) => {
            tracing::error!(part = name, panic = panic_message(&*panic), "panicked");
            Err(())
        }
    }
}
