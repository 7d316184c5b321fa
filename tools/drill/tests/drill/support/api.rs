//! A Kubernetes API at the wire: the few paths that drill speaks, over objects in memory.
//!
//! Deployments are reconciled at once, as by a controller that needs no time: as many pods as wanted, on nodes that are not
//! cordoned, new ones after each change of the template. Evictions, patches and deletions can be told to fail.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{Method, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// The namespace of everything.
pub const NAMESPACE: &str = "shop";
const NODES: [&str; 3] = ["one", "two", "three"];

/// What it holds, and how it fails.
#[derive(Default)]
pub struct World {
    deployments: BTreeMap<String, Value>,
    pods: BTreeMap<String, Value>,
    nodes: BTreeMap<String, Value>,
    config_maps: BTreeMap<String, Value>,
    autoscalers: Vec<Value>,
    made: u64,
    /// Every request but reads, in order: `METHOD PATH BODY`.
    pub changes: Vec<String>,
    /// How often each path was read.
    pub reads: BTreeMap<String, u64>,
    /// So many evictions are told to wait; `None` for all of them.
    pub forbidden: Option<u64>,
    /// Any request whose path ends like this gets this status.
    pub refuse: Option<(&'static str, u16)>,
    /// New pods never become ready.
    pub broken: bool,
    /// Nor do pods of this image.
    pub broken_image: Option<&'static str>,
    /// Nodes are ready unless a file of their name lies here.
    pub lost: Option<PathBuf>,
}

/// The API on a port of its own; ends with the value.
pub struct Api {
    pub address: SocketAddr,
    world: Arc<Mutex<World>>,
    task: JoinHandle<()>,
}

impl Api {
    /// Three nodes, `deployment/web` with three pods and a `ConfigMap` `web`.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let mut world = World { forbidden: Some(0), ..World::default() };
        for name in NODES {
            let conditions = json!([{ "type": "Ready", "status": "True" }]);
            let node =
                json!({ "metadata": { "name": name }, "spec": {}, "status": { "conditions": conditions } });
            world.nodes.insert(name.to_owned(), node);
        }
        world
            .config_maps
            .insert("web".to_owned(), json!({ "metadata": { "name": "web" }, "data": { "COLOUR": "red" } }));
        world.deploy("web", 3);
        let world = Arc::new(Mutex::new(world));
        let router = Router::new().fallback(answer).with_state(Arc::clone(&world));
        let task = tokio::spawn(async move { axum::serve(listener, router).await.expect("serves") });
        Self { address, world, task }
    }

    /// What it holds now.
    pub fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A kubeconfig with a context `test`, and another that is current.
    pub fn kubeconfig(&self) -> String {
        format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: production\n\
             clusters:\n- {{ name: c, cluster: {{ server: 'http://{}' }} }}\n\
             users:\n- {{ name: u, user: {{}} }}\n\
             contexts:\n- {{ name: test, context: {{ cluster: c, user: u }} }}\n\
             - {{ name: production, context: {{ cluster: c, user: u }} }}\n",
            self.address
        )
    }
}

impl Drop for Api {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl World {
    /// Adds a Deployment with its pods.
    pub fn deploy(&mut self, name: &str, replicas: i64) {
        let labels = json!({ "app": name });
        let container = json!({ "name": "main", "image": "web:1" });
        let template = json!({ "metadata": { "labels": labels }, "spec": { "containers": [container] } });
        let spec =
            json!({ "replicas": replicas, "selector": { "matchLabels": labels }, "template": template });
        let object = json!({
            "apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": { "name": name, "namespace": NAMESPACE, "generation": 1 }, "spec": spec,
        });
        self.deployments.insert(name.to_owned(), object);
        self.reconcile(name);
    }

