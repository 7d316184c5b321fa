//! What an error means for who met it.
//!
//! 1. The server gave a SQLSTATE: its class decides (`PostgreSQL` documentation, appendix A).
//! 2. It did not: the connection is gone, and with it the knowledge whether a COMMIT was done.

use std::error::Error as _;
use std::fmt::Write as _;
use std::io;

use tokio_postgres::Error;
use tokio_postgres::error::SqlState;

/// What to do about an error.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Remedy {
    /// The session is lost, or stands on a server that is no primary: connect again.
    Reconnect,
    /// Do the transaction again, on the same session.
    Repeat,
    /// The same will happen again: tell a human.
    Stop,
}

/// What to do about `error`.
pub fn remedy(error: &Error) -> Remedy {
    match error.code() {
        Some(code) => remedy_of(code),
        // What the client itself says without the wire's help, such as a value that cannot be read, is nobody's outage.
        None if error.is_closed() || error.source().is_some_and(<dyn std::error::Error>::is::<io::Error>) => {
            Remedy::Reconnect
        }
        None => Remedy::Stop,
    }
}

/// What to do about a SQLSTATE.
pub fn remedy_of(code: &SqlState) -> Remedy {
    match code.code() {
        // 57P01 to 57P05: shut down, crashed, starting, dropped, idle too long. 25006: a standby, or a primary that is
        // one now. 53300: no slot is free. 08: the connection. XX000 is left to humans.
        "57P01" | "57P02" | "57P03" | "57P05" | "25006" | "53300" => Remedy::Reconnect,
        // 40001 and 40P01: a serialization failure, a deadlock. 55P03: a lock not to be had in time.
        "40001" | "40P01" | "55P03" => Remedy::Repeat,
        code if code.starts_with("08") => Remedy::Reconnect,
        _ => Remedy::Stop,
    }
}

/// Tells of `error` in a line: SQLSTATE, message, detail, and which table or constraint; or what the wire said.
pub fn describe(error: &Error) -> String {
    let mut line = String::new();
    let Some(server) = error.as_db_error() else {
        let _ = write!(line, "{error}");
        let mut source = error.source();
        while let Some(cause) = source {
            let _ = write!(line, ": {cause}");
            source = cause.source();
        }
        return line;
    };
    let _ = write!(line, "SQLSTATE {}: {}", server.code().code(), server.message());
    let parts = [
        ("detail", server.detail()),
        ("hint", server.hint()),
        ("table", server.table()),
        ("constraint", server.constraint()),
        ("where", server.where_()),
    ];
    for (name, value) in parts {
        if let Some(value) = value {
            let _ = write!(line, " ({name}: {})", value.trim());
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_decide() {
        for (code, remedy) in [
            (SqlState::ADMIN_SHUTDOWN, Remedy::Reconnect),
            (SqlState::CANNOT_CONNECT_NOW, Remedy::Reconnect),
            (SqlState::READ_ONLY_SQL_TRANSACTION, Remedy::Reconnect),
            (SqlState::CONNECTION_FAILURE, Remedy::Reconnect),
            (SqlState::T_R_DEADLOCK_DETECTED, Remedy::Repeat),
            (SqlState::T_R_SERIALIZATION_FAILURE, Remedy::Repeat),
            (SqlState::UNIQUE_VIOLATION, Remedy::Stop),
            (SqlState::DISK_FULL, Remedy::Stop),
            (SqlState::INTERNAL_ERROR, Remedy::Stop),
        ] {
            assert_eq!(remedy_of(&code), remedy, "{code:?}");
        }
    }
}
