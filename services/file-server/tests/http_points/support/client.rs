//! A client that sends exactly what a test says and keeps exactly what came back.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// How long a test waits for anything before it fails.
pub const DEADLINE: Duration = Duration::from_secs(30);

/// A request that is being written.
#[derive(Clone)]
pub struct Ask {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
}

/// GET of a target, which goes on the wire as it is.
pub fn get(target: &str) -> Ask {
    ask("GET", target)
}

/// HEAD of a target.
pub fn head(target: &str) -> Ask {
    ask("HEAD", target)
}

/// Any method.
pub fn ask(method: &str, target: &str) -> Ask {
    Ask { method: method.to_owned(), target: target.to_owned(), headers: Vec::new() }
}

impl Ask {
    /// With one more header line.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The request's bytes; the server closes the connection after it.
    pub fn bytes(&self) -> Vec<u8> {
        let mut text = format!("{} {} HTTP/1.1\r\nConnection: close\r\n", self.method, self.target);
        if !self.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
            text.push_str("Host: files.example\r\n");
        }
        for (name, value) in &self.headers {
            write!(text, "{name}: {value}\r\n").expect("a string takes everything");
        }
        text.push_str("\r\n");
        text.into_bytes()
    }
}

/// An answer, as it came.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    /// What came after the head until the connection was closed.
    pub body: Vec<u8>,
}

impl Answer {
    /// The one value of a header.
    ///
    /// # Panics
    /// Where it is there twice.
    pub fn header(&self, name: &str) -> Option<&str> {
        let values = self.all(name);
        assert!(values.len() < 2, "{name} is there twice: {:?}", self.headers);
        values.first().copied()
    }

    /// Every value of a header.
    pub fn all(&self, name: &str) -> Vec<&str> {
        self.headers
            .iter()
            .filter(|(own, _)| own.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
            .collect()
    }

    /// Whether a list header has this member.
    pub fn lists(&self, name: &str, member: &str) -> bool {
        self.all(name)
            .iter()
            .flat_map(|value| value.split(','))
            .any(|own| own.trim().eq_ignore_ascii_case(member))
    }

    /// The announced length.
    pub fn length(&self) -> Option<usize> {
        self.header("content-length").map(|text| text.parse().expect("a length is a number"))
    }

    /// Whether all that was announced came.
    pub fn is_complete(&self) -> bool {
        self.length() == Some(self.body.len())
    }

    /// The body as text.
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("the body is text")
    }

    /// The entity tag.
    pub fn etag(&self) -> &str {
        self.header("etag").unwrap_or_else(|| panic!("there is no ETag in {:?}", self.headers))
    }
}

/// Sends these bytes and reads until the server closes.
pub async fn exchange(server: SocketAddr, request: &[u8]) -> Answer {
    tokio::time::timeout(DEADLINE, exchange_unlimited(server, request))
        .await
        .expect("the server answers and closes")
}

async fn exchange_unlimited(server: SocketAddr, request: &[u8]) -> Answer {
    let mut connection = TcpStream::connect(server).await.expect("the server listens");
    connection.write_all(request).await.expect("the server reads");
    let mut received = Vec::new();
    // A connection that is reset has ended too; what had come of the answer is judged by the test.
    let _ = connection.read_to_end(&mut received).await;
    parse(&received)
}

/// Reads an answer whose connection is closed.
pub fn parse(received: &[u8]) -> Answer {
    let end = received.windows(4).position(|four| four == b"\r\n\r\n");
    let end = end.unwrap_or_else(|| panic!("no head in {:?}", String::from_utf8_lossy(received)));
    let head = std::str::from_utf8(&received[..end]).expect("heads are ASCII in these tests");
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok()).expect("a status line");
    let header = |line: &str| {
        let (name, value) = line.split_once(':').expect("a header line");
        (name.to_ascii_lowercase(), value.trim().to_owned())
    };
    let headers = lines.map(header).collect();
    let answer = Answer { status, headers, body: received[end + 4..].to_vec() };
    assert_eq!(answer.header("transfer-encoding"), None, "every answer of these tests has a length");
    answer
}
