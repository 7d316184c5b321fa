//! What the whole service promises, as a process that is stopped and killed under load: acknowledged is stored, once.
//!
//! 1. [`Setup`] is how review-api is started; a [`Process`] is one start of it, ended in any case.
//! 2. [`Load`] is clients that post to it, single reviews and bulk, each again until it is acknowledged. What it sends is
//!    made from numbers ([`made`]), so that nothing has to be remembered but how far each number came ([`ledger`]).
//! 3. [`storm`] stops and kills the service at moments that a seed decides.
//! 4. [`Audit`] holds what is stored against the ledger: everything acknowledged is there, as it was sent, and once.
//!
//! It is the same for both stores; who looks into the store is who started the storm.

mod audit;
mod ledger;
mod load;
pub mod made;
mod process;
mod storm;

use std::time::Duration;

use tokio::time::Instant;

pub use audit::Audit;
pub use ledger::Ledger;
pub use load::{Clients, Load};
pub use process::{Process, Setup, client};
pub use storm::{Storm, drained, seed, settle};

/// What does not come about within this does not come about. The machine may be busy, and a cluster slow.
pub const PATIENCE: Duration = Duration::from_mins(5);

/// Waits until `condition` holds.
///
/// # Panics
/// Where it does not within [`PATIENCE`].
pub async fn until(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !condition().await {
        assert!(Instant::now() < deadline, "{what}: not in {PATIENCE:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
