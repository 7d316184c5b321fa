//! The one place that decides what goes to the store, and when.
//!
//! 1. What arrives waits in [`Pending`]. A document whose id is under way already waits for that one instead: once the
//!    first is stored, the second, written at the same time, is a duplicate; any other asks the store itself.
//! 2. A batch goes when it is full or its first document has waited long enough, and the pace allows one more.
//! 3. Documents that one answer put off come back together after a wait, and not among fresh ones, which would fill the
//!    same queues before them. A batch that failed as a whole goes back to the front, and nothing is sent until a wait is
//!    over. Then one batch goes to see.
//! 4. While nothing is under way the store is asked once a second how it is.
//! 5. At the end everything that waits is tried once more; what then is not stored is told so.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::hash_map::{Entry as Slot, HashMap};
use std::mem;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::by_id::ById;
use super::health::Health;
use super::metrics::ReasonLabel;
use super::pace::Pace;
use super::queue::Pending;
use super::retry::{self, Next};
use super::worker::{Landed, Writer};
use super::{BatchMetrics, BatchSettings, ENDING, Entry, Outcome};
use crate::dead::Dead;
use crate::review::Document;
use crate::store::{ReviewStore, WriteError};

/// So many arrivals are taken at a time.
const ARRIVALS: usize = 1024;
/// How often a store that is not written to is asked how it is.
const PROBE: Duration = Duration::from_secs(1);
/// While the store fails, how often those are looked for whose patience is over.
const SWEEP: Duration = Duration::from_millis(250);
/// However small the batches were that the store found too large, they are not made smaller from the start than this.
const BYTES_MIN: usize = 64 * 1024;
/// What a client is told whose patience is over.
const NOT_IN_TIME: &str = "the store did not take it in time";

/// Runs in the background as long as the service.
pub struct Dispatcher {
    arrivals: mpsc::UnboundedReceiver<Entry>,
    health: Arc<Health>,
    shutdown: CancellationToken,
    writer: Arc<Writer>,
    settings: BatchSettings,
    pending: Pending,
    later: BinaryHeap<Later>,
    /// Every id under way, and who else came with it.
    active: HashMap<ById, Vec<Entry>>,
    flights: JoinSet<Landed>,
    probes: JoinSet<Result<(), WriteError>>,
    pace: Pace,
    /// Whole batches that failed in a row, and when the last one did.
    failures: u32,
    failed_at: Option<Instant>,
    /// Nothing is sent before.
    closed_until: Option<Instant>,
    /// Whether that is because the store is not there, rather than busy.
    absent: bool,
    /// When the store was last heard of, or asked.
    contact: Instant,
    swept_at: Instant,
    ending: bool,
}

impl Dispatcher {
    pub(super) fn new(
        store: Arc<dyn ReviewStore>,
        dead: Arc<Dead>,
        settings: BatchSettings,
        metrics: BatchMetrics,
        (arrivals, health, shutdown): (mpsc::UnboundedReceiver<Entry>, Arc<Health>, CancellationToken),
    ) -> Self {
        let now = Instant::now();
        Self {
            arrivals,
            health,
            shutdown,
            writer: Arc::new(Writer { store, dead, metrics }),
            settings,
            pending: Pending::default(),
            later: BinaryHeap::new(),
            active: HashMap::new(),
            flights: JoinSet::new(),
            probes: JoinSet::new(),
            pace: Pace::new(settings.concurrency),
            failures: 0,
            failed_at: None,
            closed_until: None,
            absent: false,
            contact: now,
            swept_at: now,
            ending: false,
        }
    }

    /// Works until the shutdown, and then until nothing waits.
    pub async fn run(mut self) -> anyhow::Result<()> {
        let (mut arrived, shutdown) = (Vec::with_capacity(ARRIVALS), self.shutdown.clone());
        loop {
            self.send_due();
            if self.ending && self.flights.is_empty() && self.pending.is_empty() {
                return Ok(());
            }
            let wake = self.next_wake();
            tokio::select! {
                biased;
                Some(landed) = self.flights.join_next() => self.land(landed.context("a batch panicked")?),
                () = shutdown.cancelled(), if !self.ending => self.end(),
                Some(probed) = self.probes.join_next() => self.probed(probed.context("a probe panicked")?),
                () = sleep_until(wake) => self.look_round(),
                count = self.arrivals.recv_many(&mut arrived, ARRIVALS), if !self.ending => {
                    let now = Instant::now();
                    arrived.drain(..).for_each(|entry| self.admit(entry, now));
                    if count == 0 {
                        self.end(); // nobody is left who could push
                    }
                }
            }
        }
    }

