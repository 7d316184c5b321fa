//! Cuts a node off by a command, and brings it back by another.
//!
//! How a node is lost is the matter of who owns the machines: a power switch, a firewall rule, `docker pause` with kind. Both
//! commands get the node's name as `DRILL_NODE`. The second is in the journal before the first runs.

use std::collections::BTreeMap;
use std::time::Duration;

use clap::Args;

use super::{Plan, named_or_all, settled};
use crate::cluster::Cluster;
use crate::cluster::workload::Workload;
use crate::error::DrillError;
use crate::hook::Hook;
use crate::step::Step;

/// What it is told.
#[derive(Args, Clone, Debug)]
pub struct NodeLoss {
    /// The command that cuts the node off.
    #[arg(long, value_name = "COMMAND")]
    cut: String,
    /// The command that brings it back.
    #[arg(long, value_name = "COMMAND")]
    restore: String,
    /// The node; the one with most pods of the workloads where none is named.
    #[arg(long)]
    node: Option<String>,
    /// How long it stays away after the cluster has noticed.
    #[arg(long, default_value = "30s", value_parser = humantime::parse_duration)]
    hold: Duration,
    /// Wait, while it is away, until the workloads are settled on the other nodes. Pods there are given up after the
    /// `tolerationSeconds` of `node.kubernetes.io/unreachable`, five minutes unless they say otherwise.
    #[arg(long)]
    replaced: bool,
}

impl NodeLoss {
    pub(super) async fn plan(&self, cluster: &Cluster, watched: &[Workload]) -> Result<Plan, DrillError> {
        let workloads = named_or_all(cluster, watched).await?;
        let node = match &self.node {
            Some(node) => node.clone(),
            None => busiest(cluster, &workloads).await?,
        };
        if !cluster.node(&node).await?.ready {
            return Err(DrillError::Refused(format!("node {node} is not ready already")));
        }
        let hook = |command: &String| Hook { command: command.clone(), node: Some(node.clone()) };
        let mut steps = vec![
            Step::Break { hook: hook(&self.cut), mend: hook(&self.restore) },
            Step::NodeReady { node: node.clone(), ready: false },
        ];
        if self.replaced {
            steps.push(Step::Settled { workloads: workloads.clone(), node_lost: Some(node.clone()) });
        }
        steps.extend([
            Step::Hold(self.hold),
            Step::PutBack,
            Step::NodeReady { node: node.clone(), ready: true },
            settled(&workloads),
        ]);
        Ok(Plan { steps, workloads, touches: vec![format!("node/{node}, by your commands")] })
    }
}

/// The node with most pods of the workloads; the first by name of those.
async fn busiest(cluster: &Cluster, workloads: &[Workload]) -> Result<String, DrillError> {
    let mut pods: BTreeMap<String, usize> = BTreeMap::new();
    for workload in workloads {
        for pod in cluster.pods_of(workload).await? {
            if let Some(node) = pod.spec.and_then(|spec| spec.node_name) {
                *pods.entry(node).or_default() += 1;
            }
        }
    }
    let most = pods.into_iter().rev().max_by_key(|(_, count)| *count);
    most.map(|(node, _)| node)
        .ok_or_else(|| DrillError::Refused("no node has a pod of the workloads".to_owned()))
}
