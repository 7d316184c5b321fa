//! A report as machines and people get it.

use serde_json::json;

use super::*;
use crate::cluster::error::ClusterError;
use crate::error::DrillError;
use crate::limits::Limit;

fn sample() -> Report {
    Report {
        verdict: Verdict::None,
        error: None,
        scenario: "pod-kill".to_owned(),
        context: Some("kind-ballast".to_owned()),
        namespace: Some("ballast".to_owned()),
        began: "2026-11-21T18:00:00Z".parse().expect("a time"),
        took_seconds: 61.5,
        settled_seconds: Some(12.25),
        targets: vec![TargetReport {
            target: "files".to_owned(),
            url: "http://127.0.0.1:30080/".to_owned(),
            rate: 200.0,
            baseline_requests: 1_000,
            requests: 12_300,
            succeeded: 12_293,
            failed: 7,
            failures: [(Kind::Refused, 5), (Kind::WrongStatus, 2)].into(),
            reasons: [(Kind::WrongStatus, vec!["status 503".to_owned()])].into(),
            longest_gap_seconds: 0.75,
            recovered_seconds: Some(1.5),
            sent_late_seconds: 0.25,
            latency_ms: Some(Latency { p50: 0.5, p90: 0.75, p99: 4.0, p999: 30.0, max: 750.5 }),
        }],
        reviews: Some(Findings {
            acknowledged: 900,
            lost: 1,
            lost_ids: vec!["a-1".to_owned()],
            ..Findings::default()
        }),
        timeline: vec![Event { at_seconds: 0.0, step: "delete a pod".to_owned(), took_seconds: 0.25 }],
        limits: Vec::new(),
    }
}

fn limits(given: &[&str]) -> Limits {
    let given = given.iter().map(|text| text.parse::<Limit>().expect("a limit")).collect();
    Limits::new(given, &["files".to_owned()], true).expect("limits")
}

#[test]
fn the_json_keeps_its_form() {
    let mut report = sample();
    report.judge(&limits(&["failures<=7", "lost<2"]), None);
    let expected = json!({
        "verdict": "pass",
        "error": null,
        "scenario": "pod-kill",
        "context": "kind-ballast",
        "namespace": "ballast",
        "began": "2026-11-21T18:00:00Z",
        "took_seconds": 61.5,
        "settled_seconds": 12.25,
        "targets": [{
            "target": "files",
            "url": "http://127.0.0.1:30080/",
            "rate": 200.0,
            "baseline_requests": 1000,
            "requests": 12300,
            "succeeded": 12293,
            "failed": 7,
            "failures": { "refused": 5, "wrong-status": 2 },
            "reasons": { "wrong-status": ["status 503"] },
            "longest_gap_seconds": 0.75,
            "recovered_seconds": 1.5,
            "sent_late_seconds": 0.25,
            "latency_ms": { "p50": 0.5, "p90": 0.75, "p99": 4.0, "p999": 30.0, "max": 750.5 },
        }],
        "reviews": { "acknowledged": 900, "lost": 1, "doubled": 0, "lost_ids": ["a-1"], "doubled_ids": [] },
        "timeline": [{ "at_seconds": 0.0, "step": "delete a pod", "took_seconds": 0.25 }],
        "limits": [
            { "limit": "doubled=0", "target": null, "measured": 0.0, "held": true },
            { "limit": "failures<=7", "target": "files", "measured": 7.0, "held": true },
            { "limit": "lost<2", "target": null, "measured": 1.0, "held": true },
        ],
    });
    assert_eq!(serde_json::to_value(&report).expect("JSON"), expected);
}

#[test]
fn every_metric_is_measured() {
    let report = sample();
    for (metric, expected) in [
        (Metric::Requests, 12_300.0),
        (Metric::Failures, 7.0),
        (Metric::FailuresOf(Kind::Refused), 5.0),
        (Metric::FailuresOf(Kind::Reset), 0.0),
        (Metric::FailureShare, 7.0 / 12_300.0),
        (Metric::LongestGap, 0.75),
        (Metric::Recovered, 1.5),
        (Metric::Latency(50_000), 0.0005),
        (Metric::Latency(90_000), 0.00075),
        (Metric::Latency(99_000), 0.004),
        (Metric::Latency(99_900), 0.03),
        (Metric::Latency(100_000), 0.7505),
        (Metric::Settled, 12.25),
        (Metric::Lost, 1.0),
        (Metric::Doubled, 0.0),
    ] {
        assert_eq!(report.measure(Some("files"), metric), Some(expected), "{metric}");
    }
    assert_eq!(report.measure(Some("other"), Metric::Failures), None);
}

#[test]
fn the_verdict_is_that_of_the_worst() {
    let verdict = |given: &[&str], error: Option<DrillError>| {
        let mut report = sample();
        report.judge(&limits(given), error.as_ref());
        (report.verdict, report.verdict.exit_code())
    };
    let lenient = ["failures<=7", "lost<2"];
    let late = || ClusterError::Deadline {
        what: "all settled".to_owned(),
        within: Duration::from_secs(1),
        state: "not yet".to_owned(),
    };
    assert_eq!(verdict(&lenient, None), (Verdict::Pass, 0));
    assert_eq!(verdict(&[], None), (Verdict::Fail, 1));
    assert_eq!(verdict(&lenient, Some(late().into())), (Verdict::Fail, 1));
    assert_eq!(verdict(&lenient, Some(DrillError::Interrupted)), (Verdict::None, 2));
}

#[test]
fn people_read_what_failed() {
    let mut report = sample();
    report.judge(&limits(&["longest-gap<500ms"]), None);
    let table = table::draw(&report, false);
    let expected = "\
pod-kill in kind-ballast/ballast, 2026-11-21T18:00:00Z, 61.5 s

target   rate  requests  failed  longest gap  recovered  p50 ms  p99 ms  max ms
files   200/s     12300       7       750 ms      1.5 s     0.5     4.0   750.5
  files: 5 refused
  files: 2 wrong-status: status 503
  files: sent up to 250 ms late: this machine was busy, and latency and gaps are partly its own

at     took    step
+0 ms  250 ms  delete a pod

reviews: 900 acknowledged, 1 lost, 0 doubled
  lost: a-1

  BROKEN  files: failures=0 (measured 7)
  BROKEN  lost=0 (measured 1)
  held    doubled=0 (measured 0)
  BROKEN  files: longest-gap<500ms (measured 0.7500)
FAIL
";
    assert_eq!(table, expected);
    assert!(table::draw(&report, true).contains("\u{1b}["), "colours where they are asked for");
}
