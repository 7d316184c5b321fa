//! What is counted is what happened.
#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "thousands of transactions, seconds in microseconds"
)]

use crate::support::Postgres;
use crate::tool::{Line, Run, raw_log};
use pg_load::report::result::{BenchResult, Latency};

/// The value of which `percent` of all are at most: of a sorted list, by nearest rank.
fn exact(sorted: &[u64], percent: f64) -> u64 {
    let rank = (percent / 100.0 * sorted.len() as f64).ceil() as usize;
    sorted[rank.clamp(1, sorted.len()) - 1]
}

/// The result's percentiles are those of the raw log: at most 0.1 % above, as the histogram has it.
fn assert_percentiles(result: &BenchResult, log: &[Line]) {
    let mut latencies: Vec<_> = log.iter().map(|line| line.ended - line.intended).collect();
    latencies.sort_unstable();
    let Latency { p50, p95, p99, p99_9, max, .. } = result.latency;
    for (percent, reported) in [(50.0, p50), (95.0, p95), (99.0, p99), (99.9, p99_9)] {
        let exact = exact(&latencies, percent);
        // A line's three times are rounded down to microseconds, one by one.
        let most = exact as f64 * 1.001 + 2.0;
        assert!(reported + 2 >= exact && reported as f64 <= most, "p{percent}: {reported}, but {exact}");
    }
    let last = *latencies.last().expect("one at least");
    assert!(max.abs_diff(last) <= 2, "{max}, but {last}");
}

#[test]
fn a_closed_loop_counts_every_transaction_once() {
    let Some(postgres) = Postgres::start(&[]) else { return };
    let arguments = [
        "--workload",
        "tpcb-like",
        "--init-scale",
        "1",
        "--clients",
        "3",
        "--threads",
        "2",
        "--warm-up",
        "0s",
        "--duration",
        "2s",
        "--seed",
        "7",
    ];
    let mut run = Run::bench(&postgres.url(), &arguments)
        .writing("--log", "log.csv")
        .writing("--csv", "s.csv")
        .writing("--html", "r.html");
    let result = run.passed();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let (rows, drift) = runtime.block_on(async {
        let session = postgres.connect().await;
        let sums = "select (select count(*) from pgbench_history),
            (select sum(abalance) from pgbench_accounts) - (select sum(delta) from pgbench_history)";
        let row = session.query_one(sums, &[]).await.expect("sums");
        (row.get::<_, i64>(0), row.get::<_, i64>(1))
    });
    assert_eq!((result.committed, drift), (u64::try_from(rows).expect("a count"), 0));
    assert_eq!((result.failed, result.retries, result.interrupted), (0, 0, false));
    assert_eq!(result.latency.count, result.committed);
    assert_eq!(result.series.iter().map(|second| second.committed).sum::<u64>(), result.committed);
    assert!((result.tps - result.committed as f64 / 2.0).abs() < 1e-3);
    let log = raw_log(&run.file("log.csv"));
    assert_eq!(log.len() as u64, result.committed);
    assert!(log.iter().all(|line| line.outcome == "committed" && line.started <= line.ended));
    assert_percentiles(&result, &log);
    let csv = std::fs::read_to_string(run.file("s.csv")).expect("a series");
    assert_eq!(csv.lines().count(), result.series.len() + 1);
    let html = std::fs::read_to_string(run.file("r.html")).expect("a report");
    assert_is_sound(&html);
}

/// A page that stands by itself: every tag that is opened is closed, nothing is fetched from anywhere.
pub fn assert_is_sound(html: &str) {
    for tag in
        ["html", "head", "body", "style", "svg", "table", "tr", "td", "figure", "h1", "h2", "dl", "text", "p"]
    {
        let opened = html.matches(&format!("<{tag}>")).count() + html.matches(&format!("<{tag} ")).count();
        assert_eq!(opened, html.matches(&format!("</{tag}>")).count(), "<{tag}>");
    }
    for outside in ["http:", "https:", "<script", "@import", "url(", "src="] {
        assert!(!html.contains(outside), "{outside}");
    }
    assert!(html.contains("prefers-color-scheme: dark") && html.contains("<svg") && !html.contains("NaN"));
}

#[test]
fn an_open_loop_starts_as_many_as_its_schedule_has() {
    let Some(postgres) = Postgres::start(&[]) else { return };
    let arguments = [
        "--rate",
        "200",
        "--arrivals",
        "constant",
        "--clients",
        "4",
        "--warm-up",
        "500ms",
        "--duration",
        "2s",
    ];
    let workload = "version: 1\ntransactions:\n  one: {statements: [select 1]}\n";
    let mut run = Run::bench(&postgres.url(), &arguments).with_workload(workload).writing("--log", "log.csv");
    let result = run.passed();
    assert_eq!(result.committed, 400, "200 a second for 2 s");
    let log = raw_log(&run.file("log.csv"));
    let intended: Vec<_> = log.iter().map(|line| line.intended).collect();
    let mut sorted = intended.clone();
    sorted.sort_unstable();
    let wanted: Vec<_> = (0..400).map(|number| 500_000 + number * 5_000).collect();
    assert_eq!(sorted, wanted, "each start once, the warm-up left out");
    assert!(log.iter().all(|line| line.started >= line.intended), "nobody starts early");
    assert_percentiles(&result, &log);
}

#[test]
fn a_run_that_is_interrupted_tells_what_it_measured_and_fails() {
    let Some(postgres) = Postgres::start(&[]) else { return };
    let workload = "version: 1\ntransactions:\n  one: {statements: [select 1]}\n";
    let arguments = ["--duration", "10m", "--warm-up", "0s", "--metrics-address", "127.0.0.1:0"];
    let mut running = Run::bench(&postgres.url(), &arguments).with_workload(workload).spawn();
    let address = address(&running.line("metrics at /metrics"));
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    crate::support::wait_until("transactions are counted", || {
        let page = runtime.block_on(get(&address));
        let count = page.lines().find_map(|line| line.strip_prefix("pg_load_transactions_total "));
        count.is_some_and(|count| count.parse::<u64>().expect("a count") > 0)
            && page.contains("pg_load_latency_seconds_bucket")
            && page.trim_end().ends_with("# EOF")
    });
    running.interrupt();
    let (code, result, _) = running.end();
    assert_eq!((code, result.interrupted, result.passed), (Some(1), true, false));
    assert!(result.committed > 0 && result.measured_seconds < 600.0);
}

fn address(line: &str) -> String {
    let line: serde_json::Value = serde_json::from_str(line).expect("a line of JSON");
    line["address"].as_str().expect("an address").to_owned()
}

async fn get(address: &str) -> String {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let mut stream = tokio::net::TcpStream::connect(address).await.expect("it listens");
    let request = "GET /metrics HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).await.expect("written");
    let mut page = String::new();
    stream.read_to_string(&mut page).await.expect("a page");
    page
}
