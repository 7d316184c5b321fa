//! Points 14 to 18 and 23: paths and methods.

use std::collections::BTreeSet;

use crate::support::{Answer, Server, ask, get};

#[tokio::test]
async fn point_14_a_path_is_decoded_once() {
    let server = Server::start(&[]).await;
    for (key, body) in [
        ("a+b.txt", "plus"),
        ("a b.txt", "space"),
        ("100%.txt", "percent"),
        ("%41.txt", "escaped"),
        ("A.txt", "unescaped"),
        ("dir/ü ✓.txt", "unicode"),
        ("q?a=b#c.txt", "marks"),
    ] {
        server.put(key, body.as_bytes(), "text/plain").await;
    }
    for (path, body) in [
        ("/a+b.txt", "plus"),
        ("/a%2Bb.txt", "plus"),
        ("/a%20b.txt", "space"),
        ("/100%25.txt", "percent"),
        ("/%2541.txt", "escaped"),
        ("/%41.txt", "unescaped"),
        ("/%61%2b%62%2E%74xt", "plus"),
        ("/dir/%C3%BC%20%E2%9C%93.txt", "unicode"),
        ("/dir%2F%C3%BC%20%E2%9C%93.txt", "unicode"),
        ("/q%3Fa=b%23c.txt", "marks"),
        ("/A.txt?v=1%00", "unescaped"),
    ] {
        let answer = server.ask(&get(path)).await;
        assert_eq!((answer.status, answer.text()), (200, body), "{path}");
    }
    for path in ["/%", "/%2", "/%zz", "/a%00b", "/%00", "/%FF", "/%C0%AF", "/%ED%A0%80", "/a.txt%"] {
        let answer = server.ask(&get(path)).await;
        assert_eq!(answer.status, 400, "{path}");
        assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{path}");
    }
    let long = |bytes| format!("/{}", "a".repeat(bytes));
    assert_eq!(server.ask(&get(&long(1024))).await.status, 404);
    assert_eq!(server.ask(&get(&long(1025))).await.status, 414);
    server.stop().await;
}

#[tokio::test]
async fn point_15_dot_segments_are_refused() {
    let server = Server::start(&[("S3WWW_BUCKET_PATH", "/public")]).await;
    server.put_outside("secret.txt", b"secret").await;
    server.put("a.txt", b"hello", "text/plain").await;
    assert_eq!(server.ask(&get("/a.txt")).await.status, 200);
    for path in [
        "/../secret.txt",
        "/..%2Fsecret.txt",
        "/%2e%2e/secret.txt",
        "/a/..%2f..%2fsecret.txt",
        "/a/../a.txt",
        "/./a.txt",
        "/a/.",
        "/..",
        "/..%5Csecret.txt",
        "/%2e%2e%5c%2e%2e%5csecret.txt",
    ] {
        assert_eq!(server.ask(&get(path)).await.status, 400, "{path}");
    }
    // Decoded once, these are names, and there is nothing of these names.
    for path in ["/%252e%252e/secret.txt", "/..%252Fsecret.txt"] {
        assert_eq!(server.ask(&get(path)).await.status, 404, "{path}");
    }
    server.stop().await;
}

#[tokio::test]
async fn point_16_a_redirect_only_where_an_index_exists() {
    let server = Server::start(&[]).await;
    server.put("docs/index.html", b"<p>docs", "text/html").await;
    server.put("docs/deep er/index.html", b"<p>deeper", "text/html").await;
    server.put("files/a.txt", b"hello", "text/plain").await;
    for (path, location) in [
        ("/docs", "./docs/"),
        ("/docs?a=1&b=%20/..", "./docs/?a=1&b=%20/.."),
        ("/docs?", "./docs/?"),
        ("/docs/deep%20er?x", "./deep%20er/?x"),
    ] {
        let answer = server.ask(&get(path)).await;
        assert_eq!((answer.status, answer.header("location")), (301, Some(location)), "{path}");
        assert_eq!(answer.length(), Some(0));
    }
    for (path, status) in
        [("/docs/", 200), ("/docs/deep%20er/", 200), ("/files", 404), ("/files/", 404), ("/no", 404)]
    {
        let answer = server.ask(&get(path)).await;
        assert_eq!((answer.status, answer.header("location")), (status, None), "{path}");
    }
    server.stop().await;
}

