//! Why a transaction failed, as it is counted.

use std::collections::BTreeMap;
use std::fmt;

use tokio_postgres::Error;

/// Different failures that are counted apart; a server that makes codes up must not fill memory.
const MOST: usize = 100;

/// Why a transaction failed.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Failure {
    /// The server said so, with this SQLSTATE.
    SqlState([u8; 5]),
    /// The connection died; whether a COMMIT under way was done is not known.
    Connection,
    /// A value or an answer that cannot be read.
    Client,
    /// It was still running, or had not even begun, when the run's patience ended.
    Unfinished,
    /// One of more kinds than are counted apart.
    Other,
}

impl Failure {
    /// What an error is counted as.
    pub fn of(error: &Error) -> Self {
        match error.code().map(|code| code.code().as_bytes()) {
            Some(code) => code.try_into().map_or(Self::Other, Self::SqlState),
            None => match crate::connect::remedy(error) {
                crate::connect::Remedy::Reconnect => Self::Connection,
                _ => Self::Client,
            },
        }
    }

    /// Whether the same transaction may succeed at once: a serialization failure or a deadlock.
    pub fn is_retried(self) -> bool {
        matches!(self, Self::SqlState(code) if matches!(&code, b"40001" | b"40P01"))
    }

    /// Its class: the first two characters of the SQLSTATE with the name `PostgreSQL`'s appendix A gives it.
    pub fn class(self) -> String {
        let Self::SqlState(code) = self else { return self.to_string() };
        let name = match &code[..2] {
            b"08" => "connection exception",
            b"21" => "cardinality violation",
            b"22" => "data exception",
            b"23" => "integrity constraint violation",
            b"25" => "invalid transaction state",
            b"26" => "invalid statement name",
            b"28" => "invalid authorization",
            b"40" => "transaction rollback",
            b"42" => "syntax error or access rule violation",
            b"53" => "insufficient resources",
            b"54" => "program limit exceeded",
            b"55" => "object not in prerequisite state",
            b"57" => "operator intervention",
            b"58" => "system error",
            b"XX" => "internal error",
            _ => "other",
        };
        format!("{} {name}", String::from_utf8_lossy(&code[..2]))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SqlState(code) => f.write_str(&String::from_utf8_lossy(code)),
            Self::Connection => f.write_str("connection lost"),
            Self::Client => f.write_str("client"),
            Self::Unfinished => f.write_str("unfinished"),
            Self::Other => f.write_str("other"),
        }
    }
}

/// How often each failure was seen.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Failures(BTreeMap<Failure, u64>);

impl Failures {
    /// Counts some of a kind.
    pub fn add(&mut self, failure: Failure, count: u64) {
        let known = self.0.contains_key(&failure) || self.0.len() < MOST;
        *self.0.entry(if known { failure } else { Failure::Other }).or_default() += count;
    }

    /// Counts those of another part of the run.
    pub fn merge(&mut self, other: &Self) {
        for (failure, count) in &other.0 {
            self.add(*failure, *count);
        }
    }

    /// Every kind with its count.
    pub fn iter(&self) -> impl Iterator<Item = (Failure, u64)> {
        self.0.iter().map(|(failure, count)| (*failure, *count))
    }

    /// All together.
    pub fn total(&self) -> u64 {
        self.0.values().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_have_names() {
        assert_eq!(Failure::SqlState(*b"40001").class(), "40 transaction rollback");
        assert_eq!(Failure::SqlState(*b"23505").class(), "23 integrity constraint violation");
        assert_eq!(Failure::SqlState(*b"QQ000").class(), "QQ other");
        assert_eq!(Failure::Connection.class(), "connection lost");
        assert!(Failure::SqlState(*b"40P01").is_retried() && !Failure::SqlState(*b"40002").is_retried());
    }

    #[test]
    fn a_server_that_makes_codes_up_fills_no_memory() {
        let mut failures = Failures::default();
        for number in 0..10_000_u32 {
            let code: [u8; 5] = format!("{number:05}").into_bytes().try_into().expect("five digits");
            failures.add(Failure::SqlState(code), 1);
        }
        assert_eq!(failures.total(), 10_000);
        assert!(failures.iter().count() <= MOST + 1);
    }
}
