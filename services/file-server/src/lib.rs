//! A bucket over HTTP: s3www's contract, with correct HTTP, a cache and metrics.
//!
//! A request goes through these, in this order:
//!
//! 1. [`sites`]: which bucket answers it, by host and path.
//! 2. [`http`]: its path becomes a key; its headers become conditions, ranges and preferences.
//! 3. [`respond`]: the pipeline from there to the answer.
//! 4. [`cache`]: what is known of the key, or one question to the store for all who wait.
//! 5. [`compress`]: the forms that are made here.
//! 6. [`store`]: the bucket, and long objects as they come from it.
//! 7. [`headers`] and [`cors`]: what the operator adds to answers. [`listing`]: folders without an index.
//!
//! [`build`] wires them; [`settings`] is what it is told, [`tls`] how HTTPS gets its certificates, [`ready`] when the
//! service says that it can work.

pub mod cache;
pub mod compress;
pub mod cors;
pub mod headers;
pub mod http;
pub mod listing;
pub mod metrics;
mod ready;
pub mod respond;
pub mod settings;
pub mod sites;
pub mod store;
mod tls;

use std::sync::Arc;

use bucket::{Bucket, OpenError, StoreMetrics};
use service_kit::{Faults, HttpOptions, Kit};

use cache::{Cache, purge};
use metrics::CacheMetrics;
use settings::{Settings, SiteSettings};
use sites::Sites;
use store::Store;

/// Requests here have no bodies; what a client sends all the same is bounded by this many bytes.
const BODY_LIMIT: usize = 64 * 1024;

/// Wires the service. Nothing is asked of the store yet.
pub async fn build(settings: Settings, kit: &mut Kit) -> anyhow::Result<()> {
    let listener = kit.listen("http", settings.address.socket)?;
    let (cache_metrics, store_metrics) =
        kit.metrics().with(|registry| (CacheMetrics::register(registry), StoreMetrics::register(registry)));
    let sites = Arc::new(open(settings.sites, &store_metrics).await?);
    let cache = Cache::new(&settings.cache, settings.compression, cache_metrics);
    kit.admin_routes(purge::routes(cache.clone(), Arc::clone(&sites)));
    ready::watch(kit, Arc::clone(&sites));
    let answers = respond::answers(sites, cache);
    let options = HttpOptions { body_limit: Some(BODY_LIMIT), ..HttpOptions::default() };
    match settings.tls {
        None => kit.serve(listener, answers, options),
        Some(tls) => {
            let certificates = tls::certificates(tls, kit)?;
            kit.serve_tls(listener, certificates, answers, options);
        }
    }
    Ok(())
}

/// Opens the bucket of every site. What is wrong with the settings they share is told by name, as all settings are.
async fn open(settings: Vec<SiteSettings>, metrics: &StoreMetrics) -> anyhow::Result<Sites> {
    let mut sites = Vec::with_capacity(settings.len());
    let mut faults = Faults::default();
    for (id, site) in (0..).zip(settings) {
        match Bucket::open_with(site.bucket.clone(), metrics.clone(), store::plain::client(&site.bucket))
            .await
        {
            Ok(bucket) => sites.push(site.open(id, Store::new(bucket))),
            Err(error) => faults.add(setting_of(&error), error),
        }
    }
    if faults.is_empty() { Ok(Sites::new(sites)) } else { Err(faults.into()) }
}

/// Which setting the bucket could not be opened with.
fn setting_of(error: &OpenError) -> &'static str {
    match error {
        OpenError::Endpoint { .. } => "S3WWW_ENDPOINT",
        OpenError::CaFile { .. } | OpenError::Certificate { .. } => "STORE_CA_FILE",
        OpenError::Credentials(_) => "AWS's credentials",
        OpenError::Character { what: "the region" } => "REGION",
        OpenError::Character { .. } => "S3WWW_ACCESS_KEY",
    }
}
