//! HTTP/1 over a raw socket: bytes out as they are, answers in without correction.
//!
//! 1. The case's bytes are sent at once. A server may refuse them before it has read them all.
//! 2. One answer is read for each request, with the interim answers before it.
//! 3. Unless the connection has ended, one more request is sent: its answer tells that the connection was kept.
//! 4. Everything up to the end of the connection is read; nothing waits for time to pass.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use crate::case::Case;

/// A server that says nothing for this long has failed the test.
const PATIENCE: Duration = Duration::from_secs(30);

/// What shows that a connection was kept.
const FOLLOW_UP: &[u8] = b"GET /healthz HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n";

/// One answer as it came.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Answer {
    /// The version in the status line.
    pub version: String,
    /// The status code; 0 where the status line is not one.
    pub status: u16,
    /// The words behind it.
    pub reason: String,
    /// Names and values in their order and spelling.
    pub fields: Vec<(String, String)>,
    /// The body, out of its chunks.
    pub body: Vec<u8>,
}

/// Everything that came back over one connection.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Transcript {
    /// The answers to the case.
    pub answers: Vec<Answer>,
    /// Whether one more request was answered over the same connection.
    pub kept: bool,
}

impl Answer {
    /// The value of the first field with that name, in any spelling.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields
            .iter()
            .find(|(field, _)| field.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}

/// Asks `address` and reads until the connection ends.
///
/// # Panics
/// Where the server cannot be reached, says nothing for 30 s, or sends what is not HTTP.
pub fn exchange(address: SocketAddr, case: &Case) -> Transcript {
    let mut wire = Wire::connect(address);
    wire.send(&case.requests.concat());
    let mut transcript = Transcript::default();
    for request in &case.requests {
        while let Some(answer) = wire.answer(request.starts_with(b"HEAD ")) {
            let interim = (100..200).contains(&answer.status);
            transcript.answers.push(answer);
            if !interim {
                break;
            }
        }
    }
    wire.send(FOLLOW_UP);
    while let Some(answer) = wire.answer(false) {
        transcript.kept |= answer.status == 200;
        if answer.status != 200 {
            transcript.answers.push(answer);
        }
    }
    transcript
}

/// The one answer to one well-formed request.
///
/// # Panics
/// As [`exchange`], and where there is no answer or more than one.
pub fn ask(address: SocketAddr, request: &crate::case::Request) -> Answer {
    let transcript = exchange(address, &Case::from(request.clone()));
    assert_eq!(transcript.answers.len(), 1, "{transcript:?}");
    transcript.answers.into_iter().next().expect("one answer")
}

struct Wire {
    stream: TcpStream,
    buffer: Vec<u8>,
    ended: bool,
}

impl Wire {
    fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).expect("the server listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a socket option");
        stream.set_write_timeout(Some(PATIENCE)).expect("a socket option");
        stream.set_nodelay(true).expect("a socket option");
        Self { stream, buffer: Vec::new(), ended: false }
    }

    /// Sends what can be sent: a server that has refused already no longer reads.
    fn send(&mut self, bytes: &[u8]) {
        let _ = self.stream.write_all(bytes);
    }

    /// The next answer; `None` at the end of the connection.
    fn answer(&mut self, to_head: bool) -> Option<Answer> {
        let end = loop {
            if let Some(end) = find(&self.buffer, b"\r\n\r\n") {
                break end;
            }
            if !self.more() {
                assert!(self.buffer.is_empty(), "half an answer: {}", self.buffer.escape_ascii());
                return None;
            }
        };
        let head: Vec<u8> = self.buffer.drain(..end + 4).collect();
        let mut answer = parse_head(&String::from_utf8_lossy(&head[..end]));
        answer.body = self.body(&answer, to_head);
        Some(answer)
    }

    fn body(&mut self, answer: &Answer, to_head: bool) -> Vec<u8> {
        if to_head || answer.status < 200 || answer.status == 204 || answer.status == 304 {
            return Vec::new();
        }
        if answer.field("transfer-encoding").is_some() {
            return self.chunks();
        }
        if let Some(length) = answer.field("content-length") {
            return self.take(length.parse().expect("a length"));
        }
        while self.more() {}
        std::mem::take(&mut self.buffer)
    }

    fn chunks(&mut self) -> Vec<u8> {
        let mut body = Vec::new();
        loop {
            let size = self.line();
            let size = usize::from_str_radix(&size, 16).expect("a chunk's size");
            body.extend(self.take(size));
            assert_eq!(self.line(), "", "a chunk ends with a line end");
            if size == 0 {
                return body;
            }
        }
    }

    fn line(&mut self) -> String {
        loop {
            if let Some(end) = find(&self.buffer, b"\r\n") {
                let line: Vec<u8> = self.buffer.drain(..end + 2).collect();
                return String::from_utf8_lossy(&line[..end]).into_owned();
            }
            assert!(self.more(), "a body that ends early");
        }
    }

    fn take(&mut self, length: usize) -> Vec<u8> {
        while self.buffer.len() < length {
            assert!(self.more(), "a body that ends early");
        }
        self.buffer.drain(..length).collect()
    }

    /// Reads on; `false` at the end of the connection.
    fn more(&mut self) -> bool {
        let mut part = [0; 16 * 1024];
        while !self.ended {
            match self.stream.read(&mut part) {
                Ok(0) => self.ended = true,
                Ok(count) => {
                    self.buffer.extend_from_slice(&part[..count]);
                    return true;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // What was sent to a server that no longer reads is answered with a reset.
                Err(error) if error.kind() == ErrorKind::ConnectionReset => self.ended = true,
                Err(error) => panic!("no answer: {error}; so far: {}", self.buffer.escape_ascii()),
            }
        }
        false
    }
}

fn parse_head(head: &str) -> Answer {
    let mut lines = head.split("\r\n");
    let mut words = lines.next().unwrap_or_default().splitn(3, ' ').map(str::to_owned);
    let version = words.next().unwrap_or_default();
    let status = words.next().and_then(|status| status.parse().ok()).unwrap_or_default();
    let reason = words.next().unwrap_or_default();
    let fields = lines.map(|line| {
        let (name, value) = line.split_once(':').expect("a field");
        (name.to_owned(), value.trim().to_owned())
    });
    Answer { version, status, reason, fields: fields.collect(), body: Vec::new() }
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}
