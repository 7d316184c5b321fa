//! Header lines for a source, from a file: an Authorization, a token.
//!
//! 1. The file is bounded and read anew for every fetch, so that a rotated Secret is used at once.
//! 2. Each line is `Name: value`; empty lines and lines that begin with `#` are skipped.
//! 3. Headers that the fetcher itself must rule are refused. No fault shows a value.

use std::io;
use std::path::Path;

use http::{HeaderMap, HeaderName, HeaderValue, header};
use tokio::io::AsyncReadExt as _;

/// The longest file, in bytes.
const FILE_MAX: u64 = 64 * 1024;
/// The most headers of one file; servers take no more than about a hundred in all.
const HEADERS_MAX: usize = 50;

/// What a request's framing, its conditions and its target depend on.
const RULED: [HeaderName; 16] = [
    header::ACCEPT_ENCODING,
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::EXPECT,
    header::HOST,
    header::IF_MATCH,
    header::IF_MODIFIED_SINCE,
    header::IF_NONE_MATCH,
    header::IF_RANGE,
    header::IF_UNMODIFIED_SINCE,
    header::PROXY_AUTHORIZATION,
    header::RANGE,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

/// Why a headers file cannot be used.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum HeadersFault {
    /// The system's own word.
    #[error("cannot be read: {0}")]
    Unreadable(io::ErrorKind),
    /// Longer than any headers.
    #[error("is longer than {FILE_MAX} bytes")]
    TooLong,
    /// More headers than servers take.
    #[error("holds more than {HEADERS_MAX} headers")]
    TooMany,
    /// One line, counted from 1.
    #[error("line {line} {problem}")]
    Line {
        /// Which.
        line: usize,
        /// What is wrong with it.
        problem: &'static str,
    },
}

/// Reads the headers of `path`. Their values are marked sensitive: nothing prints them.
pub async fn read(path: &Path) -> Result<HeaderMap, HeadersFault> {
    let unreadable = |error: io::Error| HeadersFault::Unreadable(error.kind());
    let file = tokio::fs::File::open(path).await.map_err(unreadable)?;
    let mut content = Vec::new();
    file.take(FILE_MAX + 1).read_to_end(&mut content).await.map_err(unreadable)?;
    if content.len() as u64 > FILE_MAX { Err(HeadersFault::TooLong) } else { parse(&content) }
}

/// Reads header lines.
pub fn parse(content: &[u8]) -> Result<HeaderMap, HeadersFault> {
    let mut headers = HeaderMap::new();
    for (index, line) in content.split(|&byte| byte == b'\n').enumerate() {
        let line = line.trim_ascii();
        if line.is_empty() || line.starts_with(b"#") {
            continue;
        }
        let (name, value) =
            header(line).map_err(|problem| HeadersFault::Line { line: index + 1, problem })?;
        headers.append(name, value);
        if headers.len() > HEADERS_MAX {
            return Err(HeadersFault::TooMany);
        }
    }
    Ok(headers)
}

fn header(line: &[u8]) -> Result<(HeaderName, HeaderValue), &'static str> {
    let colon = line.iter().position(|&byte| byte == b':').ok_or("is not of the form `Name: value`")?;
    let name = HeaderName::from_bytes(&line[..colon]).map_err(|_| "has a name that no header can have")?;
    if RULED.contains(&name) {
        return Err("names a header that the fetcher sets itself");
    }
    let value = line[colon + 1..].trim_ascii();
    let mut value = HeaderValue::from_bytes(value).map_err(|_| "has a value that no header can have")?;
    value.set_sensitive(true);
    Ok((name, value))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lines_become_sensitive_headers() {
        let headers =
            parse(b"# token\nAuthorization: Bearer hunter2\r\n\nx-key:  a:b \nX-Key: c").expect("sound");
        assert_eq!(headers.len(), 3);
        assert_eq!(headers[header::AUTHORIZATION], "Bearer hunter2");
        assert_eq!(headers.get_all("x-key").iter().collect::<Vec<_>>(), ["a:b", "c"]);
        assert!(!format!("{headers:?}").contains("hunter2"));
    }

    #[test]
    fn faults_name_the_line_and_show_no_value() {
        for (text, number) in [
            ("hunter2", 1),
            ("\nAuthorization hunter2", 2),
            ("a b: hunter2", 1),
            (": hunter2", 1),
            ("A: hunter2\x01", 1),
            ("A: b\nRange: bytes=0-1", 2),
            ("host: hunter2", 1),
            ("Transfer-Encoding: chunked", 1),
        ] {
            let fault = parse(text.as_bytes()).expect_err(text);
            assert!(matches!(fault, HeadersFault::Line { line, .. } if line == number), "{text:?}: {fault}");
            assert!(!fault.to_string().contains("hunter2"));
        }
        assert_eq!(parse("A: b\n".repeat(HEADERS_MAX + 1).as_bytes()), Err(HeadersFault::TooMany));
    }

    proptest! {
        #[test]
        fn any_file_is_headers_that_are_not_ruled_or_a_fault(
            text in prop_oneof![".*", "(([A-Za-z-]{1,8}|Range|host|TE): ?[ -~]{0,9}\r?\n){0,60}"],
        ) {
            match parse(text.as_bytes()) {
                Ok(headers) => {
                    prop_assert!(headers.len() <= HEADERS_MAX);
                    prop_assert!(headers.keys().all(|name| !RULED.contains(name)));
                    prop_assert!(headers.values().all(HeaderValue::is_sensitive));
                }
                Err(fault) => prop_assert!(!fault.to_string().is_empty()),
            }
        }
    }

    #[tokio::test]
    async fn files_are_bounded() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("headers");
        assert_eq!(read(&path).await, Err(HeadersFault::Unreadable(io::ErrorKind::NotFound)));
        std::fs::write(&path, "#".repeat(64 * 1024 + 1)).expect("written");
        assert_eq!(read(&path).await, Err(HeadersFault::TooLong));
        std::fs::write(&path, "A: b").expect("written");
        assert_eq!(read(&path).await.map(|headers| headers.len()), Ok(1));
    }
}
