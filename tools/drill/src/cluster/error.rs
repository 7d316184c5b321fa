//! What goes wrong with a cluster.

use std::time::Duration;

use thiserror::Error;

/// What goes wrong with a cluster, and what the caller makes of it.
#[derive(Debug, Error)]
pub enum ClusterError {
    /// The name is mistyped, or this is another machine's kubeconfig: name one that is there.
    #[error("the kubeconfig has no context {asked:?}; it has: {known}")]
    NoContext {
        /// What was asked for.
        asked: String,
        /// What there is.
        known: String,
    },
    /// The kubeconfig, or the service account, cannot be used: mend it.
    #[error("the cluster cannot be used: {0}")]
    Unusable(String),
    /// An object is not there: name one that is.
    #[error("{0} is not there")]
    NotFound(String),
    /// The API said no, or nothing: see the reason; for 403, the RBAC in docs/drill.md.
    #[error("{doing}: {source}")]
    Api {
        /// What was asked of it.
        doing: String,
        /// What it said.
        source: Box<kube::Error>,
    },
    /// The cluster did not get there in time. That is a finding, not a fault of the run.
    #[error("{what}: not within {}: {state}", humantime::format_duration(*within))]
    Deadline {
        /// What was waited for.
        what: String,
        /// How long.
        within: Duration,
        /// What was there at the end.
        state: String,
    },
    /// An object is not of the form that this needs: see the reason.
    #[error("{0}")]
    Unfit(String),
}

impl ClusterError {
    /// Wraps what the API said to `doing`.
    pub(crate) fn api(doing: impl Into<String>) -> impl FnOnce(kube::Error) -> Self {
        let doing = doing.into();
        move |source| match &source {
            kube::Error::Api(status) if status.code == 404 && status.reason == "NotFound" => {
                Self::NotFound(format!("{doing}: {}", status.message))
            }
            _ => Self::Api { doing, source: Box::new(source) },
        }
    }

    /// Whether asking again may help: the API was away, or too busy to answer.
    pub(crate) fn may_pass(&self) -> bool {
        match self {
            Self::Api { source, .. } => match source.as_ref() {
                kube::Error::Api(status) => matches!(status.code, 429 | 500 | 502..=504),
                kube::Error::HyperError(_) | kube::Error::Service(_) => true,
                _ => false,
            },
            _ => false,
        }
    }
}
