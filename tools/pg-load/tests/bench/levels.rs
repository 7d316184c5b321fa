//! Service levels are verdicts, and verdicts are exit codes.

use crate::support::Postgres;
use crate::tool::{Run, told};

const WORKLOAD: &str = "version: 1\ntransactions:\n  one: {statements: [select 1]}\n";
const SHORT: [&str; 6] = ["--clients", "1", "--warm-up", "0s", "--duration", "300ms"];

fn code(url: &str, arguments: &[&str]) -> (Option<i32>, String) {
    let arguments: Vec<_> = SHORT.iter().chain(arguments).copied().collect();
    let output = Run::bench(url, &arguments).with_workload(WORKLOAD).output();
    (output.status.code(), told(&output))
}

#[test]
fn exit_codes_are_verdicts() {
    let Some(postgres) = Postgres::start(&[]) else { return };
    let url = postgres.url();
    let (met, said) = code(&url, &["--slo", "p99<10m", "--slo", "errors<0.1%", "--slo", "tps>=1"]);
    assert_eq!(met, Some(0), "{said}");
    assert_eq!(said.matches("met     ").count(), 3, "{said}");
    let (missed, said) = code(&url, &["--slo", "p99<10m", "--slo", "tps>=1000000000"]);
    assert_eq!(missed, Some(1), "{said}");
    assert!(said.contains("MISSED  tps>=1000000000"), "{said}");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("slo.yaml");
    std::fs::write(&path, "version: 1\nobjectives: [\"max<1us\"]\n").expect("written");
    let (missed, said) = code(&url, &["--slo-file", path.to_str().expect("UTF-8")]);
    assert_eq!(missed, Some(1), "{said}");
}

#[test]
fn what_makes_no_sense_is_2_and_named() {
    // None of these gets as far as a server.
    let url = "postgresql://nobody@127.0.0.1:1/none";
    for (arguments, named) in [
        (vec!["--slo", "p98<1ms"], "`p98` is not measured"),
        (vec!["--slo", "lost=0"], "failover does"),
        (vec!["--slo-file", "no-such-file.yaml"], "no-such-file.yaml"),
        (vec!["--rate", "0"], "a rate is"),
        (vec!["--workload", "mixed=0"], "a weight is above 0"),
        (vec!["--workload", "no-such.yaml"], "neither one of mixed"),
        (vec!["--duration", "soon"], "--duration"),
    ] {
        let (code, said) = code(url, &arguments);
        assert_eq!(code, Some(2), "{arguments:?}: {said}");
        assert!(said.contains(named), "{arguments:?}: {said}");
    }
    let (code, said) = code(url, &[]);
    assert_eq!(code, Some(1), "no server is no usage error: {said}");
}

#[test]
fn a_workload_that_does_not_fit_the_database_is_named() {
    let Some(postgres) = Postgres::start(&[]) else { return };
    let missing = "version: 1\ntransactions:\n  one: {statements: [select 1 from nowhere]}\n";
    let output = Run::bench(&postgres.url(), &SHORT).with_workload(missing).output();
    assert_eq!(output.status.code(), Some(1));
    assert!(told(&output).contains("select 1 from nowhere: SQLSTATE 42P01"), "{}", told(&output));
    let empty = "version: 1\ntransactions:\n  one:\n    draw: {n: {random: unique, from: {query: \"select null::bigint\"}}}
    statements: [\"select :n\"]\n";
    let output = Run::bench(&postgres.url(), &SHORT).with_workload(empty).output();
    assert!(told(&output).contains("yields nothing: is the database seeded?"), "{}", told(&output));
    let other = [
        "--workload",
        "select-only",
        "--init-scale",
        "1",
        "--clients",
        "1",
        "--warm-up",
        "0s",
        "--duration",
        "200ms",
    ];
    Run::bench(&postgres.url(), &other).passed();
    let larger = ["--workload", "select-only", "--init-scale", "2"];
    let output = Run::bench(&postgres.url(), &larger).output();
    assert!(told(&output).contains("add --replace"), "{}", told(&output));
}
