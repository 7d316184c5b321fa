//! Every pod keeps Pod Security's restricted profile, and writes to nothing but its volumes.
//!
//! Why: a namespace that enforces the profile refuses other pods, but at the time a pod is made: the rollout hangs, and
//! apply said nothing. A root file system that is read-only keeps an intruder from bringing programs.
//! <https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted>

use serde_json::Value;

use super::{Case, Report};
use crate::object::Look;
use crate::workload::{Container, Workload, workloads};

/// The kinds of volumes that the profile allows.
const VOLUMES: &[&str] = &[
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "persistentVolumeClaim",
    "projected",
    "secret",
];
/// The sysctls that it allows are harmless, but nothing here needs any.
const HOST: &[&str] = &["hostNetwork", "hostPID", "hostIPC"];

/// Looks for pods that are not restricted, and for namespaces that would let them in.
pub fn check(case: &Case<'_>, report: &mut Report) {
    for namespace in case.manifests.of_kind("Namespace") {
        for mode in ["enforce", "warn"] {
            let label = format!("pod-security.kubernetes.io/{mode}");
            let sound =
                namespace.at("metadata.labels").get(&label).is_some_and(|level| level == "restricted");
            report.expect(sound, namespace, format!("metadata.labels[{label}]"), "is not `restricted`");
        }
    }
    for workload in workloads(case.manifests) {
        pod(&workload, report);
        for container in workload.containers() {
            self::container(&workload, &container, report);
        }
    }
}

fn pod(workload: &Workload<'_>, report: &mut Report) {
    let pod = workload.pod();
    let mut expect = |sound: bool, field: &str, message: String| {
        report.expect(sound, workload.object, workload.pod_path(field), message);
    };
    for field in HOST {
        expect(pod.at(field) != true, field, "shares what is the host's".to_owned());
    }
    for volume in pod.at("volumes").items() {
        for (kind, _) in volume.fields().filter(|(field, _)| *field != "name") {
            let field = format!("volumes[{}].{kind}", volume.at("name").text());
            expect(
                VOLUMES.contains(&kind.as_str()),
                &field,
                "is a volume that the profile forbids".to_owned(),
            );
        }
    }
    let context = pod.at("securityContext");
    expect(!context.at("sysctls").is_given(), "securityContext.sysctls", "is given".to_owned());
}

fn container(workload: &Workload<'_>, container: &Container<'_>, report: &mut Report) {
    let own = container.value.at("securityContext");
    let of_pod = workload.pod().at("securityContext");
    // What the container says wins over what the pod says.
    let effective = |field: &str| -> Value {
        let said = own.at(field);
        if said.is_given() { said.clone() } else { of_pod.at(field).clone() }
    };
    let mut expect = |sound: bool, field: &str, message: &str| {
        report.expect(sound, workload.object, container.field(&format!("securityContext{field}")), message);
    };
    expect(effective("runAsNonRoot") == true, ".runAsNonRoot", "is not true, here or for the pod");
    expect(effective("runAsUser") != 0, ".runAsUser", "is root");
    let seccomp = effective("seccompProfile");
    let seccomp = matches!(seccomp.at("type").text(), "RuntimeDefault" | "Localhost");
    expect(seccomp, ".seccompProfile.type", "is not RuntimeDefault, here or for the pod");
    expect(own.at("privileged") != true, ".privileged", "is true");
    // ECK (pkg/controller/*/securitycontext) and CloudNativePG (pkg/specs/containers.go) say these where nothing is said.
    if !workload.managed || own.is_given() {
        let escalation = own.at("allowPrivilegeEscalation") == false;
        expect(escalation, ".allowPrivilegeEscalation", "is not false, which is not the default");
        let dropped = own.at("capabilities.drop").items();
        expect(dropped.iter().any(|name| name == "ALL"), ".capabilities.drop", "does not name ALL");
    }
    let added = own.at("capabilities.add").items();
    expect(
        added.iter().all(|name| name == "NET_BIND_SERVICE"),
        ".capabilities.add",
        "names more than NET_BIND_SERVICE",
    );
    let proc_mount = own.at("procMount");
    expect(!proc_mount.is_given() || proc_mount == "Default", ".procMount", "is not Default");
    if !workload.managed {
        expect(own.at("readOnlyRootFilesystem") == true, ".readOnlyRootFilesystem", "is not true");
    }
    for port in container.value.at("ports").items() {
        let field = container.field(&format!("ports[{}].hostPort", port.at("containerPort")));
        report.expect(!port.at("hostPort").is_given(), workload.object, field, "takes a port of the host");
    }
}
