//! What a namespace runs at its largest fits its quota, and each container its range.
//!
//! Why: a quota that is too small shows in the middle of a rollout, when the new pods are refused beside the old ones.
//! Counted is the most that can be there at once: the autoscaler's upper bound, and for a Deployment as many again, since
//! pods that drain count until they have ended. A `StatefulSet` replaces in place.
//! <https://kubernetes.io/docs/concepts/policy/resource-quotas/>

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Case, Report};
use crate::object::{Look, Object};
use crate::quantity::milli;
use crate::workload::{Role, Workload, workloads};

/// What is taken, by the quota's names, in thousandths.
type Use = BTreeMap<String, i128>;

/// Compares every quota with the sum of its namespace, and every container with its range.
pub fn check(case: &Case<'_>, report: &mut Report) {
    for quota in case.manifests.of_kind("ResourceQuota") {
        let taken = of_namespace(case, quota.namespace());
        for (name, hard) in quota.at("spec.hard").fields() {
            let field = format!("spec.hard[{name}]");
            match (milli(hard), taken.get(name)) {
                (Err(error), _) => report.fault(quota, field, error),
                (Ok(_), None) => report.fault(quota, field, "is nothing that this rule counts: teach it"),
                (Ok(hard), Some(taken)) => {
                    let message =
                        format!("is {}, and {} is taken at the largest", shown(hard), shown(*taken));
                    report.expect(*taken <= hard, quota, field, message);
                }
            }
        }
    }
    for range in case.manifests.of_kind("LimitRange") {
        for limit in range.at("spec.limits").items().iter().filter(|limit| limit.at("type") == "Container") {
            self::range(case, range.namespace(), limit, report);
        }
    }
}

fn of_namespace(case: &Case<'_>, namespace: &str) -> Use {
    let names = [
        "pods",
        "persistentvolumeclaims",
        "requests.storage",
        "services",
        "services.loadbalancers",
        "services.nodeports",
        "configmaps",
        "secrets",
        "requests.cpu",
        "requests.memory",
        "limits.cpu",
        "limits.memory",
        "requests.ephemeral-storage",
        "limits.ephemeral-storage",
    ];
    let mut taken: Use = names.into_iter().map(|name| (name.to_owned(), 0)).collect();
    for workload in workloads(case.manifests).iter().filter(|found| found.object.namespace() == namespace) {
        of_workload(case, workload, &mut taken);
    }
    for object in case.manifests.all().iter().filter(|object| object.namespace() == namespace) {
        match object.kind() {
            "ConfigMap" => add(&mut taken, "configmaps", 1000),
            "Secret" => add(&mut taken, "secrets", 1000),
            "Service" => of_service(object, &mut taken),
            "PersistentVolumeClaim" => claim(&mut taken, object.value(), 1),
            _ => {}
        }
    }
    // `cpu` is another name for `requests.cpu`.
    for name in ["cpu", "memory", "ephemeral-storage"] {
        let requests = taken[&format!("requests.{name}")];
        taken.insert(name.to_owned(), requests);
    }
    taken
}

fn of_workload(case: &Case<'_>, workload: &Workload<'_>, taken: &mut Use) {
    let (_, replicas) = workload.replicas(case.manifests);
    let replicas = match workload.object.kind() {
        // One node set of several has its own count.
        "Elasticsearch" => replicas.min(node_set(workload).at("count").as_u64().unwrap_or(1)),
        _ => replicas,
    };
    let at_once = match workload.object.kind() {
        "Deployment" | "Kibana" | "Pooler" => replicas * 2,
        _ => replicas,
    };
    add(taken, "pods", i128::from(at_once) * 1000);
    for list in ["requests", "limits"] {
        for name in ["cpu", "memory", "ephemeral-storage"] {
            let pod = of_pod(workload, list, name);
            add(taken, &format!("{list}.{name}"), pod * i128::from(at_once));
        }
    }
    let claims = match workload.object.kind() {
        "StatefulSet" => workload.object.at("spec.volumeClaimTemplates"),
        _ => node_set(workload).at("volumeClaimTemplates"),
    };
    for template in claims.items() {
        claim(taken, template, replicas);
    }
}

/// The node set that a template of ECK's belongs to.
fn node_set<'a>(workload: &Workload<'a>) -> &'a Value {
    let sets = workload.object.at("spec.nodeSets").items();
    let of_this = |set: &&Value| std::ptr::eq(set.at("podTemplate"), workload.template);
    sets.iter().find(of_this).unwrap_or(&Value::Null)
}

/// What Kubernetes counts for a pod: those that run together, or the largest of those that run before.
fn of_pod(workload: &Workload<'_>, list: &str, name: &str) -> i128 {
    let (mut together, mut before) = (0, 0);
    for container in workload.containers() {
        let number = container.value.at("resources").at(list).get(name).and_then(|value| milli(value).ok());
        match (container.role, number.unwrap_or(0)) {
            // One that initializes runs beside the sidecars that were started before it.
            (Role::Init, number) => before = before.max(together + number),
            (_, number) => together += number,
        }
    }
    together.max(before)
}

fn of_service(service: &Object, taken: &mut Use) {
    add(taken, "services", 1000);
    let kind = service.at("spec.type").text();
    let ports = i128::try_from(service.at("spec.ports").items().len()).unwrap_or(0);
    if kind == "LoadBalancer" {
        add(taken, "services.loadbalancers", 1000);
    }
    // A load balancer takes ports of the nodes too, unless it is told not to.
    let allocates = service.at("spec.allocateLoadBalancerNodePorts") != false;
    if kind == "NodePort" || (kind == "LoadBalancer" && allocates) {
        add(taken, "services.nodeports", ports * 1000);
    }
}

fn claim(taken: &mut Use, claim: &Value, count: u64) {
    let size = milli(claim.at("spec.resources.requests.storage")).unwrap_or(0);
    add(taken, "persistentvolumeclaims", i128::from(count) * 1000);
    add(taken, "requests.storage", size * i128::from(count));
}

fn add(taken: &mut Use, name: &str, amount: i128) {
    *taken.entry(name.to_owned()).or_default() += amount;
}

fn range(case: &Case<'_>, namespace: &str, limit: &Value, report: &mut Report) {
    for workload in workloads(case.manifests).iter().filter(|found| found.object.namespace() == namespace) {
        for container in workload.containers() {
            for (name, most) in limit.at("max").fields() {
                let own = container.value.at("resources.limits").get(name);
                let (Some(own), Ok(most)) = (own.and_then(|own| milli(own).ok()), milli(most)) else {
                    continue;
                };
                let field = container.field(&format!("resources.limits.{name}"));
                let message =
                    format!("is {}, more than the {} of the namespace's LimitRange", shown(own), shown(most));
                report.expect(own <= most, workload.object, field, message);
            }
        }
    }
}

/// A number for people: bytes in Mi where there are many.
fn shown(milli: i128) -> String {
    let whole = milli / 1000;
    match whole {
        0 if milli > 0 => format!("{milli}m"),
        _ if whole >= 1 << 20 => format!("{}Mi", whole >> 20),
        _ if milli % 1000 == 0 => whole.to_string(),
        _ => format!("{milli}m"),
    }
}
