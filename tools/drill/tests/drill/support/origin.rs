//! A server that answers, or fails, as it is told.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// What a request gets.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Mode {
    /// 200 and `Hello, drill!`.
    Right,
    /// 500.
    Error,
    /// 200 and another body.
    Wrong,
    /// 302 to where an answer would be right.
    Redirect,
    /// No answer, until the mode is another: then what that says.
    Hang,
}

/// The body of a right answer.
pub const BODY: &str = "Hello, drill!";

#[derive(Clone)]
struct Told {
    mode: watch::Receiver<Mode>,
    seen: Arc<AtomicU64>,
}

/// A server on a port of its own; ends with the value.
pub struct Origin {
    pub address: SocketAddr,
    mode: watch::Sender<Mode>,
    seen: Arc<AtomicU64>,
    task: JoinHandle<()>,
}

impl Origin {
    /// Starts one that answers as `mode` says.
    pub async fn start(mode: Mode) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (sender, receiver) = watch::channel(mode);
        let seen = Arc::new(AtomicU64::new(0));
        let told = Told { mode: receiver, seen: Arc::clone(&seen) };
        let router = Router::new().fallback(answer).with_state(told);
        let task = tokio::spawn(async move { axum::serve(listener, router).await.expect("serves") });
        Self { address, mode: sender, seen, task }
    }

    /// What requests get from now on.
    pub fn tell(&self, mode: Mode) {
        self.mode.send_replace(mode);
    }

    /// Requests that came.
    pub fn seen(&self) -> u64 {
        self.seen.load(Ordering::SeqCst)
    }
}

impl Drop for Origin {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn answer(State(mut told): State<Told>) -> Response {
    told.seen.fetch_add(1, Ordering::SeqCst);
    let mode = told.mode.wait_for(|mode| *mode != Mode::Hang).await;
    match mode.map_or(Mode::Error, |mode| *mode) {
        Mode::Right => BODY.into_response(),
        Mode::Wrong => "Goodbye.".into_response(),
        Mode::Redirect => (StatusCode::FOUND, [(header::LOCATION, "/elsewhere")]).into_response(),
        Mode::Error | Mode::Hang => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// How a connection is treated below HTTP.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Cut {
    /// Closed after the request, without an answer.
    Silent,
    /// Reset after the request.
    Reset,
    /// Closed in the middle of the body.
    Half,
    /// Answered, and kept.
    Kept,
}

/// A listener that treats every connection the same; ends with the value.
pub struct Raw {
    pub address: SocketAddr,
    connections: Arc<AtomicU64>,
    task: JoinHandle<()>,
}

impl Raw {
    pub async fn start(cut: Cut) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let connections = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&connections);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(treat(stream, cut));
            }
        });
        Self { address, connections, task }
    }

    /// Connections that came.
    pub fn connections(&self) -> u64 {
        self.connections.load(Ordering::SeqCst)
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn treat(mut stream: TcpStream, cut: Cut) {
    let mut buffer = [0; 4096];
    while let Ok(1..) = stream.read(&mut buffer).await {
        let answer: &[u8] = match cut {
            Cut::Silent => return,
            Cut::Reset => {
                stream.set_zero_linger().expect("a socket's option");
                return;
            }
            Cut::Half => b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nHello",
            Cut::Kept => b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nOK",
        };
        if stream.write_all(answer).await.is_err() || cut == Cut::Half {
            return;
        }
    }
}

/// An address where nobody listens.
pub async fn nowhere() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    listener.local_addr().expect("an address")
}
