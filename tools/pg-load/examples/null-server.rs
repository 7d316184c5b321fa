//! A server that speaks the protocol of `PostgreSQL` and does nothing: what is left of a measurement is the load generator.
//!
//! 1. It prints `listening ADDRESS` (a port of 127.0.0.1 that is free) and ends when its input does.
//! 2. Anybody may log in. Every statement can be prepared, has as many parameters as its highest `$n`, and yields nothing;
//!    only what asks for `version()` gets a row.
//! 3. All answers to what came in one read leave in one write (protocol: `PostgreSQL` documentation, chapter 55).

use std::collections::HashMap;
use std::io;

use bytes::{Buf as _, BufMut as _, BytesMut};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// Bytes that a message may have.
const LARGEST: usize = 1024 * 1024;
/// Codes that stand in a first message in place of a protocol version: SSL, cancel, GSS.
const SSL: u32 = 80_877_103;
const CANCEL: u32 = 80_877_102;
const GSS: u32 = 80_877_104;
/// What asks for `version()` is told.
const VERSION: &[u8; 26] = b"a server that does nothing";
/// The type `text`.
const TEXT: u32 = 25;

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("listening {}", listener.local_addr()?);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                // A client that goes away is none of our business.
                let _ = serve(stream).await;
            });
        }
    });
    let mut byte = [0];
    while tokio::io::stdin().read(&mut byte).await? > 0 {}
    Ok(())
}

#[derive(Clone, Copy, Default)]
struct Prepared {
    parameters: u16,
    has_row: bool,
}

#[derive(Default)]
struct Session {
    prepared: HashMap<Vec<u8>, Prepared>,
    bound: Prepared,
    out: BytesMut,
}

async fn serve(mut stream: TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut input = BytesMut::with_capacity(16 * 1024);
    let mut session = Session::default();
    let mut is_started = false;
    loop {
        if stream.read_buf(&mut input).await? == 0 {
            return Ok(());
        }
        while let Some((kind, body)) = next(&mut input, is_started)? {
            let goes_on =
                if is_started { session.answer(kind, &body) } else { session.start(&body, &mut is_started) };
            if !goes_on {
                return Ok(());
            }
        }
        stream.write_all(&session.out).await?;
        session.out.clear();
    }
}

/// The next whole message: its kind (0 for those before the start) and its body.
fn next(input: &mut BytesMut, is_started: bool) -> io::Result<Option<(u8, BytesMut)>> {
    let head = usize::from(is_started);
    let Some(length) = input.get(head..head + 4) else { return Ok(None) };
    let length = u32::from_be_bytes([length[0], length[1], length[2], length[3]]) as usize;
    if !(4..=LARGEST).contains(&length) {
        return Err(io::Error::other("a message of an impossible length"));
    }
    if input.len() < head + length {
        return Ok(None);
    }
    let mut message = input.split_to(head + length);
    let kind = if is_started { message.get_u8() } else { 0 };
    message.advance(4);
    Ok(Some((kind, message)))
}

impl Session {
    /// Answers a message before the start; whether there is more to come.
    fn start(&mut self, body: &[u8], is_started: &mut bool) -> bool {
        let code = body.get(..4).map_or(0, |code| u32::from_be_bytes([code[0], code[1], code[2], code[3]]));
        match code {
            CANCEL => return false,
            SSL | GSS => self.out.put_u8(b'N'),
            _ => {
                *is_started = true;
                self.put(b'R', &0_u32.to_be_bytes());
                for parameter in [
                    "server_version\x0015.0",
                    "server_encoding\0UTF8",
                    "client_encoding\0UTF8",
                    "DateStyle\0ISO, MDY",
                    "integer_datetimes\0on",
                    "standard_conforming_strings\0on",
                    "in_hot_standby\0off",
                    "default_transaction_read_only\0off",
                ] {
                    self.put(b'S', format!("{parameter}\0").as_bytes());
                }
                self.put(b'K', &[0; 8]);
                self.put(b'Z', b"I");
            }
        }
        true
    }

    /// Answers a message; whether there is more to come.
    fn answer(&mut self, kind: u8, body: &[u8]) -> bool {
        match kind {
            b'P' => {
                let (name, rest) = text(body);
                let (sql, _) = text(rest);
                self.prepared.insert(name.to_vec(), prepared(sql));
                self.put(b'1', b"");
            }
            b'D' => self.describe(body),
            b'B' => {
                let (_, rest) = text(body);
                self.bound = self.prepared.get(text(rest).0).copied().unwrap_or_default();
                self.put(b'2', b"");
            }
            b'E' => {
                if self.bound.has_row {
                    let mut data = vec![0, 1, 0, 0, 0, 26];
                    data.extend_from_slice(VERSION);
                    self.put(b'D', &data);
                }
                self.put(b'C', b"SELECT 0\0");
            }
            b'Q' => {
                self.put(b'C', b"SELECT 0\0");
                self.put(b'Z', b"I");
            }
            b'S' => self.put(b'Z', b"I"),
            b'C' => self.put(b'3', b""),
            b'X' => return false,
            _ => {}
        }
        true
    }

    fn describe(&mut self, body: &[u8]) {
        let (is_statement, name) = (body.first() == Some(&b'S'), text(body.get(1..).unwrap_or_default()).0);
        let found =
            if is_statement { self.prepared.get(name).copied().unwrap_or_default() } else { self.bound };
        if is_statement {
            let mut types = found.parameters.to_be_bytes().to_vec();
            for _ in 0..found.parameters {
                types.extend_from_slice(&TEXT.to_be_bytes());
            }
            self.put(b't', &types);
        }
        if !found.has_row {
            self.put(b'n', b"");
            return;
        }
        let mut columns = vec![0, 1];
        columns.extend_from_slice(b"version\0\0\0\0\0\0\0");
        columns.extend_from_slice(&TEXT.to_be_bytes());
        columns.extend_from_slice(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0]);
        self.put(b'T', &columns);
    }

    fn put(&mut self, kind: u8, body: &[u8]) {
        self.out.put_u8(kind);
        // No body of ours comes near the bound.
        self.out.put_u32(u32::try_from(body.len()).map_or(u32::MAX, |length| length + 4));
        self.out.put_slice(body);
    }
}

/// What stands before the first zero, and what behind it.
fn text(bytes: &[u8]) -> (&[u8], &[u8]) {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    (&bytes[..end], bytes.get(end + 1..).unwrap_or_default())
}

fn prepared(sql: &[u8]) -> Prepared {
    let sql = String::from_utf8_lossy(sql);
    let number = |rest: &str| {
        rest.split(|next: char| !next.is_ascii_digit()).next().and_then(|digits| digits.parse().ok())
    };
    let parameters = sql.split('$').skip(1).filter_map(number).max().unwrap_or(0);
    Prepared { parameters, has_row: sql.contains("version()") }
}
