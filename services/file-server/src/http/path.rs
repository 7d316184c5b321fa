//! The path of a request becomes the key of an object, or is refused.
//!
//! 1. Every `%XX` is decoded, once; a `%` without two hex digits is refused. `+` is a plus.
//! 2. What is decoded is UTF-8 without NUL.
//! 3. No segment is `.` or `..`, whichever way its slashes were written: a bucket has no parent folders, so
//!    such a path is a mistake or an attack, and guessing which object it means would be worse than refusing.
//! 4. A segment that begins with a dot is hidden, except `.well-known` at the root (RFC 8615).
//! 5. The key is at most [`KEY_MAX`] bytes, as S3 has it.
//!
//! Keys are opaque to S3: `a//b` and `a/b` are two objects, and a backslash is a letter. Neither is folded.

use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, utf8_percent_encode};
use thiserror::Error;

/// The longest key S3 takes, in bytes of UTF-8
/// ([object key naming](https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html)).
pub const KEY_MAX: usize = 1024;

/// What a path segment may not hold as it is: all but RFC 3986's `pchar`.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'!')
    .remove(b'$')
    .remove(b'&')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b'+')
    .remove(b',')
    .remove(b';')
    .remove(b'=')
    .remove(b':')
    .remove(b'@');

/// A key keeps its slashes when it is written into a URL.
const KEY: &AsciiSet = &SEGMENT.remove(b'/');

/// A query is kept as it came; only what could not stand in a header or a URL at all is escaped.
const QUERY: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>').add(b'#').add(b'\\');

/// Why a path names no object.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PathError {
    /// It does not begin with a slash (`*`, or a client that made up its own form): 400.
    #[error("the path does not begin with a slash")]
    NotAbsolute,
    /// A `%` is not followed by two hexadecimal digits: 400.
    #[error("a percent sign in the path is not followed by two hexadecimal digits")]
    BadPercent,
    /// The decoded path holds a NUL, which no key may: 400.
    #[error("the path holds a NUL")]
    Nul,
    /// The decoded path is not UTF-8, which every key is: 400.
    #[error("the path is not UTF-8 once decoded")]
    NotUtf8,
    /// A segment is `.` or `..` once decoded: 400.
    #[error("the path holds a dot segment")]
    DotSegment,
    /// The key would be longer than [`KEY_MAX`]: 414.
    #[error("the path is longer than a key may be ({KEY_MAX} bytes)")]
    TooLong,
    /// A segment begins with a dot: answered like any object that is not there, which needs the path.
    #[error("the path names a hidden file")]
    Hidden(ObjectPath),
}

/// A path that names an object or a folder: decoded, bounded, without dot segments.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ObjectPath {
    key: String,
}

impl ObjectPath {
    /// Reads the path of a request target, still encoded, without its query.
    pub fn parse(raw: &str) -> Result<Self, PathError> {
        let raw = raw.strip_prefix('/').ok_or(PathError::NotAbsolute)?;
        let key = decode(raw)?;
        if key.len() > KEY_MAX {
            return Err(PathError::TooLong);
        }
        if key.contains('\0') {
            return Err(PathError::Nul);
        }
        // Some client or proxy may yet read a backslash as a slash, so both separate here.
        let segments = || key.split(['/', '\\']).enumerate();
        if !segments().any(|(_, segment)| segment.starts_with('.')) {
            return Ok(Self { key });
        }
        if segments().any(|(_, segment)| segment == "." || segment == "..") {
            return Err(PathError::DotSegment);
        }
        if segments().any(|(at, segment)| segment.starts_with('.') && (at, segment) != (0, ".well-known")) {
            return Err(PathError::Hidden(Self { key }));
        }
        Ok(Self { key })
    }

    /// The key: the decoded path without its first slash; empty for the root.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Whether the path names a folder: the root, or a path that ends with a slash.
    pub fn is_folder(&self) -> bool {
        self.key.is_empty() || self.key.ends_with('/')
    }

    /// The path below `prefix` (without its first slash, with its last), where it lies below it.
    #[must_use]
    pub fn below(&self, prefix: &str) -> Option<Self> {
        self.key.strip_prefix(prefix).map(|key| Self { key: key.to_owned() })
    }

    /// The key of `name` in this folder; in the folder of the same name where the path has no slash.
    pub fn child(&self, name: &str) -> String {
        let slash = if self.is_folder() { "" } else { "/" };
        format!("{}{slash}{name}", self.key)
    }

    /// Where to go for the folder of this name: the last segment and a slash, relative to the request, the query
    /// kept. None where the path is a folder already.
    ///
    /// It begins with `./`, so that neither `//evil` nor `evil:` can be read as a host or a scheme
    /// (RFC 3986 §4.2), and it holds behind a proxy that cuts a prefix off.
    pub fn slash_redirect(&self, query: Option<&str>) -> Option<String> {
        if self.is_folder() {
            return None;
        }
        let segment = self.key.rsplit('/').next().unwrap_or_default();
        let mut location = format!("./{}/", utf8_percent_encode(segment, SEGMENT));
        if let Some(query) = query {
            location.push('?');
            location.extend(utf8_percent_encode(query, QUERY));
        }
        Some(location)
    }
}

/// Writes a key as the path of a URL: percent-encoded but for its slashes.
pub fn encode_key(key: &str) -> String {
    utf8_percent_encode(key, KEY).to_string()
}

/// Decodes every `%XX` once.
fn decode(raw: &str) -> Result<String, PathError> {
    if !raw.contains('%') {
        return Ok(raw.to_owned());
    }
    let mut decoded = Vec::with_capacity(raw.len());
    let mut rest = raw.as_bytes();
    while let [byte, tail @ ..] = rest {
        if *byte == b'%' {
            let [high, low, tail @ ..] = tail else { return Err(PathError::BadPercent) };
            decoded.push(digit(*high)? << 4 | digit(*low)?);
            rest = tail;
        } else {
            decoded.push(*byte);
            rest = tail;
        }
    }
    String::from_utf8(decoded).map_err(|_| PathError::NotUtf8)
}

fn digit(byte: u8) -> Result<u8, PathError> {
    match byte {
        b'0'..=b'9' => Ok(byte - b'0'),
        b'a'..=b'f' => Ok(byte - b'a' + 10),
        b'A'..=b'F' => Ok(byte - b'A' + 10),
        _ => Err(PathError::BadPercent),
    }
}

#[cfg(test)]
#[path = "path_tests.rs"]
mod tests;