    /// Adds an autoscaler of a Deployment.
    pub fn autoscale(&mut self, deployment: &str) {
        let target = json!({ "apiVersion": "apps/v1", "kind": "Deployment", "name": deployment });
        let spec = json!({ "minReplicas": 1, "maxReplicas": 9, "scaleTargetRef": target });
        let status = json!({ "desiredReplicas": 1, "currentReplicas": 1, "conditions": [] });
        self.autoscalers.push(json!({ "metadata": { "name": deployment }, "spec": spec, "status": status }));
    }

    /// The replicas an autoscaler asks for and sees.
    pub fn autoscaled(&mut self, name: &str, replicas: i64) {
        let found = self.autoscalers.iter_mut().find(|known| known["metadata"]["name"] == name);
        found.expect("an autoscaler")["status"] =
            json!({ "desiredReplicas": replicas, "currentReplicas": replicas, "conditions": [] });
    }

    /// Adds a pod that nothing would replace.
    pub fn bare_pod(&mut self, name: &str, node: &str) {
        let pod = json!({
            "metadata": { "name": name, "namespace": NAMESPACE, "uid": name, "labels": {} },
            "spec": { "nodeName": node, "containers": [] },
        });
        self.pods.insert(name.to_owned(), pod);
    }

    /// A value of a Deployment.
    pub fn deployment(&self, name: &str, pointer: &str) -> Value {
        self.deployments[name].pointer(pointer).cloned().unwrap_or_default()
    }

    /// Where the pods are, by node.
    pub fn pods_on(&self, node: &str) -> usize {
        self.pods.values().filter(|pod| pod["spec"]["nodeName"] == node).count()
    }

    /// Puts the pods of a node on another.
    pub fn move_pods(&mut self, from: &str, to: &str) {
        for pod in self.pods.values_mut().filter(|pod| pod["spec"]["nodeName"] == from) {
            pod["spec"]["nodeName"] = json!(to);
        }
    }

    /// The names of all pods.
    pub fn pod_names(&self) -> Vec<String> {
        self.pods.keys().cloned().collect()
    }

    /// Whether a node takes no pods.
    pub fn cordoned(&self, node: &str) -> bool {
        self.nodes[node]["spec"]["unschedulable"] == true
    }

    /// A value of a `ConfigMap`.
    pub fn setting(&self, config_map: &str, key: &str) -> Value {
        self.config_maps[config_map]["data"][key].clone()
    }

    fn reconcile(&mut self, name: &str) {
        let deployment = &self.deployments[name];
        let wanted = deployment["spec"]["replicas"].as_u64().unwrap_or_default();
        let template = deployment["spec"]["template"].to_string();
        self.pods.retain(|_, pod| {
            pod["metadata"]["labels"]["app"] != name || pod["template"] == template.as_str()
        });
        let of = |pod: &Value| pod["metadata"]["labels"]["app"] == name;
        while self.pods.values().filter(|pod| of(pod)).count() as u64 > wanted {
            let last = self.pods.iter().rev().find(|(_, pod)| of(pod)).map(|(name, _)| name.clone());
            self.pods.remove(&last.expect("there are too many"));
        }
        while (self.pods.values().filter(|pod| of(pod)).count() as u64) < wanted {
            self.made += 1;
            let node =
                NODES.into_iter().filter(|node| !self.cordoned(node)).min_by_key(|node| self.pods_on(node));
            let broken = self.broken || self.broken_image.is_some_and(|image| template.contains(image));
            let ready = if broken || node.is_none() { "False" } else { "True" };
            let pod = format!("{name}-{:04}", self.made);
            let owner = json!({ "apiVersion": "apps/v1", "kind": "ReplicaSet", "name": name, "uid": "r", "controller": true });
            let object = json!({
                "metadata": {
                    "name": pod, "namespace": NAMESPACE, "uid": format!("uid-{pod}"),
                    "labels": { "app": name }, "ownerReferences": [owner],
                },
                "spec": { "nodeName": node, "containers": [] },
                "status": { "conditions": [{ "type": "Ready", "status": ready }] },
                "template": template,
            });
            self.pods.insert(pod, object);
        }
        let ready = self
            .pods
            .values()
            .filter(|pod| of(pod) && pod["status"]["conditions"][0]["status"] == "True")
            .count();
        let generation = self.deployments[name]["metadata"]["generation"].clone();
        let status = json!({
            "observedGeneration": generation, "replicas": wanted, "updatedReplicas": wanted,
            "readyReplicas": ready, "availableReplicas": ready,
        });
        self.deployments.get_mut(name).expect("it is there")["status"] = status;
    }

