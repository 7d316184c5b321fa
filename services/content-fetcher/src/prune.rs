//! Deletes what the manifest no longer names.
//!
//! 1. Only after every item of a round succeeded: a manifest that could not be fetched says nothing about the rest.
//! 2. Never over a whole bucket unless that was said in so many words, and never for an empty manifest.
//! 3. All keys under the prefix are listed; where more than `PRUNE_MAX` would go, none goes: such a manifest is more
//!    likely wrong than meant.
//! 4. Each key is logged before it is deleted.

use std::collections::HashSet;

use bucket::Key;

use crate::error::FetchError;
use crate::manifest::Manifest;
use crate::metrics::FetcherMetrics;
use crate::store::Store;

/// How far pruning may go.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct PruneSettings {
    /// The most keys that one round deletes.
    pub max: usize,
    /// Whether an empty prefix, that is the whole bucket, may be pruned.
    pub whole_bucket: bool,
}

/// Why nothing was deleted. Correct the settings or the manifest.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum PruneRefused {
    /// The prefix is empty.
    #[error("nothing pruned: S3_PREFIX is empty and PRUNE_WHOLE_BUCKET is not set")]
    WholeBucket,
    /// Nothing is named, so everything would go.
    #[error("nothing pruned: the manifest names no item")]
    EmptyManifest,
    /// Too much would go.
    #[error("nothing pruned: more than {0} keys would go, as PRUNE_MAX allows")]
    TooMany(usize),
}

/// Deletes every key under the store's prefix that `manifest` does not name, and returns how many there were.
pub async fn prune(
    store: &Store,
    manifest: &Manifest,
    settings: PruneSettings,
    metrics: &FetcherMetrics,
) -> Result<usize, FetchError> {
    if store.prefix().is_empty() && !settings.whole_bucket {
        return Err(PruneRefused::WholeBucket.into());
    }
    if manifest.items().is_empty() {
        return Err(PruneRefused::EmptyManifest.into());
    }
    let named: HashSet<&str> = manifest.items().iter().map(|item| item.key.as_str()).collect();
    let unnamed = unnamed(store, &named, settings.max).await?;
    for key in &unnamed {
        tracing::info!(%key, "pruning a key that the manifest does not name");
    }
    if !unnamed.is_empty() {
        store.delete(&unnamed).await?;
    }
    metrics.pruned.inc_by(unnamed.len() as u64);
    Ok(unnamed.len())
}

async fn unnamed(store: &Store, named: &HashSet<&str>, max: usize) -> Result<Vec<Key>, FetchError> {
    let mut unnamed = Vec::new();
    let mut continuation = None;
    loop {
        let page = store.list(continuation).await?;
        let keys = page.objects.into_iter().map(|object| object.key);
        unnamed.extend(keys.filter(|key| !named.contains(key.as_str())));
        if unnamed.len() > max {
            return Err(PruneRefused::TooMany(max).into());
        }
        continuation = page.continuation;
        if continuation.is_none() {
            return Ok(unnamed);
        }
    }
}
