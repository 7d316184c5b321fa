//! Forgetting at an operator's word.

use crate::support::{Server, get};

#[tokio::test]
async fn by_key_and_by_prefix() {
    let server = Server::start(&[("CACHE_TTL", "1h")]).await;
    let keys = ["a/1.txt", "a/2.txt", "b/1.txt"];
    let ask_all = async |expected: [&str; 3]| {
        for (key, body) in keys.iter().zip(expected) {
            assert_eq!(server.ask(&get(&format!("/{key}"))).await.text(), body, "{key}");
        }
    };
    let put_all = async |body: &[u8]| {
        for key in keys {
            server.put(key, body, "text/plain").await;
        }
    };
    put_all(b"1").await;
    ask_all(["1", "1", "1"]).await;
    put_all(b"2").await;
    ask_all(["1", "1", "1"]).await;

    assert_eq!(server.admin("POST", "/-/purge", "{\"key\":\"/a/1.txt\"}").await.text(), "{\"purged\":1}");
    ask_all(["2", "1", "1"]).await;
    assert_eq!(server.admin("POST", "/-/purge?prefix=a/", "").await.text(), "{\"purged\":2}");
    ask_all(["2", "2", "1"]).await;
    assert_eq!(
        server.admin("POST", "/-/purge", "{\"prefix\":\"\",\"site\":\"default\"}").await.text(),
        "{\"purged\":3}"
    );
    ask_all(["2", "2", "2"]).await;
    assert_eq!(server.admin("POST", "/-/purge", "{\"key\":\"nothing\"}").await.text(), "{\"purged\":0}");
    assert_eq!(server.metric("cache_purged_total").await, 6);
    server.stop().await;
}

#[tokio::test]
async fn an_order_that_makes_no_sense_is_refused() {
    let server = Server::start(&[("CACHE_TTL", "1h")]).await;
    for (target, body) in [
        ("/-/purge", ""),
        ("/-/purge", "nonsense"),
        ("/-/purge", "{\"key\":\"a\",\"prefix\":\"b\"}"),
        ("/-/purge", "{\"key\":\"a\",\"site\":\"none\"}"),
        ("/-/purge?kee=a", ""),
        ("/-/purge?key=a", "{\"key\":\"a\"}"),
    ] {
        let answer = server.admin("POST", target, body).await;
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (400, Some("application/problem+json")),
            "{target} {body}"
        );
    }
    assert_eq!(server.admin("GET", "/-/purge?key=a", "").await.status, 405);
    assert_eq!(server.ask(&get("/-/purge")).await.status, 404, "clients have no such thing");
    server.stop().await;
}