    fn answer(&mut self, method: &Method, uri: &Uri, body: &Value) -> (StatusCode, Value) {
        let path = uri.path();
        if *method == Method::GET {
            *self.reads.entry(path.to_owned()).or_default() += 1;
        } else {
            self.changes.push(format!("{method} {path} {body}"));
        }
        if let Some((end, status)) = self.refuse
            && path.ends_with(end)
        {
            return fault(status, "told to refuse");
        }
        let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
        match (method.as_str(), parts.as_slice()) {
            ("GET", ["api", "v1", "nodes"]) => {
                let all: Vec<Value> = NODES.into_iter().filter_map(|name| self.node(name)).collect();
                list("NodeList", &all)
            }
            ("GET", ["api", "v1", "nodes", name]) => found(self.node(name)),
            ("PATCH", ["api", "v1", "nodes", name]) => {
                merge(self.nodes.get_mut(*name).expect("a node"), body);
                found(self.node(name))
            }
            (_, ["api", "v1", "namespaces", NAMESPACE, "configmaps", name]) => {
                if *method == Method::PATCH {
                    merge(self.config_maps.get_mut(*name).expect("a ConfigMap"), body);
                }
                found(self.config_maps.get(*name).cloned())
            }
            (_, ["api", "v1", "namespaces", NAMESPACE, "pods", rest @ ..]) => {
                self.pod(method, rest, uri, body)
            }
            ("GET", ["api", "v1", "pods"]) => self.pod(method, &[], uri, body),
            ("GET", ["apis", "autoscaling", "v2", "namespaces", NAMESPACE, _, name]) => {
                found(self.autoscalers.iter().find(|known| known["metadata"]["name"] == *name).cloned())
            }
            ("GET", ["apis", "autoscaling", ..]) => list("HorizontalPodAutoscalerList", &self.autoscalers),
            ("GET", ["apis", "apps", "v1", "namespaces", NAMESPACE, "statefulsets"]) => {
                list("StatefulSetList", &[])
            }
            (_, ["apis", "apps", "v1", "namespaces", NAMESPACE, "deployments", rest @ ..]) => {
                self.deployments(method, rest, body)
            }
            _ => fault(404, "no such path"),
        }
    }

    fn node(&self, name: &str) -> Option<Value> {
        let mut node = self.nodes.get(name)?.clone();
        if self.lost.as_ref().is_some_and(|folder| folder.join(name).exists()) {
            node["status"]["conditions"][0]["status"] = json!("Unknown");
        }
        Some(node)
    }

    fn pod(&mut self, method: &Method, rest: &[&str], uri: &Uri, _body: &Value) -> (StatusCode, Value) {
        match (method.as_str(), rest) {
            ("GET", []) => {
                let query = uri.query().unwrap_or_default().replace("%3D", "=");
                let chosen = self.pods.values().filter(|pod| {
                    query.split('&').all(|part| {
                        let app = part.strip_prefix("labelSelector=app=");
                        let node = part.strip_prefix("fieldSelector=spec.nodeName=");
                        app.is_none_or(|app| pod["metadata"]["labels"]["app"] == app)
                            && node.is_none_or(|node| pod["spec"]["nodeName"] == node)
                    })
                });
                list("PodList", &chosen.cloned().collect::<Vec<_>>())
            }
            ("GET", [name]) | ("PATCH", [name, "status"]) => found(self.pods.get(*name).cloned()),
            ("POST", [name, "eviction"]) => match &mut self.forbidden {
                Some(0) => self.end(name),
                Some(left) => {
                    *left -= 1;
                    fault(429, "Cannot evict pod as it would violate the pod's disruption budget.")
                }
                None => fault(429, "Cannot evict pod as it would violate the pod's disruption budget."),
            },
            ("DELETE", [name]) => self.end(name),
            _ => fault(404, "no such path"),
        }
    }

