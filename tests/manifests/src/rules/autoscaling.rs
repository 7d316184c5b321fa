//! An autoscaler owns the number of replicas, knows what it compares with, and takes pods away slowly.
//!
//! Why: with `replicas` in the manifest every apply sets the number back, at the worst moment: under load. A utilization is
//! a share of the request; without a request there is no scaling and only an event says so.

use super::{Case, Report};
use crate::object::{Look, Object};
use crate::workload::{Role, Workload, workloads};

/// Looks at every autoscaler and its target. That there is a target is the rule `references`'.
pub fn check(case: &Case<'_>, report: &mut Report) {
    let workloads = workloads(case.manifests);
    for scaler in case.manifests.of_kind("HorizontalPodAutoscaler") {
        let bound = |field: &str| scaler.at(field).as_u64();
        let (least, most) = (bound("spec.minReplicas").unwrap_or(1), bound("spec.maxReplicas").unwrap_or(0));
        report.expect(
            least < most,
            scaler,
            "spec.maxReplicas",
            format_args!("is {most}, not more than the {least} at least"),
        );
        let slow = scaler.at("spec.behavior.scaleDown.policies").items();
        report.expect(
            !slow.is_empty(),
            scaler,
            "spec.behavior.scaleDown.policies",
            "is not given: all may go at once",
        );
        let owned = |workload: &&Workload<'_>| workload.autoscaler(case.manifests) == Some(scaler);
        for target in workloads.iter().filter(owned) {
            let replicas = target.object.at("spec.replicas");
            let message = format!("is {replicas}, though {scaler} sets it");
            report.expect(!replicas.is_given(), target.object, "spec.replicas", message);
            metrics(scaler, target, report);
        }
    }
}

fn metrics(scaler: &Object, target: &Workload<'_>, report: &mut Report) {
    let metrics = scaler.at("spec.metrics").items();
    report.expect(!metrics.is_empty(), scaler, "spec.metrics", "is not given");
    for (index, metric) in metrics.iter().enumerate() {
        let resource = metric.at("resource.name").text();
        if metric.at("resource.target.type") != "Utilization" {
            continue;
        }
        for container in target.containers().iter().filter(|container| container.role != Role::Init) {
            let request = container.value.at("resources.requests").get(resource);
            let message = format!(
                "is a share of a request that {} of {} does not make",
                container.name(),
                target.object
            );
            report.expect(request.is_some(), scaler, format_args!("spec.metrics[{index}].resource"), message);
        }
    }
}
