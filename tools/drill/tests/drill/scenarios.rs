//! Every scenario from steady to steady, and what its report says.

use serde_json::{Value, json};

use crate::support::api::Api;
use crate::support::origin::{Mode, Origin};
use crate::support::program::{Program, end, output, report, said};
use crate::support::wait::until;

/// Runs a scenario on `deployment/web`; the world after it and the report.
async fn passed(api: &Api, arguments: &[&str]) -> Value {
    let origin = Origin::start(Mode::Right).await;
    let program = Program::new(api);
    let mut command = program.run(&origin, arguments);
    command.args(["--workload", "deployment/web"]);
    let ended = output(command).await;
    assert_eq!(ended.status.code(), Some(0), "{}", said(&ended));
    assert!(!program.path("journal").exists(), "the journal is empty");
    let report = report(&ended);
    assert_eq!(report["verdict"], "pass");
    assert!(report["settled_seconds"].is_number());
    report
}

fn changes(api: &Api) -> Vec<String> {
    let world = api.world();
    let short =
        |change: &String| change.split(' ').take(2).collect::<Vec<_>>().join(" ").replace("/api/v1/", "");
    world.changes.iter().map(short).collect()
}

const DEPLOYMENT: &str = "/apis/apps/v1/namespaces/shop/deployments/web";

#[tokio::test]
async fn a_rolling_restart_replaces_every_pod() {
    let api = Api::start().await;
    let before = api.world().pod_names();
    let report = passed(&api, &["rolling-restart"]).await;
    let world = api.world();
    assert!(world.pod_names().iter().all(|name| !before.contains(name)));
    assert!(
        world.deployment("web", "/spec/template/metadata/annotations").to_string().contains("restartedAt")
    );
    let target = &report["targets"][0];
    assert_eq!((&target["failed"], &target["longest_gap_seconds"].is_number()), (&json!(0), &true));
    assert_eq!(target["requests"], target["succeeded"]);
    assert!(target["baseline_requests"].as_u64() > Some(0));
    assert_eq!(report["limits"][0]["limit"], "failures=0");
    assert_eq!(report["timeline"][0]["step"], "restart deployment/web");
}

#[tokio::test]
async fn an_image_is_changed_and_changed_back() {
    let api = Api::start().await;
    passed(&api, &["image-change", "--image", "web:2"]).await;
    let world = api.world();
    assert_eq!(world.deployment("web", "/spec/template/spec/containers/0/image"), "web:1");
    assert!(world.changes[0].contains("web:2") && world.changes[1].contains("web:1"), "{:?}", world.changes);
}

#[tokio::test]
async fn a_setting_is_changed_and_changed_back() {
    let api = Api::start().await;
    let set = ["settings-change", "--config-map", "web", "--set"];
    passed(&api, &[&set[..], &["COLOUR=blue"]].concat()).await;
    assert_eq!(api.world().setting("web", "COLOUR"), "red");
    let map = "PATCH namespaces/shop/configmaps/web".to_owned();
    let roll = format!("PATCH {DEPLOYMENT}");
    assert_eq!(changes(&api), [map.clone(), roll.clone(), map, roll]);
    passed(&api, &[&set[..], &["SHAPE=round"]].concat()).await;
    assert_eq!(api.world().setting("web", "SHAPE"), Value::Null, "there was none");
}

#[tokio::test]
async fn a_workload_is_scaled_up_and_down_and_back() {
    let api = Api::start().await;
    passed(&api, &["scale"]).await;
    let scaled: Vec<String> =
        api.world().changes.iter().map(|change| change[change.len() - 3..].to_owned()).collect();
    assert_eq!(scaled, ["4}}", "2}}", "3}}"]);
    assert_eq!(api.world().deployment("web", "/spec/replicas"), 3);
}

#[tokio::test]
async fn pods_are_deleted_with_grace_or_without() {
    let api = Api::start().await;
    passed(&api, &["pod-kill", "--times", "2"]).await;
    let graceful = std::mem::take(&mut api.world().changes);
    assert!(
        graceful.len() == 2 && graceful.iter().all(|change| change.starts_with("DELETE")),
        "{graceful:?}"
    );
    assert!(
        graceful
            .iter()
            .all(|change| change.contains("uid-web-") && !change.contains("gracePeriodSeconds\":0"))
    );
    passed(&api, &["pod-kill", "--forced"]).await;
    assert!(api.world().changes[0].contains("\"gracePeriodSeconds\":0"), "{:?}", api.world().changes);
    assert_eq!(api.world().pod_names().len(), 3);
}

