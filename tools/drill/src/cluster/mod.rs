//! The cluster that is broken: what drill reads and writes there.
//!
//! 1. [`Cluster::connect`] takes a context and a namespace by name; nothing is taken from what a kubeconfig holds as current.
//! 2. [`workload`]: Deployments and `StatefulSets`, their rollouts, and when they are settled.
//! 3. [`pod`]: pods, their deletion and eviction. [`node`]: nodes, cordoned or not, ready or not.
//! 4. [`config_map`]: settings. [`autoscaler`]: what scales by load.
//! 5. [`wait`]: conditions with a deadline.

pub mod autoscaler;
pub mod config_map;
pub mod error;
pub mod node;
pub mod pod;
pub mod wait;
pub mod workload;

use std::fmt::Debug;
use std::time::Duration;

use k8s_openapi::NamespaceResourceScope;
use kube::api::Api;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config, Resource};

use error::ClusterError;

/// The context that means: the cluster this runs in, by its service account.
pub const IN_CLUSTER: &str = "in-cluster";
/// Who drill is in `managedFields`.
pub const MANAGER: &str = "drill";
/// An answer of the API that takes longer has failed.
const READ_TIMEOUT: Duration = Duration::from_secs(30);

/// One namespace of one cluster.
#[derive(Clone)]
pub struct Cluster {
    client: Client,
    context: String,
    namespace: String,
    server: String,
}

impl Cluster {
    /// The namespace of the context with this name in the kubeconfig (`KUBECONFIG`, or `~/.kube/config`). Nothing is sent yet.
    pub async fn connect(context: &str, namespace: &str) -> Result<Self, ClusterError> {
        let config = if context == IN_CLUSTER {
            Config::incluster().map_err(|error| ClusterError::Unusable(error.to_string()))?
        } else {
            let kubeconfig = Kubeconfig::read().map_err(|error| ClusterError::Unusable(error.to_string()))?;
            named(kubeconfig, context).await?
        };
        Self::new(config, context, namespace)
    }

    fn new(mut config: Config, context: &str, namespace: &str) -> Result<Self, ClusterError> {
        // Already there where two are made in one process: either is the same provider.
        let _ = rustls::crypto::ring::default_provider().install_default();
        // A 429 says that a budget forbids an eviction: when to ask again is decided where it is asked.
        config.default_retry = false;
        config.read_timeout = Some(READ_TIMEOUT);
        config.reset_reader_on_write = true;
        let server = config.cluster_url.to_string();
        let client = Client::try_from(config).map_err(|error| ClusterError::Unusable(error.to_string()))?;
        Ok(Self { client, context: context.to_owned(), namespace: namespace.to_owned(), server })
    }

    /// The context by its name.
    pub fn context(&self) -> &str {
        &self.context
    }

    /// The namespace.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Where its API listens.
    pub fn server(&self) -> &str {
        &self.server
    }

    /// Objects of the namespace.
    pub(crate) fn namespaced<K>(&self) -> Api<K>
    where
        K: Resource<Scope = NamespaceResourceScope, DynamicType: Default>,
    {
        Api::namespaced(self.client.clone(), &self.namespace)
    }

    /// Objects of a namespace by name.
    pub(crate) fn of<K>(&self, namespace: &str) -> Api<K>
    where
        K: Resource<Scope = NamespaceResourceScope, DynamicType: Default>,
    {
        Api::namespaced(self.client.clone(), namespace)
    }

    /// Objects of the cluster, or of all namespaces.
    pub(crate) fn all<K: Resource<DynamicType: Default> + Debug>(&self) -> Api<K> {
        Api::all(self.client.clone())
    }

    pub(crate) fn client(&self) -> Client {
        self.client.clone()
    }
}

async fn named(kubeconfig: Kubeconfig, context: &str) -> Result<Config, ClusterError> {
    let known: Vec<String> = kubeconfig.contexts.iter().map(|known| known.name.clone()).collect();
    if !known.iter().any(|known| known == context) {
        return Err(ClusterError::NoContext { asked: context.to_owned(), known: known.join(", ") });
    }
    let options = KubeConfigOptions { context: Some(context.to_owned()), ..KubeConfigOptions::default() };
    Config::from_custom_kubeconfig(kubeconfig, &options)
        .await
        .map_err(|error| ClusterError::Unusable(error.to_string()))
}
