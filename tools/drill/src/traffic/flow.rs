//! The requests of one target: when they are due, how many are under way, what became of them.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use reqwest::Client;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::failure::{Failure, Kind};
use super::tally::Tally;
use super::{Observed, Stream};

/// One target under way.
pub(super) struct Flow {
    stream: Stream,
    client: Client,
    places: Arc<Semaphore>,
    /// The bits of an `f64`: how many times the stream's rate is sent.
    factor: AtomicU64,
    phases: Mutex<Phases>,
}

struct Phases {
    baseline: Tally,
    drill: Option<Tally>,
}

impl Flow {
    pub(super) fn new(stream: Stream, client: Client, began: Instant) -> Self {
        Self {
            places: Arc::new(Semaphore::new(stream.in_flight)),
            stream,
            client,
            factor: AtomicU64::new(1.0_f64.to_bits()),
            phases: Mutex::new(Phases { baseline: Tally::new(began), drill: None }),
        }
    }

    pub(super) fn label(&self) -> String {
        self.stream.source.label()
    }

    pub(super) fn mark(&self, now: Instant) {
        self.phases().drill = Some(Tally::new(now));
    }

    pub(super) fn scale(&self, factor: f64) {
        self.factor.store(factor.to_bits(), Ordering::Relaxed);
    }

    pub(super) fn current(&self) -> Tally {
        let phases = self.phases();
        phases.drill.as_ref().unwrap_or(&phases.baseline).clone()
    }

    pub(super) fn clean_for(&self) -> Duration {
        let phases = self.phases();
        phases.drill.as_ref().unwrap_or(&phases.baseline).clean_for()
    }

    pub(super) fn observed(&self) -> Observed {
        let phases = self.phases();
        Observed {
            label: self.label(),
            url: self.stream.source.url().to_owned(),
            rate: self.stream.rate,
            baseline: phases.baseline.clone(),
            drill: phases.drill.clone(),
            ended: Instant::now(),
        }
    }

    fn interval(&self) -> Duration {
        Duration::from_secs_f64(
            1.0 / (self.stream.rate * f64::from_bits(self.factor.load(Ordering::Relaxed))),
        )
    }

    fn sending(&self, due: Instant) {
        let late = due.elapsed();
        let mut phases = self.phases();
        let Phases { baseline, drill } = &mut *phases;
        let tally = drill.as_mut().unwrap_or(baseline);
        tally.sent_late = tally.sent_late.max(late);
    }

    /// A request belongs to the phase in which it ends: one that is under way when something breaks may fail of that.
    fn note(&self, due: Instant, outcome: Result<(), Failure>) {
        let mut phases = self.phases();
        let Phases { baseline, drill } = &mut *phases;
        drill.as_mut().unwrap_or(baseline).note(due, Instant::now(), outcome);
    }

    fn phases(&self) -> MutexGuard<'_, Phases> {
        self.phases.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Sends what is due until it is told to stop, then waits for what is under way.
pub(super) async fn pace(flow: Arc<Flow>, first: Instant, stop: CancellationToken) {
    let mut requests = JoinSet::new();
    let mut due = first;
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => break,
            () = tokio::time::sleep_until(due) => {}
        }
        flow.sending(due);
        if let Ok(place) = Arc::clone(&flow.places).try_acquire_owned() {
            let flow = Arc::clone(&flow);
            requests.spawn(async move {
                let outcome = flow.stream.source.send(&flow.client).await;
                flow.note(due, outcome);
                drop(place);
            });
        } else {
            let reason = format!("{} requests were under way", flow.stream.in_flight);
            flow.note(due, Err(Failure::new(Kind::Overflow, reason)));
        }
        due += flow.interval();
        while requests.try_join_next().is_some() {}
    }
    while requests.join_next().await.is_some() {}
}
