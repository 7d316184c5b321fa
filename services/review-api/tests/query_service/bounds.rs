//! What no caller can do to the service or the cluster behind it. The cluster is a listener that takes connections and
//! says nothing, or one that is not there.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::net::TcpListener;

use super::support::{DEADLINE, Service, problem};

/// Takes connections and never answers.
async fn hung() -> (String, tokio::task::JoinHandle<()>) {
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let task = tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((stream, _)) = listener.accept().await {
            held.push(stream);
        }
    });
    (url, task)
}

/// Where nobody listens.
async fn nobody() -> String {
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.expect("a port");
    format!("http://{}", listener.local_addr().expect("an address"))
}

#[tokio::test]
async fn a_store_that_hangs_is_504_in_time() {
    let (url, task) = hung().await;
    let service = Service::with(&[("ELASTICSEARCH_URL", &url), ("QUERY_TIMEOUT", "100ms")]).await;
    for path in ["/reviews", "/reviews/x", "/reviews/stats", "/reviews/terms", "/reviews/stream"] {
        let began = Instant::now();
        service.problem(path, 504).await;
        assert!(began.elapsed() < DEADLINE, "{path}");
    }
    service.stop().await;
    task.abort();
}

#[tokio::test]
async fn more_questions_than_may_be_asked_are_told_when_to_come_again() {
    let (url, task) = hung().await;
    let variables = [("ELASTICSEARCH_URL", url.as_str()), ("QUERY_TIMEOUT", "60s"), ("QUERIES_MAX", "1")];
    let service = Service::with(&[&variables[..], &[("DRAIN_TIMEOUT", "100ms")]].concat()).await;
    let first = tokio::spawn(service.client().get(service.url("/reviews")).send());
    service.wait_for_metric("queries_in_flight", 1.0).await;
    let refused = service.get("/reviews?q=a").await;
    assert_eq!(refused.headers()["retry-after"], "1");
    problem(refused, 503).await;
    assert!((service.metric("queries_refused_total").await - 1.0).abs() < f64::EPSILON);
    // A client that leaves gives its turn back.
    first.abort();
    service.wait_for_metric("queries_in_flight", 0.0).await;
    service.stop().await;
    task.abort();
}

#[tokio::test]
async fn without_a_spool_the_service_is_as_ready_as_its_store() {
    let url = nobody().await;
    let service = Service::with(&[("ELASTICSEARCH_URL", &url)]).await;
    let waiting = async {
        loop {
            let (status, text) = service.admin("/readyz").await;
            assert_eq!(status, 503);
            if text.starts_with("store: ") && !text.contains("starting") {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(DEADLINE, waiting).await.expect("it says why");
    assert_eq!(service.admin("/livez").await.0, 200);
    let refused = service.get("/reviews").await;
    assert_eq!(refused.headers()["retry-after"], "1");
    let problem = problem(refused, 503).await;
    assert!(!problem.to_string().contains("127.0.0.1"), "{problem}");
    assert_eq!(service.stop().await, 0);
}

#[tokio::test]
async fn with_a_spool_it_is_ready_whatever_the_store_does() {
    let (url, spool) = (nobody().await, tempfile::tempdir().expect("a folder"));
    let spool = spool.path().join("spool");
    let variables = [("ELASTICSEARCH_URL", url.as_str()), ("SPOOL_DIR", spool.to_str().expect("UTF-8"))];
    let service = Service::with(&variables).await.ready().await;
    assert_eq!(service.admin("/readyz").await.0, 200);
    assert!(service.metric("store_up").await.abs() < f64::EPSILON);
    assert_eq!(service.stop().await, 0);
}
