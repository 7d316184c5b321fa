//! What the kit puts round every handler, seen from a client.

#[path = "common/client.rs"]
mod client;
#[path = "common/sample.rs"]
mod sample;

use std::net::SocketAddr;
use std::time::Duration;

use service_kit::{Running, testing};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const TRACEPARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

async fn start(variables: &[(&str, &str)]) -> Running {
    testing::start("sample", variables, sample::build).await
}

async fn metrics(running: &Running) -> String {
    let answer = client::get(format!("http://{}/metrics", running.admin())).await;
    assert_eq!(
        answer.headers()["content-type"],
        "application/openmetrics-text; version=1.0.0; charset=utf-8"
    );
    answer.text().await.expect("text")
}

async fn wait_for_metric(running: &Running, line: &str) {
    let waiting = async {
        while !metrics(running).await.contains(line) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(20), waiting).await;
    assert!(waited.is_ok(), "{line} never came in {}", metrics(running).await);
}

/// Sends bytes as they are and reads until the service closes the connection.
async fn raw(address: SocketAddr, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.expect("it listens");
    stream.write_all(request).await.expect("sent");
    let mut answer = Vec::new();
    let reading = tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut answer));
    reading.await.expect("the connection is closed").expect("read");
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn a_panic_is_a_500_with_the_request_id_and_is_counted() {
    let running = start(&[]).await;
    let client = client::client([]);
    let url = format!("http://{}/panic", running.address("http"));
    let answer = client.get(url).header("x-request-id", "panic-1").send().await.expect("an answer");
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["x-request-id"]),
        (500, &"panic-1".parse().expect("text"))
    );
    assert_eq!(answer.headers()["content-type"], "application/problem+json");
    let problem: serde_json::Value = answer.json().await.expect("JSON");
    assert_eq!((&problem["status"], &problem["request_id"]), (&500.into(), &"panic-1".into()));
    assert!(!problem.to_string().contains("told to"), "what the panic said stays inside");
    wait_for_metric(&running, "http_panics_total 1\n").await;
    wait_for_metric(&running, "http_requests_total{method=\"GET\",endpoint=\"/panic\",code=\"500\"} 1\n")
        .await;
}

#[tokio::test]
async fn requests_are_counted_by_template_and_never_by_path_or_unknown_method() {
    let running = start(&[]).await;
    let address = running.address("http");
    for request in ["GET /sleep/1 HTTP/1.1", "GET /no/such/secret HTTP/1.1", "BREW / HTTP/1.1"] {
        raw(address, format!("{request}\r\nHost: x\r\nConnection: close\r\n\r\n").as_bytes()).await;
    }
    for series in [
        r#"http_requests_total{method="GET",endpoint="/sleep/{milliseconds}",code="200"} 1"#,
        r#"http_requests_total{method="GET",endpoint="",code="404"} 1"#,
        r#"http_requests_total{method="OTHER",endpoint="/",code="405"} 1"#,
        r#"http_request_duration_seconds_count{method="GET",endpoint="/sleep/{milliseconds}"} 1"#,
        "http_requests_in_flight 0",
        // "slept", and nothing else has a body
        "http_response_bytes_total 5",
    ] {
        wait_for_metric(&running, &format!("{series}\n")).await;
    }
    assert!(!metrics(&running).await.contains("secret"));
}

#[tokio::test]
async fn a_client_that_leaves_is_counted_and_the_gauge_goes_down() {
    let running = start(&[]).await;
    let mut stream = TcpStream::connect(running.address("http")).await.expect("it listens");
    stream.write_all(b"GET /sleep/60000 HTTP/1.1\r\nHost: x\r\n\r\n").await.expect("sent");
    wait_for_metric(&running, "http_requests_in_flight 1\n").await;
    drop(stream);
    wait_for_metric(&running, "http_requests_in_flight 0\n").await;
    wait_for_metric(&running, "endpoint=\"/sleep/{milliseconds}\",code=\"499\"} 1\n").await;
}

