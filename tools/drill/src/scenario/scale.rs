//! Scales workloads up and down, and back to what they had.

use clap::Args;

use super::{Plan, described, named, settled};
use crate::cluster::Cluster;
use crate::cluster::workload::Workload;
use crate::error::DrillError;
use crate::step::Step;

/// What it is told.
#[derive(Args, Clone, Debug)]
pub struct Scale {
    /// Replicas, one number after another; one more than there are, then one less (but one at least) where none is given.
    #[arg(long, value_name = "REPLICAS", value_parser = clap::value_parser!(i32).range(0..=1000))]
    to: Vec<i32>,
}

impl Scale {
    pub(super) async fn plan(&self, cluster: &Cluster, watched: &[Workload]) -> Result<Plan, DrillError> {
        let workloads = named(watched)?;
        let (mut steps, mut touches) = (Vec::new(), Vec::new());
        for workload in workloads {
            if let Some(autoscaler) = cluster.autoscaler_of(workload).await? {
                return Err(DrillError::Refused(format!(
                    "{workload} is scaled by HorizontalPodAutoscaler {}, which would undo this: drill it by autoscale",
                    autoscaler.name
                )));
            }
            let had = cluster.workload(workload).await?.replicas();
            let stations = if self.to.is_empty() { vec![had + 1, (had - 1).max(1)] } else { self.to.clone() };
            let (mut from, mut back) = (had, Some(had));
            for to in stations {
                steps.push(Step::Scale { workload: workload.clone(), from, to, back: back.take() });
                steps.push(settled(std::slice::from_ref(workload)));
                from = to;
            }
            steps.extend([Step::PutBack, settled(std::slice::from_ref(workload))]);
            touches.push(described(cluster, workload).await?);
        }
        Ok(Plan { steps, workloads: workloads.to_vec(), touches })
    }
}