#[tokio::test]
async fn nodes_are_drained_in_turn_as_budgets_allow() {
    let api = Api::start().await;
    api.world().forbidden = Some(2);
    // A node that has no pod of the workload is drained too where every node is.
    api.world().move_pods("three", "one");
    let report = passed(&api, &["drain", "--every-node"]).await;
    let world = api.world();
    let cordons: Vec<&String> = world.changes.iter().filter(|change| change.contains("/nodes/")).collect();
    let nodes: Vec<&str> = cordons
        .iter()
        .map(|change| change.split(' ').nth(1).and_then(|path| path.rsplit('/').next()).expect("a name"))
        .collect();
    assert_eq!(nodes, ["one", "one", "three", "three", "two", "two"]);
    assert!(cordons.iter().step_by(2).all(|change| change.ends_with("true}}")), "{cordons:?}");
    assert!(cordons.iter().skip(1).step_by(2).all(|change| change.ends_with("null}}")), "{cordons:?}");
    assert!(["one", "two", "three"].into_iter().all(|node| !world.cordoned(node)));
    assert!(world.changes.iter().any(|change| change.contains("policy/v1") && change.contains("uid-web-")));
    let waited: Vec<&str> = report["timeline"]
        .as_array()
        .expect("steps")
        .iter()
        .filter_map(|event| event["step"].as_str())
        .collect();
    assert!(waited.iter().any(|step| step.contains("2 times told to wait")), "{waited:?}");
}

#[tokio::test]
async fn a_node_is_cut_off_and_brought_back() {
    let api = Api::start().await;
    let folder = tempfile::tempdir().expect("a folder");
    api.world().lost = Some(folder.path().to_owned());
    let cut = format!("touch {}/$DRILL_NODE", folder.path().display());
    let restore = format!("rm {}/$DRILL_NODE", folder.path().display());
    let report = passed(
        &api,
        &["node-loss", "--node", "two", "--hold", "100ms", "--cut", &cut, "--restore", &restore],
    )
    .await;
    assert_eq!(folder.path().read_dir().expect("a folder").count(), 0);
    let steps = report["timeline"].to_string();
    assert!(
        steps.contains("wait until node/two is not ready") && steps.contains("wait until node/two is ready")
    );
}

#[tokio::test]
async fn a_store_is_taken_away_and_brought_back() {
    let api = Api::start().await;
    api.world().deploy("store", 2);
    passed(&api, &["store-away", "--store", "deployment/store", "--hold", "100ms"]).await;
    let world = api.world();
    assert!(world.changes[0].ends_with("0}}") && world.changes[1].ends_with("2}}"), "{:?}", world.changes);
}

#[tokio::test]
async fn a_pod_is_marked_not_ready_and_left_to_the_kubelet() {
    let api = Api::start().await;
    passed(&api, &["readiness-flap", "--times", "1", "--hold", "100ms"]).await;
    let world = api.world();
    assert!(
        world.changes[0].starts_with("PATCH /api/v1/namespaces/shop/pods/web-0001/status"),
        "{:?}",
        world.changes
    );
    assert!(world.changes[0].contains("\"status\":\"False\""));
}

#[tokio::test]
async fn load_rises_until_the_autoscaler_follows() {
    let (api, origin) = (Api::start().await, Origin::start(Mode::Right).await);
    api.world().autoscale("web");
    let program = Program::new(&api);
    let mut command =
        program.run(&origin, &["autoscale", "--autoscaler", "web", "--factor", "3", "--rise", "100ms"]);
    let child = command.spawn().expect("it starts");
    let path = "/apis/autoscaling/v2/namespaces/shop/horizontalpodautoscalers/web";
    let read = || api.world().reads.get(path).copied().unwrap_or_default();
    // The plan reads it once, the wait for its fewest once: a third time it is waited for to grow.
    until("it waits for more replicas", || read() >= 3).await;
    let grown = {
        let mut world = api.world();
        world.autoscaled("web", 2);
        world.reads[path]
    };
    // The next read sees that it has grown; the one after waits for it to shrink.
    until("it waits for fewer again", || read() >= grown + 2).await;
    api.world().autoscaled("web", 1);
    let ended = end(child).await;
    assert_eq!(ended.status.code(), Some(0), "{}", said(&ended));
    assert_eq!(api.world().changes, Vec::<String>::new(), "load is all it makes");
}

#[tokio::test]
async fn a_limit_that_does_not_hold_fails_the_run() {
    let (api, origin) = (Api::start().await, Origin::start(Mode::Right).await);
    let program = Program::new(&api);
    let lost = program.path("two");
    api.world().lost = Some(program.folder.path().to_owned());
    let (cut, restore) = (format!("touch {}", lost.display()), format!("rm {}", lost.display()));
    let arguments = ["node-loss", "--node", "two", "--hold", "2s", "--cut", &cut, "--restore", &restore];
    let mut command = program.run(&origin, &arguments);
    command.args(["--limit", "failures.wrong-status<100000", "--limit", "web:longest-gap<100ms"]);
    let child = command.spawn().expect("it starts");
    until("the node is cut off", || lost.exists()).await;
    origin.tell(Mode::Error);
    let wrong = origin.seen();
    until("answers are wrong for a while", || origin.seen() > wrong + 60).await;
    origin.tell(Mode::Right);
    let ended = end(child).await;
    assert_eq!(ended.status.code(), Some(1), "{}", said(&ended));
    let report = report(&ended);
    assert_eq!(report["verdict"], "fail");
    let held: Vec<_> =
        report["limits"].as_array().expect("limits").iter().map(|limit| limit["held"].clone()).collect();
    assert_eq!(held, [json!(true), json!(false)]);
    assert!(report["targets"][0]["failures"]["wrong-status"].as_u64() >= Some(50));
    assert!(report["targets"][0]["recovered_seconds"].as_f64() > Some(0.0));
}
