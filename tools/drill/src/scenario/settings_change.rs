//! Changes a key of a `ConfigMap` and restarts what reads it, there and back. With `--followed` the readers see the change by
//! themselves and are not restarted.

use std::time::Duration;

use clap::Args;

use super::{Plan, named, settled};
use crate::cluster::Cluster;
use crate::cluster::workload::Workload;
use crate::error::DrillError;
use crate::step::Step;

/// What it is told.
#[derive(Args, Clone, Debug)]
pub struct SettingsChange {
    /// The config map
    #[arg(long)]
    config_map: String,
    /// The key, and the value it gets.
    #[arg(long, value_name = "KEY=VALUE")]
    set: String,
    /// The readers follow the config map by themselves: hold for so long instead of restarting them.
    #[arg(long, value_name = "HOLD", value_parser = humantime::parse_duration)]
    followed: Option<Duration>,
    /// The value must keep new pods from being ready: watch for so long that the rollout stalls, then put the old one back.
    #[arg(long, value_name = "HOLD", conflicts_with = "followed", value_parser = humantime::parse_duration)]
    stalls: Option<Duration>,
}

impl SettingsChange {
    pub(super) async fn plan(&self, cluster: &Cluster, watched: &[Workload]) -> Result<Plan, DrillError> {
        let workloads = named(watched)?;
        let (key, to) = self
            .set
            .split_once('=')
            .ok_or_else(|| DrillError::Refused(format!("--set {:?} is not KEY=VALUE", self.set)))?;
        let from = cluster.setting(&self.config_map, key).await?;
        if from.as_deref() == Some(to) {
            return Err(DrillError::Refused(format!("{key} of {} is {to:?} already", self.config_map)));
        }
        let readers = if self.followed.is_some() { Vec::new() } else { workloads.to_vec() };
        let mut steps = vec![Step::Set {
            config_map: self.config_map.clone(),
            key: key.to_owned(),
            from,
            to: to.to_owned(),
            readers,
        }];
        match (self.followed, self.stalls) {
            (Some(hold), _) => steps.push(Step::Hold(hold)),
            (None, Some(hold)) => {
                let watch = |workload: &Workload| Step::Stalled { workload: workload.clone(), hold };
                steps.extend(workloads.iter().map(watch));
            }
            (None, None) => steps.push(settled(workloads)),
        }
        steps.push(Step::PutBack);
        steps.extend(self.followed.map(Step::Hold));
        steps.push(settled(workloads));
        let mut touches = vec![format!("configmap/{} (key {key})", self.config_map)];
        touches.extend(workloads.iter().map(Workload::to_string));
        Ok(Plan { steps, workloads: workloads.to_vec(), touches })
    }
}
