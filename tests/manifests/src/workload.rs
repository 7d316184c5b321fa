//! What makes pods, and the pods it makes.
//!
//! 1. [`workloads`] finds everything with a pod template: Kubernetes' own kinds, and those that an operator makes pods of.
//! 2. [`Workload::containers`] lists containers, those that initialize first.
//! 3. [`Container::environment`] is what a container is told by variables, as far as manifests say.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::object::{Look, Manifests, Object, selects};

/// Anything with a pod template.
#[derive(Clone, Debug)]
pub struct Workload<'a> {
    /// The object that holds the template.
    pub object: &'a Object,
    /// Where in the object the template is.
    pub path: String,
    /// The template.
    pub template: &'a Value,
    /// Its pods' labels, with those that an operator adds.
    pub labels: Map<String, Value>,
    /// Whether an operator makes the pods, and adds what the template leaves out.
    pub managed: bool,
}

/// One container of a template.
#[derive(Clone, Debug)]
pub struct Container<'a> {
    /// Where in the object it is.
    pub path: String,
    /// What is said of it.
    pub value: &'a Value,
    /// How long it runs.
    pub role: Role,
}

/// How long a container runs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Role {
    /// Until it is done, before the others.
    Init,
    /// Beside the others, from before they start: a native sidecar.
    Sidecar,
    /// As long as its pod.
    Main,
}

/// The kinds with a template of Kubernetes' own, and where it is.
const KINDS: &[(&str, &str)] = &[
    ("Deployment", "spec.template"),
    ("StatefulSet", "spec.template"),
    ("DaemonSet", "spec.template"),
    ("Job", "spec.template"),
    ("CronJob", "spec.jobTemplate.spec.template"),
];

/// Everything that makes pods.
pub fn workloads(manifests: &Manifests) -> Vec<Workload<'_>> {
    manifests.all().iter().flat_map(of_object).collect()
}

fn of_object(object: &Object) -> Vec<Workload<'_>> {
    if let Some((_, path)) = KINDS.iter().find(|(kind, _)| *kind == object.kind()) {
        let template = object.at(path);
        let labels = labels_of(template);
        return vec![Workload { object, path: (*path).to_owned(), template, labels, managed: false }];
    }
    operated(object)
}

/// Pods that operators make, with the labels that they give them: `pkg/controller/*/label` of ECK, `pkg/utils/labels.go` of
/// `CloudNativePG`, `pkg/prometheus/server/statefulset.go` of the Prometheus Operator. Without a template it is all theirs.
fn operated(object: &Object) -> Vec<Workload<'_>> {
    let name = object.name();
    let one = |path: &str, given: &[(&str, &str)]| {
        let mut labels = labels_of(object.at(path));
        labels.extend(given.iter().map(|(label, value)| ((*label).to_owned(), (*value).into())));
        let (path, template) = (path.to_owned(), object.at(path));
        vec![Workload { object, path, template, labels, managed: true }]
    };
    match object.kind() {
        "Elasticsearch" => {
            let sets = object.at("spec.nodeSets").items().iter().enumerate();
            sets.map(|(index, set)| {
                let template = set.at("podTemplate");
                let mut labels = labels_of(template);
                labels.insert("elasticsearch.k8s.elastic.co/cluster-name".to_owned(), name.into());
                let path = format!("spec.nodeSets[{index}].podTemplate");
                Workload { object, path, template, labels, managed: true }
            })
            .collect()
        }
        "Kibana" => one("spec.podTemplate", &[("kibana.k8s.elastic.co/name", name)]),
        "Pooler" => one("spec.template", &[("cnpg.io/poolerName", name)]),
        "Cluster" if object.group() == "postgresql.cnpg.io" => {
            one("spec.template", &[("cnpg.io/cluster", name)])
        }
        "Prometheus" => {
            one("spec.template", &[("app.kubernetes.io/name", "prometheus"), ("prometheus", name)])
        }
        _ => Vec::new(),
    }
}

/// The Services that operators make for an object: name, port, and the port of its pods.
pub fn operated_services(object: &Object) -> Vec<(String, u64, u64)> {
    let name = object.name();
    match object.kind() {
        "Elasticsearch" => {
            let sets = object.at("spec.nodeSets").items().iter();
            let headless = sets.map(|set| format!("{name}-es-{}", set.at("name").text()));
            headless.chain([format!("{name}-es-http")]).map(|service| (service, 9200, 9200)).collect()
        }
        "Kibana" => vec![(format!("{name}-kb-http"), 5601, 5601)],
        "Pooler" => vec![(name.to_owned(), 5432, 5432)],
        "Cluster" => ["rw", "ro"].map(|role| (format!("{name}-{role}"), 5432, 5432)).to_vec(),
        "Prometheus" => vec![("prometheus-operated".to_owned(), 9090, 9090)],
        _ => Vec::new(),
    }
}

fn labels_of(template: &Value) -> Map<String, Value> {
    template.at("metadata.labels").as_object().cloned().unwrap_or_default()
}

