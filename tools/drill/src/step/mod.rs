//! The steps that scenarios are made of.
//!
//! A scenario is planned into a list of these before anything is touched; `--dry-run` prints that list, and a run carries out
//! the very same. [`execute`] does, and writes into the journal how each change is put back before it makes it.

pub mod execute;

use std::fmt::{self, Display};
use std::time::Duration;

use humantime::format_duration;

use crate::cluster::workload::Workload;
use crate::hook::Hook;

/// One step.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Rolls a workload.
    Restart(Workload),
    /// Sets a container's image.
    SetImage {
        /// Of what.
        workload: Workload,
        /// The container.
        container: String,
        /// The image it has.
        from: String,
        /// The image it gets.
        to: String,
    },
    /// Sets a setting and rolls what reads it.
    Set {
        /// The `ConfigMap`.
        config_map: String,
        /// The key in it.
        key: String,
        /// The value it has.
        from: Option<String>,
        /// The value it gets.
        to: String,
        /// What is rolled.
        readers: Vec<Workload>,
    },
    /// Sets replicas.
    Scale {
        /// Of what.
        workload: Workload,
        /// As many as there are now.
        from: i32,
        /// As many as there will be.
        to: i32,
        /// As many as there were before the drill; `None` where an earlier step has this in the journal.
        back: Option<i32>,
    },
    /// Deletes a pod of a workload.
    Kill {
        /// Of what.
        workload: Workload,
        /// Which of its ready pods, by name; counts round.
        nth: usize,
        /// Without a grace period.
        forced: bool,
    },
    /// Writes into a pod's status that it is not ready, again and again.
    Unready {
        /// Of what.
        workload: Workload,
        /// Which of its ready pods, by name; counts round.
        nth: usize,
        /// For how long.
        hold: Duration,
    },
    /// Puts no more pods on a node.
    Cordon {
        /// Its name.
        node: String,
    },
    /// Evicts the pods of a node and waits until they are gone.
    Evict {
        /// The node.
        node: String,
        /// Those of every namespace, not only of the one that was named.
        every_namespace: bool,
    },
    /// Runs a command that breaks something.
    Break {
        /// The command.
        hook: Hook,
        /// The one that mends it.
        mend: Hook,
    },
    /// Sends a multiple of the rates.
    Rate {
        /// Of the rates of the beginning.
        factor: f64,
        /// Rises or falls evenly over this time.
        over: Duration,
    },
    /// Waits until workloads are settled.
    Settled {
        /// Which.
        workloads: Vec<Workload>,
        /// A node whose pods do not count.
        node_lost: Option<String>,
    },
    /// Watches a rollout that must not complete.
    Stalled {
        /// Of what.
        workload: Workload,
        /// For how long.
        hold: Duration,
    },
    /// Waits until a node is ready, or is not.
    NodeReady {
        /// Its name.
        node: String,
        /// Which of the two.
        ready: bool,
    },
    /// Waits until an autoscaler has so many replicas.
    Autoscaled {
        /// Its name.
        autoscaler: String,
        /// At least so many, rather than at most.
        grown: bool,
        /// How many.
        replicas: i32,
        /// How long it may take.
        within: Duration,
    },
    /// Goes on as it is.
    Hold(Duration),
    /// Puts back all that was changed.
    PutBack,
}

fn names(workloads: &[Workload]) -> String {
    workloads.iter().map(Workload::to_string).collect::<Vec<_>>().join(", ")
}

impl Display for Step {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Restart(workload) => write!(out, "restart {workload}"),
            Self::SetImage { workload, container, from, to } => {
                write!(out, "set the image of {container} in {workload} from {from} to {to}")
            }
            Self::Set { config_map, key, from, to, readers } => {
                let from = from.as_ref().map_or("nothing".to_owned(), |from| format!("{from:?}"));
                write!(out, "set {key} of configmap/{config_map} from {from} to {to:?}")?;
                if readers.is_empty() { Ok(()) } else { write!(out, " and restart {}", names(readers)) }
            }
            Self::Scale { workload, from, to, .. } => write!(out, "scale {workload} from {from} to {to}"),
            Self::Kill { workload, forced, .. } => {
                let how = if *forced { "without a grace period" } else { "with its own grace period" };
                write!(out, "delete a pod of {workload} {how}")
            }
            Self::Unready { workload, hold, .. } => {
                write!(out, "mark a pod of {workload} not ready for {}", format_duration(*hold))
            }
            Self::Cordon { node } => write!(out, "cordon node/{node}"),
            Self::Evict { node, every_namespace } => {
                let which = if *every_namespace { "every namespace" } else { "the namespace" };
                write!(out, "evict the pods of {which} from node/{node}, as budgets allow")
            }
            Self::Break { hook, mend } => {
                write!(out, "run {:?}; put back by {:?}", hook.command, mend.command)
            }
            Self::Rate { factor, over } => {
                write!(out, "send {factor} times the rate, changed over {}", format_duration(*over))
            }
            Self::Settled { workloads, node_lost: None } => {
                write!(out, "wait until {} settled", names(workloads))
            }
            Self::Settled { workloads, node_lost: Some(node) } => {
                write!(out, "wait until {} settled without node/{node}", names(workloads))
            }
            Self::Stalled { workload, hold } => {
                write!(out, "watch for {} that the rollout of {workload} stalls", format_duration(*hold))
            }
            Self::NodeReady { node, ready: true } => write!(out, "wait until node/{node} is ready"),
            Self::NodeReady { node, ready: false } => write!(out, "wait until node/{node} is not ready"),
            Self::Autoscaled { autoscaler, grown, replicas, within } => {
                let bound = if *grown { "at least" } else { "at most" };
                let within = format_duration(*within);
                write!(out, "wait at most {within} until {autoscaler} has {bound} {replicas} replicas")
            }
            Self::Hold(time) => write!(out, "hold for {}", format_duration(*time)),
            Self::PutBack => out.write_str("put back what was changed"),
        }
    }
}
