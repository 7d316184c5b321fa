//! One client: the next transaction, until the run is over.
//!
//! 1. The gate says when it was meant to start; the workload what it is; the client's own generator the values.
//! 2. A serialization failure or a deadlock is tried again with the same values, as often as the run allows. All tries
//!    are part of the one latency.
//! 3. A lost connection fails the transaction. The client connects again, and again, with pauses that grow.
//! 4. Where the run's patience ends in the middle of a transaction, that one is unfinished.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rand::SeedableRng as _;
use rand_pcg::Pcg64Mcg;
use tokio_util::sync::CancellationToken;

use super::clock::Clock;
use super::failure::Failure;
use super::gate::Gate;
use super::record::{Reconnects, Record, Recorder};
use super::session::Session;
use crate::connect::{Backoff, Endpoint, Remedy, remedy};
use crate::workload::{Value, Workload};

/// What all clients of a run share.
#[derive(Clone, Debug)]
pub struct Shared {
    /// Where to connect.
    pub endpoint: Arc<Endpoint>,
    /// What to do.
    pub workload: Arc<Workload>,
    /// When to do it.
    pub gate: Arc<Gate>,
    /// The run's time.
    pub clock: Clock,
    /// Tries of a transaction, the first with them.
    pub max_tries: u32,
    /// The end of the run's patience.
    pub give_up: CancellationToken,
}

/// One client.
#[derive(Debug)]
pub struct Client {
    shared: Shared,
    recorder: Arc<Mutex<Recorder>>,
    session: Option<Session>,
    random: Pcg64Mcg,
    values: Vec<Value>,
    /// What is under way: the kind and when it was meant to start.
    under_way: Option<(usize, u64, u64)>,
}

impl Client {
    /// A client that is connected.
    pub fn new(shared: Shared, recorder: Arc<Mutex<Recorder>>, session: Session, seed: u64) -> Self {
        let random = Pcg64Mcg::seed_from_u64(seed);
        Self { shared, recorder, session: Some(session), random, values: Vec::new(), under_way: None }
    }

    /// Does transactions until the run is over.
    pub async fn run(mut self) {
        let give_up = self.shared.give_up.clone();
        let finished = give_up.run_until_cancelled(self.work()).await.is_some();
        if let Some((kind, intended, started)) = self.under_way.take() {
            let ended = self.shared.clock.now();
            let failure = Some(Failure::Unfinished);
            self.record(&Record { kind, intended, started, ended, retries: 0, failure });
        }
        if let (Some(session), true) = (self.session, finished) {
            session.close().await;
        }
    }

    async fn work(&mut self) {
        while let Some(intended) = self.shared.gate.next().await {
            let workload = self.shared.workload.clone();
            let kind = workload.pick(&mut self.random);
            self.values.clear();
            for draw in &workload.transactions()[kind].draws {
                self.values.push(draw.value(&mut self.random));
            }
            let started = self.shared.clock.now();
            self.under_way = Some((kind, intended, started));
            let (retries, failure) = self.transaction(&workload, kind).await;
            let ended = self.shared.clock.now();
            self.under_way = None;
            self.record(&Record { kind, intended, started, ended, retries, failure });
        }
    }

    /// Does one transaction, with its retries.
    async fn transaction(&mut self, workload: &Workload, kind: usize) -> (u64, Option<Failure>) {
        let mut retries = 0;
        loop {
            if self.session.is_none() {
                self.reconnect().await;
            }
            let Some(session) = &self.session else { return (retries, Some(Failure::Connection)) };
            let Err(error) = session.run(kind, &workload.transactions()[kind], &self.values).await else {
                return (retries, None);
            };
            let failure = Failure::of(&error);
            if session.is_closed() || remedy(&error) == Remedy::Reconnect {
                self.session = None;
                self.count(Reconnects { lost: 1, failed: 0 });
                return (retries, Some(failure));
            }
            if !failure.is_retried() || retries + 1 >= u64::from(self.shared.max_tries) {
                return (retries, Some(failure));
            }
            retries += 1;
        }
    }

    /// Connects again, however often it takes: the run's end cancels it.
    async fn reconnect(&mut self) {
        let backoff = Backoff::default();
        let mut attempt = 0;
        loop {
            match Session::open(&self.shared.endpoint, &self.shared.workload).await {
                Ok(session) => {
                    self.session = Some(session);
                    return;
                }
                Err(error) => tracing::debug!(%error, "no new connection yet"),
            }
            self.count(Reconnects { lost: 0, failed: 1 });
            let wait = backoff.wait(attempt, Duration::ZERO, rand::random()).unwrap_or(backoff.most);
            tokio::time::sleep(wait).await;
            attempt += 1;
        }
    }

    fn record(&self, record: &Record) {
        self.recorder.lock().unwrap_or_else(PoisonError::into_inner).add(record);
    }

    fn count(&self, seen: Reconnects) {
        let now = self.shared.clock.now();
        self.recorder.lock().unwrap_or_else(PoisonError::into_inner).add_reconnects(now, seen);
    }
}
