//! What a thread's clients did, counted as it happens.
//!
//! 1. Each transaction is counted in the second in which it ended, for the view and the time series, and, if it was meant
//!    to start within the window, in the totals of its kind.
//! 2. A second that is over goes to the collector. One that nobody ends is sent off by the thread's own clock.
//! 3. A raw log, where one is wanted, has a line for each transaction of the window.

use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::mpsc::UnboundedSender;

use super::clock::Window;
use super::failure::{Failure, Failures};
use super::latency::Latencies;

/// Nanoseconds in a second, in a microsecond.
const SECOND: u64 = 1_000_000_000;
const MICRO: u64 = 1_000;

/// One transaction as it went.
#[derive(Clone, Copy, Debug)]
pub struct Record {
    /// Which kind.
    pub kind: usize,
    /// When it was meant to start, when it did and when it ended, in nanoseconds.
    pub intended: u64,
    /// When it started.
    pub started: u64,
    /// When it ended.
    pub ended: u64,
    /// Tries beyond the first.
    pub retries: u64,
    /// Why it failed, where it did.
    pub failure: Option<Failure>,
}

/// What one second, or a whole run, saw.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Latencies of those that were committed, and of those that never ended.
    pub latencies: Latencies,
    /// Transactions that were committed.
    pub committed: u64,
    /// Transactions that failed.
    pub failures: Failures,
    /// Tries beyond the first.
    pub retries: u64,
}

impl Tally {
    /// Counts one.
    pub fn add(&mut self, record: &Record) {
        match record.failure {
            None => self.committed += 1,
            Some(failure) => self.failures.add(failure, 1),
        }
        // Whoever waits in vain waits too: a stall at the end of a run counts for as long as it was seen.
        if matches!(record.failure, None | Some(Failure::Unfinished)) {
            self.latencies.record(record.ended.saturating_sub(record.intended) / MICRO);
        }
        self.retries += record.retries;
    }

    /// Adds another part.
    pub fn merge(&mut self, other: &Self) {
        self.latencies.merge(&other.latencies);
        self.committed += other.committed;
        self.failures.merge(&other.failures);
        self.retries += other.retries;
    }

    /// All that ended, well or not.
    pub fn transactions(&self) -> u64 {
        self.committed + self.failures.total()
    }
}

/// One second of one thread.
#[derive(Clone, Debug, Default)]
pub struct Interval {
    /// Which, from the run's beginning.
    pub second: u64,
    /// What ended in it.
    pub tally: Tally,
    /// The latest start in it, in microseconds after its time.
    pub late: u64,
    /// Connections lost, and attempts at a new one that failed.
    pub reconnects: Reconnects,
}

/// What became of connections.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Reconnects {
    /// Connections that died.
    pub lost: u64,
    /// Attempts at a new one that failed.
    pub failed: u64,
}

impl Reconnects {
    /// Adds another part.
    pub fn merge(&mut self, other: Self) {
        self.lost += other.lost;
        self.failed += other.failed;
    }
}

/// What a thread saw of the window.
#[derive(Clone, Debug, Default)]
pub struct Totals {
    /// By kind of transaction.
    pub kinds: Vec<Tally>,
    /// How late transactions started, in microseconds.
    pub lateness: Latencies,
    /// Connections, over the whole run.
    pub reconnects: Reconnects,
}

impl Totals {
    /// Adds another thread's.
    pub fn merge(&mut self, other: &Self) {
        self.kinds.resize_with(self.kinds.len().max(other.kinds.len()), Tally::default);
        for (own, other) in self.kinds.iter_mut().zip(&other.kinds) {
            own.merge(other);
        }
        self.lateness.merge(&other.lateness);
        self.reconnects.merge(other.reconnects);
    }
}

/// Lines of a raw log, from all threads.
pub type RawLog = Arc<Mutex<BufWriter<File>>>;

/// The first line of a raw log. Times are microseconds from the beginning of the run.
const HEADER: &str = "intended_us,started_us,ended_us,transaction,retries,outcome\n";

/// Begins a raw log.
pub fn raw_log(file: File) -> io::Result<RawLog> {
    let mut writer = BufWriter::new(file);
    writer.write_all(HEADER.as_bytes())?;
    Ok(Arc::new(Mutex::new(writer)))
}

