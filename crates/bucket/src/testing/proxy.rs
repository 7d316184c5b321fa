//! The proxy: each connection carries one request.
//!
//! 1. Read the request whole, count it, and see which rule strikes it.
//! 2. Answer in the store's place, or ask the store with the same bytes: what is signed stays as it is.
//! 3. Pass the answer on as the fault has it.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio_util::sync::{CancellationToken, DropGuard};
use url::Url;

use super::fault::{Fault, Rule};
use super::wire::Head;
use crate::{BucketSettings, Operation};

/// What the kernel may hold of an answer on each side of the proxy, in bytes. Left to itself it takes in megabytes that no
/// client has asked for: the proxy would hide that a client stopped reading, and hundreds of them would use up the
/// memory that all TCP connections share.
const SOCKET_BUFFER: u32 = 64 * 1024;

/// A request that reached the proxy.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Seen {
    /// What it asked.
    pub operation: Operation,
    /// Of which key, as the store knows it; empty where it asked of the bucket.
    pub key: String,
    /// Its first line.
    pub line: String,
    /// Its headers, names as they came.
    pub headers: Vec<(String, String)>,
}

impl Seen {
    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut found = self.headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
        found.next().map(|(_, value)| value.as_str())
    }
}

/// A proxy before a store that fails as told. Dropping it cuts every connection.
#[derive(Debug)]
pub struct FaultyS3 {
    /// Where it listens.
    pub endpoint: Url,
    state: Arc<State>,
    _stop: DropGuard,
}

#[derive(Debug)]
struct State {
    upstream: SocketAddr,
    rules: Mutex<Vec<(Rule, Fault)>>,
    seen: Mutex<Vec<Seen>>,
    open: AtomicUsize,
    sent: AtomicU64,
    stop: CancellationToken,
}

impl FaultyS3 {
    /// A proxy before the store at `endpoint`, which must be plain HTTP.
    #[expect(
        clippy::unused_async,
        reason = "a socket of tokio wants a runtime around it, which an async function has"
    )]
    pub async fn before(endpoint: &Url) -> io::Result<Self> {
        let upstream = endpoint.socket_addrs(|| None)?.first().copied();
        let upstream = upstream.ok_or(io::ErrorKind::AddrNotAvailable)?;
        let socket = TcpSocket::new_v4()?;
        // Its connections have what it has.
        socket.set_send_buffer_size(SOCKET_BUFFER)?;
        socket.bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
        let listener = socket.listen(1024)?;
        let own = format!("http://{}", listener.local_addr()?);
        let stop = CancellationToken::new();
        let state = Arc::new(State {
            upstream,
            rules: Mutex::default(),
            seen: Mutex::default(),
            open: AtomicUsize::new(0),
            sent: AtomicU64::new(0),
            stop: stop.clone(),
        });
        tokio::spawn(accept(listener, Arc::clone(&state)));
        Ok(Self { endpoint: Url::parse(&own).map_err(io::Error::other)?, state, _stop: stop.drop_guard() })
    }

    /// The store's settings, led through the proxy.
    pub fn settings(&self, store: BucketSettings) -> BucketSettings {
        BucketSettings { endpoint: Some(self.endpoint.clone()), ..store }
    }

    /// From now on `fault` strikes what fits `rule`.
    pub fn fail(&self, rule: Rule, fault: Fault) {
        self.state.rules().push((rule, fault));
    }

    /// Lets everything pass again.
    pub fn heal(&self) {
        self.state.rules().clear();
    }

    /// How many requests of `operation` came.
    pub fn count(&self, operation: Operation) -> usize {
        self.state.seen().iter().filter(|seen| seen.operation == operation).count()
    }

    /// Every request that came, in order.
    pub fn seen(&self) -> Vec<Seen> {
        self.state.seen().clone()
    }

    /// Forgets the requests that came.
    pub fn forget(&self) {
        self.state.seen().clear();
    }

    /// How many requests are being answered now. Falls when a client goes away in the middle of a body.
    pub fn open(&self) -> usize {
        self.state.open.load(Ordering::Acquire)
    }

    /// How many bytes of answers' bodies were passed on.
    pub fn sent(&self) -> u64 {
        self.state.sent.load(Ordering::Acquire)
    }
}

impl State {
    fn rules(&self) -> MutexGuard<'_, Vec<(Rule, Fault)>> {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn seen(&self) -> MutexGuard<'_, Vec<Seen>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a request, and tells what goes wrong with it.
    fn judge(&self, seen: Seen) -> Option<Fault> {
        let mut rules = self.rules();
        let struck =
            rules.iter_mut().rev().find_map(|(rule, fault)| rule.strikes(&seen).then(|| fault.clone()));
        self.seen().push(seen);
        struck
    }
}

