//! Points 8 to 12: tags, codings, and HEAD.

use std::collections::BTreeSet;
use std::io::Write as _;

use bucket::{Key, PutCondition, PutOptions};

use crate::support::{Server, ask, get, head};

#[tokio::test]
async fn point_08_a_multipart_tag_is_opaque_and_strong() {
    let server = Server::start(&[]).await;
    let key = Key::parse("big.bin").expect("a key");
    let upload = server.bucket.create_upload(&key, &PutOptions::default()).await.expect("an upload");
    let part = server.bucket.upload_part(&upload, 1, "0123456789".into()).await.expect("a part");
    server.bucket.complete_upload(&upload, &[part], &PutCondition::Always).await.expect("it is whole");

    let etag = server.ask(&get("/big.bin")).await.etag().to_owned();
    assert!(etag.ends_with("-1\"") && etag.starts_with('"'), "the store gives {etag}");
    let range = || get("/big.bin").with("Range", "bytes=0-1");
    assert_eq!(server.ask(&get("/big.bin").with("If-None-Match", &etag)).await.status, 304);
    assert_eq!(server.ask(&get("/big.bin").with("If-Match", &etag)).await.status, 200);
    assert_eq!(server.ask(&range().with("If-Range", &etag)).await.status, 206);
    assert_eq!(server.ask(&range().with("If-Range", &etag.replace("-1", ""))).await.status, 200);
    server.stop().await;
}

/// A script that is worth compressing.
fn script() -> Vec<u8> {
    (0..400).flat_map(|line| format!("console.log({line}, 'hello');\n").into_bytes()).collect()
}

#[tokio::test]
async fn point_09_each_encoding_has_its_own_tag() {
    let server = Server::start(&[]).await;
    server.put("app.js", &script(), "text/javascript").await;
    let mut tags = BTreeSet::new();
    for coding in ["identity", "gzip", "br", "zstd"] {
        let form = get("/app.js").with("Accept-Encoding", coding);
        let answer = server.ask(&form).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("content-encoding"), (coding != "identity").then_some(coding));
        assert!(answer.lists("vary", "accept-encoding"), "{coding}: {:?}", answer.headers);
        assert!(tags.insert(answer.etag().trim_start_matches("W/").to_owned()), "{coding} shares its tag");
        let known = server.ask(&form.clone().with("If-None-Match", answer.etag())).await;
        assert_eq!((known.status, known.etag()), (304, answer.etag()));
        assert!(known.lists("vary", "accept-encoding"), "{coding}: {:?}", known.headers);
    }
    let identity = server.ask(&get("/app.js")).await;
    let br = get("/app.js").with("Accept-Encoding", "br");
    assert_eq!(server.ask(&br.clone().with("If-None-Match", identity.etag())).await.status, 200);
    // A tag of a form made here promises no bytes: what a client has of it is never continued.
    let continued = br
        .with("Range", "bytes=0-9")
        .with("If-Range", server.ask(&get("/app.js").with("Accept-Encoding", "br")).await.etag());
    let continued = server.ask(&continued).await;
    assert_eq!((continued.status, continued.header("content-range")), (200, None));
    server.stop().await;
}

#[tokio::test]
async fn point_09_a_compressed_sibling_has_its_own_tag() {
    let server = Server::start(&[]).await;
    server.put("app.js", &script(), "text/javascript").await;
    server.put("app.js.br", b"stands for brotli's bytes", "application/octet-stream").await;
    let identity = server.ask(&get("/app.js")).await;
    let br = server.ask(&get("/app.js").with("Accept-Encoding", "br")).await;
    assert_eq!(br.body, b"stands for brotli's bytes");
    assert_eq!(br.header("content-encoding"), Some("br"));
    assert_eq!(br.header("content-type"), identity.header("content-type"));
    assert_ne!(br.etag(), identity.etag());
    assert!(br.lists("vary", "accept-encoding") && identity.lists("vary", "accept-encoding"));
    server.stop().await;
}

#[tokio::test]
async fn point_09_a_range_is_of_the_form_that_is_sent() {
    let server = Server::start(&[]).await;
    let script = script();
    server.put("app.js", &script, "text/javascript").await;
    let part =
        server.ask(&get("/app.js").with("Accept-Encoding", "gzip, br").with("Range", "bytes=5-9")).await;
    assert_eq!((part.status, part.header("content-encoding")), (206, None));
    assert_eq!(part.body, script[5..=9]);
    assert_eq!(part.etag(), server.ask(&get("/app.js")).await.etag());
    server.stop().await;
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).expect("memory takes everything");
    encoder.finish().expect("memory takes everything")
}

