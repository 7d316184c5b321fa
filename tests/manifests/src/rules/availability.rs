//! A rollout takes nobody away; and in production the loss of a host or a zone leaves enough.
//!
//! Why: with `maxUnavailable` 25 %, the default, three replicas may be two while a rollout waits for an image. Three replicas
//! on one host are one replica. A spread that counts the old revision's pods too pushes the new ones together, so that
//! they stand badly when the old ones are gone; one that counts other services' pods does not spread this one.

use serde_json::Value;

use super::{Case, Report, Scope};
use crate::object::{Look, Manifests, selects};
use crate::workload::{Container, Role, Workload, workloads};

/// The least number of replicas: two are left when one host is drained, and one when another is lost meanwhile.
const REPLICAS: u64 = 3;
/// What is fewer by nature, and why.
pub const FEWER: &[(&str, &str)] = &[
    ("minio", "a second one would be another store; where it must not fail, any S3 takes its place"),
    ("elasticsearch", "the overlay ha has no operator; prod has three nodes under ECK"),
    ("elasticsearch-exporter", "it only looks; a gap of a minute is seen as such"),
];
/// What has two, and why that is enough.
pub const TWO: &[(&str, &str)] = &[("Kibana", "it holds nothing and no client's request waits for it")];
/// The labels by which nodes differ.
const TOPOLOGIES: [&str; 2] = ["kubernetes.io/hostname", "topology.kubernetes.io/zone"];

/// Looks at rollouts everywhere, at replicas and spread in production.
pub fn check(case: &Case<'_>, report: &mut Report) {
    let workloads = workloads(case.manifests);
    for workload in workloads.iter().filter(|workload| !workload.ends()) {
        rollout(workload, report);
        // Where there is no template, how pods are spread is said in the operator's own words.
        let templated = workload.template.is_given();
        if case.scope >= Scope::Replicated && templated && !is_fewer(workload.object.name()) {
            replicas(workload, case.manifests, report);
            for topology in TOPOLOGIES {
                spread(workload, topology, &workloads, report);
            }
        }
    }
}

fn rollout(workload: &Workload<'_>, report: &mut Report) {
    let object = workload.object;
    if object.kind() == "Deployment" {
        let field = "spec.strategy.rollingUpdate.maxUnavailable";
        let recreated = object.at("spec.strategy.type") == "Recreate";
        if fetches(workload) {
            let message = "is not Recreate: two fetchers of one key abort each other's uploads";
            report.expect(recreated, object, "spec.strategy.type", message);
        } else {
            report.expect(object.at(field).as_u64() == Some(0), object, field, "is not 0");
            report.expect(!recreated, object, "spec.strategy.type", "is Recreate: nobody answers meanwhile");
        }
    }
    if matches!(object.kind(), "Deployment" | "StatefulSet") && !is_fewer(object.name()) {
        let seconds = object.at("spec.minReadySeconds").as_u64().unwrap_or(0);
        report.expect(
            seconds > 0,
            object,
            "spec.minReadySeconds",
            "is 0: a pod that dies at once counts as up",
        );
    }
}

/// Whether a fetcher runs in it as long as the pod.
fn fetches(workload: &Workload<'_>) -> bool {
    let stays = |container: &Container<'_>| {
        container.role != Role::Init && container.service() == Some("content-fetcher")
    };
    workload.containers().iter().any(stays)
}

fn is_fewer(name: &str) -> bool {
    FEWER.iter().any(|(fewer, _)| *fewer == name)
}

fn replicas(workload: &Workload<'_>, manifests: &Manifests, report: &mut Report) {
    let (least, _) = workload.replicas(manifests);
    let field = match workload.autoscaler(manifests) {
        Some(_) => "spec.minReplicas of its autoscaler",
        None => "spec.replicas",
    };
    let two = TWO.iter().any(|(kind, _)| *kind == workload.object.kind());
    let wanted = if two { 2 } else { REPLICAS };
    report.expect(least >= wanted, workload.object, field, format_args!("is {least}, less than {wanted}"));
}

fn spread(workload: &Workload<'_>, topology: &str, all: &[Workload<'_>], report: &mut Report) {
    let object = workload.object;
    let field = workload.pod_path(&format!("topologySpreadConstraints[{topology}]"));
    let apart = workload.pod().at("affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution");
    let apart = apart.items().iter().any(|term| {
        term.at("topologyKey") == topology && selects(term.at("labelSelector"), &workload.labels)
    });
    let constraints = workload.pod().at("topologySpreadConstraints").items();
    let Some(constraint) = constraints.iter().find(|constraint| constraint.at("topologyKey") == topology)
    else {
        // ECK makes the constraint of what a node set says of zones.
        let sets = object.at("spec.nodeSets").items();
        let aware = topology == TOPOLOGIES[1]
            && !sets.is_empty()
            && sets.iter().all(|set| set.at("zoneAwareness").is_given());
        report.expect(apart || aware, object, field, "is not given");
        return;
    };
    let counts = |other: &Workload<'_>| {
        let same = |key: &Value| {
            let key = key.text();
            key == "pod-template-hash" || other.labels.get(key) == workload.labels.get(key)
        };
        selects(constraint.at("labelSelector"), &other.labels)
            && constraint.at("matchLabelKeys").items().iter().all(same)
    };
    report.expect(
        counts(workload),
        object,
        format_args!("{field}.labelSelector"),
        "does not select its own pods",
    );
    for other in all.iter().filter(|other| other.object != object && counts(other)) {
        report.fault(
            object,
            format_args!("{field}.labelSelector"),
            format_args!("counts the pods of {} too", other.object),
        );
    }
    let skew = constraint.at("maxSkew") == 1;
    report.expect(skew, object, format_args!("{field}.maxSkew"), "is not 1");
    if object.kind() == "Deployment" {
        let revision = constraint.at("matchLabelKeys").items().iter().any(|key| key == "pod-template-hash");
        let message = "does not name pod-template-hash: old pods count";
        report.expect(revision, object, format_args!("{field}.matchLabelKeys"), message);
    }
}
