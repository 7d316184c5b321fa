//! Where a request goes: its host and its path, or why it goes nowhere.
//!
//! 1. The host is the authority of the target (HTTP/2, or a proxy's absolute form) or else the one Host header.
//!    HTTP/1.1 without one, or with two, is 400 (RFC 9112 §3.2).
//! 2. The path is read by [`ObjectPath`]. A hidden one goes on as a path that names nothing, so that nothing in the
//!    answer tells it from any other.

use http::{StatusCode, Version, header::HOST, request::Parts};
use service_kit::Problem;

use crate::http::path::{ObjectPath, PathError};

/// Where a request goes.
pub(super) struct Target<'a> {
    /// The host it names, with its port; None only in HTTP/1.0.
    pub(super) host: Option<&'a str>,
    /// The path, decoded.
    pub(super) path: ObjectPath,
    /// Whether the path begins a segment with a dot.
    pub(super) hidden: bool,
}

/// Reads the target of a request; the problem says what is wrong with it.
pub(super) fn read(request: &Parts) -> Result<Target<'_>, Problem> {
    let host = host(request).map_err(|why| Problem::new(StatusCode::BAD_REQUEST, why))?;
    match ObjectPath::parse(request.uri.path()) {
        Ok(path) => Ok(Target { host, path, hidden: false }),
        Err(PathError::Hidden(path)) => Ok(Target { host, path, hidden: true }),
        Err(error @ PathError::TooLong) => Err(Problem::new(StatusCode::URI_TOO_LONG, error.to_string())),
        Err(error) => Err(Problem::new(StatusCode::BAD_REQUEST, error.to_string())),
    }
}

fn host(request: &Parts) -> Result<Option<&str>, &'static str> {
    let mut lines = request.headers.get_all(HOST).iter();
    let line = match (lines.next(), lines.next()) {
        (_, Some(_)) => return Err("there are two Host headers"),
        (Some(line), None) => Some(line.to_str().map_err(|_| "the Host header is not ASCII")?),
        (None, None) => None,
    };
    match (request.uri.authority(), line) {
        (Some(authority), _) => Ok(Some(authority.as_str())),
        (None, Some(line)) => Ok(Some(line)),
        (None, None) if request.version == Version::HTTP_10 => Ok(None),
        (None, None) => Err("there is no Host header"),
    }
}