    fn admit(&mut self, entry: Entry, now: Instant) {
        match self.active.entry(ById(Arc::clone(&entry.document))) {
            Slot::Occupied(mut under_way) => under_way.get_mut().push(entry),
            Slot::Vacant(free) => {
                free.insert(Vec::new());
                self.pending.push(entry, now);
            }
        }
    }

    /// Sends every batch that is due.
    fn send_due(&mut self) {
        let now = Instant::now();
        while self.later.peek().is_some_and(|later| self.ending || later.due.0 <= now) {
            let Some(later) = self.later.pop() else { break };
            self.pending.push(later.entry, now.checked_sub(self.settings.wait).unwrap_or(now));
        }
        while self.may_send(now) {
            let mut batch = self.pending.take(self.settings.bytes, self.settings.count);
            for over in batch.extract_if(.., |entry| entry.is_over(now)).collect::<Vec<_>>() {
                self.give_up(over, NOT_IN_TIME);
            }
            if !batch.is_empty() {
                self.flights.spawn(Arc::clone(&self.writer).write(batch));
            }
        }
        self.show();
    }

    fn may_send(&self, now: Instant) -> bool {
        let Some(oldest) = self.pending.oldest() else { return false };
        let due = self.pending.fills(self.settings.bytes, self.settings.count)
            || oldest + self.settings.wait <= now;
        let open = self.closed_until.is_none_or(|until| until <= now);
        self.flights.len() < self.limit() && (self.ending || (due && open))
    }

    /// After a failure one batch goes to see.
    fn limit(&self) -> usize {
        if self.failures > 0 { 1 } else { self.pace.limit() }
    }

    fn land(&mut self, landed: Landed) {
        let now = Instant::now();
        self.contact = now;
        if let Some(bytes) = landed.too_large {
            self.shrink(bytes);
        }
        let took_some = !landed.ended.is_empty();
        for (document, stored) in landed.ended {
            self.release(&document, stored, now);
        }
        let full = self.flights.len() + 1 >= self.limit();
        let all_taken = landed.busy.is_empty() && landed.again.is_empty();
        match landed.failed {
            Some((error, rest)) => {
                self.pace.failed(landed.flown, now);
                self.batch_failed(&error, landed.flown.started, now);
                self.put_back(&error, rest, now);
            }
            None if all_taken => {
                self.pace.succeeded(landed.flown, full, now);
                self.batch_succeeded();
            }
            None => {
                self.pace.failed(landed.flown, now);
                self.batch_succeeded();
            }
        }
        // A store that took some of a batch is working: what found a queue full is tried again at once, not ever later.
        self.put_off(landed.busy, !took_some, now);
        self.put_off(landed.again, true, now);
    }

    fn batch_succeeded(&mut self) {
        (self.failures, self.closed_until, self.absent) = (0, None, false);
        self.health.succeeded();
    }

    fn batch_failed(&mut self, error: &WriteError, started: Instant, now: Instant) {
        // Batches that were in flight together fail together: that is one failure.
        if self.failed_at.is_none_or(|failed_at| started >= failed_at) {
            self.failures += 1;
            self.failed_at = Some(now);
            self.absent = self.note(error);
            tracing::debug!(%error, failures = self.failures, "a batch failed");
        }
        let asked = if let WriteError::Overloaded { retry_after, .. } = error { *retry_after } else { None };
        let wait = retry::wait(self.failures - 1, asked, rand::random());
        self.closed_until = self.closed_until.max(Some(now + wait));
    }

    /// Whether the store is not there for us.
    fn note(&self, error: &WriteError) -> bool {
        let absent = matches!(error, WriteError::Away(_) | WriteError::Denied(_));
        if absent {
            self.health.failed(error);
        }
        absent
    }

    fn put_back(&mut self, error: &WriteError, rest: Vec<Entry>, now: Instant) {
        if self.ending {
            return rest.into_iter().for_each(|entry| self.give_up(entry, ENDING));
        }
        let label = ReasonLabel::of(error);
        self.writer.metrics.batch_retries.get_or_create(&label).inc_by(rest.len() as u64);
        self.pending.put_back(rest, now);
    }

