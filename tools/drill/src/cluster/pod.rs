//! Pods: ready or not, deleted, evicted.
//!
//! An eviction is asked for by the API that honours `PodDisruptionBudgets`. 429 says that a budget forbids it now: it is asked
//! for again, as kubectl does, until the pod may go or the deadline is over.

use std::time::Duration;

use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::api::policy::v1::Eviction;
use kube::api::{DeleteParams, ListParams, Patch, PatchParams, PostParams, Preconditions};
use kube::core::Status;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::error::ClusterError;
use super::{Cluster, wait};

/// Between two requests to evict a pod whose budget forbids it, where the API does not say.
const ASK_AGAIN: Duration = Duration::from_secs(1);

/// A pod as it is told apart from one that takes its name later.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct PodRef {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// What no other pod ever has.
    pub uid: String,
}

impl From<&Pod> for PodRef {
    fn from(pod: &Pod) -> Self {
        Self {
            namespace: pod.metadata.namespace.clone().unwrap_or_default(),
            name: pod.metadata.name.clone().unwrap_or_default(),
            uid: pod.metadata.uid.clone().unwrap_or_default(),
        }
    }
}

/// Its condition Ready is True.
pub fn is_ready(pod: &Pod) -> bool {
    let conditions = pod.status.as_ref().and_then(|status| status.conditions.as_ref());
    conditions.is_some_and(|all| all.iter().any(|one| one.type_ == "Ready" && one.status == "True"))
}

/// It was deleted and has not ended yet.
pub fn is_terminating(pod: &Pod) -> bool {
    pod.metadata.deletion_timestamp.is_some()
}

/// Where it is; `None` as long as it has no place.
pub fn node_of(pod: &Pod) -> Option<&str> {
    pod.spec.as_ref()?.node_name.as_deref()
}

/// The kind of object that would replace it; `None` for a pod that nobody would.
pub fn owner(pod: &Pod) -> Option<&str> {
    let owners = pod.metadata.owner_references.as_ref()?;
    owners.iter().find(|owner| owner.controller == Some(true)).map(|owner| owner.kind.as_str())
}

/// The kubelet's own, from a file on the node: no API ends it.
pub fn is_mirror(pod: &Pod) -> bool {
    let annotations = pod.metadata.annotations.as_ref();
    annotations.is_some_and(|all| all.contains_key("kubernetes.io/config.mirror"))
}

/// It ran to its end.
pub fn is_over(pod: &Pod) -> bool {
    let phase = pod.status.as_ref().and_then(|status| status.phase.as_deref());
    matches!(phase, Some("Succeeded" | "Failed"))
}

impl Cluster {
    /// The pods of a node: of the namespace, or of every one.
    pub async fn pods_on(&self, node: &str, every_namespace: bool) -> Result<Vec<Pod>, ClusterError> {
        let pods = if every_namespace { self.all::<Pod>() } else { self.namespaced::<Pod>() };
        let selected = ListParams::default().fields(&format!("spec.nodeName={node}"));
        let listed =
            pods.list(&selected).await.map_err(ClusterError::api(format!("list the pods of {node}")))?;
        Ok(listed.items)
    }

    /// Deletes a pod: with its own grace period, or with none: the API forgets it at once, and the kubelet ends it within
    /// seconds, whatever it is doing.
    pub async fn delete_pod(&self, pod: &PodRef, forced: bool) -> Result<(), ClusterError> {
        let mut parameters = DeleteParams::default()
            .preconditions(Preconditions { uid: Some(pod.uid.clone()), resource_version: None });
        if forced {
            parameters = parameters.grace_period(0);
        }
        self.of::<Pod>(&pod.namespace)
            .delete(&pod.name, &parameters)
            .await
            .map(|_| ())
            .map_err(ClusterError::api(format!("delete pod {}/{}", pod.namespace, pod.name)))
    }

    /// Evicts a pod; waits as long as a budget forbids it. Tells how often it was forbidden.
    pub async fn evict(&self, pod: &PodRef, within: Duration) -> Result<u32, ClusterError> {
        let (deadline, mut forbidden) = (Instant::now() + within, 0);
        let what = format!("pod {}/{} evicted", pod.namespace, pod.name);
        let mut eviction = Eviction::default();
        eviction.metadata.name = Some(pod.name.clone());
        eviction.metadata.namespace = Some(pod.namespace.clone());
        eviction.delete_options = Some(k8s_openapi::apimachinery::pkg::apis::meta::v1::DeleteOptions {
            preconditions: Some(k8s_openapi::apimachinery::pkg::apis::meta::v1::Preconditions {
                uid: Some(pod.uid.clone()),
                resource_version: None,
            }),
            ..Default::default()
        });
        loop {
            let pods = self.of::<Pod>(&pod.namespace);
            let asked: Result<Value, kube::Error> =
                pods.create_subresource("eviction", &pod.name, &PostParams::default(), &eviction).await;
            let status = match asked {
                Ok(_) => return Ok(forbidden),
                Err(kube::Error::Api(status)) => status,
                Err(error) => return Err(ClusterError::api(format!("evict {}", pod.name))(error)),
            };
            match status.code {
                404 => return Ok(forbidden),
                // Another pod has its name, or the budget was being written by somebody else.
                409 if !self.is_there(pod).await? => return Ok(forbidden),
                409 if Instant::now() + ASK_AGAIN < deadline => tokio::time::sleep(ASK_AGAIN).await,
                429 => {
                    forbidden += 1;
                    let pause = pause(&status);
                    if Instant::now() + pause >= deadline {
                        return Err(ClusterError::Deadline { what, within, state: status.message.clone() });
                    }
                    tokio::time::sleep(pause).await;
                }
                _ => return Err(ClusterError::api(format!("evict {}", pod.name))(kube::Error::Api(status))),
            }
        }
    }

    /// Waits until none of the pods is there.
    pub async fn gone(&self, pods: &[PodRef], within: Duration) -> Result<(), ClusterError> {
        wait::until("the pods gone", within, async || {
            for pod in pods {
                if self.is_there(pod).await? {
                    return Ok(Some(format!("pod {}/{} is there", pod.namespace, pod.name)));
                }
            }
            Ok(None)
        })
        .await
    }

    /// Whether this very pod is there, not another of its name.
    async fn is_there(&self, pod: &PodRef) -> Result<bool, ClusterError> {
        let found = self.of::<Pod>(&pod.namespace).get_opt(&pod.name).await;
        let found = found.map_err(ClusterError::api(format!("read pod {}", pod.name)))?;
        Ok(found.is_some_and(|found| found.metadata.uid.as_deref() == Some(&pod.uid)))
    }

    /// Writes into a pod's status that it is not ready, as the kubelet does after a failed probe. The kubelet writes the truth
    /// again when it next compares the two, within about ten seconds.
    pub async fn mark_unready(&self, pod: &PodRef) -> Result<(), ClusterError> {
        let condition =
            |kind| json!({ "type": kind, "status": "False", "reason": "Drill", "message": "readiness-flap" });
        let patch = json!({ "status": { "conditions": [condition("Ready"), condition("ContainersReady")] } });
        self.of::<Pod>(&pod.namespace)
            .patch_subresource("status", &pod.name, &PatchParams::default(), &Patch::Strategic(patch))
            .await
            .map(|_: Pod| ())
            .map_err(ClusterError::api(format!("write the status of pod {}", pod.name)))
    }
}

fn pause(status: &Status) -> Duration {
    let asked = status.details.as_ref().map_or(0, |details| details.retry_after_seconds);
    if asked == 0 { ASK_AGAIN } else { Duration::from_secs(u64::from(asked)) }
}
