//! The end of a service, in order: dependencies are closed after those who use them.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::sync::CancellationToken;

use crate::http::observe::Observer;
use crate::http::server::{Ends, Server};
use crate::readiness::Readiness;
use crate::settings::KitSettings;

/// What background parts get to flush in, however long the requests before them took.
const FLUSH_MIN: Duration = Duration::from_secs(1);

/// Why a service stops.
#[derive(Clone, Copy, Debug)]
pub(super) enum Cause {
    /// From outside: others may still send requests here until they have heard of it.
    Signal(&'static str),
    /// The service's own word: it is done.
    Asked,
    /// A background part failed.
    PartFailed,
}

impl fmt::Display for Cause {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Signal(name) => name,
            Self::Asked => "the service is done",
            Self::PartFailed => "a part failed",
        })
    }
}

/// How a service ended.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Outcome {
    /// Requests that were not finished within `DRAIN_TIMEOUT`.
    pub cut: usize,
    failed: bool,
    interrupted: bool,
    chosen: Option<u8>,
}

impl Outcome {
    /// The process's exit code: 1 where something was cut or failed, else the service's own, else 0.
    pub fn exit_code(self) -> u8 {
        if self.cut > 0 || self.interrupted { 1 } else { self.chosen.unwrap_or(u8::from(self.failed)) }
    }

    pub(super) fn interrupted() -> Self {
        Self { interrupted: true, ..Self::default() }
    }

    pub(super) fn with_exit_code(self, chosen: Option<u8>) -> Self {
        Self { chosen, ..self }
    }
}

/// All that runs in a service, and what tells it to end.
pub(crate) struct Live {
    settings: Arc<KitSettings>,
    pub(super) readiness: Readiness,
    observer: Observer,
    draining: CancellationToken,
    shutdown: CancellationToken,
    pub(super) servers: Servers,
    pub(super) parts: JoinSet<Result<(), ()>>,
    /// Apart from the servers: it answers until the very end.
    pub(super) admin: Servers,
}

/// Servers that close together.
#[derive(Default)]
pub(super) struct Servers {
    running: JoinSet<()>,
    ends: Ends,
}

impl Servers {
    pub(super) fn spawn(&mut self, server: Server) {
        self.running.spawn(server.run(self.ends.clone()));
    }

    /// Closes the listeners; returns when the last connection has ended.
    async fn close(&mut self) {
        self.ends.close.cancel();
        while self.running.join_next().await.is_some() {}
    }

    /// As [`close`](Self::close), without waiting for what is in flight.
    async fn cut(&mut self) {
        self.ends.cut.cancel();
        self.close().await;
    }
}

impl Live {
    pub(crate) fn new(
        settings: Arc<KitSettings>,
        (readiness, observer): (Readiness, Observer),
        (draining, shutdown): (CancellationToken, CancellationToken),
    ) -> Self {
        let (servers, admin) = (Servers::default(), Servers::default());
        Self { settings, readiness, observer, draining, shutdown, servers, parts: JoinSet::new(), admin }
    }

    pub(super) async fn drain(mut self, cause: Cause) -> Outcome {
        self.readiness.drain();
        self.observer.drain();
        self.draining.cancel();
        if matches!(cause, Cause::Signal(_)) {
            tokio::time::sleep(self.settings.drain_delay()).await;
        }
        let deadline = Instant::now() + self.settings.drain_timeout.get();
        let cut = self.finish_requests(deadline).await;
        let failed = self.flush(deadline).await || matches!(cause, Cause::PartFailed);
        self.admin.cut().await;
        Outcome { cut, failed, ..Outcome::default() }
    }

    /// Closes the listeners and finishes what is in flight. Returns how many requests the deadline cut.
    async fn finish_requests(&mut self, deadline: Instant) -> usize {
        if timeout_at(deadline, self.servers.close()).await.is_ok() {
            return 0;
        }
        let cut = self.observer.in_flight();
        if cut > 0 {
            tracing::error!(cut, "requests outlived DRAIN_TIMEOUT and were cut");
        }
        self.servers.cut().await;
        cut
    }

    /// Lets background parts end. Returns whether one failed or had to be cut.
    async fn flush(&mut self, deadline: Instant) -> bool {
        self.shutdown.cancel();
        let limit = deadline.saturating_duration_since(Instant::now()).max(FLUSH_MIN);
        let ended = timeout(limit, async {
            let mut failed = false;
            while let Some(ended) = self.parts.join_next().await {
                failed |= !matches!(ended, Ok(Ok(())));
            }
            failed
        });
        ended.await.unwrap_or_else(|_| {
            tracing::error!(parts = self.parts.len(), "background parts outlived the drain and were cut");
            self.parts.abort_all();
            true
        })
    }
}
