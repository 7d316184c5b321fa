//! A raw client: what a service says, byte by byte.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// What says nothing for this long has failed the test.
const PATIENCE: Duration = Duration::from_secs(30);

/// Sends `request`, whose head asks for the connection to be closed, and returns everything that comes back.
fn exchange(address: SocketAddr, request: &[u8]) -> String {
    // A service listens on every address; the loopback is one of them.
    let mut stream = TcpStream::connect(("127.0.0.1", address.port())).expect("it listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a socket option");
    stream.write_all(request).expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer
}

/// As [`exchange`], for a request without a body; `lines` are further lines of its head.
pub fn ask(address: SocketAddr, method: &str, target: &str, lines: &[&str]) -> (String, String) {
    let lines: String = lines.iter().flat_map(|line| [line, "\r\n"]).collect();
    let request = format!("{method} {target} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n{lines}\r\n");
    let answer = exchange(address, request.as_bytes());
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    (head.to_owned(), body.to_owned())
}
