//! Settings in `ConfigMaps`.

use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{Patch, PatchParams};
use serde_json::json;

use super::error::ClusterError;
use super::{Cluster, MANAGER};

impl Cluster {
    /// The value of a key; `None` where the `ConfigMap` has no such key.
    pub async fn setting(&self, config_map: &str, key: &str) -> Result<Option<String>, ClusterError> {
        let doing = format!("read ConfigMap {config_map} in namespace {}", self.namespace());
        let found = self.namespaced::<ConfigMap>().get(config_map).await.map_err(ClusterError::api(doing))?;
        if found.immutable == Some(true) {
            return Err(ClusterError::Unfit(format!("ConfigMap {config_map} is immutable")));
        }
        Ok(found.data.and_then(|mut data| data.remove(key)))
    }

    /// Sets a key, or takes it away.
    pub async fn set(&self, config_map: &str, key: &str, value: Option<&str>) -> Result<(), ClusterError> {
        let parameters = PatchParams { field_manager: Some(MANAGER.to_owned()), ..PatchParams::default() };
        // In a merge patch null takes a key away.
        let patch = json!({ "data": { key: value } });
        let patched =
            self.namespaced::<ConfigMap>().patch(config_map, &parameters, &Patch::Merge(patch)).await;
        patched.map(|_| ()).map_err(ClusterError::api(format!("set {key} of ConfigMap {config_map}")))
    }
}