impl<'a> Workload<'a> {
    /// The pod's specification.
    pub fn pod(&self) -> &'a Value {
        self.template.at("spec")
    }

    /// The path of a field of the pod's specification.
    pub fn pod_path(&self, field: &str) -> String {
        format!("{}.spec.{field}", self.path)
    }

    /// All containers.
    pub fn containers(&self) -> Vec<Container<'a>> {
        let list = |list: &'static str| self.pod().at(list).items().iter().map(move |value| (value, list));
        list("initContainers")
            .chain(list("containers"))
            .map(|(value, list)| {
                let role = match (list, value.at("restartPolicy").text()) {
                    ("containers", _) => Role::Main,
                    (_, "Always") => Role::Sidecar,
                    _ => Role::Init,
                };
                let path = format!("{}.spec.{list}[{}]", self.path, value.at("name").text());
                Container { path, value, role }
            })
            .collect()
    }

    /// Whether its pods come to an end by themselves.
    pub fn ends(&self) -> bool {
        matches!(self.object.kind(), "Job" | "CronJob")
    }

    /// Whether a selector in `namespace` selects its pods.
    pub fn is_selected(&self, namespace: &str, selector: &Value) -> bool {
        self.object.namespace() == namespace && selects(selector, &self.labels)
    }

    /// How many pods it has at least and at most: what an autoscaler says, or the number of replicas.
    pub fn replicas(&self, manifests: &Manifests) -> (u64, u64) {
        let number = |value: &Value, default| value.as_u64().unwrap_or(default);
        if let Some(scaler) = self.autoscaler(manifests) {
            return (number(scaler.at("spec.minReplicas"), 1), number(scaler.at("spec.maxReplicas"), 1));
        }
        let count = match self.object.kind() {
            "Job" => number(self.object.at("spec.parallelism"), 1),
            "CronJob" => number(self.object.at("spec.jobTemplate.spec.parallelism"), 1),
            "Elasticsearch" => {
                self.object.at("spec.nodeSets").items().iter().map(|set| number(set.at("count"), 1)).sum()
            }
            "Kibana" => number(self.object.at("spec.count"), 1),
            "Cluster" | "Pooler" => number(self.object.at("spec.instances"), 1),
            _ => number(self.object.at("spec.replicas"), 1),
        };
        (count, count)
    }

    /// The autoscaler that sets its number of replicas.
    pub fn autoscaler<'m>(&self, manifests: &'m Manifests) -> Option<&'m Object> {
        manifests.of_kind("HorizontalPodAutoscaler").find(|scaler| {
            let target = scaler.at("spec.scaleTargetRef");
            scaler.namespace() == self.object.namespace()
                && target.at("kind").text() == self.object.kind()
                && target.at("name").text() == self.object.name()
        })
    }
}

impl Container<'_> {
    /// Its name.
    pub fn name(&self) -> &str {
        self.value.at("name").text()
    }

    /// The path of one of its fields.
    pub fn field(&self, field: &str) -> String {
        format!("{}.{field}", self.path)
    }

    /// The number behind a port's name or number, if the container has it.
    pub fn port(&self, port: &Value) -> Option<u64> {
        let ports = self.value.at("ports").items().iter();
        let found = |declared: &&Value| declared.at("name") == port || declared.at("containerPort") == port;
        // A port without a name has null for one, and so has what asks for no port.
        ports.into_iter().filter(|_| port.is_given()).find(found)?.at("containerPort").as_u64()
    }

    /// Which of this project's services it runs.
    pub fn service(&self) -> Option<&str> {
        let image = self.value.at("image").text().strip_prefix("ballast/")?;
        Some(image.split([':', '@']).next().unwrap_or(image))
    }

    /// Its variables. `None` stands for a value that no manifest says: a Secret's, or a field of the pod.
    pub fn environment(&self, manifests: &Manifests, namespace: &str) -> BTreeMap<String, Option<String>> {
        let mut variables = BTreeMap::new();
        for source in self.value.at("envFrom").items() {
            let prefix = source.at("prefix").text();
            for (kind, name) in [("ConfigMap", "configMapRef.name"), ("Secret", "secretRef.name")] {
                let Some(found) = manifests.find(kind, namespace, source.at(name).text()) else { continue };
                for (key, value) in found.at("data").fields().chain(found.at("stringData").fields()) {
                    let value = (kind == "ConfigMap").then(|| value.text().to_owned());
                    variables.insert(format!("{prefix}{key}"), value);
                }
            }
        }
        for variable in self.value.at("env").items() {
            let from = variable.at("valueFrom.configMapKeyRef");
            let value = match variable.at("value") {
                Value::String(value) => Some(value.clone()),
                _ => manifests
                    .find("ConfigMap", namespace, from.at("name").text())
                    .and_then(|map| map.at("data").get(from.at("key").text()))
                    .map(|value| value.text().to_owned()),
            };
            variables.insert(variable.at("name").text().to_owned(), value);
        }
        variables
    }
}
