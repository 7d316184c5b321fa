//! HTTP/1.1 by hand, one request a connection: what must go wrong here no library lets one do.

use std::io;

use percent_encoding::percent_decode_str;
use tokio::io::{AsyncRead, AsyncReadExt};

use crate::Operation;

/// The longest head that is read.
const HEAD_BYTES: usize = 64 * 1024;

/// A head, and what was read of the body with it.
#[derive(Debug)]
pub(super) struct Head {
    /// The first line.
    pub start: String,
    /// Names as they came, and values.
    pub headers: Vec<(String, String)>,
    pub rest: Vec<u8>,
}

impl Head {
    /// Reads a head; none if the peer closed before it sent anything.
    pub(super) async fn read(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<Self>> {
        let mut bytes = Vec::new();
        let end = loop {
            if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
                break end;
            }
            if bytes.len() > HEAD_BYTES {
                return Err(io::Error::other("the head is too long"));
            }
            let read = stream.read_buf(&mut bytes).await?;
            if read == 0 {
                return if bytes.is_empty() { Ok(None) } else { Err(io::ErrorKind::UnexpectedEof.into()) };
            }
        };
        let text = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let mut lines = text.split("\r\n");
        let start = lines.next().unwrap_or_default().to_owned();
        let headers = lines.filter_map(|line| line.split_once(':'));
        let headers = headers.map(|(name, value)| (name.to_owned(), value.trim().to_owned())).collect();
        Ok(Some(Self { start, headers, rest: bytes[end + 4..].to_vec() }))
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let mut found = self.headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
        found.next().map(|(_, value)| value.as_str())
    }

    /// Puts `value` in the place of the header, or takes it out.
    pub(super) fn set(&mut self, name: &str, value: Option<&str>) {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self.headers.extend(value.map(|value| (name.to_owned(), value.to_owned())));
    }

    pub(super) fn content_length(&self) -> usize {
        self.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0)
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        let lines = self.headers.iter().map(|(name, value)| format!("{name}: {value}"));
        let lines: Vec<String> = std::iter::once(self.start.clone()).chain(lines).collect();
        format!("{}\r\n\r\n", lines.join("\r\n")).into_bytes()
    }

    /// The operation, and the key of a path-style request.
    pub(super) fn operation(&self) -> (Operation, String) {
        let mut words = self.start.split(' ');
        let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let key = path.trim_start_matches('/').split_once('/').map_or("", |(_, key)| key);
        let key = percent_decode_str(key).decode_utf8_lossy().into_owned();
        let has = |name: &str| query.split('&').any(|pair| pair.split('=').next() == Some(name));
        let operation = match (method, key.is_empty()) {
            ("HEAD", true) => Operation::HeadBucket,
            ("HEAD", false) => Operation::Head,
            ("GET", true) if has("uploads") => Operation::ListUploads,
            ("GET", true) => Operation::List,
            ("PUT", true) => Operation::CreateBucket,
            ("PUT", false) if has("uploadId") => Operation::UploadPart,
            ("PUT", false) => Operation::Put,
            ("POST", true) => Operation::DeleteMany,
            ("POST", false) if has("uploads") => Operation::CreateUpload,
            ("POST", false) => Operation::CompleteUpload,
            ("DELETE", _) if has("uploadId") => Operation::AbortUpload,
            ("DELETE", _) => Operation::Delete,
            _ => Operation::Get,
        };
        (operation, key)
    }
}