#[tokio::test]
async fn point_17_no_redirect_leaves_the_host() {
    let server = Server::start(&[]).await;
    for key in
        ["evil.example/index.html", "https:/index.html", "\\evil.example/index.html", "a/https:x/index.html"]
    {
        server.put(key, b"<p>here", "text/html").await;
    }
    for path in [
        "//evil.example",
        "///evil.example",
        "//evil.example/",
        "//evil.example/%2e%2e",
        "/%2Fevil.example",
        "/%5Cevil.example",
        "/\\evil.example",
        "/%09/evil.example",
        "/evil.example",
        "/https:",
        "/a/https:x",
        "/evil.example?//other.example",
    ] {
        let answer = server.ask(&get(path)).await;
        if let Some(location) = answer.header("location") {
            assert_eq!(answer.status, 301);
            let (there, _) = location.split_once('?').unwrap_or((location, ""));
            let own = there.strip_prefix("./").and_then(|name| name.strip_suffix('/')).expect(location);
            assert!(!own.contains(['/', '\\']), "{path}: {location}");
        } else {
            assert!(matches!(answer.status, 400 | 404), "{path}: {}", answer.status);
        }
    }
    assert_eq!(server.ask(&get("/https:")).await.header("location"), Some("./https:/"));
    assert_eq!(server.ask(&get("/%5Cevil.example")).await.header("location"), Some("./%5Cevil.example/"));
    server.stop().await;
}

#[tokio::test]
async fn point_18_dotfiles_are_hidden_and_well_known_is_not() {
    let server = Server::start(&[]).await;
    for key in [".env", "a/.git/config", ".well-known/security.txt", ".well-known/.private", "404.html"] {
        server.put(key, b"contents", "text/plain").await;
    }
    let missing = server.ask(&get("/nothing")).await;
    // A hidden path is never looked up, so there is nothing to say of the cache.
    let names = |answer: &Answer| {
        let names = answer.headers.iter().map(|(name, _)| name.clone());
        names.filter(|name| name != "cache-status" && name != "age").collect::<BTreeSet<_>>()
    };
    for path in [
        "/.env",
        "/%2eenv",
        "/a/.git/config",
        "/a%2F.git/config",
        "/.well-known/.private",
        "/a/.well-known/x",
    ] {
        let answer = server.ask(&get(path)).await;
        assert_eq!((answer.status, &answer.body), (404, &missing.body), "{path}");
        assert_eq!(names(&answer), names(&missing), "{path} looks like any other 404");
    }
    let open = server.ask(&get("/.well-known/security.txt")).await;
    assert_eq!((open.status, open.text()), (200, "contents"));
    server.stop().await;
}

#[tokio::test]
async fn point_23_other_methods_are_405_with_allow() {
    let server = Server::start(&[]).await;
    server.put("a.txt", b"hello", "text/plain").await;
    for method in ["POST", "PUT", "DELETE", "PATCH", "TRACE", "PROPFIND", "get"] {
        for path in ["/a.txt", "/nothing"] {
            let answer = server.ask(&ask(method, path)).await;
            assert_eq!(
                (answer.status, answer.header("allow")),
                (405, Some("GET, HEAD, OPTIONS")),
                "{method} {path}"
            );
        }
    }
    for path in ["/a.txt", "/nothing", "*"] {
        let answer = server.ask(&ask("OPTIONS", path)).await;
        assert_eq!((answer.status, answer.header("allow")), (204, Some("GET, HEAD, OPTIONS")), "{path}");
        assert_eq!(answer.body, b"");
    }
    assert_eq!(server.ask(&get("/a.txt")).await.text(), "hello");
    server.stop().await;
}

#[tokio::test]
async fn a_request_names_one_host() {
    let server = Server::start(&[]).await;
    server.put("a.txt", b"hello", "text/plain").await;
    for (request, status) in [
        ("GET /a.txt HTTP/1.1\r\nConnection: close\r\n\r\n", 400),
        ("GET /a.txt HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n", 400),
        ("GET /a.txt HTTP/1.0\r\n\r\n", 200),
        ("GET http://other.example/a.txt HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 200),
    ] {
        assert_eq!(server.send(request.as_bytes()).await.status, status, "{request:?}");
    }
    server.stop().await;
}