async fn accept(listener: TcpListener, state: Arc<State>) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = state.stop.cancelled() => return,
        };
        let Ok((client, _)) = accepted else { return };
        let state = Arc::clone(&state);
        tokio::spawn(async move {
            state.open.fetch_add(1, Ordering::AcqRel);
            let stop = state.stop.clone();
            tokio::select! {
                // A client that goes away in the middle is what some tests are about.
                _ = serve(client, &state) => {}
                () = stop.cancelled() => {}
            }
            state.open.fetch_sub(1, Ordering::AcqRel);
        });
    }
}

async fn serve(mut client: TcpStream, state: &State) -> io::Result<()> {
    client.set_nodelay(true)?;
    let Some(mut request) = Head::read(&mut client).await? else { return Ok(()) };
    if request.get("expect").is_some() {
        client.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
        request.set("expect", None);
    }
    let mut body = std::mem::take(&mut request.rest);
    body.reserve(request.content_length().saturating_sub(body.len()));
    while body.len() < request.content_length() {
        if client.read_buf(&mut body).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    let (operation, key) = request.operation();
    let seen = Seen { operation, key, line: request.start.clone(), headers: request.headers.clone() };
    let fault = state.judge(seen);
    match fault {
        Some(Fault::Status { status, code, headers }) => {
            let body = format!(
                "<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>told to</Message></Error>"
            );
            let body = if request.start.starts_with("HEAD") || status == 304 { String::new() } else { body };
            return answer(&mut client, status, "application/xml", &headers, &body).await;
        }
        Some(Fault::Garbage { status, body }) => {
            return answer(&mut client, status, "text/html", &[], body).await;
        }
        Some(Fault::Reset) => return reset(&client),
        Some(Fault::Silence) => return gone(&mut client).await,
        Some(Fault::SlowFirstByte(wait)) => {
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                gone = gone(&mut client) => return gone,
            }
        }
        Some(Fault::FlipByte) => {
            if let Some(byte) = body.first_mut() {
                *byte ^= 1;
            }
        }
        _ => {}
    }
    request.set("connection", Some("close"));
    let mut store = connect(state.upstream).await?;
    store.write_all(&request.encode()).await?;
    store.write_all(&body).await?;
    let Some(head) = Head::read(&mut store).await? else { return reset(&client) };
    pass_on(client, store, head, fault, state).await
}

async fn connect(store: SocketAddr) -> io::Result<TcpStream> {
    let socket = if store.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.set_recv_buffer_size(SOCKET_BUFFER)?;
    socket.connect(store).await
}

/// Passes the store's answer on, as the fault has it.
async fn pass_on(
    mut client: TcpStream,
    mut store: TcpStream,
    mut head: Head,
    fault: Option<Fault>,
    state: &State,
) -> io::Result<()> {
    let limit = match fault {
        Some(Fault::ResetBody(limit) | Fault::ShortBody(limit) | Fault::StallBody(limit)) => limit,
        _ => usize::MAX,
    };
    match &fault {
        Some(Fault::Header { name, value }) => head.set(name, value.as_deref()),
        // Without a length the end of the connection is the end of the body.
        Some(Fault::NoLength) => head.set("content-length", None),
        _ => {}
    }
    head.set("connection", Some("close"));
    client.write_all(&head.encode()).await?;
    let mut left = limit;
    let mut buffer = std::mem::take(&mut head.rest);
    loop {
        let piece = &buffer[..buffer.len().min(left)];
        client.write_all(piece).await?;
        state.sent.fetch_add(piece.len() as u64, Ordering::AcqRel);
        left -= piece.len();
        if left == 0 {
            break;
        }
        buffer.clear();
        buffer.reserve(64 * 1024);
        if store.read_buf(&mut buffer).await? == 0 {
            return client.shutdown().await;
        }
    }
    match fault {
        Some(Fault::ResetBody(_)) => reset(&client),
        Some(Fault::StallBody(_)) => gone(&mut client).await,
        _ => client.shutdown().await,
    }
}

async fn answer(
    client: &mut TcpStream,
    status: u16,
    content_type: &str,
    headers: &[(&'static str, String)],
    body: &str,
) -> io::Result<()> {
    let mut head = Head { start: format!("HTTP/1.1 {status} Told"), headers: Vec::new(), rest: Vec::new() };
    head.set("content-type", Some(content_type));
    head.set("content-length", Some(&body.len().to_string()));
    head.set("connection", Some("close"));
    for (name, value) in headers {
        head.set(name, Some(value));
    }
    client.write_all(&head.encode()).await?;
    client.write_all(body.as_bytes()).await?;
    client.shutdown().await
}

/// Closing a socket without lingering sends RST.
fn reset(client: &TcpStream) -> io::Result<()> {
    client.set_zero_linger()
}

/// Waits until the client goes.
async fn gone(client: &mut TcpStream) -> io::Result<()> {
    let mut buffer = [0; 1024];
    while client.read(&mut buffer).await? > 0 {}
    Ok(())
}
