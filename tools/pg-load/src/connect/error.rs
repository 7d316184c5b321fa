//! Why there is no connection.

use std::path::PathBuf;
use std::time::Duration;

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// Correct the URL, or a flag beside it.
    #[error("the database URL cannot be used: {0}")]
    Url(String),
    /// Nothing says which server is meant: name one.
    #[error(
        "no server is named: set DATABASE_URL, or --local FOLDER for one of this machine's own PostgreSQL"
    )]
    Unnamed,
    /// Correct the file, or the path to it.
    #[error("cannot use {}: {reason}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// It answered, and said no: trying again does not help.
    #[error("{host} refuses the connection: {reason}")]
    Refused {
        /// Host and port.
        host: String,
        /// SQLSTATE and message, or what TLS found wrong.
        reason: String,
    },
    /// It cannot be reached, or is not ready: try again.
    #[error("{host} cannot be reached: {reason}")]
    Unreachable {
        /// Host and port.
        host: String,
        /// What was seen.
        reason: String,
    },
    /// It took the connection and said nothing: try again.
    #[error("{host} did not answer within {}", humantime::format_duration(*after))]
    Silent {
        /// Host and port.
        host: String,
        /// How long it was given.
        after: Duration,
    },
    /// Each of several hosts failed, for these reasons.
    #[error("none of {} hosts can be used: {}", .0.len(), list(.0))]
    All(Vec<ConnectError>),
}

impl ConnectError {
    /// Whether the same may succeed later.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::Silent { .. } => true,
            Self::All(each) => each.iter().any(Self::is_passing),
            Self::Url(_) | Self::Unnamed | Self::File { .. } | Self::Refused { .. } => false,
        }
    }
}

fn list(each: &[ConnectError]) -> String {
    each.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}
