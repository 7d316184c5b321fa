//! Memory has bounds, whatever clients do.

use futures::future::join_all;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

use crate::support::{DEADLINE, Server, get, pattern, until};

const MIB: i64 = 1024 * 1024;
/// What a stream holds beside the budget.
const HELD: i64 = 128 * 1024;
/// Readers at a time: several hundred, with two connections of the store's for each in this process.
const READERS: i64 = 300;

#[tokio::test]
async fn the_cache_keeps_within_its_size() {
    let server = Server::start(&[("CACHE_TTL", "1h"), ("CACHE_SIZE", "2MiB")]).await;
    let body = pattern(100_000);
    for at in 0..60 {
        server.put(&format!("{at}.bin"), &body, "application/octet-stream").await;
        let target = format!("/{at}.bin");
        assert!(server.ask(&get(&target)).await.body == body);
        assert!(server.ask(&get(&target)).await.body == body);
        let bytes = server.metric("cache_bytes").await;
        assert!((0..=2 * MIB).contains(&bytes), "{bytes} after {at}");
    }
    assert!(server.metric("cache_evictions_total").await >= 30);
    assert!(server.metric("cache_body_bytes").await <= 2 * MIB);
    server.stop().await;
}

#[tokio::test]
async fn what_does_not_get_in_is_served_all_the_same() {
    let server = Server::start(&[("CACHE_TTL", "1h"), ("CACHE_SIZE", "1MiB")]).await;
    let (hot, cold) = (pattern(100_000), pattern(200_000));
    for at in 0..9 {
        server.put(&format!("hot{at}.bin"), &hot, "application/octet-stream").await;
        for _ in 0..10 {
            assert!(server.ask(&get(&format!("/hot{at}.bin"))).await.body == hot);
        }
    }
    for at in 0..10 {
        server.put(&format!("cold{at}.bin"), &cold, "application/octet-stream").await;
        let answer = server.ask(&get(&format!("/cold{at}.bin"))).await;
        assert!(answer.body == cold, "{at}: {}", answer.status);
        assert_eq!(server.gets_of(&format!("cold{at}.bin")), 1, "asked once and not again");
    }
    server.stop().await;
}

#[tokio::test]
async fn what_nobody_asks_for_twice_still_counts_in_full() {
    let server =
        Server::start(&[("CACHE_NEGATIVE_TTL", "1h"), ("CACHE_TTL", "1h"), ("CACHE_SIZE", "1MiB")]).await;
    let name = "x".repeat(500);
    for at in 0..40 {
        join_all((0..25).map(async |step| server.ask(&get(&format!("/{name}{at}-{step}"))).await.status))
            .await;
    }
    let bytes = server.metric("cache_bytes").await;
    assert!(bytes > MIB / 2 && bytes <= MIB, "names alone fill it: {bytes}");
    server.stop().await;
}

/// A client that takes in little, and reads nothing but what it is told to.
async fn slow_reader(server: &Server, target: &str) -> TcpStream {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_recv_buffer_size(16 * 1024).expect("a small buffer");
    let mut connection = socket.connect(server.address()).await.expect("the server listens");
    connection.write_all(&get(target).bytes()).await.expect("the server reads");
    let mut first = [0; 100];
    let read = tokio::time::timeout(DEADLINE, connection.read_exact(&mut first)).await;
    read.expect("the answer begins").expect("the connection holds");
    connection
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_readers_hold_their_window_and_no_more() {
    let server =
        Server::start(&[("CACHE_TTL", "1h"), ("STREAM_MEMORY", "4MiB"), ("HTTP_WRITE_TIMEOUT", "10m")]).await;
    let body = pattern(16 << 20);
    server.put("big.bin", &body, "application/octet-stream").await;
    let mut readers = Vec::new();
    for count in (20..=READERS).step_by(20) {
        readers.extend(join_all((0..20).map(|_| slow_reader(&server, "/big.bin"))).await);
        let held = server.metric("stream_bytes").await;
        assert!(held <= 4 * MIB + count * HELD, "{count} streams hold {held}");
    }
    assert_eq!(server.metric("streams_active").await, READERS);

    // They hold up nobody who is quick.
    let answer = server.ask(&get("/big.bin")).await;
    assert!(answer.body == body, "in order and whole");
    // Each of them gets on as soon as it reads.
    for reader in &mut readers[..5] {
        let mut more = vec![0; 6 << 20];
        let read = tokio::time::timeout(DEADLINE, reader.read_exact(&mut more)).await;
        read.expect("it goes on").expect("the connection holds");
        let held = server.metric("stream_bytes").await;
        assert!(held <= 4 * MIB + READERS * HELD, "{held}");
    }
    drop(readers);
    until("their memory is free", async || server.metric("stream_bytes").await == 0).await;
    assert_eq!(server.metric("streams_active").await, 0);
    until("no read of theirs goes on", async || server.store.open() == 0).await;
    server.stop().await;
}
