//! Why a drill ended without going its whole way.

use std::io;

use thiserror::Error;

use crate::cluster::error::ClusterError;
use crate::hook::HookError;
use crate::ledger::check::CheckError;

/// Why a drill ended without going its whole way.
#[derive(Debug, Error)]
pub enum DrillError {
    /// What was asked for makes no sense, or is not safe: nothing was touched. Ask for something else.
    #[error("{0}")]
    Refused(String),
    /// The traffic was not clean, or the workloads not settled, before anything was broken: nothing was touched.
    #[error("not steady before the drill: {0}")]
    NotSteady(String),
    /// What the cluster said, or did not get to.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// A command of the user failed.
    #[error(transparent)]
    Hook(#[from] HookError),
    /// The journal of what is to be put back cannot be kept; nothing is changed without it.
    #[error("the journal cannot be kept: {0}")]
    Journal(#[source] io::Error),
    /// Whether acknowledged reviews were lost is not known.
    #[error(transparent)]
    Check(#[from] CheckError),
    /// The traffic's client cannot be made: mend the certificates or headers.
    #[error("traffic cannot be sent: {0}")]
    Traffic(#[from] reqwest::Error),
    /// A signal came; what was changed is put back.
    #[error("interrupted")]
    Interrupted,
}

impl DrillError {
    /// Whether it is a finding about the cluster (it did not get there in time) rather than a fault of the run.
    pub fn is_finding(&self) -> bool {
        matches!(self, Self::Cluster(ClusterError::Deadline { .. }))
    }
}
