//! Drains nodes in turn, as `kubectl drain` does, with every workload settled on the other nodes before the next.
//!
//! Only pods of the named namespace are evicted unless `--every-namespace` says otherwise. A pod that nothing would replace
//! is a reason to refuse; pods of `DaemonSets` and of the kubelet itself stay, as with kubectl. What lies in an emptyDir is lost.

use std::collections::BTreeSet;

use clap::Args;
use k8s_openapi::api::core::v1::Pod;

use super::{Plan, named_or_all, settled};
use crate::cluster::Cluster;
use crate::cluster::pod::{is_mirror, is_over, owner};
use crate::cluster::workload::Workload;
use crate::error::DrillError;
use crate::step::Step;

/// What it is told.
#[derive(Args, Clone, Debug)]
pub struct Drain {
    /// A node; may be said again. Each that has a pod of the workloads where none is named.
    #[arg(long)]
    node: Vec<String>,
    /// Every node that is ready and takes pods, one after another.
    #[arg(long, conflicts_with = "node")]
    every_node: bool,
    /// Evict the pods of every namespace, not only of the one that was named.
    #[arg(long)]
    every_namespace: bool,
}

impl Drain {
    pub(super) async fn plan(&self, cluster: &Cluster, watched: &[Workload]) -> Result<Plan, DrillError> {
        let workloads = named_or_all(cluster, watched).await?;
        let (mut steps, mut touches) = (Vec::new(), Vec::new());
        for node in self.nodes(cluster, &workloads).await? {
            let seen = cluster.node(&node).await?;
            if seen.cordoned || !seen.ready {
                return Err(DrillError::Refused(format!("node {node} is cordoned or not ready already")));
            }
            let pods = cluster.pods_on(&node, self.every_namespace).await?;
            touches.push(format!("node/{node} ({})", evicted(&node, &pods)?));
            steps.extend([
                Step::Cordon { node: node.clone() },
                Step::Evict { node, every_namespace: self.every_namespace },
                settled(&workloads),
                Step::PutBack,
            ]);
        }
        Ok(Plan { steps, workloads, touches })
    }

    /// By name.
    async fn nodes(&self, cluster: &Cluster, workloads: &[Workload]) -> Result<Vec<String>, DrillError> {
        if !self.node.is_empty() {
            return Ok(self.node.clone());
        }
        if self.every_node {
            let all = cluster.nodes().await?;
            return Ok(all
                .into_iter()
                .filter(|seen| seen.ready && !seen.cordoned)
                .map(|seen| seen.name)
                .collect());
        }
        let mut used = BTreeSet::new();
        for workload in workloads {
            let pods = cluster.pods_of(workload).await?;
            used.extend(pods.into_iter().filter_map(|pod| pod.spec?.node_name));
        }
        Ok(used.into_iter().collect())
    }
}

/// The pods that will be evicted, by name.
fn evicted(node: &str, pods: &[Pod]) -> Result<String, DrillError> {
    let mut names = Vec::new();
    for pod in pods.iter().filter(|pod| !is_over(pod) && !is_mirror(pod)) {
        let name = pod.metadata.name.as_deref().unwrap_or_default();
        match owner(pod) {
            Some("DaemonSet") => {}
            Some(_) => names.push(name),
            None => {
                return Err(DrillError::Refused(format!(
                    "pod {name} on node {node} would be lost: nothing replaces it"
                )));
            }
        }
    }
    Ok(if names.is_empty() { "no pod".to_owned() } else { format!("pods {}", names.join(", ")) })
}
