//! Takes a store away and brings it back: by scaling it to nothing, or by two commands.

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
pub struct StoreAway {
    /// The store: it is scaled to nothing, and back.
    #[arg(long, required_unless_present = "cut", conflicts_with = "cut")]
    store: Option<Workload>,
    /// The command that takes the store away.
    #[arg(long, value_name = "COMMAND", requires = "restore")]
    cut: Option<String>,
    /// The command that brings it back.
    #[arg(long, value_name = "COMMAND", requires = "cut")]
    restore: Option<String>,
    /// How long it stays away.
    #[arg(long, default_value = "30s", value_parser = humantime::parse_duration)]
    hold: Duration,
}

impl StoreAway {
    pub(super) async fn plan(&self, cluster: &Cluster, watched: &[Workload]) -> Result<Plan, DrillError> {
        let mut workloads = named_or_all(cluster, watched).await?;
        let (mut steps, touches) = match (&self.store, &self.cut, &self.restore) {
            (Some(store), ..) => {
                let had = cluster.workload(store).await?.replicas();
                if had == 0 {
                    return Err(DrillError::Refused(format!("{store} has no replica already")));
                }
                if !workloads.contains(store) {
                    workloads.push(store.clone());
                }
                let away = Step::Scale { workload: store.clone(), from: had, to: 0, back: Some(had) };
                (vec![away, settled(std::slice::from_ref(store))], format!("{store} ({had} replicas)"))
            }
            (None, Some(cut), Some(restore)) => {
                let hook = |command: &String| Hook { command: command.clone(), node: None };
                (
                    vec![Step::Break { hook: hook(cut), mend: hook(restore) }],
                    "by your commands alone".to_owned(),
                )
            }
            _ => return Err(DrillError::Refused("name --store, or --cut and --restore".to_owned())),
        };
        steps.extend([Step::Hold(self.hold), Step::PutBack, settled(&workloads)]);
        Ok(Plan { steps, workloads, touches: vec![touches] })
    }
}
