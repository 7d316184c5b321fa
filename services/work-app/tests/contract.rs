//! work-app's contract over HTTP, without the original beside it.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use service_kit::Running;
use service_kit::testing::ask;

async fn started(variables: &[(&str, &str)]) -> Running {
    let variables = [&[("PORT", "0")], variables].concat();
    service_kit::testing::start("work-app", &variables, work_app::build).await
}

/// Runs what blocks beside the service.
async fn beside<T: Send + 'static>(asking: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(asking).await.expect("asked")
}

/// Asks until the answer is as `right` says.
fn until(address: SocketAddr, target: &str, right: impl Fn(&str, &str) -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let (head, body) = ask(address, "GET", target, &[]);
        if right(&head, &body) {
            return;
        }
        assert!(Instant::now() < deadline, "{target} stays at {head}\n{body}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn routes_answer_as_the_contract_has_them() {
    let running = started(&[("READINESS_DELAY_SEC", "0"), ("FAIL_RATE", "0")]).await;
    let address = running.address("http");
    beside(move || {
        for (target, kind, expected) in [
            ("/healthz", "text/html; charset=utf-8", "ok"),
            ("/readyz", "text/html; charset=utf-8", "ready"),
            ("/work", "application/json", "{\"greeting\":\"hello\",\"ok\":true}\n"),
        ] {
            let (head, body) = ask(address, "GET", target, &[]);
            assert!(head.starts_with("HTTP/1.1 200 ") && body == expected, "{head}\n{body}");
            assert!(
                head.contains(&format!("\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n", expected.len()))
            );
            let (to_head, body) = ask(address, "HEAD", target, &[]);
            assert!(
                to_head.contains(&format!("\r\ncontent-length: {}\r\n", expected.len())) && body.is_empty()
            );
        }
    })
    .await;
    assert_eq!(running.stop().await.exit_code(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn other_methods_and_paths_are_told_apart() {
    let running = started(&[]).await;
    let address = running.address("http");
    beside(move || {
        for method in ["POST", "PUT", "DELETE", "PATCH", "TRACE", "FOO"] {
            let (head, body) = ask(address, method, "/work", &[]);
            assert!(
                head.starts_with("HTTP/1.1 405 ") && head.contains("\r\nallow: GET, HEAD, OPTIONS\r\n"),
                "{head}"
            );
            assert!(body.contains("<p>The method is not allowed for the requested URL.</p>"), "{body}");
        }
        let (head, body) = ask(address, "OPTIONS", "/work", &[]);
        assert!(
            head.starts_with("HTTP/1.1 200 ") && head.contains("\r\nallow: GET, HEAD, OPTIONS\r\n"),
            "{head}"
        );
        assert!(body.is_empty());
        let (head, body) = ask(address, "OPTIONS", "/work/", &[]);
        assert!(
            head.starts_with("HTTP/1.1 404 ") && body.starts_with("<!doctype html>\n<html lang=en>\n"),
            "{head}"
        );
    })
    .await;
    assert_eq!(running.stop().await.exit_code(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn work_that_fails_says_so() {
    let running = started(&[("FAIL_RATE", "1")]).await;
    let address = running.address("http");
    let (head, body) = beside(move || ask(address, "GET", "/work", &[])).await;
    assert!(
        head.starts_with("HTTP/1.1 500 ") && head.contains("\r\ncontent-type: application/json\r\n"),
        "{head}"
    );
    assert_eq!(body, "{\"ok\":false}\n");
    assert_eq!(running.stop().await.exit_code(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_have_the_contracts_names() {
    let running = started(&[("FAIL_RATE", "1")]).await;
    let address = running.address("http");
    beside(move || {
        ask(address, "GET", "/work", &[]);
        ask(address, "GET", "/secret", &[]);
        let lines = [
            "# TYPE http_requests_total counter",
            r#"http_requests_total{method="GET",endpoint="/work",code="500"} 1"#,
            r#"http_requests_total{method="GET",endpoint="",code="404"} 1"#,
            "# TYPE http_request_duration_seconds histogram",
            // No work takes less than 50 ms: a fact of the service, not of the machine.
            r#"http_request_duration_seconds_bucket{le="0.025",method="GET",endpoint="/work"} 0"#,
            r#"http_request_duration_seconds_bucket{le="+Inf",method="GET",endpoint="/work"} 1"#,
            r#"http_request_duration_seconds_count{method="GET",endpoint="/work"} 1"#,
        ];
        until(address, "/metrics", |head, body| {
            assert!(
                head.contains("\r\ncontent-type: text/plain; version=1.0.0; charset=utf-8\r\n"),
                "{head}"
            );
            assert!(!body.contains("secret") && !body.contains("# EOF"), "{body}");
            lines.iter().all(|line| body.lines().any(|found| found == *line))
        });
    })
    .await;
    assert_eq!(running.stop().await.exit_code(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draining_service_is_alive_and_not_ready() {
    // Longer than the test: it is the drain's beginning that counts, and what is left of it is dropped.
    let running = started(&[("READINESS_DELAY_SEC", "0"), ("DRAIN_DELAY", "1h")]).await;
    let address = running.address("http");
    beside(move || until(address, "/readyz", |_, body| body == "ready")).await;
    let draining = tokio::spawn(running.stop());
    beside(move || {
        until(address, "/readyz", |head, body| head.starts_with("HTTP/1.1 503 ") && body == "not ready");
        let (head, body) = ask(address, "GET", "/healthz", &[]);
        assert!(head.starts_with("HTTP/1.1 200 ") && body == "ok", "{head}");
    })
    .await;
    draining.abort();
}
