//! Point 19, and a store that lies: what fails is never "not found", and never half an object as a whole one.

use std::time::Duration;

use bucket::Operation;
use bucket::testing::{Fault, Rule};

use crate::support::{Answer, Server, get, seeded};

/// The store is given up on soon.
const HASTY: &[(&str, &str)] = &[("STORE_READ_TIMEOUT", "300ms"), ("STORE_TIMEOUT", "1s")];

fn retry_after(answer: &Answer) -> Option<u64> {
    answer.header("retry-after").map(|text| text.parse().expect("Retry-After is in seconds"))
}

#[tokio::test]
async fn point_19_a_refused_key_is_403_unless_told_otherwise() {
    for (variables, status) in [(&[][..], 403), (&[("MISSING_ON_403", "true")], 404)] {
        let server = Server::start(variables).await;
        server.put("a.txt", b"hello", "text/plain").await;
        server.put("b.txt", b"hello", "text/plain").await;
        server.store.fail(Rule::on(Operation::Get).key("a.txt"), Fault::denied());
        let answer = server.ask(&get("/a.txt")).await;
        assert_eq!(answer.status, status, "{variables:?}");
        assert!(!answer.text().contains("told to"), "the store's own words stay in the log");
        assert_eq!(server.ask(&get("/b.txt")).await.status, 200);
        server.stop().await;
    }
}

#[tokio::test]
async fn point_19_a_failing_store_is_5xx_with_retry_after_and_never_404() {
    let server = Server::start(HASTY).await;
    server.put("404.html", b"<p>not here", "text/html").await;
    let answered = |status, code| Fault::Status { status, code, headers: Vec::new() };
    let faults = [
        (Fault::internal(), 503),
        (answered(502, "BadGateway"), 503),
        (answered(503, "ServiceUnavailable"), 503),
        (Fault::slow_down(Some(7)), 503),
        (Fault::Reset, 503),
        (Fault::Silence, 504),
        (Fault::SlowFirstByte(Duration::from_mins(10)), 504),
        (answered(404, "NoSuchBucket"), 502),
        (answered(400, "AuthorizationHeaderMalformed"), 502),
        (Fault::Garbage { status: 200, body: "<html>Welcome to the router" }, 502),
        (Fault::Garbage { status: 404, body: "<html>404 Not Found" }, 502),
        (Fault::Header { name: "ETag", value: None }, 502),
        (Fault::ShortBody(0), 502),
    ];
    for (number, (fault, status)) in faults.into_iter().enumerate() {
        // A new object each time: nothing is known of it that could stand in for the store's answer.
        server.put(&format!("{number}.txt"), b"hello", "text/plain").await;
        let (object, nothing) = (format!("/{number}.txt"), format!("/{number}"));
        server.store.fail(Rule::on(Operation::Get), fault.clone());
        // What only spoils an object spoils no answer that there is none.
        let spoils_all = !matches!(fault, Fault::Header { .. } | Fault::ShortBody(_));
        for path in [Some(&object), Some(&nothing).filter(|_| spoils_all)].into_iter().flatten() {
            let answer = server.ask(&get(path)).await;
            assert_eq!(answer.status, status, "{path}: {fault:?}: {}", String::from_utf8_lossy(&answer.body));
            assert!(retry_after(&answer).is_some_and(|seconds| seconds > 0), "{path}: {fault:?}");
            assert_eq!(answer.header("cache-control"), Some("no-store"), "{path}: {fault:?}");
            if matches!(&fault, Fault::Status { headers, .. } if !headers.is_empty()) {
                assert_eq!(retry_after(&answer), Some(7), "the store's own word");
            }
        }
        server.store.heal();
        let healed = server.ask(&get(&object)).await;
        assert_eq!((healed.status, healed.text()), (200, "hello"), "after {fault:?}");
        assert_eq!(server.ask(&get(&nothing)).await.status, 404, "after {fault:?}");
    }
    server.stop().await;
}

#[tokio::test]
async fn point_19_no_step_takes_a_failure_for_nothing() {
    let spa = [HASTY, &[("S3WWW_SPA_FILE", "app.html")]].concat();
    let server = Server::start(&spa).await;
    server.put("docs/index.html", b"<p>docs", "text/html").await;
    server.put("app.html", b"<p>app", "text/html").await;
    server.put("404.html", b"<p>not here", "text/html").await;
    let page = |path: &str| get(path).with("Accept", "text/html");

    // /docs is not there, that much is sure; whether its index is, is not.
    server.store.fail(Rule::on(Operation::Get).key("docs/index.html"), Fault::internal());
    assert_eq!(server.ask(&get("/docs")).await.status, 503);
    assert_eq!(server.ask(&page("/docs/")).await.status, 503);
    server.store.heal();
    server.store.fail(Rule::on(Operation::Get).key("app.html"), Fault::internal());
    assert_eq!(server.ask(&page("/route")).await.status, 503);
    server.store.heal();
    // That the object is not there is sure, whatever becomes of the page that says so.
    server.store.fail(Rule::on(Operation::Get).key("404.html"), Fault::internal());
    assert_eq!(server.ask(&get("/nothing")).await.status, 404);
    server.stop().await;
}

