//! `HorizontalPodAutoscalers`.

use std::time::Duration;

use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use kube::api::ListParams;

use super::error::ClusterError;
use super::workload::{Kind, Workload};
use super::{Cluster, wait};

/// What is read of one.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Seen {
    /// Its name.
    pub name: String,
    /// What it scales; `None` where that is neither a Deployment nor a `StatefulSet`.
    pub target: Option<Workload>,
    /// The fewest replicas it leaves.
    pub min: i32,
    /// The most it makes.
    pub max: i32,
    /// Replicas it last saw.
    pub current: i32,
    /// Replicas it last asked for.
    pub desired: i32,
}

impl From<HorizontalPodAutoscaler> for Seen {
    fn from(found: HorizontalPodAutoscaler) -> Self {
        let spec = found.spec.unwrap_or_default();
        let kind = match spec.scale_target_ref.kind.as_str() {
            "Deployment" => Some(Kind::Deployment),
            "StatefulSet" => Some(Kind::StatefulSet),
            _ => None,
        };
        let status = found.status.unwrap_or_default();
        Self {
            name: found.metadata.name.unwrap_or_default(),
            target: kind.map(|kind| Workload { kind, name: spec.scale_target_ref.name }),
            min: spec.min_replicas.unwrap_or(1),
            max: spec.max_replicas,
            current: status.current_replicas.unwrap_or_default(),
            desired: status.desired_replicas,
        }
    }
}

impl Cluster {
    /// One, by name.
    pub async fn autoscaler(&self, name: &str) -> Result<Seen, ClusterError> {
        let doing = format!("read HorizontalPodAutoscaler {name} in namespace {}", self.namespace());
        let found = self.namespaced::<HorizontalPodAutoscaler>().get(name).await;
        Ok(found.map_err(ClusterError::api(doing))?.into())
    }

    /// The one that scales a workload.
    pub async fn autoscaler_of(&self, workload: &Workload) -> Result<Option<Seen>, ClusterError> {
        let listed = self.namespaced::<HorizontalPodAutoscaler>().list(&ListParams::default()).await;
        let listed = listed.map_err(ClusterError::api("list the HorizontalPodAutoscalers"))?;
        Ok(listed.items.into_iter().map(Seen::from).find(|seen| seen.target.as_ref() == Some(workload)))
    }

    /// Waits until one asks for at least (or, with `grown` false, at most) so many replicas, and has them.
    pub async fn autoscaled(
        &self,
        name: &str,
        grown: bool,
        replicas: i32,
        within: Duration,
    ) -> Result<(), ClusterError> {
        let bound = if grown { "at least" } else { "at most" };
        wait::until(format!("{name} at {bound} {replicas} replicas"), within, async || {
            let seen = self.autoscaler(name).await?;
            let there = if grown {
                seen.desired >= replicas && seen.current >= replicas
            } else {
                seen.desired <= replicas && seen.current <= replicas
            };
            let state = format!("{} replicas, {} asked for", seen.current, seen.desired);
            Ok((!there).then_some(state))
        })
        .await
    }
}
