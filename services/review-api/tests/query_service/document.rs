//! GET /openapi.json and GET /.

use serde_json::Value;

use super::support::Service;

#[tokio::test]
async fn the_document_tells_of_every_route_and_each_of_its_answers() {
    let service = Service::start(&[]).await;
    let document = service.json("/openapi.json").await;
    assert_eq!(document["openapi"], "3.1.0");
    let paths = document["paths"].as_object().expect("paths");
    let mut operations: Vec<_> = paths
        .iter()
        .flat_map(|(path, item)| {
            item.as_object().expect("an item").keys().map(move |method| format!("{method} {path}"))
        })
        .collect();
    operations.sort();
    assert_eq!(
        operations,
        [
            "get /openapi.json",
            "get /reviews",
            "get /reviews/stats",
            "get /reviews/stream",
            "get /reviews/terms",
            "get /reviews/{id}",
            "post /reviews",
            "post /reviews/_bulk",
        ]
    );
    for (path, item) in paths.iter().filter(|(path, _)| path.starts_with("/reviews")) {
        for (method, operation) in item.as_object().expect("an item") {
            let responses = operation["responses"].as_object().expect("responses");
            // 431 is the connection's answer, before there is a request to speak of: it has no body.
            assert!(responses["431"].get("content").is_none(), "{method} {path}");
            for (status, response) in
                responses.iter().filter(|(status, _)| status.as_str() >= "400" && status.as_str() != "431")
            {
                let schema = &response["content"]["application/problem+json"]["schema"]["$ref"];
                assert_eq!(schema, "#/components/schemas/Problem", "{method} {path} {status}");
            }
            assert!(responses.contains_key("401") && responses.contains_key("503"), "{method} {path}");
        }
    }
    assert_eq!(service.stop().await, 0);
}

/// What is referred to is there: a client is made of this document by machines.
#[tokio::test]
async fn nothing_in_the_document_refers_to_nothing() {
    let service = Service::start(&[]).await;
    let document = service.json("/openapi.json").await;
    let mut references = Vec::new();
    collect(&document, &mut references);
    assert!(!references.is_empty());
    for reference in references {
        let pointer = reference.strip_prefix('#').expect("a reference into the document");
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
    assert_eq!(service.stop().await, 0);
}

fn collect(value: &Value, references: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            references.extend(fields.get("$ref").and_then(Value::as_str).map(str::to_owned));
            fields.values().for_each(|value| collect(value, references));
        }
        Value::Array(values) => values.iter().for_each(|value| collect(value, references)),
        _ => {}
    }
}

#[tokio::test]
async fn the_page_is_at_the_root() {
    let service = Service::start(&[]).await;
    let answer = service.get("/").await;
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["content-type"], "text/html; charset=utf-8");
    assert_eq!(service.stop().await, 0);
}