#[tokio::test]
async fn point_10_what_is_stored_encoded_is_sent_as_it_is_or_decoded_or_refused() {
    let server = Server::start(&[]).await;
    let script = script();
    let stored = gzip(&script);
    server.put_encoded("app.js", &stored, "text/javascript", "gzip").await;
    server.put_encoded("odd.js", b"what a coding nobody knows makes", "text/javascript", "x-odd").await;

    for accepts in ["gzip", "br, gzip;q=0.1", "x-gzip", "*"] {
        let same = server.ask(&get("/app.js").with("Accept-Encoding", accepts)).await;
        assert_eq!((same.status, same.header("content-encoding")), (200, Some("gzip")), "{accepts}");
        assert_eq!(same.body, stored, "{accepts}: it is not compressed again");
        assert!(same.lists("vary", "accept-encoding"));
    }
    for accepts in ["br", "identity", "", "gzip;q=0"] {
        let plain = server.ask(&get("/app.js").with("Accept-Encoding", accepts)).await;
        match plain.status {
            200 => {
                assert_ne!(plain.header("content-encoding"), Some("gzip"), "{accepts}");
                assert_ne!(
                    plain.etag(),
                    server.ask(&get("/app.js").with("Accept-Encoding", "gzip")).await.etag()
                );
                if plain.header("content-encoding").is_none() {
                    assert_eq!(plain.body, script, "{accepts}");
                }
            }
            status => assert_eq!(status, 406, "{accepts}"),
        }
        assert!(plain.lists("vary", "accept-encoding"), "{accepts}: {:?}", plain.headers);
    }
    let odd = server.ask(&get("/odd.js").with("Accept-Encoding", "x-odd")).await;
    assert_eq!((odd.status, odd.header("content-encoding")), (200, Some("x-odd")));
    let refused = server.ask(&get("/odd.js").with("Accept-Encoding", "gzip, br")).await;
    assert_eq!(refused.status, 406);
    assert!(refused.lists("vary", "accept-encoding"));
    server.stop().await;
}

#[tokio::test]
async fn point_11_aws_chunked_never_reaches_a_client() {
    let server = Server::start(&[]).await;
    server.put_encoded("a.txt", b"hello", "text/plain", "aws-chunked").await;
    server.put_encoded("b.txt", &gzip(b"hello"), "text/plain", "aws-chunked,gzip").await;
    for accepts in ["gzip", "aws-chunked", "*"] {
        let plain = server.ask(&get("/a.txt").with("Accept-Encoding", accepts)).await;
        assert_eq!((plain.status, plain.header("content-encoding"), plain.text()), (200, None, "hello"));
    }
    let coded = server.ask(&get("/b.txt").with("Accept-Encoding", "gzip")).await;
    assert_eq!((coded.status, coded.header("content-encoding")), (200, Some("gzip")));
    assert_eq!(coded.body, gzip(b"hello"));
    server.stop().await;
}

#[tokio::test]
async fn point_12_head_is_get_without_a_body() {
    let server = Server::start(&[("S3WWW_SPA_FILE", "app.html"), ("CACHE_OBJECT_MAX", "100KiB")]).await;
    server.put("a.txt", b"hello", "text/plain").await;
    server.put("empty", b"", "text/plain").await;
    server.put("app.js", &script(), "text/javascript").await;
    server.put("app.html", b"<p>app", "text/html").await;
    server.put("404.html", b"<p>not here", "text/html").await;
    server.put("big.bin", &vec![7; 300 * 1024], "application/octet-stream").await;
    server.put("docs/index.html", b"<p>docs", "text/html").await;
    let etag = server.ask(&get("/a.txt")).await.etag().to_owned();

    for (path, header) in [
        ("/a.txt", None),
        ("/empty", None),
        ("/big.bin", None),
        ("/docs/", None),
        ("/docs", None),
        ("/nothing", None),
        ("/nothing", Some(("Accept", "text/html"))),
        ("/%", None),
        ("/a.txt", Some(("If-None-Match", etag.as_str()))),
        ("/a.txt", Some(("If-Match", "\"x\""))),
        ("/app.js", Some(("Accept-Encoding", "br"))),
        ("/app.js", Some(("Accept-Encoding", "identity;q=0, *;q=0"))),
    ] {
        let with = |method| match header {
            Some((name, value)) => ask(method, path).with(name, value),
            None => ask(method, path),
        };
        let (got, headed) = (server.ask(&with("GET")).await, server.ask(&with("HEAD")).await);
        assert_eq!(headed.status, got.status, "{path} {header:?}");
        assert_eq!(headed.body, b"", "{path} {header:?}");
        assert_eq!(lasting(&headed.headers), lasting(&got.headers), "{path} {header:?}");
        if got.status != 304 {
            assert_eq!(headed.length(), Some(got.body.len()), "{path} {header:?}");
        }
    }
    // A HEAD has no ranges (RFC 9110 §14.2): it is the GET without one.
    let ranged = server.ask(&head("/a.txt").with("Range", "bytes=0-1")).await;
    assert_eq!((ranged.status, ranged.length(), ranged.header("content-range")), (200, Some(5), None));
    server.stop().await;
}

/// Headers that say the same of two requests that come one after the other.
fn lasting(headers: &[(String, String)]) -> BTreeSet<(String, String)> {
    let passing = ["date", "x-request-id", "age", "cache-status"];
    headers.iter().filter(|(name, _)| !passing.contains(&name.as_str())).cloned().collect()
}
