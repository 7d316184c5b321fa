//! Points 5 to 7: ranges.

use crate::support::{Answer, Server, get, pattern};

#[tokio::test]
async fn point_05_every_satisfied_range_is_206() {
    let server = Server::start(&[]).await;
    server.put("a.txt", b"0123456789", "text/plain").await;
    let whole = server.ask(&get("/a.txt")).await;
    assert_eq!(whole.header("accept-ranges"), Some("bytes"));
    assert_eq!(whole.header("content-range"), None);
    for (range, content_range, body) in [
        ("bytes=0-9", "bytes 0-9/10", "0123456789"),
        ("bytes=0-", "bytes 0-9/10", "0123456789"),
        ("bytes=-10", "bytes 0-9/10", "0123456789"),
        ("bytes=2-4", "bytes 2-4/10", "234"),
        ("bytes=9-100", "bytes 9-9/10", "9"),
        ("bytes=-1", "bytes 9-9/10", "9"),
        ("bytes=0-99999999999999999999999", "bytes 0-9/10", "0123456789"),
    ] {
        let part = server.ask(&get("/a.txt").with("Range", range)).await;
        assert_eq!((part.status, part.text()), (206, body), "{range}");
        assert_eq!(part.header("content-range"), Some(content_range), "{range}");
        assert!(part.is_complete(), "{range}: {:?}", part.headers);
        for name in ["etag", "last-modified", "content-type", "cache-control", "vary"] {
            assert_eq!(part.header(name), whole.header(name), "{range}: {name}");
        }
    }
    for ignored in ["items=0-1", "bytes=2-1", "bytes=a-b", "bytes=", "bytes 0-1"] {
        let all = server.ask(&get("/a.txt").with("Range", ignored)).await;
        assert_eq!(
            (all.status, all.header("content-range"), all.text()),
            (200, None, "0123456789"),
            "{ignored}"
        );
    }
    server.stop().await;
}

#[tokio::test]
async fn point_06_what_cannot_be_satisfied_is_416() {
    let server = Server::start(&[]).await;
    server.put("a.txt", b"0123456789", "text/plain").await;
    server.put("empty", b"", "text/plain").await;
    for (path, range, content_range) in [
        ("/a.txt", "bytes=10-", "bytes */10"),
        ("/a.txt", "bytes=-0", "bytes */10"),
        ("/a.txt", "bytes=99999999999999999999999-", "bytes */10"),
        ("/empty", "bytes=0-", "bytes */0"),
        ("/empty", "bytes=0-0", "bytes */0"),
    ] {
        let none = server.ask(&get(path).with("Range", range)).await;
        assert_eq!((none.status, none.header("content-range")), (416, Some(content_range)), "{path} {range}");
        assert!(none.is_complete());
    }
    let longer = server.ask(&get("/a.txt").with("Range", "bytes=-11")).await;
    assert_eq!((longer.status, longer.header("content-range")), (206, Some("bytes 0-9/10")));
    // The last five bytes of nothing are nothing, which no Content-Range can say.
    let nothing = server.ask(&get("/empty").with("Range", "bytes=-5")).await;
    assert_eq!((nothing.status, nothing.header("content-range"), nothing.length()), (200, None, Some(0)));
    let empty = server.ask(&get("/empty")).await;
    assert_eq!((empty.status, empty.length(), empty.body.len()), (200, Some(0), 0));
    server.stop().await;
}

#[tokio::test]
async fn point_07_several_ranges_are_merged_or_capped() {
    let server = Server::start(&[]).await;
    let body = pattern(100_000);
    server.put("a.bin", &body, "application/octet-stream").await;
    let ask = |range: String| {
        let server = &server;
        async move { server.ask(&get("/a.bin").with("Range", &range)).await }
    };

    let merged = ask("bytes=0-99,50-149,150-199".to_owned()).await;
    assert_eq!((merged.status, merged.header("content-range")), (206, Some("bytes 0-199/100000")));
    assert_eq!(merged.body, body[..200]);

    let two = ask("bytes=90000-90099,10-19".to_owned()).await;
    assert_eq!((two.status, two.header("content-range")), (206, None));
    assert!(two.is_complete());
    let parts = parts(&two);
    let expected =
        [("bytes 90000-90099/100000", &body[90_000..=90_099]), ("bytes 10-19/100000", &body[10..=19])];
    assert_eq!(parts.len(), 2, "{parts:?}");
    for ((head, part), (content_range, bytes)) in parts.iter().zip(expected) {
        assert!(head.contains(&format!("Content-Range: {content_range}")), "{head}");
        assert!(head.contains("Content-Type: application/octet-stream"), "{head}");
        assert_eq!(part, bytes);
    }

    // What an attacker would like to have multiplied.
    for range in [
        format!("bytes={}", vec!["0-"; 50].join(",")),
        format!("bytes={}", vec!["0-"; 1000].join(",")),
        format!("bytes={}", (0..1000).map(|at| format!("{at}-{at}")).collect::<Vec<_>>().join(",")),
        format!("bytes={}", (0..60).map(|at| format!("{}-", at * 1000)).collect::<Vec<_>>().join(",")),
        format!("bytes={}", (0..60).map(|at| format!("{0}-{0}", at * 1000)).collect::<Vec<_>>().join(",")),
    ] {
        let answer = ask(range).await;
        assert!(matches!(answer.status, 200 | 206), "{}", answer.status);
        assert!(
            answer.body.len() <= body.len(),
            "{} bytes for an object of {}",
            answer.body.len(),
            body.len()
        );
        assert!(answer.is_complete());
    }
    server.stop().await;
}

/// The parts of a multipart/byteranges answer: head and bytes.
fn parts(answer: &Answer) -> Vec<(String, Vec<u8>)> {
    let content_type = answer.header("content-type").expect("a type");
    let boundary = content_type.strip_prefix("multipart/byteranges; boundary=").expect(content_type);
    let delimiter = format!("\r\n--{boundary}");
    let framed = [b"\r\n", answer.body.as_slice()].concat();
    let mut rest = framed.as_slice();
    let mut parts = Vec::new();
    let find = |text: &[u8], what: &[u8]| text.windows(what.len()).position(|window| window == what);
    assert_eq!(find(rest, delimiter.as_bytes()), Some(0), "it begins with the boundary");
    loop {
        rest = &rest[delimiter.len()..];
        if let Some(end) = rest.strip_prefix(b"--") {
            assert_eq!(end, b"\r\n", "nothing follows the last boundary");
            return parts;
        }
        let head = find(rest, b"\r\n\r\n").expect("a part has a head");
        let end = find(rest, delimiter.as_bytes()).expect("a part has an end");
        let text = String::from_utf8(rest[..head].to_vec()).expect("heads are ASCII");
        parts.push((text, rest[head + 4..end].to_vec()));
        rest = &rest[end..];
    }
}