    /// What one answer put off, with the reasons; `in_vain` where each such answer makes the next wait longer.
    fn put_off(&mut self, entries: Vec<(Entry, String)>, in_vain: bool, now: Instant) {
        let chance = rand::random();
        for (mut entry, reason) in entries {
            if self.ending {
                self.give_up(entry, ENDING);
                continue;
            }
            if !in_vain {
                entry.attempts = 0;
            }
            match retry::next(now, entry.patience, entry.attempts, chance) {
                Next::GiveUp => self.give_up(entry, &reason),
                Next::At(at) => {
                    entry.attempts += 1;
                    self.writer.metrics.batch_retries.get_or_create(&ReasonLabel::ITEM).inc();
                    self.later.push(Later { due: Reverse(at), entry });
                }
            }
        }
    }

    fn give_up(&mut self, entry: Entry, reason: &str) {
        self.writer.metrics.batch_given_up.inc();
        let document = Arc::clone(&entry.document);
        entry.resolve(Outcome::Retry(reason.to_owned()));
        self.release(&document, false, Instant::now());
    }

    /// The document is done with: whoever came with the same id is too, or takes its place.
    fn release(&mut self, document: &Arc<Document>, stored: bool, now: Instant) {
        for follower in self.active.remove(&ById(Arc::clone(document))).unwrap_or_default() {
            if stored && follower.document.review.written_at == document.review.written_at {
                follower.resolve(Outcome::Duplicate);
            } else {
                self.admit(follower, now);
            }
        }
    }

    /// The store takes no batch of so many bytes: from now on they are made half as large.
    fn shrink(&mut self, too_large: usize) {
        let bytes = (too_large / 2).max(BYTES_MIN);
        if bytes < self.settings.bytes {
            tracing::warn!(bytes, "the store found a batch too large: batches are smaller from now on");
            self.settings.bytes = bytes;
        }
    }

    fn probed(&mut self, probed: Result<(), WriteError>) {
        self.contact = Instant::now();
        match probed {
            // Where something waits, writing it will show; a store may answer and yet take nothing. One that is busy
            // gets the pause it asked for.
            Ok(()) if !self.pending.is_empty() => {
                self.closed_until = self.closed_until.filter(|_| !self.absent);
            }
            Ok(()) => self.batch_succeeded(),
            Err(error) => {
                self.note(&error);
            }
        }
    }

    fn look_round(&mut self) {
        let now = Instant::now();
        if self.failures > 0 && now >= self.swept_at + SWEEP {
            self.swept_at = now;
            for over in self.pending.take_over(now) {
                self.give_up(over, NOT_IN_TIME);
            }
        }
        if self.is_quiet() && now >= self.contact + PROBE {
            self.contact = now;
            let writer = Arc::clone(&self.writer);
            self.probes.spawn(async move { writer.store.check().await });
        }
    }

    fn is_quiet(&self) -> bool {
        self.flights.is_empty() && self.probes.is_empty()
    }

    /// When there is something to do, if nothing happens before.
    fn next_wake(&self) -> Instant {
        let free = self.flights.len() < self.limit();
        let batch = self.pending.oldest().filter(|_| free).map(|oldest| oldest + self.settings.wait);
        let sweep = (self.failures > 0 && !self.pending.is_empty()).then(|| self.swept_at + SWEEP);
        let probe = self.is_quiet().then(|| self.contact + PROBE);
        let times = [
            batch.max(self.closed_until.filter(|_| batch.is_some())),
            self.later.peek().map(|later| later.due.0),
            sweep,
            probe,
        ];
        times.into_iter().flatten().min().unwrap_or_else(|| Instant::now() + PROBE)
    }

    fn end(&mut self) {
        self.ending = true;
        self.arrivals.close();
        let now = Instant::now();
        while let Ok(entry) = self.arrivals.try_recv() {
            self.admit(entry, now);
        }
        for later in mem::take(&mut self.later) {
            self.pending.push(later.entry, now);
        }
    }

    fn show(&self) {
        let metrics = &self.writer.metrics;
        metrics.batches_in_flight.set(self.flights.len().try_into().unwrap_or(i64::MAX));
        metrics.batch_concurrency_limit.set(self.limit().try_into().unwrap_or(i64::MAX));
        metrics.store_away.set(self.health.is_away().into());
    }
}

/// A document that was put off. The heap's greatest is the one that is due first.
struct Later {
    due: Reverse<Instant>,
    entry: Entry,
}

impl Ord for Later {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.due.cmp(&other.due)
    }
}

impl PartialOrd for Later {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Later {
    fn eq(&self, other: &Self) -> bool {
        self.due == other.due
    }
}

impl Eq for Later {}
