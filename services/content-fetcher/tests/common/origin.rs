//! An HTTP/1.1 origin on port 0 that fails as told.
//!
//! 1. Each path has content, a tag, and whether it knows ranges.
//! 2. A fault waits for the next request of its path; faults are used up in the order in which they were told.
//! 3. Every request is written down. One connection carries one request.

use std::collections::{HashMap, VecDeque};
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What goes wrong with one request.
#[derive(Clone, Debug)]
pub enum Fault {
    /// Another answer, with these headers and no body.
    Status(u16, Vec<(&'static str, String)>),
    /// The connection ends after so many bytes of the body.
    Cut(usize),
    /// Nothing more comes after so many bytes of the body.
    Stall(usize),
    /// No answer at all.
    Silence,
    /// Bytes that are no HTTP.
    Garbage,
    /// Content-Length says so much more than comes; the connection then ends.
    Long(usize),
    /// Content-Length says so much less than comes.
    Short(usize),
    /// No Content-Length: the body ends with the connection, after so many bytes.
    Unframed(usize),
    /// A chunked body, which ends without its last chunk where `false`.
    Chunked(bool),
    /// A range is answered with the whole.
    Whole,
    /// A range is answered by one that begins so much later.
    WrongRange(u64),
    /// A range is answered with another tag in its 206.
    WrongTag,
    /// The content has become this.
    Change(Resource),
    /// An answer with these further headers.
    Headers(Vec<(&'static str, String)>),
}

/// A path's content.
#[derive(Clone, Debug)]
pub struct Resource {
    pub content: Bytes,
    pub tag: Option<&'static str>,
    pub ranges: bool,
}

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Seen {
    pub path: String,
    pub headers: Vec<(String, String)>,
}

#[derive(Default)]
struct State {
    resources: HashMap<String, Resource>,
    faults: HashMap<String, VecDeque<Fault>>,
    seen: Vec<Seen>,
}

/// The origin. Dropping it ends it.
pub struct Origin {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    server: JoinHandle<()>,
}

impl Drop for Origin {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Seen {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }
}

impl Resource {
    pub fn new(content: impl Into<Bytes>) -> Self {
        Self { content: content.into(), tag: Some("\"v1\""), ranges: true }
    }
}

impl Origin {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let state = Arc::<Mutex<State>>::default();
        let server = tokio::spawn(serve(listener, Arc::clone(&state)));
        Self { address, state, server }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    pub fn set(&self, path: &str, resource: Resource) {
        self.state.lock().expect("sound").resources.insert(path.to_owned(), resource);
    }

    /// The next requests of `path` fail so, one after the other.
    pub fn fail(&self, path: &str, faults: impl IntoIterator<Item = Fault>) {
        self.state.lock().expect("sound").faults.entry(path.to_owned()).or_default().extend(faults);
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.state.lock().expect("sound").seen.clone()
    }

    pub fn forget(&self) {
        self.state.lock().expect("sound").seen.clear();
    }
}

async fn serve(listener: TcpListener, state: Arc<Mutex<State>>) {
    // The connections end with the set, when the server's task is aborted.
    let mut connections = tokio::task::JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let state = Arc::clone(&state);
        connections.spawn(async move {
            // A client that goes away is what many tests are about.
            let _ = answer(stream, &state).await;
        });
        while connections.try_join_next().is_some() {}
    }
}

async fn answer(mut stream: TcpStream, state: &Mutex<State>) -> std::io::Result<()> {
    let seen = read_request(&mut stream).await?;
    let (resource, fault) = {
        let mut state = state.lock().expect("sound");
        state.seen.push(seen.clone());
        let fault = state.faults.get_mut(&seen.path).and_then(VecDeque::pop_front);
        if let Some(Fault::Change(new)) = &fault {
            state.resources.insert(seen.path.clone(), new.clone());
        }
        (state.resources.get(&seen.path).cloned(), fault)
    };
    match (fault, resource) {
        (Some(Fault::Status(status, headers)), _) => {
            stream.write_all(head(status, &headers, Some(0)).as_bytes()).await?;
        }
        (Some(Fault::Silence), _) => wait_for_the_end(&mut stream).await,
        (Some(Fault::Garbage), _) => stream.write_all(b"\x00\x01 what is this?\r\n\r\n").await?,
        (_, None) => stream.write_all(head(404, &[], Some(0)).as_bytes()).await?,
        (fault, Some(resource)) => content(&mut stream, &seen, &resource, fault).await?,
    }
    stream.shutdown().await
}

async fn content(
    stream: &mut TcpStream,
    seen: &Seen,
    resource: &Resource,
    fault: Option<Fault>,
) -> std::io::Result<()> {
    let mut headers: Vec<(&'static str, String)> = vec![("Content-Type", "text/x-origin".to_owned())];
    headers.extend(resource.tag.map(|tag| ("ETag", tag.to_owned())));
    if seen.header("if-none-match").is_some_and(|tag| Some(tag) == resource.tag) {
        return stream.write_all(head(304, &headers, None).as_bytes()).await;
    }
    let whole = resource.content.len();
    let asked =
        seen.header("range").and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok());
    let matches = seen.header("if-range").is_none_or(|tag| Some(tag) == resource.tag);
    let first: Option<usize> =
        asked.filter(|_| resource.ranges && matches && !matches!(fault, Some(Fault::Whole)));
    if first.is_some_and(|first| first >= whole) {
        headers.push(("Content-Range", format!("bytes */{whole}")));
        return stream.write_all(head(416, &headers, Some(0)).as_bytes()).await;
    }
    let mut body = resource.content.slice(first.unwrap_or(0)..);
    if let Some(first) = first {
        let later = if let Some(Fault::WrongRange(later)) = fault { later } else { 0 };
        headers.push(("Content-Range", format!("bytes {}-{}/{whole}", first as u64 + later, whole - 1)));
        if matches!(fault, Some(Fault::WrongTag)) {
            headers.retain(|(name, _)| *name != "ETag");
            headers.push(("ETag", "\"other\"".to_owned()));
        }
    }
    let mut length = Some(body.len());
    match &fault {
        Some(Fault::Long(more)) => length = Some(body.len() + more),
        Some(Fault::Short(less)) => length = Some(body.len() - less),
        Some(Fault::Unframed(end)) => (length, body) = (None, body.slice(..*end)),
        Some(Fault::Chunked(_)) => {
            length = None;
            headers.push(("Transfer-Encoding", "chunked".to_owned()));
        }
        Some(Fault::Headers(more)) => headers.extend(more.clone()),
        _ => {}
    }
    let status = if first.is_some() { 206 } else { 200 };
    stream.write_all(head(status, &headers, length).as_bytes()).await?;
    match fault {
        Some(Fault::Cut(end)) => stream.write_all(&body[..end.min(body.len())]).await,
        Some(Fault::Stall(end)) => {
            stream.write_all(&body[..end.min(body.len())]).await?;
            wait_for_the_end(stream).await;
            Ok(())
        }
        Some(Fault::Chunked(ends)) => chunked(stream, &body, ends).await,
        _ => stream.write_all(&body).await,
    }
}

async fn chunked(stream: &mut TcpStream, body: &[u8], ends: bool) -> std::io::Result<()> {
    for chunk in body.chunks(100_000) {
        stream.write_all(format!("{:x}\r\n", chunk.len()).as_bytes()).await?;
        stream.write_all(chunk).await?;
        stream.write_all(b"\r\n").await?;
    }
    stream.write_all(if ends { b"0\r\n\r\n" } else { b"" }).await
}

fn head(status: u16, headers: &[(&'static str, String)], length: Option<usize>) -> String {
    let mut head = format!("HTTP/1.1 {status} told\r\nConnection: close\r\n");
    for (name, value) in headers {
        let _ = write!(head, "{name}: {value}\r\n");
    }
    if let Some(length) = length {
        let _ = write!(head, "Content-Length: {length}\r\n");
    }
    head + "\r\n"
}

async fn read_request(stream: &mut TcpStream) -> std::io::Result<Seen> {
    let mut text = Vec::new();
    while !text.ends_with(b"\r\n\r\n") {
        text.push(stream.read_u8().await?);
    }
    let text = String::from_utf8_lossy(&text);
    let mut lines = text.lines();
    let path = lines.next().and_then(|line| line.split(' ').nth(1)).unwrap_or_default().to_owned();
    let header =
        |line: &str| line.split_once(':').map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()));
    Ok(Seen { path, headers: lines.filter_map(header).collect() })
}

/// Until the client goes.
async fn wait_for_the_end(stream: &mut TcpStream) {
    let mut rest = [0; 1024];
    while matches!(stream.read(&mut rest).await, Ok(1..)) {}
}
