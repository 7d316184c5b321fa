//! When a rollout is complete, by what the API shows on the way.

use serde_json::json;

use super::*;

/// As `Cluster::workload` reads it.
fn seen(generation: i64, replicas: i32, status: &Value) -> Seen {
    let template =
        json!({ "metadata": {}, "spec": { "containers": [{ "name": "main", "image": "web:1" }] } });
    let spec = json!({ "replicas": replicas, "selector": { "matchLabels": { "app": "web" } }, "template": template });
    let seen: Seen = serde_json::from_value(json!({ "spec": spec, "status": status })).expect("a workload");
    Seen { generation, ..seen }
}

#[test]
fn a_deployment_is_rolled_out_when_its_last_old_pod_is_gone() {
    let at = |observed: i64, replicas: i32, updated: i32, available: i32| {
        let status = json!({
            "observedGeneration": observed, "replicas": replicas, "updatedReplicas": updated,
            "readyReplicas": available, "availableReplicas": available,
        });
        seen(2, 3, &status).rollout(Kind::Deployment)
    };
    assert!(at(1, 3, 3, 3).is_some_and(|state| state.contains("not seen")));
    assert!(at(2, 4, 1, 3).is_some_and(|state| state.contains("1 of 3 updated")));
    assert!(at(2, 4, 3, 4).is_some_and(|state| state.contains("4 replicas, 3 wanted")));
    assert!(at(2, 3, 3, 2).is_some_and(|state| state.contains("2 of 3 ready")));
    assert_eq!(at(2, 3, 3, 3), None);
}

#[test]
fn a_stateful_set_is_rolled_out_when_its_revisions_are_one() {
    let at = |current: &str, update: &str, updated: i32, ready: i32| {
        let status = json!({
            "observedGeneration": 5, "replicas": 3, "updatedReplicas": updated, "readyReplicas": ready,
            "availableReplicas": ready, "currentRevision": current, "updateRevision": update,
        });
        seen(5, 3, &status).rollout(Kind::StatefulSet)
    };
    assert!(at("a", "b", 1, 3).is_some_and(|state| state.contains("1 of 3 updated")));
    assert!(at("a", "b", 3, 3).is_some_and(|state| state.contains("being rolled out")));
    assert!(at("b", "b", 3, 2).is_some_and(|state| state.contains("2 of 3 ready")));
    assert_eq!(at("b", "b", 3, 3), None);
}

#[test]
fn nothing_is_left_of_a_workload_scaled_to_nothing() {
    let empty = json!({ "observedGeneration": 1 });
    assert_eq!(seen(1, 0, &empty).rollout(Kind::Deployment), None);
    assert_eq!(seen(1, 0, &empty).rollout(Kind::StatefulSet), None);
}

#[test]
fn a_container_is_found_by_name_or_where_it_is_the_only_one() {
    let seen = seen(1, 1, &json!({}));
    assert_eq!(seen.image(None), Some(("main".to_owned(), "web:1".to_owned())));
    assert_eq!(seen.image(Some("main")), seen.image(None));
    assert_eq!(seen.image(Some("other")), None);
}

#[test]
fn a_workload_is_named_by_kind_and_name() {
    for (text, shown) in [
        ("deployment/web", "deployment/web"),
        ("deploy/web-2.a", "deployment/web-2.a"),
        ("sts/store", "statefulset/store"),
    ] {
        assert_eq!(text.parse::<Workload>().expect(text).to_string(), shown);
    }
    for wrong in
        ["web", "daemonset/web", "deployment/", "deployment/a/b", "deployment/Web", "deployment/../x"]
    {
        wrong.parse::<Workload>().expect_err(wrong);
    }
}
