//! Seconds of all threads become the run's time series, its live totals and its metrics.
//!
//! 1. Parts of a second come from each thread, at most a little after it is over.
//! 2. A second is settled two seconds later: a row of the series, its histogram is dropped. What comes later still adds
//!    its counts to the row.
//! 3. A second of which nobody says anything is a row of zeros: that is how a stall looks.

use std::collections::BTreeMap;

use super::clock::Window;
use super::metrics::BenchMetrics;
use super::record::{Interval, Reconnects, Tally};
use crate::report::result::Second;

const SECOND: u64 = 1_000_000_000;
/// Seconds until a second is settled.
const SETTLED: u64 = 2;

/// The run so far.
pub struct Collector {
    window: Window,
    metrics: BenchMetrics,
    open: BTreeMap<u64, Interval>,
    rows: Vec<Second>,
    total: Tally,
    reconnects: Reconnects,
}

impl Collector {
    /// Nothing yet.
    pub fn new(window: Window, metrics: BenchMetrics) -> Self {
        let (open, rows) = (BTreeMap::new(), Vec::new());
        Self { window, metrics, open, rows, total: Tally::default(), reconnects: Reconnects::default() }
    }

    /// Takes one thread's part of a second.
    pub fn add(&mut self, part: &Interval) {
        self.metrics.add(part);
        self.reconnects.merge(part.reconnects);
        if part.second * SECOND >= self.window.from {
            self.total.merge(&part.tally);
        }
        if let Some(row) = usize::try_from(part.second).ok().and_then(|place| self.rows.get_mut(place)) {
            row.committed += part.tally.committed;
            row.failed += part.tally.failures.total();
            row.retries += part.tally.retries;
            row.max = row.max.max(part.tally.latencies.max());
            row.connections_lost += part.reconnects.lost;
            row.connects_failed += part.reconnects.failed;
            return;
        }
        let second = self
            .open
            .entry(part.second)
            .or_insert_with(|| Interval { second: part.second, ..Interval::default() });
        second.tally.merge(&part.tally);
        second.late = second.late.max(part.late);
        second.reconnects.merge(part.reconnects);
    }

    /// Settles what is over for long enough at `now`.
    pub fn settle(&mut self, now: u64) {
        self.settle_before((now / SECOND).saturating_sub(SETTLED));
    }

    /// Rows that are settled.
    pub fn rows(&self) -> &[Second] {
        &self.rows
    }

    /// What ended in the window so far.
    pub fn total(&self) -> &Tally {
        &self.total
    }

    /// What became of connections so far.
    pub fn reconnects(&self) -> Reconnects {
        self.reconnects
    }

    /// The whole series.
    pub fn finish(mut self) -> Vec<Second> {
        // What a thread says last may be that nothing happened in a second that nobody waited for.
        let last = self.open.iter().rev().find(|(_, interval)| interval.tally.transactions() > 0);
        let end = last.map_or(0, |(second, _)| second + 1);
        self.settle_before(end.max(self.window.to.div_ceil(SECOND)));
        self.rows
    }

    fn settle_before(&mut self, end: u64) {
        for second in self.rows.len() as u64..end {
            let interval = self.open.remove(&second).unwrap_or_default();
            self.rows.push(row(second, second * SECOND < self.window.from, &interval));
        }
    }
}

fn row(second: u64, warm_up: bool, interval: &Interval) -> Second {
    let Interval { tally, late, reconnects, .. } = interval;
    let latencies = &tally.latencies;
    Second {
        second,
        warm_up,
        committed: tally.committed,
        failed: tally.failures.total(),
        retries: tally.retries,
        average: crate::report::round(latencies.average(), 1),
        p50: latencies.percentile(50.0),
        p95: latencies.percentile(95.0),
        p99: latencies.percentile(99.0),
        max: latencies.max(),
        late: *late,
        connections_lost: reconnects.lost,
        connects_failed: reconnects.failed,
    }
}

#[cfg(test)]
mod tests {
    use service_kit::Metrics;

    use super::*;

    fn part(second: u64, committed: u64) -> Interval {
        Interval { second, tally: Tally { committed, ..Tally::default() }, ..Interval::default() }
    }

    #[test]
    fn parts_of_a_second_are_one_row_and_silence_is_a_row_too() {
        let metrics = Metrics::default().with(BenchMetrics::register);
        let mut collector = Collector::new(Window { from: SECOND, to: 5 * SECOND }, metrics);
        for (second, committed) in [(0, 1), (0, 2), (3, 4)] {
            collector.add(&part(second, committed));
        }
        collector.settle(4 * SECOND);
        assert_eq!(collector.rows().len(), 2);
        collector.add(&part(0, 10));
        assert_eq!(collector.total().committed, 4, "the warm-up does not count");
        let counts: Vec<_> =
            collector.finish().iter().map(|row| (row.second, row.warm_up, row.committed)).collect();
        assert_eq!(counts, [(0, true, 13), (1, false, 0), (2, false, 0), (3, false, 4), (4, false, 0)]);
    }
}
