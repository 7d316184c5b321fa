//! Every pod is closed both ways, and what it needs is open: from both ends.
//!
//! Why: a policy too few lets an intruder go anywhere; one too many, or one that names the Service's port in place of the
//! pod's, is a time-out that looks like a slow network. Which connections are needed is read from what containers are told:
//! every URL in a variable, an argument or a mounted file that names a Service here, and every port that a Service has.

use serde_json::Value;

use super::{Case, Report, Scope};
use crate::object::{Look, Manifests, Object};
use crate::policy::{Direction, Peer, has_port, lets, policies, port_of, rules};
use crate::workload::{Workload, operated_services, workloads};

/// The port of name servers.
const DNS: u64 = 53;

/// Looks at every workload, and at every connection between them.
pub fn check(case: &Case<'_>, report: &mut Report) {
    let all = workloads(case.manifests);
    for workload in &all {
        for direction in [Direction::Ingress, Direction::Egress] {
            let closed = !policies(case.manifests, workload, direction).is_empty();
            let message = format!("no NetworkPolicy closes {} of these pods", direction.name());
            report.expect(
                closed,
                workload.object,
                format_args!("{}.metadata.labels", workload.path),
                message,
            );
        }
        for url in urls(case.manifests, workload) {
            connection(case, &all, workload, &url, report);
        }
    }
    for service in case.manifests.of_kind("Service") {
        served(case.manifests, &all, service, report);
    }
    whole_namespace(case, report);
}

/// The pods of tomorrow are closed too.
fn whole_namespace(case: &Case<'_>, report: &mut Report) {
    for namespace in case.manifests.of_kind("Namespace").filter(|_| case.scope >= Scope::Replicated) {
        for direction in [Direction::Ingress, Direction::Egress] {
            let is_deny = |policy: &&Object| {
                policy.namespace() == namespace.name()
                    && policy.at("spec.podSelector").fields().next().is_none()
                    && policy.at("spec.policyTypes").items().iter().any(|kind| kind == direction.name())
            };
            let denied = case.manifests.of_kind("NetworkPolicy").any(|policy| is_deny(&policy));
            let message = format!("no NetworkPolicy closes {} of all its pods", direction.name());
            report.expect(denied, namespace, "metadata.name", message);
        }
    }
}

/// A URL and where it was found.
struct Address {
    field: String,
    host: String,
    port: u64,
}

fn urls(manifests: &Manifests, workload: &Workload<'_>) -> Vec<Address> {
    let namespace = workload.object.namespace();
    let mut texts = Vec::new();
    for container in workload.containers() {
        for (name, value) in container.environment(manifests, namespace) {
            texts.extend(value.map(|value| (container.field(&format!("env[{name}]")), value)));
        }
        for list in ["command", "args"] {
            let words = container.value.at(list).items().iter();
            texts.extend(words.map(|word| (container.field(list), word.text().to_owned())));
        }
    }
    for volume in workload.pod().at("volumes").items() {
        let Some(map) = manifests.find("ConfigMap", namespace, volume.at("configMap.name").text()) else {
            continue;
        };
        let field = workload.pod_path(&format!("volumes[{}]", volume.at("name").text()));
        texts.extend(map.at("data").fields().map(|(_, value)| (field.clone(), value.text().to_owned())));
    }
    texts.iter().flat_map(|(field, text)| addresses(field, text)).collect()
}

/// The hosts and ports of the URLs in a text.
fn addresses(field: &str, text: &str) -> Vec<Address> {
    let starts = [("http://", 80), ("https://", 443)];
    let found =
        starts.iter().flat_map(|(scheme, port)| text.split(scheme).skip(1).map(move |rest| (rest, *port)));
    found
        .filter_map(|(rest, default)| {
            let end =
                rest.find(|character: char| !character.is_ascii_alphanumeric() && !"-.:".contains(character));
            let authority = &rest[..end.unwrap_or(rest.len())];
            let (host, port) = authority.split_once(':').unwrap_or((authority, ""));
            let port = if port.is_empty() { Some(default) } else { port.parse().ok() };
            Some(Address { field: field.to_owned(), host: host.to_owned(), port: port? })
        })
        .filter(|address| !address.host.is_empty())
        .collect()
}

/// The name and namespace of the Service that a host stands for: `name`, `name.namespace`, `name.namespace.svc[.…]`; of a
/// `StatefulSet`'s pod the Service is the second name.
fn service<'a>(manifests: &'a Manifests, namespace: &str, host: &str) -> Option<&'a Object> {
    names(namespace, host)
        .into_iter()
        .find_map(|(namespace, name)| manifests.find("Service", namespace, name))
}

/// Namespace and name of what a host may stand for.
fn names<'a>(namespace: &'a str, host: &'a str) -> Vec<(&'a str, &'a str)> {
    let host = host.trim_end_matches('.').trim_end_matches(".cluster.local").trim_end_matches(".svc");
    match host.split('.').collect::<Vec<_>>()[..] {
        [name] => vec![(namespace, name)],
        [name, space] => vec![(space, name), (namespace, space)],
        [_, name, space] => vec![(space, name)],
        _ => Vec::new(),
    }
}

