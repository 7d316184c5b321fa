//! Every container says what it needs and what it may take at most.
//!
//! Why: without requests the scheduler places by luck, and the autoscaler has nothing to compare with. Without a limit of
//! memory one container's leak kills its neighbours; without one of ephemeral storage, its log fills the node's disk. There
//! is no limit of CPU: it throttles in the middle of an answer, and idle cores help nobody.

use super::{Case, Report};
use crate::object::{Look, Object};
use crate::quantity::milli;
use crate::workload::{Container, workloads};

/// Looks for containers without numbers, and for volumes in memory or on the node without an end.
pub fn check(case: &Case<'_>, report: &mut Report) {
    for workload in workloads(case.manifests) {
        for container in workload.containers() {
            self::container(workload.object, &container, report);
        }
        for volume in workload.pod().at("volumes").items() {
            let Some(empty) = volume.get("emptyDir") else { continue };
            let field = format!("volumes[{}].emptyDir.sizeLimit", volume.at("name").text());
            let bounded = milli(empty.at("sizeLimit")).is_ok();
            report.expect(
                bounded,
                workload.object,
                workload.pod_path(&field),
                "is not given: it may fill the node",
            );
        }
    }
}

fn container(object: &Object, container: &Container<'_>, report: &mut Report) {
    let (requests, limits) = ("resources.requests", "resources.limits");
    for (list, names) in [
        (requests, ["cpu", "memory", "ephemeral-storage"].as_slice()),
        (limits, &["memory", "ephemeral-storage"]),
    ] {
        for name in names {
            let field = container.field(&format!("{list}.{name}"));
            match container.value.at(list).get(name).map(milli) {
                None => report.fault(object, field, "is not given"),
                Some(Err(error)) => report.fault(object, field, error),
                Some(Ok(number)) => report.expect(number > 0, object, field, "is nothing"),
            }
        }
    }
    let cpu = container.value.at(limits).get("cpu").is_none();
    report.expect(
        cpu,
        object,
        container.field("resources.limits.cpu"),
        "is given: it throttles in the middle of an answer",
    );
    for name in ["memory", "ephemeral-storage"] {
        let number = |list: &str| container.value.at(list).get(name).and_then(|value| milli(value).ok());
        if let (Some(request), Some(limit)) = (number(requests), number(limits)) {
            let field = container.field(&format!("{requests}.{name}"));
            report.expect(request <= limit, object, field, "is more than the limit");
        }
    }
}
