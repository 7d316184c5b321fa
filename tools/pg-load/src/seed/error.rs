//! Why a seeding ended without its end.

use crate::connect::{ConnectError, Remedy, describe, remedy};

use super::manifest::Run;
use crate::shop::encode::tuples::Garbled;

/// Why a seeding ended without its end.
#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    /// There is no connection: see [`ConnectError`].
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The server said no, or was lost: see [`SeedError::remedy`].
    #[error("{doing}: {}", describe(error))]
    Sql {
        /// What was being done, and to which table.
        doing: String,
        /// What the server or the wire said.
        error: tokio_postgres::Error,
    },
    /// Say `--replace`, or the seed and rows that are there.
    #[error(
        "the database holds {found}; this would be {wanted}. To replace it, all that was added since included, say --replace"
    )]
    Mismatch {
        /// What is there.
        found: Box<Run>,
        /// What was asked for.
        wanted: Box<Run>,
    },
    /// Move it away, or use another database: it is not ours to drop.
    #[error(
        "the schema shop holds a table {0}, but no manifest of pg-load: move it away, or use another database"
    )]
    Foreign(String),
    /// Say `--replace`.
    #[error(
        "shop.{0} is empty, though the manifest says that it was loaded: somebody removed its rows. To load all again, say --replace"
    )]
    Emptied(String),
    /// Find out what drops rows on their way: a trigger, a rule, a proxy.
    #[error("shop.{part}: {sent} rows were sent, but the server took {taken}")]
    Count {
        /// The table or partition.
        part: String,
        /// How many were sent.
        sent: u64,
        /// How many the server says it took.
        taken: u64,
    },
    /// The server, or what stands before it, is not what it says it is.
    #[error(transparent)]
    Garbled(#[from] Garbled),
    /// Another seeder replaced what this one was loading.
    #[error("another seeder has begun a run of other rows: this one ends")]
    Overtaken,
    /// Run it again to go on.
    #[error("it was asked to end. Run it again to go on")]
    Stopped,
}

impl SeedError {
    /// What to do about it.
    pub fn remedy(&self) -> Remedy {
        match self {
            Self::Sql { error, .. } => remedy(error),
            Self::Connect(error) if error.is_passing() => Remedy::Reconnect,
            _ => Remedy::Stop,
        }
    }
}

/// Says what was being done when an error came.
pub trait Doing<T> {
    /// `doing` is a clause, such as "loading shop.orders".
    fn doing(self, doing: impl Into<String>) -> Result<T, SeedError>;
}

impl<T> Doing<T> for Result<T, tokio_postgres::Error> {
    fn doing(self, doing: impl Into<String>) -> Result<T, SeedError> {
        self.map_err(|error| SeedError::Sql { doing: doing.into(), error })
    }
}
