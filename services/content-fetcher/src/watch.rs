//! A sidecar: rounds without end.
//!
//! 1. A round, and its summary.
//! 2. Until the first success the service is not ready; after more failures in a row than `START_FAILURE_BUDGET` it ends
//!    with the failure's exit code, since there is no content that it could stand for.
//! 3. After a success it stays ready through `FAILURE_BUDGET` failures in a row, then is not ready until the next
//!    success; it never ends, since the bucket still holds the last good content.
//! 4. The next round comes after `INTERVAL`, up to a tenth of it random; after a failure sooner, backing off.

use std::time::Duration;

use service_kit::{ReadyHandle, Stopper};
use tokio_util::sync::CancellationToken;

use crate::retry::{RetryPolicy, backoff};
use crate::round::Rounds;

/// When rounds come and how many may fail.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct WatchSettings {
    /// The time between rounds.
    pub interval: Duration,
    /// Failures in a row that are borne before the first success.
    pub start_failure_budget: u32,
    /// Failures in a row that are borne later.
    pub failure_budget: u32,
}

/// What the rounds so far amount to.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
struct Standing {
    succeeded_once: bool,
    failures_in_a_row: u32,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Verdict {
    Ready,
    /// As it was before.
    Bear,
    Unready,
    End,
}

impl Standing {
    fn after(&mut self, succeeded: bool, settings: &WatchSettings) -> Verdict {
        if succeeded {
            *self = Self { succeeded_once: true, failures_in_a_row: 0 };
            return Verdict::Ready;
        }
        self.failures_in_a_row = self.failures_in_a_row.saturating_add(1);
        match self.succeeded_once {
            false if self.failures_in_a_row > settings.start_failure_budget => Verdict::End,
            true if self.failures_in_a_row > settings.failure_budget => Verdict::Unready,
            _ => Verdict::Bear,
        }
    }

    /// The time to the next round; `jitter` is random in [0, 1).
    fn pause(self, settings: &WatchSettings, retry: &RetryPolicy, jitter: f64) -> Duration {
        match self.failures_in_a_row {
            0 => settings.interval + settings.interval.mul_f64(jitter / 10.0),
            // A round has spent its own retries: the pauses between failed rounds begin where those end.
            failed => backoff(retry.cap.min(settings.interval), settings.interval, failed, jitter),
        }
    }
}

/// Runs rounds until `stop`.
pub async fn watch(
    rounds: Rounds,
    settings: WatchSettings,
    ready: ReadyHandle,
    stopper: Stopper,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let mut standing = Standing::default();
    loop {
        let summary = rounds.run(&stop).await;
        summary.print();
        if stop.is_cancelled() {
            return Ok(());
        }
        match standing.after(summary.succeeded, &settings) {
            Verdict::Ready => ready.set_ready(),
            Verdict::Bear => {}
            Verdict::Unready => {
                ready.set_unready(format!("{} rounds failed in a row", standing.failures_in_a_row));
            }
            Verdict::End => {
                tracing::error!(failures = standing.failures_in_a_row, "START_FAILURE_BUDGET is spent");
                stopper.stop(summary.exit_code);
                return Ok(());
            }
        }
        let pause = standing.pause(&settings, &rounds.fetcher.retry, rand::random());
        if stop.run_until_cancelled(tokio::time::sleep(pause)).await.is_none() {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTINGS: WatchSettings =
        WatchSettings { interval: Duration::from_secs(100), start_failure_budget: 2, failure_budget: 1 };

    #[test]
    fn the_verdicts_by_history() {
        use Verdict::{Bear, End, Ready, Unready};
        for (rounds, verdicts) in [
            (&[false, false, false][..], &[Bear, Bear, End][..]),
            (&[false, false, true], &[Bear, Bear, Ready]),
            (&[true, false, false, false, true], &[Ready, Bear, Unready, Unready, Ready]),
            (&[true, false, true, false], &[Ready, Bear, Ready, Bear]),
        ] {
            let mut standing = Standing::default();
            let found: Vec<_> =
                rounds.iter().map(|succeeded| standing.after(*succeeded, &SETTINGS)).collect();
            assert_eq!(found, verdicts, "{rounds:?}");
        }
        let strict = WatchSettings { start_failure_budget: 0, failure_budget: 0, ..SETTINGS };
        assert_eq!(Standing::default().after(false, &strict), End);
    }

    #[test]
    fn pauses_are_the_interval_or_shorter_after_failures() {
        let retry = RetryPolicy {
            attempts: 3,
            base: Duration::from_secs(1),
            cap: Duration::from_secs(10),
            retry_after_cap: Duration::from_mins(1),
        };
        for (failures_in_a_row, jitter, seconds) in [
            (0, 0.0, 100),
            (0, 1.0, 110),
            (1, 0.0, 5),
            (1, 1.0, 10),
            (2, 1.0, 20),
            (5, 1.0, 100),
            (99, 0.0, 50),
        ] {
            let standing = Standing { succeeded_once: true, failures_in_a_row };
            assert_eq!(
                standing.pause(&SETTINGS, &retry, jitter),
                Duration::from_secs(seconds),
                "{failures_in_a_row}"
            );
        }
        let quick = WatchSettings { interval: Duration::from_secs(1), ..SETTINGS };
        let standing = Standing { succeeded_once: true, failures_in_a_row: 3 };
        assert_eq!(standing.pause(&quick, &retry, 1.0), Duration::from_secs(1));
    }
}
