//! Deployments and `StatefulSets`.
//!
//! Both are read through the same few fields, which they share. Settled means: the rollout is complete by the rules of
//! `kubectl rollout status`, and besides all pods of the selector are ready, none is on its way out, and there are as many
//! as wanted. kubectl alone ends while old pods still drain, and there requests fail.

use std::fmt::{self, Display};
use std::str::FromStr;
use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::core::v1::{Pod, PodTemplateSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use kube::api::{Api, ApiResource, DynamicObject, ListParams, Patch, PatchParams};
use kube::core::{GroupVersionKind, Selector};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::error::ClusterError;
use super::pod::{is_over, is_ready, is_terminating, node_of};
use super::{Cluster, MANAGER, wait};

/// The kinds that are rolled and scaled.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// apps/v1 Deployment.
    Deployment,
    /// apps/v1 `StatefulSet`.
    StatefulSet,
}

/// One of them, by name: `deployment/NAME`, `statefulset/NAME`.
#[derive(Clone, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub struct Workload {
    /// Its kind.
    pub kind: Kind,
    /// Its name.
    pub name: String,
}

impl Display for Workload {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            Kind::Deployment => "deployment",
            Kind::StatefulSet => "statefulset",
        };
        write!(out, "{kind}/{}", self.name)
    }
}

impl FromStr for Workload {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let fault = || format!("{text:?} is neither deployment/NAME nor statefulset/NAME");
        let (kind, name) = text.split_once('/').ok_or_else(fault)?;
        let kind = match kind {
            "deployment" | "deploy" => Kind::Deployment,
            "statefulset" | "sts" => Kind::StatefulSet,
            _ => return Err(fault()),
        };
        let fits =
            |char: char| char.is_ascii_lowercase() || char.is_ascii_digit() || matches!(char, '-' | '.');
        if name.is_empty() || !name.chars().all(fits) {
            return Err(format!("{name:?} is no object's name"));
        }
        Ok(Self { kind, name: name.to_owned() })
    }
}

/// What is read of one.
#[derive(Clone, Debug, Deserialize)]
pub struct Seen {
    spec: Spec,
    #[serde(default)]
    status: Status,
    #[serde(skip)]
    generation: i64,
}

#[derive(Clone, Debug, Deserialize)]
struct Spec {
    #[serde(default = "one")]
    replicas: i32,
    selector: LabelSelector,
    template: PodTemplateSpec,
}

