//! Nodes: cordoned or not, ready or not.

use std::time::Duration;

use k8s_openapi::api::core::v1::Node;
use kube::api::{ListParams, Patch, PatchParams};
use serde_json::json;

use super::error::ClusterError;
use super::{Cluster, MANAGER, wait};

/// What is read of a node.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Seen {
    /// Its name.
    pub name: String,
    /// Its condition Ready is True.
    pub ready: bool,
    /// No pod is put there.
    pub cordoned: bool,
}

impl From<Node> for Seen {
    fn from(node: Node) -> Self {
        let conditions = node.status.and_then(|status| status.conditions).unwrap_or_default();
        Self {
            name: node.metadata.name.unwrap_or_default(),
            ready: conditions.iter().any(|one| one.type_ == "Ready" && one.status == "True"),
            cordoned: node.spec.and_then(|spec| spec.unschedulable).unwrap_or_default(),
        }
    }
}

impl Cluster {
    /// All nodes, by name.
    pub async fn nodes(&self) -> Result<Vec<Seen>, ClusterError> {
        let listed = self.all::<Node>().list(&ListParams::default()).await;
        let listed = listed.map_err(ClusterError::api("list the nodes"))?;
        let mut nodes: Vec<Seen> = listed.items.into_iter().map(Seen::from).collect();
        nodes.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(nodes)
    }

    /// One node.
    pub async fn node(&self, name: &str) -> Result<Seen, ClusterError> {
        let node =
            self.all::<Node>().get(name).await.map_err(ClusterError::api(format!("read node {name}")))?;
        Ok(node.into())
    }

    /// Cordons a node, or opens it again.
    pub async fn cordon(&self, name: &str, cordoned: bool) -> Result<(), ClusterError> {
        let parameters = PatchParams { field_manager: Some(MANAGER.to_owned()), ..PatchParams::default() };
        // As kubectl does: an open node has no such field.
        let patch = json!({ "spec": { "unschedulable": cordoned.then_some(true) } });
        let doing = format!("{} node {name}", if cordoned { "cordon" } else { "uncordon" });
        let patched = self.all::<Node>().patch(name, &parameters, &Patch::Merge(patch)).await;
        patched.map(|_| ()).map_err(ClusterError::api(doing))
    }

    /// Waits until a node is ready, or is not.
    pub async fn node_ready(&self, name: &str, ready: bool, within: Duration) -> Result<(), ClusterError> {
        let state = |ready| if ready { "ready" } else { "not ready" };
        wait::until(format!("node {name} {}", state(ready)), within, async || {
            let seen = self.node(name).await?;
            Ok((seen.ready != ready).then(|| format!("it is {}", state(seen.ready))))
        })
        .await
    }
}
