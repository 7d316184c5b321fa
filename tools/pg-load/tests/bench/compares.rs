//! Two results side by side.

use std::path::Path;
use std::process::Command;

use pg_load::report::result::BenchResult;

use crate::support::Postgres;
use crate::tool::{PROGRAM, Run, told};

fn compare(before: &Path, after: &Path, more: &[&str]) -> (Option<i32>, String) {
    let output =
        Command::new(PROGRAM).arg("compare").args([before, after]).args(more).output().expect("it starts");
    (output.status.code(), told(&output))
}

#[test]
fn a_worse_result_is_a_regression() {
    let Some(postgres) = Postgres::start(&[]) else { return };
    let workload = "version: 1\ntransactions:\n  one: {statements: [select 1]}\n";
    let arguments = ["--clients", "1", "--warm-up", "0s", "--duration", "300ms"];
    let mut run = Run::bench(&postgres.url(), &arguments).with_workload(workload);
    let measured = run.passed();
    let before = run.file("result.json");
    assert_eq!(compare(&before, &before, &[]).0, Some(0));
    let written = |name: &str, change: &dyn Fn(&mut BenchResult)| {
        let mut result = measured.clone();
        change(&mut result);
        let path = run.file(name);
        std::fs::write(&path, serde_json::to_vec(&result).expect("JSON")).expect("written");
        path
    };
    let slower = written("slower.json", &|result| result.tps *= 0.8);
    let (code, said) = compare(&before, &slower, &[]);
    assert!(code == Some(1) && said.contains("-20.0% WORSE"), "{said}");
    assert_eq!(compare(&before, &slower, &["--tolerance", "25%"]).0, Some(0));
    assert_eq!(compare(&slower, &before, &[]).0, Some(0), "better is no regression");
    let stalls = written("stalls.json", &|result| result.latency.p99 = result.latency.p99 * 2 + 1);
    assert_eq!(compare(&before, &stalls, &[]).0, Some(1));
    let fails = written("fails.json", &|result| result.failed = result.committed / 100 + 1);
    assert_eq!(compare(&before, &fails, &[]).0, Some(1));
    let other = written("other.json", &|result| result.load.clients = 99);
    let (code, said) = compare(&before, &other, &[]);
    assert!(code == Some(0) && said.contains("not alike: clients: 1 and 99"), "{said}");
    // What was written is what is read: the same bytes again.
    let again = serde_json::to_vec_pretty(&run.result()).expect("JSON");
    let bytes = std::fs::read(&before).expect("a result");
    assert_eq!(bytes.strip_suffix(b"\n"), Some(&again[..]));
}

#[test]
fn what_is_no_result_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    for (content, named) in [
        ("{}", "no result of pg-load"),
        ("[", "no result of pg-load"),
        (
            r#"{"format": {"name": "pg-load bench", "version": 2}}"#,
            "pg-load bench version 2, not pg-load bench version 1",
        ),
        (r#"{"format": {"name": "pg-load failover", "version": 1}}"#, "pg-load failover version 1"),
        (r#"{"format": {"name": "pg-load bench", "version": 1}}"#, "missing field"),
    ] {
        let path = folder.path().join("result.json");
        std::fs::write(&path, content).expect("written");
        let (code, said) = compare(&path, &path, &[]);
        assert!(code == Some(2) && said.contains(named), "{content}: {said}");
    }
    let (code, said) = compare(Path::new("nowhere.json"), Path::new("nowhere.json"), &[]);
    assert!(code == Some(2) && said.contains("nowhere.json"), "{said}");
}
