//! A small HTTP source with real files, as content-fetcher finds them on the internet.
//!
//! 1. Files of one folder, with `ETag`, Last-Modified, conditionals and ranges, all by tower-http's `ServeDir`.
//! 2. `ServeDir` does not know If-Range (RFC 9110, section 13.1.5), by which an interrupted download is resumed. It
//!    becomes If-Match; where that fails the file is another one, and is sent whole.
//! 3. Told to stop, it finishes what it is sending.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tower_http::services::ServeDir;

/// The longest wait for answers under way when it stops.
const STOP_TIME: Duration = Duration::from_secs(5);

/// A running origin.
pub struct Origin {
    stop: oneshot::Sender<()>,
    server: JoinHandle<()>,
}

impl Origin {
    /// Serves `folder` at `address`.
    pub async fn start(address: SocketAddr, folder: &Path) -> anyhow::Result<Self> {
        let listener =
            TcpListener::bind(address).await.with_context(|| format!("the origin at {address}"))?;
        let files = ServeDir::new(folder).append_index_html_on_directories(true);
        let router = Router::new().fallback_service(files).layer(from_fn(if_range));
        let (stop, stopped) = oneshot::channel();
        let server = axum::serve(listener, router).with_graceful_shutdown(async {
            // A sender that is dropped stops it too.
            let _ = stopped.await;
        });
        let server = tokio::spawn(async {
            // axum::serve answers until it is stopped; it has no other end.
            let _ = server.await;
        });
        Ok(Self { stop, server })
    }

    /// Accepts no more, and waits up to 5 s for what is under way.
    pub async fn stop(mut self) {
        let _ = self.stop.send(());
        if tokio::time::timeout(STOP_TIME, &mut self.server).await.is_err() {
            self.server.abort();
        }
    }
}

async fn if_range(mut request: Request, next: Next) -> Response {
    let Some(known) = request.headers_mut().remove(header::IF_RANGE) else { return next.run(request).await };
    let mut whole = Request::new(axum::body::Body::empty());
    *whole.method_mut() = request.method().clone();
    *whole.uri_mut() = request.uri().clone();
    *whole.headers_mut() = without_range(request.headers());
    // A date or a weak tag may stand for two versions of a file: only a strong tag is worth a range.
    if !known.as_bytes().starts_with(b"\"") {
        return next.run(whole).await;
    }
    request.headers_mut().insert(header::IF_MATCH, known);
    let again = next.clone();
    let answer = next.run(request).await;
    if answer.status() == StatusCode::PRECONDITION_FAILED { again.run(whole).await } else { answer }
}

fn without_range(headers: &HeaderMap) -> HeaderMap {
    let mut headers = headers.clone();
    headers.remove(header::RANGE);
    headers
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Answer {
        status: u16,
        headers: HeaderMap,
        body: Vec<u8>,
    }

    async fn ask(address: SocketAddr, path: &str, headers: &[(&str, &str)]) -> Answer {
        // reqwest asks for a process-wide TLS provider even where it speaks none; another test may have set it.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .tls_certs_only([])
            .pool_max_idle_per_host(0)
            .build()
            .expect("a client");
        let request = client.get(format!("http://{address}{path}"));
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let answer = request.send().await.expect("an answer");
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        Answer { status, headers, body: answer.bytes().await.expect("a body").to_vec() }
    }

    #[tokio::test]
    async fn ranges_conditionals_and_if_range() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("a.txt"), "0123456789").expect("written");
        let ports = tokio::net::TcpSocket::new_v4().expect("a socket");
        ports.set_reuseaddr(true).expect("set");
        ports.bind(([127, 0, 0, 1], 0).into()).expect("bound");
        let address = ports.local_addr().expect("its address");
        let origin = Origin::start(address, folder.path()).await.expect("it starts");

        let whole = ask(address, "/a.txt", &[]).await;
        assert_eq!((whole.status, whole.body.as_slice()), (200, &b"0123456789"[..]));
        assert_eq!(whole.headers["content-type"], "text/plain");
        let etag = whole.headers["etag"].to_str().expect("a tag");
        let modified = whole.headers["last-modified"].to_str().expect("a date");

        assert_eq!(ask(address, "/a.txt", &[("if-none-match", etag)]).await.status, 304);
        let part = [("range", "bytes=4-"), ("if-range", etag)];
        for headers in [&part[..1], &part] {
            let answer = ask(address, "/a.txt", headers).await;
            assert_eq!((answer.status, answer.body.as_slice()), (206, &b"456789"[..]));
            assert_eq!(answer.headers["content-range"], "bytes 4-9/10");
        }
        for known in ["\"another\"", "W/\"weak\"", modified] {
            let answer = ask(address, "/a.txt", &[part[0], ("if-range", known)]).await;
            assert_eq!((answer.status, answer.body.len()), (200, 10), "If-Range: {known}");
        }
        assert_eq!(ask(address, "/a.txt", &[("range", "bytes=10-")]).await.status, 416);
        for path in ["/b.txt", "/folder/", "/"] {
            assert_eq!(ask(address, path, &[]).await.status, 404, "{path}");
        }
        origin.stop().await;
        tokio::net::TcpStream::connect(address).await.expect_err("nobody listens");
    }
}
