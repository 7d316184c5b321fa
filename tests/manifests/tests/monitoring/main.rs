//! Rules and dashboards, held against what the services really export.
//!
//! 1. [`stack`] starts every service as a process, with stores of their own, and asks of each what makes its metrics appear.
//! 2. Every metric of every expression, and every label that it is selected by, is looked up in a scrape.
//! 3. What others export stands in `foreign-metrics.yaml`, by name and with its source; what `PostgreSQL` is asked for on our
//!    behalf, in `k8s/postgres/queries.yaml`.
//! 4. Every alert has its test, which promtool runs: `monitoring/test`.

mod stack;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Map, Value};
use stack::{Labels, Scrape};
use tests_manifests::expressions::{Expression, of_dashboard, of_rules, recorded};
use tests_manifests::object::{Look as _, documents, selects};
use tests_manifests::promql::selectors;
use tests_manifests::render::yaml_files;

/// What Prometheus and its operator add to whatever they scrape.
const OF_TARGETS: &[&str] = &["job", "instance", "namespace", "pod", "container"];

/// Labels of ours of which a scrape shows every value that an expression may name: bounds of buckets, and the routes that
/// were asked for.
const CLOSED: &[&str] = &["le", "endpoint"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn rules() -> Vec<Value> {
    let files = yaml_files(&root().join("monitoring/rules")).expect("the rules");
    files.into_iter().flat_map(|(_, documents)| documents).collect()
}

fn dashboards() -> Vec<(String, Value)> {
    let folder = fs::read_dir(root().join("monitoring/dashboards")).expect("the dashboards").flatten();
    let files = folder.filter(|file| file.path().extension().is_some_and(|extension| extension == "json"));
    let read = |file: fs::DirEntry| {
        let text = fs::read_to_string(file.path()).expect("readable");
        (file.file_name().to_string_lossy().into_owned(), serde_json::from_str(&text).expect("JSON"))
    };
    files.map(read).collect()
}

/// All expressions, each with its file and its place in it.
fn expressions() -> Vec<Expression> {
    let rules = rules();
    let of_rules = rules.iter().flat_map(|document| {
        let name = document.at("metadata.name").text();
        of_rules(document).into_iter().map(move |found| (name.to_owned(), found))
    });
    let dashboards = dashboards();
    let of_dashboards = dashboards.iter().flat_map(|(name, dashboard)| {
        of_dashboard(dashboard).into_iter().map(move |found| (name.clone(), found))
    });
    let placed = |(file, found): (String, Expression)| Expression {
        place: format!("{file}, {}", found.place),
        ..found
    };
    of_rules.chain(of_dashboards).map(placed).collect()
}

/// What others export: the labels of each metric.
fn foreign() -> Scrape {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("foreign-metrics.yaml"))
        .expect("the list");
    let mut metrics = BTreeMap::new();
    for source in documents(&text).expect("YAML").iter().flat_map(|document| document.items().to_vec()) {
        assert!(source.at("source").text().contains('/'), "{source} says no source");
        for (metric, labels) in source.at("metrics").fields() {
            let labels =
                labels.items().iter().map(|label| (label.text().to_owned(), BTreeSet::new())).collect();
            assert!(metrics.insert(metric.clone(), labels).is_none(), "{metric} stands there twice");
        }
    }
    metrics
}

/// What `CloudNativePG` makes of our own queries: `cnpg_`, the query's name, the column's.
fn queried() -> Scrape {
    let text = fs::read_to_string(root().join("k8s/postgres/queries.yaml")).expect("the queries");
    let mut metrics = BTreeMap::new();
    for (query, value) in documents(&text).expect("YAML").iter().flat_map(Value::fields) {
        let columns: Vec<_> = value.at("metrics").items().iter().flat_map(Value::fields).collect();
        let (labels, values): (Vec<_>, Vec<_>) =
            columns.into_iter().partition(|(_, column)| column.at("usage") == "LABEL");
        let labels: Labels = labels.into_iter().map(|(name, _)| (name.clone(), BTreeSet::new())).collect();
        metrics.extend(values.into_iter().map(|(name, _)| (format!("cnpg_{query}_{name}"), labels.clone())));
    }
    metrics
}

#[test]
#[ignore = "needs promtool and the built services: tests/run manifests"]
fn every_metric_is_exported_with_the_labels_it_is_asked_for() {
    let (foreign, mut exported) = (foreign(), stack::scrape());
    exported.extend(queried());
    let recorded: BTreeSet<_> = rules().iter().flat_map(recorded).collect();
    let mut used = BTreeSet::new();
    let mut wrong = Vec::new();
    for Expression { place, text } in expressions() {
        let found = selectors(&text);
        assert!(!found.is_empty() || text.contains("vector("), "{place} asks for nothing: {text}");
        for selector in found {
            let name = &selector.name;
            used.insert(name.clone());
            let Some(labels) = exported.get(name).or_else(|| foreign.get(name)) else {
                if !recorded.contains(name) {
                    wrong.push(format!("{place}: nothing exports {name}"));
                }
                continue;
            };
            for matcher in &selector.matchers {
                let label = &matcher.label;
                match labels.get(label) {
                    None if OF_TARGETS.contains(&label.as_str()) => {}
                    None => {
                        wrong.push(format!("{place}: {name} has no label {label}, but {:?}", labels.keys()));
                    }
                    Some(seen) if CLOSED.contains(&label.as_str()) => {
                        let unseen = matcher.choices().into_iter().filter(|value| !seen.contains(*value));
                        wrong.extend(
                            unseen.map(|value| {
                                format!("{place}: {name} has no {label} {value:?}, but {seen:?}")
                            }),
                        );
                    }
                    Some(_) => {}
                }
            }
        }
    }
    wrong.extend(
        foreign
            .keys()
            .filter(|name| !used.contains(*name))
            .map(|name| format!("nothing asks for {name} of the list")),
    );
    wrong.sort();
    wrong.dedup();
    assert!(wrong.is_empty(), "{} faults\n{}", wrong.len(), wrong.join("\n"));
}

