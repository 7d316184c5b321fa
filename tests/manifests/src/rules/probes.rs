//! Start, readiness and liveness are asked apart, patiently, at ports that exist.
//!
//! Why: a liveness that is the readiness restarts a pod because its database is away, which makes an outage of a hiccup.
//! A time-out of one second, the default, counts a busy node's pause as a death. A port that is not there is found out when
//! the rollout hangs.

use super::{Case, Report};
use crate::object::{Look, Object};
use crate::workload::{Container, Role, workloads};

/// The least time in seconds that a probe waits.
const PATIENCE: u64 = 2;
/// Where an answer depends on others.
const READINESS: &str = "/readyz";

/// Looks at every container that stays.
pub fn check(case: &Case<'_>, report: &mut Report) {
    for workload in workloads(case.manifests).iter().filter(|workload| !workload.managed) {
        let stays = |container: &Container<'_>| match container.role {
            Role::Main => !workload.ends(),
            Role::Sidecar => true,
            Role::Init => false,
        };
        for container in workload.containers().iter().filter(|container| stays(container)) {
            for name in ["startupProbe", "readinessProbe", "livenessProbe"] {
                probe(workload.object, container, name, report);
            }
            apart(workload.object, container, report);
        }
    }
}

fn probe(object: &Object, container: &Container<'_>, name: &str, report: &mut Report) {
    let probe = container.value.at(name);
    if !probe.is_given() {
        report.fault(object, container.field(name), "is not given");
        return;
    }
    let seconds = probe.at("timeoutSeconds").as_u64().unwrap_or(1);
    let message = format!("is {seconds} s, less than {PATIENCE} s");
    report.expect(seconds >= PATIENCE, object, container.field(&format!("{name}.timeoutSeconds")), message);
    for handler in ["httpGet", "tcpSocket", "grpc"] {
        let port = probe.at(handler).at("port");
        if port.is_given() && container.port(port).is_none() {
            let field = container.field(&format!("{name}.{handler}.port"));
            report.fault(object, field, format!("is {port}, which is no port of the container"));
        }
    }
}

/// What a liveness probe asks depends on nothing else; what is asked for readiness of one of our services says who it waits
/// for. A sidecar may be ready as soon as it lives: it serves nobody.
fn apart(object: &Object, container: &Container<'_>, report: &mut Report) {
    let path = |name: &str| container.value.at(name).at("httpGet.path").text();
    let liveness = path("livenessProbe");
    report.expect(
        liveness != READINESS,
        object,
        container.field("livenessProbe.httpGet.path"),
        "depends on others",
    );
    if container.service().is_some() && container.role == Role::Main && path("readinessProbe") != READINESS {
        report.fault(
            object,
            container.field("readinessProbe.httpGet.path"),
            format_args!("is not {READINESS}"),
        );
    }
    let command = |name: &str| container.value.at(name).at("exec").clone();
    let same = command("livenessProbe").is_given() && command("livenessProbe") == command("readinessProbe");
    report.expect(!same, object, container.field("livenessProbe.exec"), "is what the readiness probe runs");
}
