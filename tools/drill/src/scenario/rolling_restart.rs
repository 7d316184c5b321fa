//! Restarts workloads as `kubectl rollout restart` does, one after another.

use clap::Args;

use super::{Plan, described, named, settled};
use crate::cluster::Cluster;
use crate::cluster::workload::Workload;
use crate::error::DrillError;
use crate::step::Step;

/// What it is told.
#[derive(Args, Clone, Debug)]
pub struct RollingRestart {
    /// How often each is restarted.
    #[arg(long, default_value_t = 1)]
    times: u32,
}

impl RollingRestart {
    pub(super) async fn plan(&self, cluster: &Cluster, watched: &[Workload]) -> Result<Plan, DrillError> {
        let workloads = named(watched)?;
        let (mut steps, mut touches) = (Vec::new(), Vec::new());
        for workload in workloads {
            touches.push(described(cluster, workload).await?);
            for _ in 0..self.times {
                steps.extend([Step::Restart(workload.clone()), settled(std::slice::from_ref(workload))]);
            }
        }
        Ok(Plan { steps, workloads: workloads.to_vec(), touches })
    }
}
