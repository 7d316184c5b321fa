//! Carries out steps.
//!
//! 1. How a change is put back is in the journal before the change is asked for.
//! 2. Each step has a deadline; the first that fails ends the run, and whoever called puts back what the journal holds.
//! 3. When each step began and ended goes into the timeline of the report.

use std::time::Duration;

use serde::Serialize;
use tokio::time::Instant;

use super::Step;
use crate::cluster::Cluster;
use crate::cluster::error::ClusterError;
use crate::cluster::pod::{PodRef, is_mirror, is_over, is_ready, is_terminating, owner};
use crate::cluster::workload::Workload;
use crate::error::DrillError;
use crate::traffic::Traffic;
use crate::undo::{Journal, Undo};

/// Between two writes of a status that the kubelet mends.
const INSIST: Duration = Duration::from_secs(1);
/// Between two steps of a rising rate.
const RISE: Duration = Duration::from_secs(1);

/// A step that was taken.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Event {
    /// Seconds from the drill's beginning.
    pub at_seconds: f64,
    /// What it was.
    pub step: String,
    /// How long it took, in seconds.
    pub took_seconds: f64,
}

/// What carries out steps.
pub struct Executor<'a> {
    /// Where.
    pub cluster: &'a Cluster,
    /// What runs meanwhile.
    pub traffic: &'a Traffic,
    /// How everything is put back.
    pub journal: &'a mut Journal,
    /// The drill's beginning.
    pub began: Instant,
    /// How long a step may take.
    pub within: Duration,
    /// What was done.
    pub timeline: &'a mut Vec<Event>,
    /// Tells people.
    pub say: &'a (dyn Fn(String) + Sync),
    /// What the rates were multiplied by last.
    pub factor: f64,
}

