//! work-app's metrics beside those of Flask with `prometheus_client`: the same dashboards must read both.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tests_originals::case::{Case, Request};
use tests_originals::compare::Difference;
use tests_originals::deliberate::{Checklist, WORK_APP_METRICS};
use tests_originals::original::Original;
use tests_originals::pair::{Pair, judge};
use tests_originals::samples::{Family, Sample, families};
use tests_originals::wire::{ask, exchange};

const REQUESTS: &str = "http_requests_total";
const DURATION: &str = "http_request_duration_seconds";
const VARIABLES: [(&str, &str); 2] = [("READINESS_DELAY_SEC", "0"), ("FAIL_RATE", "0")];

type Families = BTreeMap<String, Family>;

/// What is counted: each route, errors, and what clients make up.
fn counted() -> Vec<Case> {
    let ways = [
        ("GET", "/healthz"),
        ("GET", "/healthz?a"),
        ("GET", "//healthz"),
        ("HEAD", "/healthz"),
        ("POST", "/healthz"),
        ("GET", "/readyz"),
        ("GET", "/work"),
        ("HEAD", "/work"),
        ("OPTIONS", "/work"),
        ("DELETE", "/work"),
        ("GET", "/a/b"),
        ("POST", "/a/b"),
        ("FOO", "/healthz"),
        ("FOO", "/a/b"),
    ];
    ways.into_iter()
        .map(|(method, target)| Request::new(method, target).field("Connection: close").into())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn dashboards_of_the_original_read_ours() {
    let variables = [VARIABLES.as_slice(), &[("PORT", "0")]].concat();
    let running = service_kit::testing::start("work-app", &variables, work_app::build).await;
    let ours = running.address("http");
    tokio::task::spawn_blocking(move || {
        let flask = Original::flask(&VARIABLES);
        compare_metrics(&Pair::new(ours, flask.address()));
    })
    .await
    .expect("they count alike");
    assert_eq!(running.stop().await.exit_code(), 0);
}

fn compare_metrics(pair: &Pair) {
    let cases = counted();
    for case in &cases {
        exchange(pair.ours, case);
        exchange(pair.theirs, case);
    }
    let mut list = Checklist::new(WORK_APP_METRICS);
    let mut unlisted = Vec::new();
    let mut note = |difference: Difference| {
        if !list.allow(&cases[0], 200, &difference) {
            unlisted.push(difference.to_string());
        }
    };
    let theirs = scrape(pair.theirs);
    let expected: BTreeMap<Sample, f64> =
        [REQUESTS, DURATION].iter().flat_map(|family| relabelled(&theirs[*family], &mut note)).collect();
    let ours = scrape_until(pair.ours, &expected);
    compare_families(&ours, &theirs, &mut note);
    judge(cases.len(), &unlisted, &list);
}

/// The families of both, by name and type.
fn compare_families(ours: &Families, theirs: &Families, note: &mut impl FnMut(Difference)) {
    let names: BTreeSet<&String> = ours.keys().chain(theirs.keys()).collect();
    for name in names {
        let kind = |families: &Families| families.get(name).map(|family| family.kind.clone());
        let (ours, theirs) = (kind(ours), kind(theirs));
        if ours != theirs {
            note(Difference::metric(name, ours.as_deref(), theirs.as_deref()));
        }
    }
}

/// The original's samples as ours must have them: what a client made up is one label. Sums of time are left out, and
/// so are the buckets of short times: how long each request took is no matter of the contract.
fn relabelled(family: &Family, note: &mut impl FnMut(Difference)) -> BTreeMap<Sample, f64> {
    let mut relabelled = BTreeMap::new();
    for (sample, count) in &family.samples {
        let mut sample = sample.clone();
        for (label, made_up, ours) in [("endpoint", "/a/b", ""), ("method", "FOO", "OTHER")] {
            let value = sample.labels.get_mut(label).expect("the label");
            if value == made_up {
                note(Difference::metric(label, Some(ours), Some(made_up)));
                ours.clone_into(value);
            }
        }
        *relabelled.entry(sample).or_default() += count;
    }
    relabelled
}

fn scrape(address: SocketAddr) -> Families {
    let answer = ask(address, &Request::new("GET", "/metrics").field("Connection: close"));
    assert_eq!(answer.field("content-type"), Some("text/plain; version=1.0.0; charset=utf-8"));
    families(&String::from_utf8(answer.body).expect("UTF-8"))
}

/// Scrapes until all of `expected` is counted: a request counts when its answer has gone, which its client may see first.
fn scrape_until(address: SocketAddr, expected: &BTreeMap<Sample, f64>) -> Families {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let ours = scrape(address);
        let missing = missing(&ours, expected);
        if missing.is_empty() {
            return ours;
        }
        assert!(Instant::now() < deadline, "not as in the original:\n{}", missing.join("\n"));
        std::thread::yield_now();
    }
}

/// What of `expected` ours lacks or counts otherwise, and what ours has beyond it.
fn missing(ours: &Families, expected: &BTreeMap<Sample, f64>) -> Vec<String> {
    let has = |sample: &Sample, family: &str| {
        ours.get(family).and_then(|family| family.samples.get(sample)).copied()
    };
    let lacking = expected.iter().filter_map(|(sample, count)| {
        let family = if sample.name == REQUESTS { REQUESTS } else { DURATION };
        let found = has(sample, family);
        let right = if is_timed(sample) { found.is_some() } else { found == Some(*count) };
        (!right).then(|| format!("{sample:?}: {found:?}, the original: {count}"))
    });
    let families = [REQUESTS, DURATION].into_iter().filter_map(|family| ours.get(family));
    let ours = families.flat_map(|family| family.samples.keys());
    // Ours has counted this very scrape's predecessors; the original was scraped once.
    let beyond =
        ours.filter(|sample| !expected.contains_key(*sample) && sample.labels["endpoint"] != "/metrics");
    lacking.chain(beyond.map(|sample| format!("{sample:?}: only ours"))).collect()
}

/// Whether the value depends on how long a request took.
fn is_timed(sample: &Sample) -> bool {
    sample.name.ends_with("_sum") || sample.labels.get("le").is_some_and(|bound| bound != "+Inf")
}
