//! Why a request was none.

use std::error::Error;
use std::fmt::{self, Display};
use std::io;

use serde::Serialize;

/// The kinds of failure that are counted apart.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Nobody listened: the connection was refused.
    Refused,
    /// The connection broke before the answer was complete: a reset, or an end too early.
    Reset,
    /// No complete answer within the request's time-out.
    Timeout,
    /// No way there: no route, or the name does not resolve.
    Unreachable,
    /// A complete answer with another status than the expected one.
    WrongStatus,
    /// The expected status with another body than the expected one.
    WrongBody,
    /// Not sent at all: as many requests as allowed were under way already.
    Overflow,
    /// None of these, such as a certificate that does not hold.
    Other,
}

impl Kind {
    /// All of them, in the order of reports.
    pub const ALL: [Self; 8] = [
        Self::Refused,
        Self::Reset,
        Self::Timeout,
        Self::Unreachable,
        Self::WrongStatus,
        Self::WrongBody,
        Self::Overflow,
        Self::Other,
    ];

    /// Its name in reports and limits.
    pub fn name(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Reset => "reset",
            Self::Timeout => "timeout",
            Self::Unreachable => "unreachable",
            Self::WrongStatus => "wrong-status",
            Self::WrongBody => "wrong-body",
            Self::Overflow => "overflow",
            Self::Other => "other",
        }
    }
}

/// A request that failed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Failure {
    /// What it counts as.
    pub kind: Kind,
    /// What was seen, for people.
    pub reason: String,
}

impl Failure {
    /// A failure that the program saw itself.
    pub fn new(kind: Kind, reason: impl Into<String>) -> Self {
        Self { kind, reason: reason.into() }
    }
}

impl Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.kind.name(), self.reason)
    }
}

impl From<reqwest::Error> for Failure {
    /// The kind is read from what lies lowest: reqwest and hyper wrap what the socket said.
    fn from(error: reqwest::Error) -> Self {
        let kind = kind(&error);
        let error = error.without_url();
        let mut reason = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            let text = cause.to_string();
            if !reason.contains(&text) {
                reason = format!("{reason}: {text}");
            }
            source = cause.source();
        }
        Self { kind, reason }
    }
}

fn kind(error: &reqwest::Error) -> Kind {
    if error.is_timeout() {
        return Kind::Timeout;
    }
    let mut cause: Option<&(dyn Error + 'static)> = error.source();
    let mut found = None;
    while let Some(this) = cause {
        found = of_cause(this).or(found);
        cause = this.source();
    }
    // A connection that fails without a word of the socket is a name that does not resolve.
    found.unwrap_or(if error.is_connect() { Kind::Unreachable } else { Kind::Other })
}

fn of_cause(cause: &(dyn Error + 'static)) -> Option<Kind> {
    if let Some(error) = cause.downcast_ref::<hyper::Error>() {
        let broken = error.is_incomplete_message() || error.is_closed() || error.is_canceled();
        return broken.then_some(Kind::Reset);
    }
    match cause.downcast_ref::<io::Error>()?.kind() {
        io::ErrorKind::ConnectionRefused => Some(Kind::Refused),
        io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::BrokenPipe
        | io::ErrorKind::NotConnected
        | io::ErrorKind::UnexpectedEof => Some(Kind::Reset),
        io::ErrorKind::TimedOut => Some(Kind::Timeout),
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => Some(Kind::Unreachable),
        // rustls says so of a certificate; AddrNotAvailable says that this machine has no port left.
        io::ErrorKind::InvalidData | io::ErrorKind::AddrNotAvailable => Some(Kind::Other),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_socket_said_has_a_kind() {
        for (said, expected) in [
            (io::ErrorKind::ConnectionRefused, Some(Kind::Refused)),
            (io::ErrorKind::ConnectionReset, Some(Kind::Reset)),
            (io::ErrorKind::BrokenPipe, Some(Kind::Reset)),
            (io::ErrorKind::TimedOut, Some(Kind::Timeout)),
            (io::ErrorKind::HostUnreachable, Some(Kind::Unreachable)),
            (io::ErrorKind::NetworkUnreachable, Some(Kind::Unreachable)),
            (io::ErrorKind::AddrNotAvailable, Some(Kind::Other)),
            (io::ErrorKind::NotFound, None),
        ] {
            assert_eq!(of_cause(&io::Error::from(said)), expected, "{said:?}");
        }
    }

    #[test]
    fn names_are_those_of_the_json() {
        for kind in Kind::ALL {
            assert_eq!(serde_json::to_value(kind).expect("JSON"), kind.name());
        }
    }
}