/// A label of a metric that is also one of its target is renamed to `exported_…`: no expression would find it.
#[test]
#[ignore = "needs promtool and the built services: tests/run manifests"]
fn no_label_hides_behind_one_of_its_target() {
    let exported: BTreeSet<String> = stack::scrape().into_values().flat_map(BTreeMap::into_keys).collect();
    let files = yaml_files(&root().join("kustomize/components/monitoring")).expect("the component");
    let services = fs::read_dir(root().join("services")).expect("the services").flatten();
    let services: Vec<_> =
        services.map(|service| service.file_name().to_string_lossy().into_owned()).collect();
    let ours = |monitor: &Value| {
        let labels =
            |name: &String| Map::from_iter([("app.kubernetes.io/name".to_owned(), name.clone().into())]);
        services.iter().any(|name| selects(monitor.at("spec.selector"), &labels(name)))
    };
    let monitors = files
        .into_iter()
        .flat_map(|(_, documents)| documents)
        .filter(|found| found.at("kind") == "PodMonitor" && ours(found));
    let mut wrong = Vec::new();
    for monitor in monitors {
        for endpoint in monitor.at("spec.podMetricsEndpoints").items() {
            let relabelings = endpoint.at("relabelings").items();
            let dropped = |label: &str| {
                relabelings
                    .iter()
                    .any(|found| found.at("action") == "labeldrop" && found.at("regex") == label)
            };
            // The operator sets `endpoint` to the port's name: pkg/prometheus/promcfg.go.
            for label in OF_TARGETS.iter().chain(&["endpoint"]).filter(|label| exported.contains(**label)) {
                if !dropped(label) {
                    wrong.push(format!(
                        "PodMonitor {}: the label {label} hides our own",
                        monitor.at("metadata.name")
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// promtool reads them all: rules as they are, a dashboard's expressions as rules of their own.
#[test]
#[ignore = "needs promtool and the built services: tests/run manifests"]
fn every_expression_is_one() {
    let rules: Vec<_> = expressions()
        .iter()
        .enumerate()
        .map(|(index, found)| serde_json::json!({"record": format!("expression:{index}"), "expr": filled(&found.text)}))
        .collect();
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("rules.yaml");
    fs::write(&file, serde_json::json!({"groups": [{"name": "all", "rules": rules}]}).to_string())
        .expect("written");
    let done = Command::new("promtool")
        .args(["check", "rules"])
        .arg(&file)
        .output()
        .expect("promtool is on the PATH");
    assert!(
        done.status.success(),
        "{}{}",
        String::from_utf8_lossy(&done.stdout),
        String::from_utf8_lossy(&done.stderr)
    );
}

/// An expression with a value in place of each of the dashboard's variables, as Grafana sends it.
fn filled(text: &str) -> String {
    let (mut out, mut rest) = (String::new(), text);
    let is_name =
        |character: char| character.is_ascii_alphanumeric() || matches!(character, '_' | '{' | '}' | ':');
    while let Some((before, after)) = rest.split_once('$') {
        rest = after.trim_start_matches(is_name);
        let variable = &after[..after.len() - rest.len()];
        out.push_str(before);
        out.push_str(if variable.contains("__") { "5m" } else { "any" });
    }
    out + rest
}

#[test]
#[ignore = "needs promtool and the built services: tests/run manifests"]
fn every_alert_fires_on_its_condition_and_not_otherwise() {
    let done = Command::new(root().join("monitoring/test")).output().expect("the script starts");
    assert!(
        done.status.success(),
        "{}{}",
        String::from_utf8_lossy(&done.stdout),
        String::from_utf8_lossy(&done.stderr)
    );
}

/// An alert without a word on what to do only wakes people up.
#[test]
fn every_alert_says_what_to_do() {
    let mut wrong = Vec::new();
    let rules = rules();
    let groups = rules.iter().flat_map(|document| document.at("spec.groups").items());
    let alerts: Vec<_> = groups
        .flat_map(|group| group.at("rules").items())
        .filter(|rule| rule.at("alert").is_given())
        .collect();
    assert!(alerts.len() > 20, "only {} alerts", alerts.len());
    for alert in alerts {
        let name = alert.at("alert").text();
        let (page, anchor) = alert.at("annotations.runbook").text().split_once('#').unwrap_or_default();
        let page = fs::read_to_string(root().join(page)).unwrap_or_default();
        let headings =
            page.lines().filter_map(|line| line.strip_prefix("#")).map(|line| line.trim_matches(['#', ' ']));
        if !headings.into_iter().any(|heading| heading.to_lowercase() == anchor) {
            wrong.push(format!("{name}: {} is no heading", alert.at("annotations.runbook")));
        }
        if !matches!(alert.at("labels.severity").text(), "critical" | "warning" | "info") {
            wrong.push(format!("{name}: its severity is {}", alert.at("labels.severity")));
        }
        if alert.at("annotations.summary").text().is_empty() {
            wrong.push(format!("{name}: it has no summary"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
