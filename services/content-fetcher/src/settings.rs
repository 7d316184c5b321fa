//! What the fetcher is told: from variables (`topics`) to values that fit together.
//!
//! 1. What is wanted: one item by variables, or a manifest; never both.
//! 2. Where it goes: the bucket, with its credentials by name, by file, or by AWS's own chain.
//! 3. Within which bounds, how often, how patiently.
//!
//! Every fault is added by the name of its variable; reading goes on after each.

mod store;
mod topics;

use std::fmt::Display;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use bucket::{BucketSettings, PART_BYTES};
use service_kit::{Environment, Faults, FromEnvironment};

use crate::item::Item;
use crate::policy::AddressPolicy;
use crate::prune::PruneSettings;
use crate::retry::RetryPolicy;
use crate::source::SourceSettings;
use crate::transfer::Limits;
use crate::watch::WatchSettings;
pub(crate) use store::fault;
use topics::{ModeTopic, PatienceTopic, SourceTopic, TransferTopic, WantedTopic};

/// The largest part: what is held in memory several times over.
const PART_SIZE_MAX: u64 = 1024 * 1024 * 1024;
/// The most parts or items at a time: each may be a connection to the store.
const IN_FLIGHT_MAX: usize = 64;
/// The longest file of certificates.
const CA_FILE_MAX: u64 = 4 * 1024 * 1024;

/// All settings of the fetcher, sound together.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What to fetch.
    pub wanted: Wanted,
    /// How sources are reached.
    pub source: SourceSettings,
    /// Where it goes.
    pub bucket: BucketSettings,
    /// Whether the bucket is made where it is not there.
    pub create_bucket: bool,
    /// What bounds one item.
    pub limits: Limits,
    /// When a request is made again.
    pub retry: RetryPolicy,
    /// The size of a part in bytes.
    pub part_size: usize,
    /// How many parts are in memory at most.
    pub parts_in_flight: usize,
    /// How many items are fetched at a time.
    pub items_in_flight: usize,
    /// Whether, and how far, to prune.
    pub prune: Option<PruneSettings>,
    /// Once or again and again.
    pub mode: Mode,
    /// How often an item's progress is logged.
    pub progress_interval: Duration,
}

/// What to fetch.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Wanted {
    /// One item, by variables.
    One(Box<Item>),
    /// The items of this file.
    Manifest(PathBuf),
}

/// How often.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Mode {
    /// A job.
    Once,
    /// A sidecar.
    Watch(WatchSettings),
}

impl FromEnvironment for Settings {
    fn from_environment(environment: &Environment, faults: &mut Faults) -> Option<Self> {
        let wanted = wanted(&environment.read(faults), faults);
        let source = source(&environment.read(faults), faults);
        let bucket = store::bucket(environment, faults);
        let patience: PatienceTopic = environment.read(faults);
        let transfer = transfer(environment.read(faults), faults);
        let (mode, prune) = mode(&environment.read(faults), faults);
        if patience.max_attempts == 0 {
            faults.add("MAX_ATTEMPTS", "must be at least 1");
        }
        let retry = RetryPolicy {
            attempts: patience.max_attempts,
            base: patience.retry_base.get(),
            cap: patience.retry_cap.get(),
            retry_after_cap: patience.retry_after_cap.get(),
        };
        let (bucket, create_bucket) = bucket?;
        Some(Self {
            wanted: wanted?,
            source: source?,
            bucket,
            create_bucket,
            limits: Limits { size: transfer.max_size.get(), total: patience.total_timeout.get() },
            retry,
            part_size: usize::try_from(transfer.part_size.get()).ok()?,
            parts_in_flight: transfer.parts_in_flight,
            items_in_flight: transfer.items_in_flight,
            prune,
            mode: mode?,
            progress_interval: transfer.progress_interval.get(),
        })
    }
}

