//! Several buckets behind one server.

use bucket::PutOptions;

use crate::support::{Server, bucket, get, put};

const SITES: &str = "
- {name: a, host: a.example, bucket: bucket-a}
- {name: docs, path_prefix: /docs/, bucket: bucket-docs, prefix: v2, index_file: start.html}
- {name: a-docs, host: a.example, path_prefix: /docs/, bucket: bucket-a, prefix: documents}
";

#[tokio::test]
async fn by_host_by_path_and_by_both() {
    let server =
        Server::start_with(&["bucket-a", "bucket-docs"], &[("SITES", SITES), ("CACHE_TTL", "1h")]).await;
    let (a, docs) =
        (bucket(&server.embedded, "bucket-a").await, bucket(&server.embedded, "bucket-docs").await);
    let text = PutOptions { content_type: Some("text/plain".to_owned()), ..PutOptions::default() };
    for (bucket, key, body) in [
        (&server.bucket, "x.txt", "rest"),
        (&a, "x.txt", "a"),
        (&docs, "v2/x.txt", "docs"),
        (&docs, "v2/start.html", "docs start"),
        (&a, "documents/x.txt", "a docs"),
        (&a, "documents/index.html", "a docs index"),
    ] {
        put(bucket, key, body.as_bytes(), &text).await;
    }
    for _ in 0..2 {
        for (host, target, body) in [
            ("b.example", "/x.txt", "rest"),
            ("a.example", "/x.txt", "a"),
            ("A.Example.:8080", "/x.txt", "a"),
            ("b.example", "/docs/x.txt", "docs"),
            ("b.example", "/%64ocs/x.txt", "docs"),
            ("b.example", "/docs/", "docs start"),
            ("a.example", "/docs/x.txt", "a docs"),
            ("a.example", "/docs/", "a docs index"),
        ] {
            let answer = server.ask(&get(target).with("Host", host)).await;
            assert_eq!((answer.status, answer.text()), (200, body), "{host} {target}");
        }
    }
    let bare = server.ask(&get("/docs?q=1").with("Host", "b.example")).await;
    assert_eq!((bare.status, bare.header("location")), (301, Some("./docs/?q=1")));
    assert_eq!(server.ask(&get("/docsx.txt").with("Host", "b.example")).await.status, 404);

    let purged = server.admin("POST", "/-/purge", "{\"key\":\"x.txt\",\"site\":\"docs\"}").await;
    assert_eq!(purged.text(), "{\"purged\":1}");
    let purged = server.admin("POST", "/-/purge?key=x.txt", "").await;
    assert_eq!(purged.text(), "{\"purged\":3}", "those of the other sites");
    server.stop().await;
}

#[tokio::test]
async fn what_no_site_takes_is_404() {
    let server = Server::start(&[("SITES", "[{host: a.example, bucket: site}]"), ("S3WWW_BUCKET", "")]).await;
    server.put("x.txt", b"a", "text/plain").await;
    assert_eq!(server.ask(&get("/x.txt").with("Host", "a.example")).await.text(), "a");
    assert_eq!(server.ask(&get("/x.txt").with("Host", "b.example")).await.status, 404);
    server.stop().await;
}
