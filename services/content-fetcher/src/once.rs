//! A job: one round, one line of JSON, and an exit code that says how it went.

use service_kit::{ReadyHandle, Stopper};
use tokio_util::sync::CancellationToken;

use crate::round::Rounds;

/// Runs one round and ends the process with its exit code: 0 done, 1 interrupted, 2 settings, 3 source,
/// 4 verification, 5 store.
pub async fn once(
    rounds: Rounds,
    ready: ReadyHandle,
    stopper: Stopper,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let summary = rounds.run(&stop).await;
    if summary.succeeded {
        ready.set_ready();
    }
    summary.print();
    stopper.stop(summary.exit_code);
    Ok(())
}