/// What the API puts where nothing is said.
fn one() -> i32 {
    1
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Status {
    observed_generation: i64,
    replicas: i32,
    updated_replicas: i32,
    ready_replicas: i32,
    available_replicas: i32,
    current_revision: Option<String>,
    update_revision: Option<String>,
}

impl Seen {
    /// Replicas that are wanted.
    pub fn replicas(&self) -> i32 {
        self.spec.replicas
    }

    /// The image of a container; of the only one where none is named.
    pub fn image(&self, container: Option<&str>) -> Option<(String, String)> {
        let containers = &self.spec.template.spec.as_ref()?.containers;
        let found = match container {
            Some(name) => containers.iter().find(|container| container.name == name)?,
            None if containers.len() == 1 => &containers[0],
            None => return None,
        };
        Some((found.name.clone(), found.image.clone().unwrap_or_default()))
    }

    /// What is still missing until the rollout is complete; `None` when it is.
    pub fn rollout(&self, kind: Kind) -> Option<String> {
        let (wanted, status) = (self.spec.replicas, &self.status);
        if status.observed_generation < self.generation {
            return Some("the change was not seen yet".to_owned());
        }
        if status.updated_replicas < wanted && (kind == Kind::Deployment || status.update_revision.is_some())
        {
            return Some(format!("{} of {wanted} updated", status.updated_replicas));
        }
        if kind == Kind::StatefulSet && status.current_revision != status.update_revision {
            return Some("the revision is being rolled out".to_owned());
        }
        if status.replicas != wanted {
            return Some(format!("{} replicas, {wanted} wanted", status.replicas));
        }
        if status.ready_replicas < wanted || status.available_replicas < wanted {
            return Some(format!(
                "{} of {wanted} ready, {} available",
                status.ready_replicas, status.available_replicas
            ));
        }
        None
    }
}

impl Cluster {
    fn workloads(&self, kind: Kind) -> Api<DynamicObject> {
        let kind = match kind {
            Kind::Deployment => "Deployment",
            Kind::StatefulSet => "StatefulSet",
        };
        let resource = ApiResource::from_gvk(&GroupVersionKind::gvk("apps", "v1", kind));
        Api::namespaced_with(self.client(), self.namespace(), &resource)
    }

    /// Reads one.
    pub async fn workload(&self, workload: &Workload) -> Result<Seen, ClusterError> {
        let doing = format!("read {workload} in namespace {}", self.namespace());
        let object =
            self.workloads(workload.kind).get(&workload.name).await.map_err(ClusterError::api(doing))?;
        let generation = object.metadata.generation.unwrap_or_default();
        let seen: Seen = serde_json::from_value(object.data)
            .map_err(|error| ClusterError::Unfit(format!("{workload} is not readable: {error}")))?;
        Ok(Seen { generation, ..seen })
    }

    /// All of the namespace that want at least one replica, by name.
    pub async fn all_workloads(&self) -> Result<Vec<Workload>, ClusterError> {
        let mut all = Vec::new();
        for kind in [Kind::Deployment, Kind::StatefulSet] {
            let doing = format!("list the workloads of namespace {}", self.namespace());
            let listed =
                self.workloads(kind).list(&ListParams::default()).await.map_err(ClusterError::api(doing))?;
            for object in listed {
                let replicas = object.data.pointer("/spec/replicas").and_then(Value::as_i64).unwrap_or(1);
                if let (true, Some(name)) = (replicas > 0, object.metadata.name) {
                    all.push(Workload { kind, name });
                }
            }
        }
        all.sort();
        Ok(all)
    }

    /// The pods that its selector selects, those on their way out too.
    pub async fn pods_of(&self, workload: &Workload) -> Result<Vec<Pod>, ClusterError> {
        let seen = self.workload(workload).await?;
        self.pods_selected(workload, seen.spec.selector).await
    }

    async fn pods_selected(
        &self,
        workload: &Workload,
        selector: LabelSelector,
    ) -> Result<Vec<Pod>, ClusterError> {
        let selector = Selector::try_from(selector)
            .map_err(|error| ClusterError::Unfit(format!("the selector of {workload}: {error}")))?;
        let pods = self.namespaced::<Pod>();
        let listed = pods.list(&ListParams::default().labels_from(&selector)).await;
        Ok(listed.map_err(ClusterError::api(format!("list the pods of {workload}")))?.items)
    }

    /// Patches one, as a strategic merge.
    pub(crate) async fn patch_workload(&self, workload: &Workload, patch: Value) -> Result<(), ClusterError> {
        let parameters = PatchParams { field_manager: Some(MANAGER.to_owned()), ..PatchParams::default() };
        self.workloads(workload.kind)
            .patch(&workload.name, &parameters, &Patch::Strategic(patch))
            .await
            .map(|_| ())
            .map_err(ClusterError::api(format!("patch {workload}")))
    }

    /// Rolls it, as `kubectl rollout restart` does: the annotation stays, since taking it off would roll it again.
    pub async fn restart(&self, workload: &Workload) -> Result<(), ClusterError> {
        let now = Timestamp::now().to_string();
        let annotations = json!({ "kubectl.kubernetes.io/restartedAt": now });
        let patch = json!({ "spec": { "template": { "metadata": { "annotations": annotations } } } });
        self.patch_workload(workload, patch).await
    }

    /// Sets the image of a container.
    pub async fn set_image(
        &self,
        workload: &Workload,
        container: &str,
        image: &str,
    ) -> Result<(), ClusterError> {
        let containers = json!([{ "name": container, "image": image }]);
        self.patch_workload(
            workload,
            json!({ "spec": { "template": { "spec": { "containers": containers } } } }),
        )
        .await
    }

    /// Sets the replicas, by the scale subresource.
    pub async fn scale(&self, workload: &Workload, replicas: i32) -> Result<(), ClusterError> {
        let patch = json!({ "spec": { "replicas": replicas } });
        let parameters = PatchParams { field_manager: Some(MANAGER.to_owned()), ..PatchParams::default() };
        self.workloads(workload.kind)
            .patch_scale(&workload.name, &parameters, &Patch::Merge(patch))
            .await
            .map(|_| ())
            .map_err(ClusterError::api(format!("scale {workload} to {replicas}")))
    }

    /// What is missing until it is settled; `None` when it is. With `node_lost` the pods of that node do not count: nobody
    /// there can say that they ended.
    pub async fn unsettled(
        &self,
        workload: &Workload,
        node_lost: Option<&str>,
    ) -> Result<Option<String>, ClusterError> {
        let seen = self.workload(workload).await?;
        if let Some(missing) = seen.rollout(workload.kind) {
            return Ok(Some(format!("{workload}: {missing}")));
        }
        let mut pods = self.pods_selected(workload, seen.spec.selector).await?;
        // What failed or was evicted by a kubelet stays in the list until it is collected; it was replaced long ago.
        pods.retain(|pod| !is_over(pod) && (node_lost.is_none() || node_of(pod) != node_lost));
        if let Some(pod) = pods.iter().find(|pod| is_terminating(pod)) {
            let name = pod.metadata.name.as_deref().unwrap_or_default();
            return Ok(Some(format!("{workload}: pod {name} is on its way out")));
        }
        let ready = pods.iter().filter(|pod| is_ready(pod)).count();
        let wanted = usize::try_from(seen.spec.replicas).unwrap_or_default();
        let state = format!("{workload}: {ready} of {} pods ready, {wanted} wanted", pods.len());
        Ok((ready < wanted || pods.len() > wanted).then_some(state))
    }

    /// Waits until all of them are settled.
    pub async fn settled(
        &self,
        workloads: &[Workload],
        node_lost: Option<&str>,
        within: Duration,
    ) -> Result<(), ClusterError> {
        let names = workloads.iter().map(Workload::to_string).collect::<Vec<_>>().join(", ");
        wait::until(format!("{names} settled"), within, async || {
            for workload in workloads {
                if let Some(state) = self.unsettled(workload, node_lost).await? {
                    return Ok(Some(state));
                }
            }
            Ok(None)
        })
        .await
    }
}

#[cfg(test)]
#[path = "workload_tests.rs"]
mod tests;
