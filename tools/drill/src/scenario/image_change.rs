//! Gives a container another image and its own again, both under traffic. With `--stalls` the image is one that must not
//! come up, and the rollout must stop without hurting the old pods.

use std::time::Duration;

use clap::Args;

use super::{Plan, settled, single};
use crate::cluster::Cluster;
use crate::cluster::workload::Workload;
use crate::error::DrillError;
use crate::step::Step;

/// What it is told.
#[derive(Args, Clone, Debug)]
pub struct ImageChange {
    /// The image.
    #[arg(long)]
    image: String,
    /// The container; needed where the pods have more than one.
    #[arg(long)]
    container: Option<String>,
    /// The image must not come up: watch for so long that the rollout stalls, then put the old one back.
    #[arg(long, value_parser = humantime::parse_duration)]
    stalls: Option<Duration>,
}

impl ImageChange {
    pub(super) async fn plan(&self, cluster: &Cluster, watched: &[Workload]) -> Result<Plan, DrillError> {
        let workload = single(watched)?;
        let seen = cluster.workload(workload).await?;
        let (container, from) = seen.image(self.container.as_deref()).ok_or_else(|| {
            DrillError::Refused(format!(
                "{workload} has no such container, or several: name one by --container"
            ))
        })?;
        if from == self.image {
            return Err(DrillError::Refused(format!(
                "{container} of {workload} has the image {from} already"
            )));
        }
        let all = [workload.clone()];
        let change = Step::SetImage {
            workload: workload.clone(),
            container: container.clone(),
            from,
            to: self.image.clone(),
        };
        let meanwhile = match self.stalls {
            Some(hold) => Step::Stalled { workload: workload.clone(), hold },
            None => settled(&all),
        };
        let touches = vec![format!("{workload} (container {container}, {} replicas)", seen.replicas())];
        Ok(Plan {
            steps: vec![change, meanwhile, Step::PutBack, settled(&all)],
            workloads: all.to_vec(),
            touches,
        })
    }
}
