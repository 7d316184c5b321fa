//! What an operator adds to answers: headers, CORS, listings.

use crate::support::{Server, ask, get, pattern};

#[tokio::test]
async fn security_headers_are_on_unless_switched_off() {
    let server = Server::start(&[]).await;
    server.put("a.txt", b"a", "text/plain").await;
    for target in ["/a.txt", "/none", "/%zz"] {
        let answer = server.ask(&get(target)).await;
        let nosniff = answer.header("x-content-type-options");
        assert_eq!(nosniff.is_some(), target != "/%zz", "{target}: a malformed request belongs to no site");
    }
    server.stop().await;

    let server = Server::start(&[("SECURITY_HEADERS", "false")]).await;
    server.put("a.txt", b"a", "text/plain").await;
    let answer = server.ask(&get("/a.txt")).await;
    assert_eq!((answer.header("x-content-type-options"), answer.header("referrer-policy")), (None, None));
    server.stop().await;
}

#[tokio::test]
async fn headers_by_path() {
    let server = Server::start(&[
        ("CACHE_TTL", "1h"),
        ("CACHE_CONTROL", "*.html=no-cache; assets/**=public, max-age=3600, immutable"),
        ("HEADERS", "[{path: '*.pdf', set: {X-Robots-Tag: noindex, Content-Disposition: attachment}}]"),
    ])
    .await;
    server.put("a.html", b"<p>a", "text/html").await;
    server.put("assets/x/a.js", b"1", "text/javascript").await;
    server.put("docs/a.pdf", b"%PDF", "application/pdf").await;
    server.put_with_cache_control("own.html", b"<p>own", "max-age=7").await;
    for _ in 0..2 {
        assert_eq!(server.ask(&get("/a.html")).await.header("cache-control"), Some("no-cache"));
        let script = server.ask(&get("/assets/x/a.js")).await;
        assert_eq!(script.header("cache-control"), Some("public, max-age=3600, immutable"));
        assert_eq!(server.ask(&get("/own.html")).await.header("cache-control"), Some("max-age=7"));
        let document = server.ask(&get("/docs/a.pdf")).await;
        assert_eq!(
            (document.header("x-robots-tag"), document.header("cache-control")),
            (Some("noindex"), None)
        );
        assert_eq!(document.header("content-disposition"), Some("attachment"));
        let known = server.ask(&get("/a.html").with("If-None-Match", "*")).await;
        assert_eq!((known.status, known.header("cache-control")), (304, Some("no-cache")));
    }
    server.stop().await;
}

#[tokio::test]
async fn other_origins_may_read_only_where_they_are_named() {
    let server = Server::start(&[("S3WWW_ALLOWED_CORS_ORIGINS", "https://a.example")]).await;
    server.put("a.txt", b"a", "text/plain").await;
    let asked_by = |origin| get("/a.txt").with("Origin", origin);
    let named = server.ask(&asked_by("https://a.example")).await;
    assert_eq!(named.header("access-control-allow-origin"), Some("https://a.example"));
    assert_eq!(named.header("access-control-allow-credentials"), None);
    assert!(named.lists("vary", "origin"));
    let other = server.ask(&asked_by("https://b.example")).await;
    assert_eq!((other.status, other.header("access-control-allow-origin")), (200, None));
    assert!(other.lists("vary", "origin"), "a cache must not give this answer to the origin that is named");

    let preflight =
        |origin| ask("OPTIONS", "/a.txt").with("Origin", origin).with("Access-Control-Request-Method", "GET");
    let allowed = server.ask(&preflight("https://a.example")).await;
    assert_eq!((allowed.status, allowed.header("access-control-allow-methods")), (204, Some("GET, HEAD")));
    let refused = server.ask(&preflight("https://b.example")).await;
    assert_eq!((refused.status, refused.header("access-control-allow-origin")), (204, None));
    server.stop().await;

    let server = Server::start(&[]).await;
    server.put("a.txt", b"a", "text/plain").await;
    let answer = server.ask(&asked_by("https://a.example")).await;
    assert_eq!((answer.header("access-control-allow-origin"), answer.header("vary")), (None, None));
    server.stop().await;
}

#[tokio::test]
async fn a_listing_goes_on_page_by_page() {
    let server = Server::start(&[("LISTING", "true")]).await;
    for at in 0..510 {
        server.put(&format!("many/{at:04}.txt"), b"x", "text/plain").await;
    }
    server.put("many/folder/in.txt", b"x", "text/plain").await;
    let json = |target: &str| get(target).with("Accept", "application/json");
    let mut names = Vec::new();
    let mut target = "/many/".to_owned();
    loop {
        let answer = server.ask(&json(&target)).await;
        assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/json")));
        let page: serde_json::Value = serde_json::from_slice(&answer.body).expect("JSON");
        let objects = page["objects"].as_array().expect("a list");
        names.extend(objects.iter().map(|object| object["name"].as_str().expect("a name").to_owned()));
        names.extend(
            page["folders"]
                .as_array()
                .expect("a list")
                .iter()
                .map(|name| name.as_str().expect("a name").to_owned()),
        );
        let Some(next) = page["next"].as_str() else { break };
        target = format!(
            "/many/?{}",
            url::form_urlencoded::Serializer::new(String::new()).append_pair("page", next).finish()
        );
    }
    names.sort();
    let mut expected: Vec<_> = (0..510).map(|at| format!("{at:04}.txt")).collect();
    expected.push("folder/".to_owned());
    assert_eq!(names, expected);
    assert_eq!(server.ask(&get("/nothing/")).await.status, 404);
    server.stop().await;
}

#[tokio::test]
async fn the_type_is_the_buckets_and_a_guess_only_where_it_was_told_none() {
    let server = Server::start(&[]).await;
    server.put("a.html", &pattern(10), "application/x-odd; v=1").await;
    server.put("b.css", b"p{}", "binary/octet-stream").await;
    assert_eq!(server.ask(&get("/a.html")).await.header("content-type"), Some("application/x-odd; v=1"));
    assert_eq!(server.ask(&get("/b.css")).await.header("content-type"), Some("text/css; charset=utf-8"));
    server.stop().await;
}
