//! Threads of clients.
//!
//! 1. Each thread has a runtime of its own, so that no client is moved between cores and no lock is fought for.
//! 2. It connects its clients, says so, and waits for the start.
//! 3. Its clients run until the run is over; every second it sends off what nobody else did.
//! 4. It gives back its totals.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::Context as _;
use futures::future::try_join_all;
use tokio::runtime::Builder;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

use super::client::{Client, Shared};
use super::record::{Recorder, Totals};
use super::session::{Session, SessionError};
use crate::connect::Endpoint;
use crate::workload::Workload;

/// Between two looks at whether a second is over.
const LOOK: Duration = Duration::from_millis(250);

/// What a thread needs before the run has a time.
#[derive(Clone, Debug)]
pub struct Connecting {
    /// Where to connect.
    pub endpoint: Arc<Endpoint>,
    /// What to prepare.
    pub workload: Arc<Workload>,
}

/// The start of a thread's clients.
#[derive(Debug)]
pub struct Start {
    /// What all clients share.
    pub shared: Shared,
    /// Where they are counted.
    pub recorder: Recorder,
    /// What the first client's generator is seeded with; the next has the next.
    pub seed: u64,
}

/// A thread that was started.
#[derive(Debug)]
pub struct Worker {
    thread: JoinHandle<anyhow::Result<Totals>>,
    start: oneshot::Sender<Start>,
    /// How many clients it has.
    pub clients: usize,
}

impl Worker {
    /// Starts a thread, which connects so many clients and then tells `ready`.
    pub fn spawn(
        number: usize,
        connecting: Connecting,
        clients: usize,
        ready: mpsc::UnboundedSender<Result<(), SessionError>>,
    ) -> anyhow::Result<Self> {
        let (start, started) = oneshot::channel();
        let thread = thread::Builder::new()
            .name(format!("clients-{number}"))
            .spawn(move || run(&connecting, clients, &ready, started))
            .context("cannot start a thread")?;
        Ok(Self { thread, start, clients })
    }

    /// Lets its clients go; gives back what to wait for.
    pub fn start(self, start: Start) -> JoinHandle<anyhow::Result<Totals>> {
        // A thread that has gone says why when it is joined.
        let _ = self.start.send(start);
        self.thread
    }
}

fn run(
    connecting: &Connecting,
    clients: usize,
    ready: &mpsc::UnboundedSender<Result<(), SessionError>>,
    started: oneshot::Receiver<Start>,
) -> anyhow::Result<Totals> {
    let runtime = Builder::new_current_thread().enable_all().build().context("cannot start a runtime")?;
    runtime.block_on(async {
        let opened = (0..clients).map(|_| Session::open(&connecting.endpoint, &connecting.workload));
        let sessions = match try_join_all(opened).await {
            Ok(sessions) => sessions,
            Err(error) => {
                let _ = ready.send(Err(error)); // whoever waits no longer has another's error already
                return Ok(Totals::default());
            }
        };
        let _ = ready.send(Ok(()));
        let Ok(start) = started.await else { return Ok(Totals::default()) };
        drive(start, sessions).await
    })
}

async fn drive(start: Start, sessions: Vec<Session>) -> anyhow::Result<Totals> {
    let Start { shared, recorder, seed } = start;
    let clock = shared.clock;
    let recorder = Arc::new(Mutex::new(recorder));
    tokio::time::sleep_until(clock.instant(0).into()).await;
    let mut clients = JoinSet::new();
    for (session, seed) in sessions.into_iter().zip(seed..) {
        clients.spawn(Client::new(shared.clone(), recorder.clone(), session, seed).run());
    }
    let mut look = tokio::time::interval(LOOK);
    loop {
        tokio::select! {
            ended = clients.join_next() => match ended {
                Some(client) => client.context("a client")?,
                None => break,
            },
            _ = look.tick() => recorder.lock().unwrap_or_else(PoisonError::into_inner).turn_to(clock.now()),
        }
    }
    let totals = recorder.lock().unwrap_or_else(PoisonError::into_inner).finish();
    Ok(totals)
}
