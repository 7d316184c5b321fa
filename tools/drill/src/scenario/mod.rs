//! What is broken, and how: one file each.
//!
//! A scenario reads the cluster and answers with its [`Plan`]: the steps, and the workloads that must be settled before and
//! after. Planning changes nothing; what cannot be done safely is refused there.

mod autoscale;
mod drain;
mod image_change;
mod node_loss;
mod pod_kill;
mod readiness_flap;
mod rolling_restart;
mod scale;
mod settings_change;
mod store_away;

use clap::Subcommand;

use crate::cluster::Cluster;
use crate::cluster::workload::Workload;
use crate::error::DrillError;
use crate::step::Step;

/// What is broken.
#[derive(Clone, Debug, Subcommand)]
pub enum Scenario {
    /// Restarts workloads, as `kubectl rollout restart` does, one after another
    RollingRestart(rolling_restart::RollingRestart),
    /// Gives a container another image, and its own again
    ImageChange(image_change::ImageChange),
    /// Changes a key of a config map and rolls what reads it, there and back
    SettingsChange(settings_change::SettingsChange),
    /// Scales workloads up and down, and back to what they had
    Scale(scale::Scale),
    /// Deletes pods, with their grace period or without
    PodKill(pod_kill::PodKill),
    /// Drains nodes in turn: cordon, evict as the budgets allow, wait for the replacements, uncordon
    Drain(drain::Drain),
    /// Cuts a node off by a command of yours, and brings it back by another
    NodeLoss(node_loss::NodeLoss),
    /// Takes a store away, by scaling it to nothing or by commands of yours, and brings it back
    StoreAway(store_away::StoreAway),
    /// Marks pods not ready for a while although they are, so that they leave their Services and come back
    ReadinessFlap(readiness_flap::ReadinessFlap),
    /// Raises the load until an autoscaler scales up, then lowers it until it scales down
    Autoscale(autoscale::Autoscale),
}

/// What a scenario will do.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// In order.
    pub steps: Vec<Step>,
    /// What must be settled before and after.
    pub workloads: Vec<Workload>,
    /// The objects that are changed, as they are now.
    pub touches: Vec<String>,
}

impl Scenario {
    /// Its name on the command line.
    pub fn name(&self) -> &'static str {
        match self {
            Self::RollingRestart(_) => "rolling-restart",
            Self::ImageChange(_) => "image-change",
            Self::SettingsChange(_) => "settings-change",
            Self::Scale(_) => "scale",
            Self::PodKill(_) => "pod-kill",
            Self::Drain(_) => "drain",
            Self::NodeLoss(_) => "node-loss",
            Self::StoreAway(_) => "store-away",
            Self::ReadinessFlap(_) => "readiness-flap",
            Self::Autoscale(_) => "autoscale",
        }
    }

    /// Reads the cluster, and says what will be done.
    pub async fn plan(&self, cluster: &Cluster, watched: &[Workload]) -> Result<Plan, DrillError> {
        match self {
            Self::RollingRestart(scenario) => scenario.plan(cluster, watched).await,
            Self::ImageChange(scenario) => scenario.plan(cluster, watched).await,
            Self::SettingsChange(scenario) => scenario.plan(cluster, watched).await,
            Self::Scale(scenario) => scenario.plan(cluster, watched).await,
            Self::PodKill(scenario) => scenario.plan(cluster, watched).await,
            Self::Drain(scenario) => scenario.plan(cluster, watched).await,
            Self::NodeLoss(scenario) => scenario.plan(cluster, watched).await,
            Self::StoreAway(scenario) => scenario.plan(cluster, watched).await,
            Self::ReadinessFlap(scenario) => scenario.plan(cluster, watched).await,
            Self::Autoscale(scenario) => scenario.plan(cluster, watched).await,
        }
    }
}

/// The workloads that were named; a scenario that changes them needs at least one.
fn named(watched: &[Workload]) -> Result<&[Workload], DrillError> {
    if watched.is_empty() {
        return Err(DrillError::Refused("name what is to be broken: --workload deployment/NAME".to_owned()));
    }
    Ok(watched)
}

/// The one workload that was named.
fn single(watched: &[Workload]) -> Result<&Workload, DrillError> {
    match named(watched)? {
        [one] => Ok(one),
        _ => Err(DrillError::Refused("this scenario takes one --workload".to_owned())),
    }
}

/// The workloads that were named; all of the namespace where none was.
async fn named_or_all(cluster: &Cluster, watched: &[Workload]) -> Result<Vec<Workload>, DrillError> {
    if !watched.is_empty() {
        for workload in watched {
            cluster.workload(workload).await?;
        }
        return Ok(watched.to_vec());
    }
    let all = cluster.all_workloads().await?;
    if all.is_empty() {
        return Err(DrillError::Refused(format!("namespace {} has no workload", cluster.namespace())));
    }
    Ok(all)
}

/// What a workload is now, for people.
async fn described(cluster: &Cluster, workload: &Workload) -> Result<String, DrillError> {
    let seen = cluster.workload(workload).await?;
    Ok(format!("{workload} ({} replicas)", seen.replicas()))
}

fn settled(workloads: &[Workload]) -> Step {
    Step::Settled { workloads: workloads.to_vec(), node_lost: None }
}