#[tokio::test]
async fn ids_and_traces_are_taken_and_carried_on() {
    let running = start(&[]).await;
    let url = format!("http://{}/trace", running.address("http"));
    let request =
        client::client([]).get(&url).header("x-request-id", "mine").header("traceparent", TRACEPARENT);
    let answer = request.send().await.expect("an answer");
    assert_eq!(answer.headers()["x-request-id"], "mine");
    let text = answer.text().await.expect("text");
    assert!(
        text.starts_with("mine 00-4bf92f3577b34da6a3ce929d0e0e4736-") && !text.contains(TRACEPARENT),
        "{text}"
    );
    let made = client::get(&url).await;
    let id = made.headers()["x-request-id"].to_str().expect("text").to_owned();
    assert_eq!((made.text().await.expect("text"), id.len()), (format!("{id} "), 32));
}

#[tokio::test]
async fn a_body_over_the_limit_is_413() {
    let running = start(&[]).await;
    let url = format!("http://{}/length", running.address("http"));
    let post = |body: &'static str| client::client([]).post(&url).body(body).send();
    assert_eq!(post("0123456789abcdef").await.expect("an answer").text().await.expect("text"), "16");
    assert_eq!(post("0123456789abcdef!").await.expect("an answer").status().as_u16(), 413);
    let chunked = b"POST /length HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n20\r\n0123456789abcdef0123456789abcdef\r\n0\r\n\r\n";
    assert!(raw_one(running.address("http"), chunked).await.starts_with("HTTP/1.1 413"));
}

/// As [`raw`], of a connection that the service may keep open: reads the first segment of an answer only.
async fn raw_one(address: SocketAddr, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.expect("it listens");
    stream.write_all(request).await.expect("sent");
    let mut answer = vec![0; 4096];
    let reading = tokio::time::timeout(Duration::from_secs(20), stream.read(&mut answer));
    let count = reading.await.expect("in time").expect("read");
    String::from_utf8_lossy(&answer[..count]).into_owned()
}

#[tokio::test]
async fn slow_heads_and_slow_bodies_are_given_up() {
    let running = start(&[("HTTP_HEADER_TIMEOUT", "100ms"), ("HTTP_BODY_TIMEOUT", "100ms")]).await;
    let address = running.address("http");
    assert_eq!(raw(address, b"").await, "", "a client that says nothing");
    assert_eq!(raw(address, b"P").await, "", "one that begins like an HTTP/2 preface");
    assert_eq!(raw(address, b"GET / HTTP/1.1\r\nHos").await, "");
    let half_a_body = b"POST /length HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n01234";
    let answer = raw(address, half_a_body).await;
    assert!(!answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[tokio::test]
async fn malformed_requests_are_refused_and_the_service_lives() {
    let running = start(&[]).await;
    let address = running.address("http");
    let long = format!("GET / HTTP/1.1\r\nHost: x\r\nX-Long: {}\r\n\r\n", "x".repeat(200_000));
    for (request, status) in [
        (b"\0\0\0\0\r\n\r\n".as_slice(), "400"),
        (b"GET / HTTP/9.9\r\n\r\n", "400"),
        (b"GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", "400"),
        (long.as_bytes(), "431"),
    ] {
        let answer = raw_one(address, request).await;
        let request = String::from_utf8_lossy(&request[..request.len().min(60)]);
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{request:?}: {answer}");
    }
    assert_eq!(client::get(format!("http://{address}/")).await.status().as_u16(), 200);
}

#[tokio::test]
async fn listen_host_stands_in_for_every_address_and_for_no_other() {
    for (address, expected) in
        [("0.0.0.0:0", "127.0.0.1"), ("[::]:0", "127.0.0.1"), ("127.0.0.2:0", "127.0.0.2")]
    {
        let running = start(&[("ADDRESS", address), ("LISTEN_HOST", "127.0.0.1")]).await;
        assert_eq!(running.address("http").ip().to_string(), expected, "{address}");
        running.stop().await;
    }
}
