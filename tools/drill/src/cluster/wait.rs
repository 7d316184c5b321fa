//! Conditions with a deadline.

use std::time::Duration;

use tokio::time::Instant;

use super::error::ClusterError;

/// Between two looks.
pub const LOOK: Duration = Duration::from_millis(500);

/// Looks until `look` says `Ok(None)`; what it says otherwise is the state that a deadline reports. An API that is away
/// for a moment is looked at again.
pub async fn until(
    what: impl Into<String>,
    within: Duration,
    mut look: impl AsyncFnMut() -> Result<Option<String>, ClusterError>,
) -> Result<(), ClusterError> {
    let deadline = Instant::now() + within;
    loop {
        let state = match look().await {
            Ok(None) => return Ok(()),
            Ok(Some(state)) => state,
            Err(error) if error.may_pass() => error.to_string(),
            Err(error) => return Err(error),
        };
        if Instant::now() + LOOK >= deadline {
            return Err(ClusterError::Deadline { what: what.into(), within, state });
        }
        tokio::time::sleep(LOOK).await;
    }
}