impl Executor<'_> {
    /// All of them, in order.
    pub async fn run(&mut self, steps: &[Step]) -> Result<(), DrillError> {
        for step in steps {
            (self.say)(step.to_string());
            let at = self.began.elapsed();
            let ended = self.carry_out(step).await;
            let took = self.began.elapsed().saturating_sub(at);
            let step = match &ended {
                Ok(None) => step.to_string(),
                Ok(Some(note)) => format!("{step} ({note})"),
                Err(error) => format!("{step}: {error}"),
            };
            self.timeline.push(Event {
                at_seconds: at.as_secs_f64(),
                step,
                took_seconds: took.as_secs_f64(),
            });
            ended?;
        }
        Ok(())
    }

    /// One of them; tells what is worth a note.
    async fn carry_out(&mut self, step: &Step) -> Result<Option<String>, DrillError> {
        let (cluster, within) = (self.cluster, self.within);
        match step {
            Step::Restart(workload) => cluster.restart(workload).await?,
            Step::SetImage { .. } | Step::Set { .. } | Step::Scale { .. } | Step::Cordon { .. } => {
                self.change(step).await?;
            }
            Step::Kill { workload, nth, forced } => {
                let pod = self.pick(workload, *nth).await?;
                cluster.delete_pod(&pod, *forced).await?;
                return Ok(Some(pod.name));
            }
            Step::Unready { workload, nth, hold } => {
                return self.unready(workload, *nth, *hold).await.map(Some);
            }
            Step::Evict { node, every_namespace } => {
                return self.evict(node, *every_namespace).await.map(Some);
            }
            Step::Break { hook, mend } => {
                self.journal.push(Undo::Hook(mend.clone()))?;
                hook.run(cluster, within).await?;
            }
            Step::Rate { factor, over } => self.rate(*factor, *over).await,
            Step::Settled { workloads, node_lost } => {
                cluster.settled(workloads, node_lost.as_deref(), within).await?;
            }
            Step::Stalled { workload, hold } => self.stalled(workload, *hold).await?,
            Step::NodeReady { node, ready } => cluster.node_ready(node, *ready, within).await?,
            Step::Autoscaled { autoscaler, grown, replicas, within } => {
                cluster.autoscaled(autoscaler, *grown, *replicas, *within).await?;
            }
            Step::Hold(time) => tokio::time::sleep(*time).await,
            Step::PutBack => self.journal.put_back(cluster, self.say).await?,
        }
        Ok(None)
    }

    /// What the journal takes back by its own entry.
    async fn change(&mut self, step: &Step) -> Result<(), DrillError> {
        let cluster = self.cluster;
        match step.clone() {
            Step::SetImage { workload, container, from, to } => {
                let undo =
                    Undo::Image { workload: workload.clone(), container: container.clone(), image: from };
                self.journal.push(undo)?;
                cluster.set_image(&workload, &container, &to).await?;
            }
            Step::Set { config_map, key, from, to, readers } => {
                self.journal.push(Undo::Setting {
                    config_map: config_map.clone(),
                    key: key.clone(),
                    value: from,
                    readers: readers.clone(),
                })?;
                cluster.set(&config_map, &key, Some(&to)).await?;
                for reader in &readers {
                    cluster.restart(reader).await?;
                }
            }
            Step::Scale { workload, to, back, .. } => {
                if let Some(replicas) = back {
                    self.journal.push(Undo::Scale { workload: workload.clone(), replicas })?;
                }
                cluster.scale(&workload, to).await?;
            }
            Step::Cordon { node } => {
                self.journal.push(Undo::Uncordon { node: node.clone() })?;
                cluster.cordon(&node, true).await?;
            }
            _ => {}
        }
        Ok(())
    }

    /// One of a workload's ready pods.
    async fn pick(&self, workload: &Workload, nth: usize) -> Result<PodRef, DrillError> {
        let pods = self.cluster.pods_of(workload).await?;
        let mut ready: Vec<PodRef> =
            pods.iter().filter(|pod| is_ready(pod) && !is_terminating(pod)).map(PodRef::from).collect();
        ready.sort();
        let index = nth.checked_rem(ready.len());
        let picked = index.and_then(|index| ready.into_iter().nth(index));
        picked.ok_or_else(|| ClusterError::NotFound(format!("a ready pod of {workload}")).into())
    }

    async fn unready(&self, workload: &Workload, nth: usize, hold: Duration) -> Result<String, DrillError> {
        let pod = self.pick(workload, nth).await?;
        let until = Instant::now() + hold;
        while Instant::now() < until {
            self.cluster.mark_unready(&pod).await?;
            tokio::time::sleep_until(until.min(Instant::now() + INSIST)).await;
        }
        Ok(pod.name)
    }

    /// Evicts all pods of a node at once, as kubectl does: each waits for its own budget.
    async fn evict(&self, node: &str, every_namespace: bool) -> Result<String, DrillError> {
        let pods = self.cluster.pods_on(node, every_namespace).await?;
        let pods: Vec<PodRef> = pods
            .iter()
            .filter(|pod| !is_over(pod) && !is_mirror(pod) && owner(pod) != Some("DaemonSet"))
            .map(PodRef::from)
            .collect();
        let forbidden =
            futures::future::try_join_all(pods.iter().map(|pod| self.cluster.evict(pod, self.within)))
                .await?;
        self.cluster.gone(&pods, self.within).await?;
        let forbidden: u32 = forbidden.into_iter().sum();
        Ok(format!("{} pods, {forbidden} times told to wait", pods.len()))
    }

    async fn rate(&mut self, factor: f64, over: Duration) {
        let (first, began) = (self.factor, Instant::now());
        while began.elapsed() < over {
            let share = began.elapsed().as_secs_f64() / over.as_secs_f64();
            self.traffic.scale(first + (factor - first) * share);
            tokio::time::sleep(RISE.min(over.saturating_sub(began.elapsed()))).await;
        }
        self.traffic.scale(factor);
        self.factor = factor;
    }

    /// A rollout that completes although it must not is a finding as good as one that does not complete although it must.
    async fn stalled(&self, workload: &Workload, hold: Duration) -> Result<(), DrillError> {
        let until = Instant::now() + hold;
        while Instant::now() < until {
            if self.cluster.unsettled(workload, None).await?.is_none() {
                return Err(ClusterError::Deadline {
                    what: format!("the rollout of {workload} stalled"),
                    within: hold,
                    state: "it completed".to_owned(),
                }
                .into());
            }
            tokio::time::sleep(INSIST).await;
        }
        Ok(())
    }
}
