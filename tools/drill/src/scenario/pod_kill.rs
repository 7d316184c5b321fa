//! Deletes pods of workloads, one after another, each time waiting for the replacement.

use clap::Args;

use super::{Plan, described, named, settled};
use crate::cluster::Cluster;
use crate::cluster::workload::Workload;
use crate::error::DrillError;
use crate::step::Step;

/// What it is told.
#[derive(Args, Clone, Debug)]
pub struct PodKill {
    /// Without a grace period: the API forgets the pod at once, and the kubelet ends it within seconds.
    #[arg(long)]
    forced: bool,
    /// How many pods of each workload, one after another.
    #[arg(long, default_value_t = 1)]
    times: usize,
}

impl PodKill {
    pub(super) async fn plan(&self, cluster: &Cluster, watched: &[Workload]) -> Result<Plan, DrillError> {
        let workloads = named(watched)?;
        let (mut steps, mut touches) = (Vec::new(), Vec::new());
        for workload in workloads {
            for nth in 0..self.times {
                steps.push(Step::Kill { workload: workload.clone(), nth, forced: self.forced });
                steps.push(settled(std::slice::from_ref(workload)));
            }
            touches.push(format!("{} of the pods of {}", self.times, described(cluster, workload).await?));
        }
        Ok(Plan { steps, workloads: workloads.to_vec(), touches })
    }
}
