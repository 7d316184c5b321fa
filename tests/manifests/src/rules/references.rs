//! Whatever is named is there.
//!
//! Why: apply accepts a name of something that does not exist. The pod then waits for a `ConfigMap`, the route answers 500,
//! the autoscaler does nothing, and each says so only to those who describe it.

use serde_json::Value;

use super::{Case, Report, Scope};
use crate::facts::{Facts, Provided};
use crate::object::{Look, Manifests, Object};
use crate::workload::{Container, Workload, workloads};

/// Looks at every name that stands for an object.
pub fn check(case: &Case<'_>, report: &mut Report) {
    let names = Names { manifests: case.manifests, facts: case.facts };
    for workload in workloads(case.manifests) {
        names.pod(&workload, report);
        for container in workload.containers() {
            names.container(&workload, &container, report);
        }
    }
    for object in case.manifests.all() {
        if case.scope >= Scope::Whole && !object.namespace().is_empty() {
            let there = case.manifests.of_kind("Namespace").any(|space| space.name() == object.namespace());
            report.expect(there, object, "metadata.namespace", "is no Namespace here");
        }
        names.object(object, case.scope, report);
    }
}

struct Names<'a> {
    manifests: &'a Manifests,
    facts: &'a Facts,
}

impl Names<'_> {
    fn expect(&self, object: &Object, field: &str, kind: &str, name: &str, report: &mut Report) {
        let there = self.manifests.find(kind, object.namespace(), name).is_some()
            || (kind == "Secret" && self.provided(object, name).is_some());
        report.expect(there, object, field, format_args!("names {kind} {name:?}, which is not there"));
    }

    /// The Secret of this name that a platform or an operator makes.
    fn provided(&self, object: &Object, name: &str) -> Option<&Provided> {
        self.facts
            .provided
            .iter()
            .find(|secret| secret.namespace == object.namespace() && secret.name == name)
    }

    fn pod(&self, workload: &Workload<'_>, report: &mut Report) {
        let (object, pod) = (workload.object, workload.pod());
        let account = pod.at("serviceAccountName").text();
        if !account.is_empty() {
            self.expect(object, &workload.pod_path("serviceAccountName"), "ServiceAccount", account, report);
        }
        let class = pod.at("priorityClassName").text();
        if !class.is_empty() && !class.starts_with("system-") {
            let there = self.manifests.of_kind("PriorityClass").any(|found| found.name() == class);
            let field = workload.pod_path("priorityClassName");
            report.expect(
                there,
                object,
                field,
                format_args!("names PriorityClass {class:?}, which is not there"),
            );
        }
        for secret in pod.at("imagePullSecrets").items() {
            let name = secret.at("name").text();
            self.expect(object, &workload.pod_path("imagePullSecrets"), "Secret", name, report);
        }
        for volume in pod.at("volumes").items() {
            let field = workload.pod_path(&format!("volumes[{}]", volume.at("name").text()));
            self.volume(object, &field, volume, report);
            for source in volume.at("projected.sources").items() {
                self.volume(object, &field, source, report);
            }
        }
    }

    /// A volume, or a source of a projected one, which calls a Secret's name `name`.
    fn volume(&self, object: &Object, field: &str, volume: &Value, report: &mut Report) {
        for (source, kind, names) in [
            ("configMap", "ConfigMap", ["name", "name"]),
            ("secret", "Secret", ["secretName", "name"]),
            ("persistentVolumeClaim", "PersistentVolumeClaim", ["claimName", "claimName"]),
        ] {
            let source = volume.at(source);
            let name = names.map(|name| source.at(name).text()).into_iter().find(|name| !name.is_empty());
            if let Some(name) = name.filter(|_| source.at("optional") != true) {
                self.expect(object, field, kind, name, report);
                for item in source.at("items").items() {
                    self.key(object, field, (kind, name), item.at("key").text(), report);
                }
            }
        }
    }

    /// A key of an object that is here, or that the list of those that others make has.
    fn key(&self, object: &Object, field: &str, (kind, name): (&str, &str), key: &str, report: &mut Report) {
        if let Some(secret) = self.provided(object, name).filter(|_| kind == "Secret") {
            let there = secret.keys.iter().any(|known| known == key);
            report.expect(
                there,
                object,
                field,
                format_args!("names the key {key:?} of Secret {name}, which nobody provides"),
            );
        } else if let Some(found) = self.manifests.find(kind, object.namespace(), name) {
            let there =
                ["data", "stringData", "binaryData"].iter().any(|list| found.at(list).get(key).is_some());
            report.expect(
                there,
                object,
                field,
                format_args!("names the key {key:?} of {found}, which is not there"),
            );
        }
    }

    fn container(&self, workload: &Workload<'_>, container: &Container<'_>, report: &mut Report) {
        let object = workload.object;
        for source in container.value.at("envFrom").items() {
            for (kind, reference) in [("ConfigMap", "configMapRef"), ("Secret", "secretRef")] {
                let reference = source.at(reference);
                if reference.is_given() && reference.at("optional") != true {
                    self.expect(
                        object,
                        &container.field("envFrom"),
                        kind,
                        reference.at("name").text(),
                        report,
                    );
                }
            }
        }
        for variable in container.value.at("env").items() {
            let field = container.field(&format!("env[{}].valueFrom", variable.at("name").text()));
            for (kind, reference) in [("ConfigMap", "configMapKeyRef"), ("Secret", "secretKeyRef")] {
                let reference = variable.at("valueFrom").at(reference);
                if reference.is_given() && reference.at("optional") != true {
                    let name = reference.at("name").text();
                    self.expect(object, &field, kind, name, report);
                    self.key(object, &field, (kind, name), reference.at("key").text(), report);
                }
            }
        }
        let claims = match object.kind() {
            "StatefulSet" => object.at("spec.volumeClaimTemplates").items(),
            _ => &[],
        };
        let claims = claims.iter().map(|claim| claim.at("metadata.name"));
        let volumes: Vec<_> = workload
            .pod()
            .at("volumes")
            .items()
            .iter()
            .map(|volume| volume.at("name"))
            .chain(claims)
            .collect();
        for mount in container.value.at("volumeMounts").items().iter().filter(|_| !workload.managed) {
            let name = mount.at("name");
            let field = container.field(&format!("volumeMounts[{}]", name.text()));
            report.expect(
                volumes.contains(&name),
                object,
                field,
                format_args!("names {name}, which is no volume of the pod"),
            );
        }
    }

    fn object(&self, object: &Object, scope: Scope, report: &mut Report) {
        let mut named = |field: &str, kind: &str, path: &str| {
            self.expect(object, field, kind, object.at(path).text(), report);
        };
        match object.kind() {
            "StatefulSet" => named("spec.serviceName", "Service", "spec.serviceName"),
            "HorizontalPodAutoscaler" => {
                let kind = object.at("spec.scaleTargetRef.kind").text();
                named("spec.scaleTargetRef", kind, "spec.scaleTargetRef.name");
            }
            "Certificate" if object.at("spec.issuerRef.kind") == "Issuer" => {
                named("spec.issuerRef", "Issuer", "spec.issuerRef.name");
            }
            // A base alone may have it elsewhere.
            "Kibana" if scope >= Scope::Whole => {
                named("spec.elasticsearchRef", "Elasticsearch", "spec.elasticsearchRef.name");
            }
            "Pooler" => named("spec.cluster", "Cluster", "spec.cluster.name"),
            "HTTPRoute" => self.route(object, report),
            "Gateway" => self.gateway(object, report),
            "Elasticsearch" => {
                for list in ["spec.secureSettings", "spec.auth.roles", "spec.auth.fileRealm"] {
                    for secret in object.at(list).items() {
                        self.expect(object, list, "Secret", secret.at("secretName").text(), report);
                    }
                }
            }
            "Cluster" => {
                for map in object.at("spec.monitoring.customQueriesConfigMap").items() {
                    let name = map.at("name").text();
                    self.expect(object, "spec.monitoring", "ConfigMap", name, report);
                    self.key(object, "spec.monitoring", ("ConfigMap", name), map.at("key").text(), report);
                }
            }
            "RoleBinding" => self.binding(object, report),
            _ => {}
        }
    }

    fn gateway(&self, gateway: &Object, report: &mut Report) {
        let class = gateway.at("spec.gatewayClassName").text();
        let there = self.facts.gateway_classes.iter().any(|known| known == class);
        let message = format!("names GatewayClass {class:?}, which nobody provides");
        report.expect(there, gateway, "spec.gatewayClassName", message);
        for listener in gateway.at("spec.listeners").items() {
            let field = format!("spec.listeners[{}].tls.certificateRefs", listener.at("name").text());
            for certificate in listener.at("tls.certificateRefs").items() {
                self.expect(gateway, &field, "Secret", certificate.at("name").text(), report);
            }
        }
    }

    fn route(&self, route: &Object, report: &mut Report) {
        for parent in route.at("spec.parentRefs").items() {
            let name = parent.at("name").text();
            self.expect(route, "spec.parentRefs", "Gateway", name, report);
            let section = parent.at("sectionName");
            if let Some(gateway) = self.manifests.find("Gateway", route.namespace(), name) {
                let listeners = gateway.at("spec.listeners").items();
                let there =
                    !section.is_given() || listeners.iter().any(|listener| listener.at("name") == section);
                report.expect(
                    there,
                    route,
                    "spec.parentRefs",
                    format_args!("names {section}, which is no listener of {gateway}"),
                );
            }
        }
        for (index, rule) in route.at("spec.rules").items().iter().enumerate() {
            for backend in rule.at("backendRefs").items() {
                let (field, name) = (format!("spec.rules[{index}].backendRefs"), backend.at("name").text());
                self.expect(route, &field, "Service", name, report);
                if let Some(service) = self.manifests.find("Service", route.namespace(), name) {
                    let port = backend.at("port");
                    let there = service.at("spec.ports").items().iter().any(|given| given.at("port") == port);
                    report.expect(
                        there,
                        route,
                        &field,
                        format_args!("names port {port}, which {service} does not have"),
                    );
                }
            }
        }
    }

    fn binding(&self, binding: &Object, report: &mut Report) {
        if binding.at("roleRef.kind") == "Role" {
            self.expect(binding, "roleRef", "Role", binding.at("roleRef.name").text(), report);
        }
        for (index, subject) in binding.at("subjects").items().iter().enumerate() {
            if subject.at("kind") == "ServiceAccount" && subject.at("namespace") == binding.namespace() {
                let field = format!("subjects[{index}]");
                self.expect(binding, &field, "ServiceAccount", subject.at("name").text(), report);
            }
        }
    }
}
