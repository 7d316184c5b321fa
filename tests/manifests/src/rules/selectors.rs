//! Whatever selects finds what it was written for, and nothing else.
//!
//! Why: a selector that finds nothing is no error anywhere: the Service has no endpoints, the budget protects nobody, the
//! policy opens nothing. One that finds too much sends requests to another service's pods.

use serde_json::{Value, json};

use super::{Case, Report, Scope};
use crate::object::{Look, Manifests, Object, selects};
use crate::policy::port_of;
use crate::workload::{Workload, workloads};

/// Labels of pods that others make, which no manifest shows.
const MADE_BY_OTHERS: &[(&str, &str)] = &[("acme.cert-manager.io/http01-solver", "cert-manager's solvers")];

/// Looks at everything that selects pods or Services.
pub fn check(case: &Case<'_>, report: &mut Report) {
    let all = workloads(case.manifests);
    own_pods(&all, report);
    for object in case.manifests.all() {
        match object.kind() {
            "Service" if object.at("spec.selector").is_given() => {
                let selector = json!({"matchLabels": object.at("spec.selector")});
                let pods = some(&all, object, "spec.selector", &selector, report);
                ports(object, &pods, "spec.ports", "targetPort", report);
                alone(object, &pods, report);
            }
            "PodDisruptionBudget" => {
                some(&all, object, "spec.selector", object.at("spec.selector"), report);
            }
            "NetworkPolicy" => policy(case, &all, object, report),
            "PodMonitor" => {
                let pods = some(&all, object, "spec.selector", object.at("spec.selector"), report);
                pod_monitor(object, &pods, report);
            }
            "ServiceMonitor" => service_monitor(case.manifests, object, report),
            _ => {}
        }
    }
}

/// A workload selects the pods that it makes, and no other makes such pods.
fn own_pods(all: &[Workload<'_>], report: &mut Report) {
    for workload in all.iter().filter(|workload| !workload.managed && !workload.ends()) {
        let (object, selector) = (workload.object, workload.object.at("spec.selector"));
        let own = selector.is_given() && selects(selector, &workload.labels);
        report.expect(own, object, "spec.selector", "does not select the pods of its own template");
        for other in all.iter().filter(|other| other.object != object) {
            let taken = other.is_selected(object.namespace(), selector);
            report.expect(
                !taken,
                object,
                "spec.selector",
                format_args!("selects the pods of {} too", other.object),
            );
        }
    }
}

/// The pods that are selected; a fault where there are none.
fn some<'w, 'a>(
    all: &'w [Workload<'a>],
    object: &Object,
    field: &str,
    selector: &Value,
    report: &mut Report,
) -> Vec<&'w Workload<'a>> {
    let found: Vec<_> =
        all.iter().filter(|workload| workload.is_selected(object.namespace(), selector)).collect();
    let message = format!("selects no pods: {selector}");
    match object.kind() {
        _ if !found.is_empty() || is_of_others(selector) => {}
        // A component opens and watches whatever there may be.
        "NetworkPolicy" | "PodMonitor" => report.fault_here(object, field, message),
        _ => report.fault(object, field, message),
    }
    found
}

fn is_of_others(selector: &Value) -> bool {
    MADE_BY_OTHERS.iter().any(|(label, _)| selector.at("matchLabels").get(label).is_some())
}

/// Every port that is meant is a port of the pods.
fn ports(object: &Object, pods: &[&Workload<'_>], list: &str, field: &str, report: &mut Report) {
    for (index, port) in object.at(list).items().iter().enumerate() {
        let target = if port.at(field).is_given() { port.at(field) } else { port.at("port") };
        let has = |workload: &&&Workload<'_>| {
            workload.containers().iter().any(|container| container.port(target).is_some()) || workload.managed
        };
        for workload in pods.iter().filter(|workload| !has(workload)) {
            let message = format!("is {target}, which is no port of {}", workload.object);
            report.fault(object, format_args!("{list}[{index}].{field}"), message);
        }
    }
}

/// A pod without the port is left out, so one pod with it is enough.
fn pod_monitor(monitor: &Object, pods: &[&Workload<'_>], report: &mut Report) {
    for (index, endpoint) in monitor.at("spec.podMetricsEndpoints").items().iter().enumerate() {
        let port = endpoint.at("port");
        let has = |pod: &&&Workload<'_>| pod.template.is_null() || port_of(pod, port).is_some();
        if !pods.is_empty() && !pods.iter().any(|pod| has(&pod) || pod.managed) {
            let field = format!("spec.podMetricsEndpoints[{index}].port");
            report.fault_here(monitor, field, format_args!("is {port}, which is no port of the pods"));
        }
    }
}

/// A Service speaks for one workload.
fn alone(service: &Object, pods: &[&Workload<'_>], report: &mut Report) {
    if let [first, second, ..] = pods
        && first.object != second.object
    {
        report.fault(
            service,
            "spec.selector",
            format_args!("selects pods of {} and of {}", first.object, second.object),
        );
    }
}

fn policy(case: &Case<'_>, all: &[Workload<'_>], policy: &Object, report: &mut Report) {
    let selector = policy.at("spec.podSelector");
    let pods = some(all, policy, "spec.podSelector", selector, report);
    for (index, rule) in policy.at("spec.ingress").items().iter().enumerate() {
        for port in rule.at("ports").items() {
            let target = port.at("port");
            let missing =
                pods.iter().filter(|pod| !pod.managed && target.is_given() && !has_port(pod, target));
            for pod in missing {
                let message = format!("opens {target}, which is no port of {}", pod.object);
                report.fault_here(policy, format_args!("spec.ingress[{index}].ports"), message);
            }
        }
    }
    // Where a base stands alone, whom it speaks to is elsewhere.
    for (index, rule) in
        policy.at("spec.egress").items().iter().enumerate().filter(|_| case.scope >= Scope::Whole)
    {
        for peer in rule.at("to").items().iter().filter(|peer| peer.get("namespaceSelector").is_none()) {
            if let Some(selector) = peer.get("podSelector") {
                some(all, policy, &format!("spec.egress[{index}].to.podSelector"), selector, report);
            }
        }
    }
}

fn has_port(pod: &Workload<'_>, port: &Value) -> bool {
    port_of(pod, port).is_some_and(|number| {
        pod.containers().iter().any(|container| container.port(&number.into()).is_some())
    })
}

fn service_monitor(manifests: &Manifests, monitor: &Object, report: &mut Report) {
    let labels = |service: &Object| service.at("metadata.labels").as_object().cloned().unwrap_or_default();
    let selector = monitor.at("spec.selector");
    let namespaces = monitor.at("spec.namespaceSelector.matchNames").items();
    let found: Vec<_> = manifests
        .of_kind("Service")
        .filter(|service| {
            let here = namespaces.is_empty() && service.namespace() == monitor.namespace();
            here || namespaces.iter().any(|name| name == service.namespace())
        })
        .filter(|service| selects(selector, &labels(service)))
        .collect();
    report.expect(
        !found.is_empty(),
        monitor,
        "spec.selector",
        format_args!("selects no Service: {selector}"),
    );
    for (index, endpoint) in monitor.at("spec.endpoints").items().iter().enumerate() {
        let port = endpoint.at("port");
        for service in &found {
            let has = service.at("spec.ports").items().iter().any(|given| given.at("name") == port);
            let message = format!("is {port}, which is no port of {service}");
            report.expect(
                has || !port.is_given(),
                monitor,
                format_args!("spec.endpoints[{index}].port"),
                message,
            );
        }
    }
}
