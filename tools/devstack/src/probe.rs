//! Asks a service whether it is ready.

use std::net::SocketAddr;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use http_body_util::{BodyExt, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;

/// The longest wait for one answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(2);
/// The pause between two questions.
const PAUSE: Duration = Duration::from_millis(200);
/// What is read of a reason.
const REASON_MAX: usize = 4096;

/// Returns when /readyz at `address` answers 200. Meanwhile each reason why not goes to `told`.
pub async fn until_ready(address: SocketAddr, mut told: impl FnMut(String)) {
    while let Err(reason) = ask(address).await {
        told(reason);
        tokio::time::sleep(PAUSE).await;
    }
}

/// The service's own words are the reason where it answers.
async fn ask(address: SocketAddr) -> Result<(), String> {
    // A client per question: a connection that is kept would count in the service's drain.
    let client = Client::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build_http::<Body>();
    let request = Request::get(format!("http://{address}/readyz")).body(Body::empty());
    let request = request.map_err(|error| error.to_string())?;
    let asking = async {
        let answer = client.request(request).await.map_err(|_| format!("does not listen on {address}"))?;
        let status = answer.status();
        let body = Limited::new(answer.into_body(), REASON_MAX).collect().await;
        let reason = body.map_or_else(|error| error.to_string(), |body| text(&body.to_bytes()));
        if status == StatusCode::OK { Ok(()) } else { Err(format!("{} ({reason})", status.as_u16())) }
    };
    let late = || Err(format!("/readyz on {address} gave no answer in {} s", ANSWER_TIMEOUT.as_secs()));
    tokio::time::timeout(ANSWER_TIMEOUT, asking).await.unwrap_or_else(|_| late())
}

fn text(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    text.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use axum::Router;
    use axum::routing::get;

    use super::*;

    #[tokio::test]
    async fn the_service_is_asked_until_it_is_ready_and_its_reasons_are_told() {
        let ready = Arc::new(AtomicBool::new(false));
        let answered = Arc::clone(&ready);
        let answer = move || async move {
            if answered.load(Ordering::SeqCst) {
                (StatusCode::OK, "ready\n")
            } else {
                (StatusCode::SERVICE_UNAVAILABLE, "bucket: refused\ncache: starting\n")
            }
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("its address");
        tokio::spawn(axum::serve(listener, Router::new().route("/readyz", get(answer))).into_future());
        let mut reasons = Vec::new();
        let waiting = until_ready(address, |reason| {
            reasons.push(reason);
            ready.store(true, Ordering::SeqCst);
        });
        tokio::time::timeout(Duration::from_secs(30), waiting).await.expect("ready");
        assert_eq!(reasons, ["503 (bucket: refused; cache: starting)"]);
    }

    #[tokio::test]
    async fn nobody_listening_is_a_reason() {
        let taken = tokio::net::TcpSocket::new_v4().expect("a socket");
        taken.bind(([127, 0, 0, 1], 0).into()).expect("a port on which nobody listens");
        let address = taken.local_addr().expect("its address");
        assert_eq!(ask(address).await, Err(format!("does not listen on {address}")));
    }
}