/// Counts for one thread.
#[derive(Debug)]
pub struct Recorder {
    window: Window,
    names: Arc<[String]>,
    interval: Interval,
    totals: Totals,
    log: Option<RawLog>,
    to: UnboundedSender<Interval>,
}

impl Recorder {
    /// Counts transactions of these names; seconds go to `to`.
    pub fn new(
        window: Window,
        names: Arc<[String]>,
        log: Option<RawLog>,
        to: UnboundedSender<Interval>,
    ) -> Self {
        let kinds = names.iter().map(|_| Tally::default()).collect();
        Self {
            window,
            names,
            interval: Interval::default(),
            totals: Totals { kinds, ..Totals::default() },
            log,
            to,
        }
    }

    /// Counts a transaction.
    pub fn add(&mut self, record: &Record) {
        self.turn_to(record.ended);
        self.interval.tally.add(record);
        let late = record.started.saturating_sub(record.intended) / MICRO;
        self.interval.late = self.interval.late.max(late);
        if !self.window.holds(record.intended) {
            return;
        }
        self.totals.lateness.record(late);
        if let Some(kind) = self.totals.kinds.get_mut(record.kind) {
            kind.add(record);
        }
        self.log(record);
    }

    /// Counts what became of a connection.
    pub fn add_reconnects(&mut self, now: u64, seen: Reconnects) {
        self.turn_to(now);
        self.interval.reconnects.merge(seen);
        self.totals.reconnects.merge(seen);
    }

    /// Sends off the second that is over at `now`.
    pub fn turn_to(&mut self, now: u64) {
        let second = now / SECOND;
        if second > self.interval.second {
            let next = Interval { second, ..Interval::default() };
            self.send(next);
        }
    }

    /// Everything, at the end. The last second is sent off.
    pub fn finish(&mut self) -> Totals {
        self.send(Interval::default());
        std::mem::take(&mut self.totals)
    }

    fn send(&mut self, next: Interval) {
        let over = std::mem::replace(&mut self.interval, next);
        // Nobody listens any more: then nobody wants it.
        let _ = self.to.send(over);
    }

    fn log(&mut self, record: &Record) {
        let Some(log) = &self.log else { return };
        let Record { intended, started, ended, retries, .. } = record;
        let [intended, started, ended] = [intended, started, ended].map(|at| at / MICRO);
        let name = self.names.get(record.kind).map_or("", String::as_str);
        let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
        // A full disk shows when the log is flushed at the end of the run.
        let _ = match record.failure {
            None => writeln!(log, "{intended},{started},{ended},{name},{retries},committed"),
            Some(failure) => writeln!(log, "{intended},{started},{ended},{name},{retries},{failure}"),
        };
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc::unbounded_channel;

    use super::*;

    fn record(intended: u64, ended: u64, failure: Option<Failure>) -> Record {
        Record { kind: 0, intended, started: intended, ended, retries: 1, failure }
    }

    #[test]
    fn seconds_are_sent_off_and_the_window_is_kept() {
        let (to, mut from) = unbounded_channel();
        let window = Window { from: SECOND, to: 3 * SECOND };
        let mut recorder = Recorder::new(window, Arc::new(["a".to_owned()]), None, to);
        recorder.add(&record(0, 500, None));
        recorder.add(&record(SECOND, SECOND + 2_000_000, None));
        recorder.add(&record(SECOND, SECOND + 3_000_000, Some(Failure::SqlState(*b"40001"))));
        recorder.add(&record(3 * SECOND - 1, 4 * SECOND, Some(Failure::Unfinished)));
        let totals = recorder.finish();
        let seconds: Vec<_> = std::iter::from_fn(|| from.try_recv().ok())
            .map(|interval| (interval.second, interval.tally.transactions()))
            .collect();
        assert_eq!(seconds, [(0, 1), (1, 2), (4, 1)]);
        let kind = &totals.kinds[0];
        assert_eq!((kind.committed, kind.failures.total(), kind.retries), (1, 2, 3));
        assert_eq!(kind.latencies.count(), 2, "a failed one has no latency, an unfinished one has");
        assert_eq!(kind.latencies.max(), 1_000_000);
    }
}
