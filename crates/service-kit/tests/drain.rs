//! A service under load is told to stop: nobody's request fails, and readiness says so first.

#[path = "common/client.rs"]
mod client;
#[path = "common/sample.rs"]
mod sample;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use service_kit::{Running, testing};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

async fn start(variables: &[(&str, &str)]) -> Running {
    testing::start("sample", variables, sample::build).await
}

async fn status(url: String) -> u16 {
    client::get(url).await.status().as_u16()
}

/// What the clients did.
#[derive(Default)]
struct Load {
    stop: AtomicBool,
    connected: AtomicUsize,
    answered: AtomicUsize,
}

/// Waits until `counter` has reached `count`.
async fn reached(counter: &AtomicUsize, count: usize) {
    let waiting = async {
        while counter.load(Ordering::Relaxed) < count {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), waiting).await.expect("the clients get on");
}

/// One client that keeps its connection as long as it may, as load balancers do.
async fn keep_asking(address: std::net::SocketAddr, load: Arc<Load>) {
    while !load.stop.load(Ordering::Relaxed) {
        let mut stream = TcpStream::connect(address).await.expect("it accepts");
        load.connected.fetch_add(1, Ordering::Relaxed);
        loop {
            stream.write_all(b"GET /sleep/2 HTTP/1.1\r\nHost: test\r\n\r\n").await.expect("sent");
            let answer = read_answer(&mut stream).await;
            assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("slept"), "{answer:?}");
            load.answered.fetch_add(1, Ordering::Relaxed);
            if load.stop.load(Ordering::Relaxed) || answer.contains("connection: close\r\n") {
                break;
            }
        }
    }
}

async fn read_answer(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    while !answer.ends_with(b"slept") {
        let count = stream.read_buf(&mut answer).await.expect("a whole answer");
        assert!(count > 0, "the connection closed within an answer: {:?}", String::from_utf8_lossy(&answer));
    }
    String::from_utf8(answer).expect("UTF-8")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drain_under_load_fails_no_request() {
    let running = start(&[("DRAIN_DELAY", "3s")]).await;
    let (address, readiness) = (running.address("http"), running.readiness().clone());
    let load = Arc::new(Load::default());
    let mut clients = JoinSet::new();
    for _ in 0..16 {
        clients.spawn(keep_asking(address, Arc::clone(&load)));
    }
    reached(&load.answered, 200).await;
    let draining = tokio::spawn(running.stop());
    while readiness.is_ready() {
        tokio::task::yield_now().await;
    }
    // `Connection: close` sends them away, and those who come back before the Service has forgotten the pod are served.
    reached(&load.connected, load.connected.load(Ordering::Relaxed) + 32).await;
    load.stop.store(true, Ordering::Relaxed);
    while let Some(client) = clients.join_next().await {
        client.expect("no request failed");
    }
    let outcome = draining.await.expect("it drains");
    assert_eq!((outcome.cut, outcome.exit_code()), (0, 0));
}

#[tokio::test]
async fn readiness_falls_at_once_while_requests_and_liveness_go_on() {
    let running = start(&[("DRAIN_DELAY", "10s")]).await;
    let (http, admin) = (running.address("http"), running.admin());
    assert_eq!(status(format!("http://{admin}/readyz")).await, 200);
    let draining = tokio::spawn(running.stop());
    while status(format!("http://{admin}/readyz")).await == 200 {
        tokio::task::yield_now().await;
    }
    let reason = client::get(format!("http://{admin}/readyz")).await;
    assert_eq!(
        (reason.status().as_u16(), reason.text().await.expect("text")),
        (503, "service: draining\n".into())
    );
    assert_eq!(status(format!("http://{admin}/livez")).await, 200);
    assert_eq!(status(format!("http://{admin}/healthz")).await, 200);
    assert_eq!(status(format!("http://{http}/")).await, 200);
    draining.abort();
}

#[tokio::test]
async fn a_slow_request_is_finished_and_new_connections_are_refused() {
    let running = start(&[]).await;
    let (http, admin) = (running.address("http"), running.admin());
    let slow = tokio::spawn(client::get(format!("http://{http}/sleep/1500")));
    while !client::get(format!("http://{admin}/metrics"))
        .await
        .text()
        .await
        .expect("text")
        .contains("http_requests_in_flight 1\n")
    {
        tokio::task::yield_now().await;
    }
    let draining = tokio::spawn(running.stop());
    while TcpStream::connect(http).await.is_ok() {
        tokio::task::yield_now().await;
    }
    let answer = slow.await.expect("the slow request is answered");
    assert_eq!(answer.text().await.expect("text"), "slept");
    assert_eq!(draining.await.expect("it drains").exit_code(), 0);
}
