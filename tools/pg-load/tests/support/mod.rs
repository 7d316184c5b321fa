//! Real servers of this machine's `PostgreSQL`, each in a folder of its own, gone when dropped.
//!
//! 1. [`Postgres`]: one server, on a socket and a port of 127.0.0.1. It can be killed, frozen and started again.
//! 2. [`replicated`]: a primary and its standbys.
//! 3. [`wait_until`]: a condition with a deadline.
#![allow(dead_code, unused_imports, reason = "each test program uses its own part of this")]

pub mod postgres;
pub mod replicated;

use std::time::{Duration, Instant};

pub use postgres::{Postgres, is_installed};
pub use replicated::Replicated;

/// How long a condition may take to come true.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// Waits until `condition` holds.
#[track_caller]
pub fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !condition() {
        assert!(Instant::now() < deadline, "not within {PATIENCE:?}: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
