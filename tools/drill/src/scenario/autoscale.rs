//! Raises the load until a `HorizontalPodAutoscaler` scales up, then lowers it until it scales down again.

use std::time::Duration;

use clap::Args;

use super::{Plan, settled};
use crate::cluster::Cluster;
use crate::cluster::workload::Workload;
use crate::error::DrillError;
use crate::step::Step;

/// What it is told.
#[derive(Args, Clone, Debug)]
pub struct Autoscale {
    /// The autoscaler (autoscaling/v2)
    #[arg(long)]
    autoscaler: String,
    /// The highest load, in times of the rates given.
    #[arg(long, default_value_t = 8.0)]
    factor: f64,
    /// How long the load rises.
    #[arg(long, default_value = "30s", value_parser = humantime::parse_duration)]
    rise: Duration,
    /// Replicas it must reach; one more than its fewest where this is not said.
    #[arg(long)]
    reach: Option<i32>,
    /// How long it may take to reach them.
    #[arg(long, default_value = "3m", value_parser = humantime::parse_duration)]
    grow_within: Duration,
    /// How long it may take to come back to its fewest. Kubernetes waits five minutes unless `behavior` says otherwise.
    #[arg(long, default_value = "8m", value_parser = humantime::parse_duration)]
    shrink_within: Duration,
}

impl Autoscale {
    pub(super) async fn plan(&self, cluster: &Cluster, watched: &[Workload]) -> Result<Plan, DrillError> {
        let seen = cluster.autoscaler(&self.autoscaler).await?;
        let refused = |reason: String| Err(DrillError::Refused(reason));
        let Some(target) = seen.target.clone() else {
            return refused(format!("{} scales neither a Deployment nor a StatefulSet", seen.name));
        };
        let reach = self.reach.unwrap_or(seen.min + 1);
        if reach <= seen.min || reach > seen.max {
            return refused(format!(
                "{} has {} to {} replicas: {reach} cannot be reached",
                seen.name, seen.min, seen.max
            ));
        }
        if !self.factor.is_finite() || self.factor <= 1.0 {
            return refused(format!("--factor {} raises nothing", self.factor));
        }
        let mut workloads: Vec<Workload> = watched.to_vec();
        if !workloads.contains(&target) {
            workloads.push(target.clone());
        }
        let autoscaled = |grown, replicas, within| Step::Autoscaled {
            autoscaler: self.autoscaler.clone(),
            grown,
            replicas,
            within,
        };
        let steps = vec![
            autoscaled(false, seen.min, self.shrink_within),
            Step::Rate { factor: self.factor, over: self.rise },
            autoscaled(true, reach, self.grow_within),
            settled(&workloads),
            Step::Rate { factor: 1.0, over: Duration::ZERO },
            autoscaled(false, seen.min, self.shrink_within),
            settled(&workloads),
        ];
        let touches = vec![format!("nothing but load: {} scales {target} by itself", seen.name)];
        Ok(Plan { steps, workloads, touches })
    }
}
