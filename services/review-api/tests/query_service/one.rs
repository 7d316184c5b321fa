//! GET /reviews/{id}, and what no route answers.

use serde_json::json;

use super::support::{Service, faulty, problem, review, with};

#[tokio::test]
async fn a_review_comes_back_as_it_went() {
    let service = Service::start(&[]).await;
    let sent = with(
        review("r:1", "Grüße 🥛 <b>", 7),
        json!({"rating": 4, "hub": "h", "tour": "t", "language": "de", "tags": ["b", "a"]}),
    );
    service.post(&sent).await;
    let answer = service.get("/reviews/r:1").await;
    assert_eq!(answer.headers()["cache-control"], "no-store");
    let found: serde_json::Value = answer.json().await.expect("JSON");
    for (field, value) in sent.as_object().expect("an object") {
        if field != "written_at" {
            assert_eq!(&found[field], value, "{field}");
        }
    }
    assert!(found["received_at"].is_string() && found["stored_at"].is_string(), "{found}");
    assert_eq!(service.stop().await, 0);
}

#[tokio::test]
async fn what_is_not_there_is_a_problem() {
    let service = Service::start(&[]).await;
    service.problem("/reviews/unknown", 404).await;
    service.problem("/nowhere", 404).await;
    assert_eq!(faulty(&service.problem("/reviews/a%20b", 400).await), ["id"]);
    assert_eq!(faulty(&service.problem("/reviews/%FF", 400).await), ["id"]);
    assert_eq!(faulty(&service.problem("/reviews/x?pretty=1", 400).await), ["pretty"]);
    let deleted = service.client().delete(service.url("/reviews/x")).send().await.expect("an answer");
    let allowed = deleted.headers()["allow"].clone();
    problem(deleted, 405).await;
    assert_eq!(allowed, "GET,HEAD");
    assert_eq!(service.stop().await, 0);
}

#[tokio::test]
async fn a_token_to_read_is_asked_for_where_there_are_some() {
    let folder = tempfile::tempdir().expect("a folder");
    let (read, write) = (folder.path().join("read"), folder.path().join("write"));
    std::fs::write(&read, "reader read-token\n").expect("written");
    std::fs::write(&write, "writer write-token\n").expect("written");
    let (read, write) = (read.to_str().expect("UTF-8"), write.to_str().expect("UTF-8"));
    let service = Service::start(&[("READ_TOKENS_FILE", read), ("WRITE_TOKENS_FILE", write)]).await;
    for path in ["/reviews", "/reviews/x", "/reviews/stats", "/reviews/terms", "/reviews/stream"] {
        service.problem(path, 401).await;
        let request = service.client().get(service.url(path)).bearer_auth("write-token");
        problem(request.send().await.expect("an answer"), 403).await;
    }
    let request = service.client().get(service.url("/reviews")).bearer_auth("read-token");
    assert_eq!(request.send().await.expect("an answer").status(), 200);
    for path in ["/", "/openapi.json"] {
        assert_eq!(service.get(path).await.status(), 200, "{path}");
    }
    assert_eq!(service.stop().await, 0);
}