#[tokio::test]
async fn point_21_a_page_is_refused_only_where_the_store_refuses_its_token() {
    let server = Server::start(&[HASTY, &[("LISTING", "true")]].concat()).await;
    server.put("files/a.txt", b"hello", "text/plain").await;
    let answered = |status, code| Fault::Status { status, code, headers: Vec::new() };
    let garbage = |status| Fault::Garbage { status, body: "<html>Welcome to the router" };
    // What becomes of the first page, and of one that the client names.
    for (fault, first, named) in [
        (answered(400, "InvalidArgument"), 502, 400),
        (answered(501, "NotImplemented"), 502, 400),
        (answered(400, "AuthorizationHeaderMalformed"), 502, 502),
        (answered(404, "NoSuchBucket"), 502, 502),
        (garbage(200), 502, 502),
        (garbage(400), 502, 502),
        (garbage(404), 502, 502),
        (garbage(501), 502, 502),
        (Fault::ShortBody(10), 502, 502),
        (Fault::denied(), 403, 403),
        (Fault::internal(), 503, 503),
    ] {
        server.store.fail(Rule::on(Operation::List), fault.clone());
        for (target, status) in [("/files/", first), ("/files/?page=token", named)] {
            let answer = server.ask(&get(target)).await;
            assert_eq!(answer.status, status, "{target}: {fault:?}: {}", answer.text());
            assert_eq!(retry_after(&answer).is_some(), status >= 500, "{target}: {fault:?}");
            is_a_refusal(&answer);
        }
        server.store.heal();
        assert_eq!(server.ask(&get("/files/?page=a")).await.status, 200, "after {fault:?}");
    }
    let asked = server.store.count(Operation::List);
    let too_long = server.ask(&get(&format!("/files/?page={}", "x".repeat(3000)))).await;
    assert_eq!(too_long.status, 400);
    is_a_refusal(&too_long);
    assert_eq!(server.store.count(Operation::List), asked, "no store gives such a token");
    server.stop().await;
}

/// What every answer has that no object stands behind.
fn is_a_refusal(answer: &Answer) {
    for (name, value) in [
        ("content-type", "application/problem+json"),
        ("cache-control", "no-store"),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "strict-origin-when-cross-origin"),
    ] {
        assert_eq!(answer.header(name), Some(value), "{:?}", answer.headers);
    }
}

#[tokio::test]
async fn a_long_object_that_breaks_off_is_seen_to_be_short() {
    let streamed = [HASTY, &[("CACHE_OBJECT_MAX", "64KiB")]].concat();
    let server = Server::start(&streamed).await;
    let body = seeded(3 * 1024 * 1024, 1);
    server.put("a.bin", &body, "application/octet-stream").await;
    let range = |value: &str| Fault::Header { name: "Content-Range", value: Some(value.to_owned()) };
    for fault in [
        Fault::ShortBody(100),
        Fault::ResetBody(100),
        Fault::StallBody(100),
        range("bytes 0-99/3145728"),
        range("nonsense"),
        Fault::Garbage { status: 200, body: "<html>Welcome to the router" },
        Fault::Status { status: 200, code: "Fine", headers: Vec::new() },
    ] {
        // The object is found, and then each read of its bytes fails.
        server.store.fail(Rule::on(Operation::Get).after(1), fault.clone());
        let answer = server.ask(&get("/a.bin")).await;
        if answer.status == 200 {
            assert!(!answer.is_complete(), "{fault:?}: it cannot have come whole");
            assert!(body.starts_with(&answer.body), "{fault:?}: not a byte is another's");
        } else {
            assert!(matches!(answer.status, 502..=504), "{fault:?}: {}", answer.status);
        }
        server.store.heal();
        let healed = server.ask(&get("/a.bin")).await;
        assert!(healed.is_complete() && healed.body == body, "after {fault:?}");
    }
    server.stop().await;
}

#[tokio::test]
async fn a_part_that_breaks_off_once_is_asked_for_again() {
    let server = Server::start(&[("CACHE_OBJECT_MAX", "64KiB")]).await;
    let body = seeded(3 * 1024 * 1024, 1);
    server.put("a.bin", &body, "application/octet-stream").await;
    server.store.fail(Rule::on(Operation::Get).after(1).times(1), Fault::ShortBody(1000));
    let answer = server.ask(&get("/a.bin")).await;
    assert!(answer.is_complete() && answer.body == body);
    // The object's head, the read that broke off, and the rest of it.
    assert_eq!(server.store.count(Operation::Get), 3);
    server.stop().await;
}
