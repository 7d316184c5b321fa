//! Points 1 to 4: conditions.

use crate::support::{Server, get, head};

const PAST: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
const FUTURE: &str = "Sun, 06 Nov 2094 08:49:37 GMT";

#[tokio::test]
async fn point_01_if_none_match_wins_over_if_modified_since() {
    let server = Server::start(&[]).await;
    server.put("a.txt", b"hello", "text/plain").await;
    let first = server.ask(&get("/a.txt")).await;
    assert_eq!((first.status, first.body.as_slice()), (200, b"hello".as_slice()));

    // The tag is another: sent, though the date alone would say 304.
    let other =
        server.ask(&get("/a.txt").with("If-None-Match", "\"x\"").with("If-Modified-Since", FUTURE)).await;
    assert_eq!((other.status, other.body.as_slice()), (200, b"hello".as_slice()));
    // The tag is the same: 304, though the date alone would say 200.
    let same = get("/a.txt").with("If-None-Match", first.etag()).with("If-Modified-Since", PAST);
    let same = server.ask(&same).await;
    assert_eq!((same.status, same.body.len()), (304, 0));
    assert_eq!(same.etag(), first.etag());
    assert_eq!(same.header("last-modified"), first.header("last-modified"));
    // The date counts where there is no tag.
    let modified = first.header("last-modified").expect("objects have a date");
    assert_eq!(server.ask(&get("/a.txt").with("If-Modified-Since", modified)).await.status, 304);
    assert_eq!(server.ask(&get("/a.txt").with("If-Modified-Since", PAST)).await.status, 200);
    assert_eq!(server.ask(&get("/a.txt").with("If-Modified-Since", "yesterday")).await.status, 200);
    server.stop().await;
}

#[tokio::test]
async fn point_02_lists_and_weakness_of_tags() {
    let server = Server::start(&[]).await;
    server.put("a.txt", b"hello", "text/plain").await;
    let etag = server.ask(&get("/a.txt")).await.etag().to_owned();
    let weak = format!("W/{etag}");

    for (condition, status) in [
        (etag.clone(), 304),
        (weak.clone(), 304),
        (format!("\"x\", {weak}, \"y\""), 304),
        (format!("\"x,y\",{etag}"), 304),
        ("*".to_owned(), 304),
        ("\"x\", W/\"y\"".to_owned(), 200),
        (etag.trim_matches('"').to_owned(), 200),
        ("\"".to_owned(), 200),
    ] {
        let answer = server.ask(&get("/a.txt").with("If-None-Match", &condition)).await;
        assert_eq!(answer.status, status, "If-None-Match: {condition}");
        assert_eq!(server.ask(&head("/a.txt").with("If-None-Match", &condition)).await.status, status);
    }
    let two_lines = get("/a.txt").with("If-None-Match", "\"x\"").with("If-None-Match", &etag);
    assert_eq!(server.ask(&two_lines).await.status, 304);

    for (condition, status) in [
        (etag.clone(), 200),
        (format!("\"x\", {etag}"), 200),
        ("*".to_owned(), 200),
        (weak, 412),
        ("\"x\"".to_owned(), 412),
        ("rubbish".to_owned(), 412),
    ] {
        let answer = server.ask(&get("/a.txt").with("If-Match", &condition)).await;
        assert_eq!(answer.status, status, "If-Match: {condition}");
    }
    assert_eq!(server.ask(&get("/a.txt").with("If-Unmodified-Since", PAST)).await.status, 412);
    assert_eq!(server.ask(&get("/a.txt").with("If-Unmodified-Since", FUTURE)).await.status, 200);
    server.stop().await;
}

#[tokio::test]
async fn point_03_if_range_is_strong() {
    let server = Server::start(&[]).await;
    server.put("a.txt", b"hello", "text/plain").await;
    let whole = server.ask(&get("/a.txt")).await;
    let range = || get("/a.txt").with("Range", "bytes=1-2");

    for condition in [whole.etag(), whole.header("last-modified").expect("objects have a date")] {
        let part = server.ask(&range().with("If-Range", condition)).await;
        assert_eq!((part.status, part.body.as_slice()), (206, b"el".as_slice()), "If-Range: {condition}");
    }
    for condition in [&format!("W/{}", whole.etag()), "\"x\"", PAST, FUTURE, "*", "rubbish"] {
        let all = server.ask(&range().with("If-Range", condition)).await;
        assert_eq!((all.status, all.body.as_slice()), (200, b"hello".as_slice()), "If-Range: {condition}");
        assert_eq!(all.header("content-range"), None);
    }
    server.stop().await;
}

#[tokio::test]
async fn point_04_conditions_come_before_range() {
    let server = Server::start(&[]).await;
    server.put("a.txt", b"hello", "text/plain").await;
    let etag = server.ask(&get("/a.txt")).await.etag().to_owned();
    // Also a range that is none of the object's: what the client has is answered first.
    for range in ["bytes=1-2", "bytes=100-"] {
        let known = get("/a.txt").with("Range", range).with("If-None-Match", &etag);
        let known = server.ask(&known).await;
        assert_eq!(
            (known.status, known.header("content-range"), known.body.len()),
            (304, None, 0),
            "{range}"
        );
        let refused = get("/a.txt").with("Range", range).with("If-Match", "\"x\"").with("If-Range", &etag);
        let refused = server.ask(&refused).await;
        assert_eq!((refused.status, refused.header("content-range")), (412, None), "{range}");
    }
    let both = get("/a.txt").with("If-Match", "\"x\"").with("If-None-Match", &etag);
    assert_eq!(server.ask(&both).await.status, 412);
    server.stop().await;
}
