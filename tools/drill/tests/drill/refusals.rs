//! What drill does not do.

use std::process::Output;

use crate::support::api::{Api, NAMESPACE};
use crate::support::origin::{Mode, Origin};
use crate::support::program::{Program, output, report, said};

/// A rolling restart without traffic, in the cluster that `context` names.
async fn restart_in(program: &Program, context: &str) -> Output {
    let place = ["--context", context, "--namespace", NAMESPACE];
    let mut command = program.command(&["run", "rolling-restart", "--workload", "deployment/web"]);
    command.args(place);
    output(command).await
}

#[tokio::test]
async fn the_cluster_and_the_namespace_must_be_named() {
    let api = Api::start().await;
    let program = Program::new(&api);
    for given in [vec![], vec!["--context", "test"], vec!["--namespace", NAMESPACE]] {
        let mut command = program.command(&["run", "rolling-restart", "--workload", "deployment/web"]);
        command.args(&given);
        let ended = output(command).await;
        assert_eq!(ended.status.code(), Some(2), "{given:?}");
        assert!(said(&ended).contains("--context NAME --namespace NAME"), "{}", said(&ended));
    }
    let world = api.world();
    assert!(world.reads.is_empty() && world.changes.is_empty(), "not even asked");
}

#[tokio::test]
async fn a_context_that_is_not_there_is_named_with_those_that_are() {
    let api = Api::start().await;
    let program = Program::new(&api);
    let ended = restart_in(&program, "staging").await;
    assert_eq!(ended.status.code(), Some(2));
    let said = said(&ended);
    assert!(said.contains("staging") && said.contains("test, production"), "{said}");
}

#[tokio::test]
async fn a_dry_run_reads_and_changes_nothing() {
    let api = Api::start().await;
    api.world().autoscale("other");
    api.world().deploy("other", 1);
    let program = Program::new(&api);
    let scenarios: [&[&str]; 9] = [
        &["rolling-restart"],
        &["image-change", "--image", "web:2"],
        &["settings-change", "--config-map", "web", "--set", "COLOUR=blue"],
        &["scale", "--to", "5"],
        &["pod-kill", "--forced"],
        &["drain", "--every-namespace"],
        &["node-loss", "--cut", "false", "--restore", "false"],
        &["store-away", "--store", "deployment/other"],
        &["readiness-flap"],
    ];
    for scenario in scenarios {
        let mut command = program.command(&["run"]);
        command.args(scenario).args(["--workload", "deployment/web", "--dry-run"]);
        command.args(["--context", "test", "--namespace", NAMESPACE]);
        let ended = output(command).await;
        assert_eq!(ended.status.code(), Some(0), "{scenario:?}: {}", said(&ended));
        assert!(said(&ended).contains("touches") && said(&ended).contains(" 1. "), "{}", said(&ended));
    }
    let world = api.world();
    assert!(!world.reads.is_empty());
    assert_eq!(world.changes, Vec::<String>::new());
}

#[tokio::test]
async fn nothing_is_broken_while_the_traffic_fails() {
    let (api, origin) = (Api::start().await, Origin::start(Mode::Error).await);
    let program = Program::new(&api);
    let mut command = program.run(&origin, &["rolling-restart", "--workload", "deployment/web"]);
    command.args(["--steady-within", "1s"]);
    let ended = output(command).await;
    assert_eq!(ended.status.code(), Some(2));
    assert!(said(&ended).contains("not steady") && said(&ended).contains("status 500"), "{}", said(&ended));
    assert_eq!(api.world().changes, Vec::<String>::new());
}

#[tokio::test]
async fn nothing_is_broken_while_a_workload_is_not_settled() {
    let (api, origin) = (Api::start().await, Origin::start(Mode::Right).await);
    api.world().broken = true;
    api.world().deploy("slow", 1);
    let program = Program::new(&api);
    let mut command = program.run(&origin, &["rolling-restart", "--workload", "deployment/slow"]);
    command.args(["--steady-within", "1s"]);
    let ended = output(command).await;
    assert_eq!(ended.status.code(), Some(2));
    assert!(said(&ended).contains("0 of 1 ready"), "{}", said(&ended));
    assert_eq!((api.world().changes.len(), origin.seen()), (0, 0));
}

#[tokio::test]
async fn what_would_not_come_back_is_refused() {
    let (api, origin) = (Api::start().await, Origin::start(Mode::Right).await);
    api.world().bare_pod("alone", "two");
    api.world().deploy("scaled", 1);
    api.world().autoscale("scaled");
    let program = Program::new(&api);
    let cases: [(&[&str], &str); 8] = [
        (&["drain", "--node", "two"], "alone on node two would be lost"),
        (&["drain", "--node", "four"], "node four"),
        (&["scale", "--workload", "deployment/scaled"], "HorizontalPodAutoscaler"),
        (&["rolling-restart"], "--workload"),
        (&["rolling-restart", "--workload", "deployment/none"], "is not there"),
        (&["image-change", "--image", "web:1", "--workload", "deployment/web"], "already"),
        (
            &[
                "settings-change",
                "--config-map",
                "web",
                "--set",
                "COLOUR=red",
                "--workload",
                "deployment/web",
            ],
            "already",
        ),
        (&["autoscale", "--autoscaler", "none"], "none"),
    ];
    for (arguments, part) in cases {
        let ended = output(program.run(&origin, arguments)).await;
        assert_eq!(ended.status.code(), Some(2), "{arguments:?}");
        assert!(said(&ended).contains(part), "{arguments:?}: {}", said(&ended));
    }
    assert_eq!((api.world().changes.len(), origin.seen()), (0, 0));
}

#[tokio::test]
async fn a_run_without_traffic_is_refused() {
    let api = Api::start().await;
    let program = Program::new(&api);
    let ended = restart_in(&program, "test").await;
    assert_eq!(ended.status.code(), Some(2));
    assert!(said(&ended).contains("no traffic"), "{}", said(&ended));
    assert_eq!(api.world().changes.len(), 0);
}

#[tokio::test]
async fn a_baseline_needs_no_cluster() {
    let (api, origin) = (Api::start().await, Origin::start(Mode::Right).await);
    let program = Program::new(&api);
    let settings =
        format!("targets: [{{ name: web, url: 'http://{}/', body: Hello }}]\nrate: 100\n", origin.address);
    std::fs::write(program.path("drill.yaml"), settings).expect("written");
    let run = |limit: &'static str| {
        let mut command =
            program.command(&["traffic", "--for", "1s", "--output", "json", "--limit", limit, "--file"]);
        command.arg(program.path("drill.yaml"));
        output(command)
    };
    let ended = run("web:requests>=10").await;
    assert_eq!(ended.status.code(), Some(0), "{}", said(&ended));
    let seen = report(&ended);
    assert_eq!((&seen["scenario"], &seen["context"]), (&"traffic".into(), &serde_json::Value::Null));
    assert_eq!(seen["targets"][0]["rate"], 100.0);
    origin.tell(Mode::Wrong);
    assert_eq!(run("requests>=10").await.status.code(), Some(1));
    assert_eq!(api.world().reads.len(), 0);
}

#[tokio::test]
async fn the_scenarios_are_listed() {
    let program = Program::new(&Api::start().await);
    let ended = output(program.command(&["list"])).await;
    let listed = String::from_utf8_lossy(&ended.stdout).into_owned();
    assert_eq!((ended.status.code(), listed.lines().count()), (Some(0), 10), "{listed}");
    assert!(listed.lines().any(|line| line.starts_with("node-loss ")), "{listed}");
}
