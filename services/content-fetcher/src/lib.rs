//! Fetches content from HTTP sources into a bucket, verified, as a job or as a sidecar.
//!
//! How one item passes through, module by module:
//!
//! 1. [`settings`], [`manifest`] and [`item`]: what is wanted, in types that cannot be wrong.
//! 2. [`once`] or [`watch`] runs rounds; a [`round`] looks after every item, and after all succeeded [`prune`]s.
//! 3. [`transfer`] is one item: it looks at the bucket ([`plan`]), asks the source, and tries again ([`retry`]).
//! 4. [`source`] speaks HTTP: hops ([`redirect`]) to addresses that are allowed ([`policy`], [`resolver`]), with the item's
//!    own [`headers`], for the whole or for the rest ([`mod@range`]).
//! 5. What comes is hashed ([`verify`]) and copied into parts of fixed memory ([`part`]), which go to the bucket while
//!    more comes ([`upload`], [`store`]). The object is made only when length and hash agree.
//! 6. [`progress`], [`metrics`] and the [`summary`] tell of it; [`error`] says what failed and with which exit code.
//!
//! Memory: `PART_SIZE` × `PARTS_IN_FLIGHT` for content, whatever is fetched, and some 20 MiB for all else.

pub mod error;
pub mod headers;
pub mod item;
pub mod manifest;
pub mod metrics;
pub mod once;
pub mod part;
pub mod plan;
pub mod policy;
pub mod progress;
pub mod prune;
pub mod range;
pub mod redirect;
pub mod resolver;
pub mod retry;
pub mod round;
pub mod settings;
pub mod source;
pub mod store;
pub mod summary;
pub mod transfer;
pub mod upload;
pub mod verify;
pub mod watch;

use std::io::IsTerminal as _;
use std::path::Path;

use anyhow::Context as _;
use bucket::{Bucket, StoreMetrics};
use service_kit::{Faults, Followed, Kit};

use manifest::Manifest;
use metrics::FetcherMetrics;
use part::PartPool;
use progress::Progress;
use round::Rounds;
use settings::{Mode, Settings, Wanted};
use source::Source;
use store::Store;
use transfer::Fetcher;

/// Wires the service. Faults that only show here (a manifest, certificates) are settings' faults as well.
pub async fn build(settings: Settings, kit: &mut Kit) -> anyhow::Result<()> {
    let manifest = wanted(settings.wanted.clone(), kit)?;
    let (metrics, store_metrics) =
        kit.metrics().with(|registry| (FetcherMetrics::register(registry), StoreMetrics::register(registry)));
    let bucket = Bucket::open(settings.bucket.clone(), store_metrics)
        .await
        .map_err(|error| settings::fault(&error))?;
    let source =
        Source::new(settings.source.clone()).context("the client of the sources could not be made")?;
    let fetcher = Fetcher {
        source,
        store: Store::new(bucket, settings.retry, metrics.clone()),
        pool: PartPool::new(settings.part_size, settings.parts_in_flight, metrics.parts_in_flight.clone()),
        retry: settings.retry,
        limits: settings.limits,
        metrics,
        progress: Progress::new(std::io::stderr().is_terminal(), settings.progress_interval),
    };
    let mut rounds = Rounds::new(fetcher, manifest, settings.items_in_flight);
    rounds.create_bucket = settings.create_bucket;
    rounds.prune = settings.prune;
    let (ready, stopper) = (kit.readiness("content"), kit.stopper());
    // Not the later `shutdown`: nothing is served here that could still need content, and an upload that is under way
    // is to be aborted at once.
    let stop = kit.draining();
    match settings.mode {
        Mode::Once => kit.spawn("once", once::once(rounds, ready, stopper, stop)),
        Mode::Watch(watch) => kit.spawn("watch", watch::watch(rounds, watch, ready, stopper, stop)),
    }
    Ok(())
}

fn wanted(wanted: Wanted, kit: &mut Kit) -> Result<Followed<Manifest>, Faults> {
    let path = match wanted {
        Wanted::One(item) => return Ok(Followed::fixed(Manifest::of_one(*item))),
        Wanted::Manifest(path) => path,
    };
    let folder = path.parent().unwrap_or(Path::new("")).to_owned();
    let parse = move |contents: &[Vec<u8>]| {
        let text = contents.first().map(Vec::as_slice).unwrap_or_default();
        Manifest::parse(text, &folder).map_err(|error| error.to_string())
    };
    kit.follow("MANIFEST", vec![path], parse).map_err(|unreadable| {
        let mut faults = Faults::default();
        faults.add(unreadable.name, unreadable.reason);
        faults
    })
}