    fn end(&mut self, name: &str) -> (StatusCode, Value) {
        let Some(pod) = self.pods.remove(name) else { return fault(404, "no such pod") };
        if let Some(app) = pod["metadata"]["labels"]["app"].as_str() {
            self.reconcile(app);
        }
        (StatusCode::OK, json!({ "kind": "Status", "apiVersion": "v1", "status": "Success" }))
    }

    fn deployments(&mut self, method: &Method, rest: &[&str], body: &Value) -> (StatusCode, Value) {
        match (method.as_str(), rest) {
            ("GET", []) => list("DeploymentList", &self.deployments.values().cloned().collect::<Vec<_>>()),
            ("GET", [name]) => found(self.deployments.get(*name).cloned()),
            ("PATCH", [name] | [name, "scale"]) => {
                let Some(deployment) = self.deployments.get_mut(*name) else {
                    return fault(404, "no such deployment");
                };
                merge(deployment, body);
                let generation = deployment["metadata"]["generation"].as_i64().unwrap_or_default();
                deployment["metadata"]["generation"] = json!(generation + 1);
                self.reconcile(name);
                match rest {
                    [_, "scale"] => {
                        (StatusCode::OK, json!({ "metadata": { "name": name }, "spec": body["spec"] }))
                    }
                    _ => found(self.deployments.get(*name).cloned()),
                }
            }
            _ => fault(404, "no such path"),
        }
    }
}

async fn answer(State(world): State<Arc<Mutex<World>>>, method: Method, uri: Uri, body: Bytes) -> Response {
    let body = serde_json::from_slice(&body).unwrap_or_default();
    let (status, answer) = world.lock().unwrap_or_else(PoisonError::into_inner).answer(&method, &uri, &body);
    (status, Json(answer)).into_response()
}

fn list(kind: &str, items: &[Value]) -> (StatusCode, Value) {
    (StatusCode::OK, json!({ "kind": kind, "apiVersion": "v1", "metadata": {}, "items": items }))
}

fn found(object: Option<Value>) -> (StatusCode, Value) {
    object.map_or_else(|| fault(404, "no such object"), |object| (StatusCode::OK, object))
}

fn fault(code: u16, message: &str) -> (StatusCode, Value) {
    let reason = match code {
        404 => "NotFound",
        429 => "TooManyRequests",
        403 => "Forbidden",
        _ => "InternalError",
    };
    let status = json!({
        "kind": "Status", "apiVersion": "v1", "status": "Failure", "message": message, "reason": reason, "code": code,
    });
    (StatusCode::from_u16(code).expect("a status"), status)
}

/// A merge patch; lists of named things are merged by name, as a strategic merge does.
fn merge(target: &mut Value, patch: &Value) {
    match (target, patch) {
        (Value::Object(target), Value::Object(patch)) => {
            for (key, value) in patch {
                if value.is_null() {
                    target.remove(key);
                } else {
                    merge(target.entry(key.clone()).or_insert(Value::Null), value);
                }
            }
        }
        (Value::Array(target), Value::Array(patch)) => {
            for value in patch {
                match target.iter_mut().find(|known| known["name"] == value["name"]) {
                    Some(known) => merge(known, value),
                    None => target.push(value.clone()),
                }
            }
        }
        (target, patch) if patch.is_object() => {
            *target = json!({});
            merge(target, patch);
        }
        (target, patch) => *target = patch.clone(),
    }
}
