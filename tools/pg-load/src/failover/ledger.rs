//! What became of every write, as its writer saw it.
//!
//! 1. A write is acknowledged when the server said that it is committed, failed when it said that it is not.
//! 2. Everything else is unknown: the connection died, or the answer did not come in time. So is a refusal that says the
//!    server is shutting down: it may come after the local commit, while a standby is waited for.

use tokio_postgres::Error;

/// What became of a write.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fate {
    /// Committed, the server said.
    Acknowledged,
    /// Not committed, the server said.
    Failed,
    /// Nobody said anything.
    Unknown,
}

impl Fate {
    /// What an error in place of an acknowledgement means.
    pub fn of(error: &Error) -> Self {
        error.code().map_or(Self::Unknown, |code| Self::of_code(code.code()))
    }

    fn of_code(code: &str) -> Self {
        // 08: the connection. 57P: shutdown and crash, which may interrupt the wait for a standby after the local commit
        // (SyncRepWaitForLSN in PostgreSQL's syncrep.c). XX: nobody knows how far it came. 40003: unknown, by its name.
        let unsaid = ["08", "57P", "XX", "40003"].iter().any(|unsaid| code.starts_with(unsaid));
        if unsaid { Self::Unknown } else { Self::Failed }
    }
}

/// One write.
#[derive(Clone, Copy, Debug)]
pub struct Write {
    /// When the answer, or the end of waiting for it, came: microseconds from the beginning of the run.
    pub ended_us: u64,
    /// What it was.
    pub fate: Fate,
    /// Which host was asked: its place in [`Ledger::hosts`].
    pub host: usize,
}

/// All writes of a run. A write's identity is its writer and its place.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    /// By writer, in order.
    pub writers: Vec<Vec<Write>>,
    /// Hosts that were connected to.
    pub hosts: Vec<String>,
}

impl Ledger {
    /// Every write with its identity.
    pub fn writes(&self) -> impl Iterator<Item = (usize, usize, &Write)> {
        self.writers.iter().enumerate().flat_map(|(writer, writes)| {
            writes.iter().enumerate().map(move |(number, write)| (writer, number, write))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_clear_refusal_is_a_failure() {
        for code in ["23505", "25006", "53100", "57014", "40001", "42501"] {
            assert_eq!(Fate::of_code(code), Fate::Failed, "{code}");
        }
        for code in ["57P01", "57P02", "57P03", "08006", "XX000", "40003"] {
            assert_eq!(Fate::of_code(code), Fate::Unknown, "{code}");
        }
    }
}