fn wanted(topic: &WantedTopic, faults: &mut Faults) -> Option<Wanted> {
    let WantedTopic { manifest, source_url, .. } = topic;
    if let Some(path) = manifest {
        for (name, value) in topic.of_one() {
            if value.is_some() {
                faults.add(name, "MANIFEST is set as well: choose one");
            }
        }
        return Some(Wanted::Manifest(PathBuf::from(path)));
    }
    if source_url.is_none() {
        faults.require("SOURCE_URL", None::<()>);
        faults.add("MANIFEST", "must be set unless SOURCE_URL is");
    }
    let url = parsed("SOURCE_URL", source_url.as_ref(), faults);
    let key = faults.require("OBJECT_KEY", topic.object_key.as_ref());
    let key = parsed("OBJECT_KEY", key, faults);
    let sha256 = parsed("SHA256", topic.sha256.as_ref(), faults);
    let content_type = parsed("CONTENT_TYPE", topic.content_type.as_ref(), faults);
    let cache_control = parsed("CACHE_CONTROL", topic.cache_control.as_ref(), faults);
    let headers_from = topic.source_headers_file.as_ref().map(PathBuf::from);
    let item = Item { url: url?, key: key?, sha256, content_type, cache_control, headers_from };
    Some(Wanted::One(Box::new(item)))
}

fn source(topic: &SourceTopic, faults: &mut Faults) -> Option<SourceSettings> {
    let certificates = match &topic.source_ca_file {
        None => Some(Vec::new()),
        Some(path) => faults.check("SOURCE_CA_FILE", read_certificates(Path::new(path))),
    };
    Some(SourceSettings {
        policy: AddressPolicy::allowing(topic.allow_cidrs.clone()),
        connect_timeout: topic.connect_timeout.get(),
        idle_timeout: topic.idle_timeout.get(),
        max_redirects: topic.max_redirects,
        ca_certificates: certificates?,
    })
}

fn read_certificates(path: &Path) -> Result<Vec<u8>, String> {
    let failed = |error: std::io::Error| format!("cannot read {}: {error}", path.display());
    let mut pem = Vec::new();
    File::open(path).map_err(failed)?.take(CA_FILE_MAX + 1).read_to_end(&mut pem).map_err(failed)?;
    match reqwest::Certificate::from_pem_bundle(&pem) {
        _ if pem.len() as u64 > CA_FILE_MAX => Err(format!("is longer than {CA_FILE_MAX} bytes")),
        Ok(certificates) if !certificates.is_empty() => Ok(pem),
        _ => Err(format!("{} holds no PEM certificate", path.display())),
    }
}

fn transfer(topic: TransferTopic, faults: &mut Faults) -> TransferTopic {
    if !(PART_BYTES..=PART_SIZE_MAX).contains(&topic.part_size.get()) {
        faults.add("PART_SIZE", "must be from 5MiB, as S3 asks, to 1GiB");
    }
    for (name, count) in
        [("PARTS_IN_FLIGHT", topic.parts_in_flight), ("ITEMS_IN_FLIGHT", topic.items_in_flight)]
    {
        if !(1..=IN_FLIGHT_MAX).contains(&count) {
            faults.add(name, format_args!("must be from 1 to {IN_FLIGHT_MAX}"));
        }
    }
    topic
}

fn mode(topic: &ModeTopic, faults: &mut Faults) -> (Option<Mode>, Option<PruneSettings>) {
    let watch = WatchSettings {
        interval: topic.interval.get(),
        start_failure_budget: topic.start_failure_budget,
        failure_budget: topic.failure_budget,
    };
    let mode = match topic.mode.as_str() {
        "once" => Some(Mode::Once),
        "watch" if watch.interval.is_zero() => {
            faults.add("INTERVAL", "must be more than 0s");
            None
        }
        "watch" => Some(Mode::Watch(watch)),
        _ => {
            faults.add("MODE", "must be once or watch");
            None
        }
    };
    let prune = PruneSettings { max: topic.prune_max, whole_bucket: topic.prune_whole_bucket };
    (mode, topic.prune.then_some(prune))
}

/// The value parsed; a fault is added by `name`.
fn parsed<T: FromStr<Err: Display>>(name: &str, text: Option<&String>, faults: &mut Faults) -> Option<T> {
    text.and_then(|text| faults.check(name, text.parse()))
}

#[cfg(test)]
mod tests;
