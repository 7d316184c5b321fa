//! Points 16 to 18 where several sites share a host.

use crate::support::{Server, get};

const SITES: &str = "
- {bucket: site, prefix: manual, path_prefix: docs}
- {bucket: site, prefix: other, host: other.example}
";

#[tokio::test]
async fn point_16_a_sites_own_prefix_leads_to_its_slash() {
    let server = Server::start(&[("S3WWW_BUCKET_PATH", "main"), ("SITES", SITES)]).await;
    server.put("index.html", b"main", "text/html").await;
    server.put("docs.txt", b"main's own", "text/plain").await;
    server.put_outside("manual/index.html", b"manual").await;
    server.put_outside("manual/part/index.html", b"part").await;
    server.put_outside("other/index.html", b"other").await;

    for (path, location) in
        [("/docs", "./docs/"), ("/docs?q", "./docs/?q"), ("/docs/part", "./part/"), ("/%64ocs", "./docs/")]
    {
        let answer = server.ask(&get(path)).await;
        assert_eq!((answer.status, answer.header("location")), (301, Some(location)), "{path}");
    }
    for (path, body) in
        [("/", "main"), ("/docs.txt", "main's own"), ("/docs/", "manual"), ("/docs/part/", "part")]
    {
        let answer = server.ask(&get(path)).await;
        assert_eq!((answer.status, answer.text()), (200, body), "{path}");
    }
    let other = server.ask(&get("/").with("Host", "OTHER.example:8080")).await;
    assert_eq!(other.text(), "other");
    for path in ["/docs/../docs.txt", "/docs/%2e%2e/docs.txt"] {
        assert_eq!(server.ask(&get(path)).await.status, 400, "{path}");
    }
    assert_eq!(server.ask(&get("/docs/.env")).await.status, 404);
    server.stop().await;
}

#[tokio::test]
async fn point_16_a_site_without_an_index_redirects_nobody() {
    let server = Server::start(&[("S3WWW_BUCKET_PATH", "main"), ("SITES", SITES)]).await;
    let answer = server.ask(&get("/docs")).await;
    assert_eq!((answer.status, answer.header("location")), (404, None));
    server.stop().await;
}
