//! Encoded forms: siblings in the bucket, and those that are made here.

use std::io::Read;

use bucket::testing::{Fault, Rule};
use bucket::{Key, Operation};
use futures::future::join_all;

use crate::support::{Answer, Server, get, pattern, prose};

fn decoded(answer: &Answer) -> Vec<u8> {
    let body = answer.body.as_slice();
    let mut bytes = Vec::new();
    let read = match answer.header("content-encoding") {
        None => { body }.read_to_end(&mut bytes),
        Some("br") => brotli::Decompressor::new(body, 4096).read_to_end(&mut bytes),
        Some("gzip") => flate2::read::GzDecoder::new(body).read_to_end(&mut bytes),
        Some("zstd") => zstd::stream::read::Decoder::new(body).expect("zstd").read_to_end(&mut bytes),
        Some(other) => panic!("{other}"),
    };
    read.expect("the body is in the coding that it is said to be in");
    bytes
}

#[tokio::test]
async fn each_coding_is_made_once_and_kept() {
    let server = Server::start(&[("CACHE_TTL", "1h")]).await;
    let text = prose(60_000);
    server.put("a.txt", &text, "text/plain").await;
    for (accepted, coding) in [
        ("br", Some("br")),
        ("zstd", Some("zstd")),
        ("gzip", Some("gzip")),
        ("gzip, deflate, br, zstd", Some("br")),
        ("br;q=0.5, gzip;q=0.9", Some("gzip")),
        ("identity", None),
        ("br;q=0.1, identity;q=0.2", None),
    ] {
        let request = get("/a.txt").with("Accept-Encoding", accepted);
        let answers = join_all((0..20).map(|_| server.ask(&request))).await;
        for answer in answers {
            assert_eq!(answer.header("content-encoding"), coding, "{accepted}");
            assert!(
                decoded(&answer) == text && answer.lists("vary", "accept-encoding") && answer.is_complete()
            );
            assert_eq!(
                answer.etag().starts_with("W/"),
                coding.is_some(),
                "what is made here may be made otherwise"
            );
        }
    }
    assert_eq!(server.metric("encodings_made_total").await, 3);
    assert_eq!(server.gets_of("a.txt"), 1);
    server.stop().await;
}

#[tokio::test]
async fn a_sibling_is_preferred_and_followed() {
    let server = Server::start(&[("CACHE_TTL", "0s")]).await;
    server.put("a.js", &prose(5000), "text/javascript").await;
    server.put("a.js.gz", b"first sibling", "application/gzip").await;
    let request = get("/a.js").with("Accept-Encoding", "br, gzip");
    let first = server.ask(&request).await;
    assert_eq!((first.header("content-encoding"), first.text()), (Some("gzip"), "first sibling"));
    assert_eq!(first.header("content-type"), Some("text/javascript"));
    assert!(!first.etag().starts_with("W/"), "its bytes are the bucket's");

    server.put("a.js.gz", b"second sibling", "application/gzip").await;
    let second = server.ask(&request).await;
    assert_eq!(second.text(), "second sibling");
    assert_ne!(second.etag(), first.etag());
    server.store.forget();
    assert_eq!(server.ask(&request).await.text(), "second sibling");
    let revalidated = server.store.seen().into_iter().filter(|seen| seen.header("if-none-match").is_some());
    let revalidated: Vec<_> = revalidated.map(|seen| seen.key).collect();
    assert_eq!(revalidated, ["a.js", "a.js.gz"], "neither is sent again");

    server.bucket.delete(&Key::parse("a.js.gz").expect("a key")).await.expect("deleted");
    assert_eq!(server.ask(&request).await.header("content-encoding"), Some("br"), "made here now");
    assert_eq!(server.ask(&get("/a.js.gz")).await.status, 404);
    server.stop().await;
}

#[tokio::test]
async fn what_gains_nothing_is_left_as_it_is() {
    let server = Server::start(&[("CACHE_TTL", "1h"), ("COMPRESS_MAX", "100kB")]).await;
    server.put("noise.txt", &pattern(20_000), "text/plain").await;
    server.put("short.txt", &prose(100), "text/plain").await;
    server.put("long.txt", &prose(200_000), "text/plain").await;
    server.put("image.png", &prose(20_000), "image/png").await;
    server.put("a.txt.gz", &prose(20_000), "text/plain").await;
    for target in ["/noise.txt", "/short.txt", "/long.txt", "/image.png", "/a.txt.gz"] {
        let answer = server.ask(&get(target).with("Accept-Encoding", "br, zstd, gzip")).await;
        assert_eq!((answer.status, answer.header("content-encoding")), (200, None), "{target}");
        let again = server.ask(&get(target).with("Accept-Encoding", "br, zstd, gzip")).await;
        assert!(again.body == answer.body, "{target}");
    }
    assert_eq!(server.metric("encodings_made_total").await, 0);
    server.stop().await;
}

#[tokio::test]
async fn siblings_that_cannot_be_had_are_no_failure() {
    let server = Server::start(&[("CACHE_TTL", "1h")]).await;
    let text = prose(5000);
    server.put("a.txt", &text, "text/plain").await;
    for sibling in ["a.txt.br", "a.txt.zst", "a.txt.gz"] {
        server.store.fail(Rule::on(Operation::Get).key(sibling), Fault::internal());
    }
    let answer = server.ask(&get("/a.txt").with("Accept-Encoding", "gzip")).await;
    assert_eq!((answer.status, answer.header("content-encoding")), (200, Some("gzip")));
    assert!(decoded(&answer) == text);
    server.stop().await;
}

#[tokio::test]
async fn siblings_are_not_looked_for_where_that_is_switched_off() {
    let server = Server::start(&[("CACHE_TTL", "1h"), ("SIBLINGS", "false"), ("COMPRESS", "none")]).await;
    server.put("a.txt", &prose(5000), "text/plain").await;
    server.put("a.txt.br", b"sibling", "text/plain").await;
    let answer = server.ask(&get("/a.txt").with("Accept-Encoding", "br")).await;
    assert_eq!((answer.status, answer.header("content-encoding"), answer.header("vary")), (200, None, None));
    assert_eq!(server.gets(), 1);
    server.stop().await;
}
