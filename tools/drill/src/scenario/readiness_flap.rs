//! Marks pods not ready for a while although they are.
//!
//! Their status is written as the kubelet writes it after a failed probe: endpoints, rollouts and budgets see a pod that is
//! not ready, while it goes on to serve. The kubelet writes the truth again within about ten seconds, so drill repeats itself
//! every second, and nothing is left behind when it ends, however it ends.

use std::time::Duration;

use clap::Args;

use super::{Plan, described, named, settled};
use crate::cluster::Cluster;
use crate::cluster::workload::Workload;
use crate::error::DrillError;
use crate::step::Step;

/// What it is told.
#[derive(Args, Clone, Debug)]
pub struct ReadinessFlap {
    /// How long a pod is not ready.
    #[arg(long, default_value = "15s", value_parser = humantime::parse_duration)]
    hold: Duration,
    /// How many pods of each workload, one after another.
    #[arg(long, default_value_t = 3)]
    times: usize,
}

impl ReadinessFlap {
    pub(super) async fn plan(&self, cluster: &Cluster, watched: &[Workload]) -> Result<Plan, DrillError> {
        let workloads = named(watched)?;
        let (mut steps, mut touches) = (Vec::new(), Vec::new());
        for workload in workloads {
            for nth in 0..self.times {
                steps.push(Step::Unready { workload: workload.clone(), nth, hold: self.hold });
                steps.push(settled(std::slice::from_ref(workload)));
            }
            touches.push(format!("the status of pods of {}", described(cluster, workload).await?));
        }
        Ok(Plan { steps, workloads: workloads.to_vec(), touches })
    }
}
