//! web-app as production starts it: the contract over HTTP, without the original beside it.

use std::net::SocketAddr;
use std::process::Command;
use std::time::{Duration, Instant};

use service_kit::testing::{ask, exchange};

const ETAG: &str = r#"W/"a-2STJhM+WA8dYlwhCs50ql6bIqQ4""#;

/// A head without what differs from request to request.
fn lasting(head: &str) -> Vec<&str> {
    head.lines().filter(|line| !line.starts_with("date: ") && !line.starts_with("x-request-id: ")).collect()
}

/// Starts the service, lets `asking` ask its two listeners, http and admin, and drains it.
fn beside(asking: impl FnOnce(SocketAddr, SocketAddr) + Send + 'static) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let running = service_kit::testing::start("web-app", &[("PORT", "0")], web_app::build).await;
        let (http, admin) = (running.address("http"), running.admin());
        tokio::task::spawn_blocking(move || asking(http, admin)).await.expect("asked");
        assert_eq!(running.stop().await.exit_code(), 0);
    });
}

#[test]
fn pages_are_as_the_contract_has_them() {
    beside(|address, _| {
        let (head, body) = ask(address, "GET", "/", &[]);
        let expected = [
            "HTTP/1.1 200 OK",
            "content-type: text/html; charset=utf-8",
            "content-length: 10",
            &format!("etag: {ETAG}"),
            "connection: close",
        ];
        assert_eq!((lasting(&head), body.as_str()), (expected.to_vec(), "Hello OUI!"));
        let (health, body) = ask(address, "GET", "/HealthZ/", &[]);
        assert!(health.contains(r#"etag: W/"2-nOO9QiTIwXgNtWtBJezz8kv3SLc""#) && body == "OK", "{health}");
        let (to_head, body) = ask(address, "HEAD", "/", &[]);
        assert_eq!((lasting(&to_head), body.as_str()), (lasting(&head), ""));
        let (options, body) = ask(address, "OPTIONS", "/healthz", &[]);
        assert!(options.contains("\r\nallow: GET,HEAD\r\n") && body == "GET,HEAD", "{options}");
    });
}

#[test]
fn a_copy_that_is_as_new_is_not_sent_again() {
    beside(|address, _| {
        for method in ["GET", "HEAD"] {
            let (head, body) = ask(address, method, "/", &[&format!("If-None-Match: {ETAG}")]);
            let expected = ["HTTP/1.1 304 Not Modified", &format!("etag: {ETAG}"), "connection: close"];
            assert_eq!((lasting(&head), body.as_str()), (expected.to_vec(), ""), "{method}");
        }
        let (head, _) =
            ask(address, "GET", "/", &[&format!("If-None-Match: {ETAG}"), "Cache-Control: no-cache"]);
        assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    });
}

#[test]
fn everything_else_is_not_found_and_cannot_run() {
    beside(|address, _| {
        let (head, body) = ask(address, "POST", "/a'b&%22%zz", &[]);
        let expected = [
            "HTTP/1.1 404 Not Found",
            "content-security-policy: default-src 'none'",
            "x-content-type-options: nosniff",
            "content-type: text/html; charset=utf-8",
            &format!("content-length: {}", body.len()),
            "connection: close",
        ];
        assert_eq!(lasting(&head), expected);
        assert_eq!(
            body,
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>Error</title>\n</head>\n\
         <body>\n<pre>Cannot POST /a&#39;b&amp;%22%25zz</pre>\n</body>\n</html>\n"
        );
    });
}

#[test]
fn a_body_is_read_out_of_the_way_and_the_connection_goes_on() {
    beside(|address, _| {
        let length = 512 * 1024;
        let mut requests =
            format!("POST /a HTTP/1.1\r\nHost: test\r\nContent-Length: {length}\r\n\r\n").into_bytes();
        requests.resize(requests.len() + length, b'x');
        requests.extend_from_slice(b"GET / HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");
        let answers = exchange(address, &requests);
        assert!(answers.starts_with("HTTP/1.1 404 ") && answers.ends_with("\r\n\r\nHello OUI!"), "{answers}");
    });
}

#[test]
fn requests_are_counted_by_route_and_never_by_path() {
    beside(|http, admin| {
        for target in ["/", "/healthz", "/HEALTHZ/", "/secret"] {
            ask(http, "GET", target, &[]);
        }
        let expected = [
            r#"http_requests_total{method="GET",endpoint="/",code="200"} 1"#,
            r#"http_requests_total{method="GET",endpoint="/healthz",code="200"} 2"#,
            r#"http_requests_total{method="GET",endpoint="",code="404"} 1"#,
        ];
        // A request counts when its answer has gone, which its client may see first.
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            let (_, metrics) = ask(admin, "GET", "/metrics", &[]);
            if expected.iter().all(|line| metrics.contains(line)) {
                assert!(!metrics.contains("secret"), "{metrics}");
                return;
            }
            assert!(Instant::now() < deadline, "{metrics}");
        }
    });
}

#[test]
fn every_wrong_setting_is_named_at_once() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_web-app"));
    command.env_clear().envs([("PORT", "http"), ("ADMIN_ADDRESS", "nowhere"), ("DRAIN_TIMEOUT", "5")]);
    let output = command.output().expect("it ends");
    let log = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(2), "{log}");
    for name in ["PORT: ", "ADMIN_ADDRESS: ", "DRAIN_TIMEOUT: "] {
        assert!(log.contains(name), "{name} is missing in {log}");
    }
}