/// A name that only a cluster's name server knows.
fn is_inner(host: &str) -> bool {
    let host = host.strip_suffix(".cluster.local").unwrap_or(host);
    host != "localhost" && (!host.contains('.') || host.rsplit('.').next() == Some("svc"))
}

fn connection(case: &Case<'_>, all: &[Workload<'_>], from: &Workload<'_>, to: &Address, report: &mut Report) {
    let namespace = from.object.namespace();
    let Address { field, host, port } = to;
    if host.parse::<std::net::Ipv4Addr>().is_err() && host != "localhost" {
        for protocol in ["UDP", "TCP"] {
            let open = rules(case.manifests, from, Direction::Egress)
                .iter()
                .any(|(_, rule)| has_port(rule, protocol, |port| port.as_u64() == Some(DNS)));
            report.expect(
                open,
                from.object,
                field,
                format_args!("names {host}, and no policy opens {protocol} {DNS} to look it up"),
            );
        }
    }
    let servers = match (service(case.manifests, namespace, host), operated(all, namespace, host, *port)) {
        (Some(service), _) => {
            let ports = service.at("spec.ports").items();
            let Some(target) = ports.iter().find(|given| given.at("port").as_u64() == Some(*port)) else {
                report.fault(
                    from.object,
                    field,
                    format_args!("names port {port}, which {service} does not have"),
                );
                return;
            };
            let at = |server| Some((server, port_of(server, target_port(target))?));
            selected(all, service).filter_map(at).collect()
        }
        (None, servers) => {
            let missing = servers.is_empty() && is_inner(host) && case.scope >= Scope::Whole;
            let message = format!("names {host}:{port}, and no Service here answers there");
            report.expect(!missing, from.object, field, message);
            servers
        }
    };
    for (server, number) in servers {
        let here = Peer { namespace, labels: &from.labels };
        let there = Peer { namespace: server.object.namespace(), labels: &server.labels };
        let out = lets(case.manifests, from, Direction::Egress, there, server, number);
        report.expect(
            out,
            from.object,
            field,
            format_args!("no policy lets it out to port {number} of {}", server.object),
        );
        let through = lets(case.manifests, server, Direction::Ingress, here, server, number);
        report.expect(
            through,
            from.object,
            field,
            format_args!("no policy lets it in at port {number} of {}", server.object),
        );
    }
}

/// What a Service's port is at the pod.
fn target_port(port: &Value) -> &Value {
    let target = port.at("targetPort");
    if target.is_given() { target } else { port.at("port") }
}

fn selected<'w, 'a>(all: &'w [Workload<'a>], service: &Object) -> impl Iterator<Item = &'w Workload<'a>> {
    let selector = serde_json::json!({"matchLabels": service.at("spec.selector")});
    let (namespace, headed) = (service.namespace().to_owned(), service.at("spec.selector").is_given());
    all.iter().filter(move |workload| headed && workload.is_selected(&namespace, &selector))
}

/// The pods, and their port, behind a Service that an operator makes.
fn operated<'w, 'a>(
    all: &'w [Workload<'a>],
    namespace: &str,
    host: &str,
    port: u64,
) -> Vec<(&'w Workload<'a>, u64)> {
    let names = names(namespace, host);
    let behind = |workload: &'w Workload<'a>| {
        let services = operated_services(workload.object);
        let (_, _, target) = services.into_iter().find(|(service, own, _)| {
            *own == port
                && names.iter().any(|(space, name)| *space == workload.object.namespace() && name == service)
        })?;
        Some((workload, target))
    };
    all.iter().filter_map(behind).collect()
}

/// A Service's ports are open to somebody.
fn served(manifests: &Manifests, all: &[Workload<'_>], service: &Object, report: &mut Report) {
    for port in service.at("spec.ports").items() {
        for server in selected(all, service) {
            let Some(number) = port_of(server, target_port(port)) else { continue };
            let is = |given: &Value| port_of(server, given) == Some(number);
            let open = rules(manifests, server, Direction::Ingress)
                .iter()
                .any(|(_, rule)| has_port(rule, "TCP", is));
            let field = format!("spec.ports[{}]", port.at("port"));
            report.expect(
                open,
                service,
                field,
                format_args!("no policy opens port {number} of {} to anybody", server.object),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_and_ports_are_read_from_texts() {
        let found = addresses("f", "a: http://minio:9000/x, https://b.example\nhttp://web-app/");
        let found: Vec<_> = found.iter().map(|address| (address.host.as_str(), address.port)).collect();
        assert_eq!(found, [("minio", 9000), ("web-app", 80), ("b.example", 443)]);
    }

    #[test]
    fn inner_names_have_no_dots_or_the_clusters_domain() {
        for (host, inner) in
            [("minio", true), ("minio.ns.svc", true), ("a.example", false), ("localhost", false)]
        {
            assert_eq!(is_inner(host), inner, "{host}");
        }
    }
}
