//! Customer reviews in; near-real-time search, statistics and pictures out. An acknowledged review is never lost and
//! never doubled.
//!
//! A review goes through these, in this order:
//!
//! 1. [`ingest`]: one JSON body or lines of them; who may write, and how much.
//! 2. [`review`]: the bytes become a review, or everything that is wrong with it.
//! 3. [`spool`]: where one is set, the review is on disk before anybody is told that it is safe.
//! 4. [`batch`]: reviews of many clients share one request to the store, which is made again as long as it must.
//! 5. [`store`]: Elasticsearch, or an index in this process.
//! 6. [`dead`]: what the store refuses for good, kept with its reason.
//!
//! And back: [`query`] is what can be asked, [`page`] is a page that asks it, [`openapi`] says all of it.
//!
//! [`build`] wires them; [`settings`] is what it is told, [`auth`] who is let in, `ready` when the service says that it
//! can work.

pub mod auth;
pub mod batch;
pub mod dead;
mod folder;
pub mod ingest;
pub mod openapi;
pub mod page;
pub mod problem;
pub mod query;
mod ready;
pub mod review;
pub mod settings;
pub mod spool;
pub mod store;

use std::sync::Arc;

use anyhow::Context as _;
use axum::Router;
use axum::http::StatusCode;
use axum::middleware::from_fn_with_state;
use service_kit::{Faults, HttpOptions, Kit};

use auth::{Auth, AuthMetrics, Scope};
use batch::{BatchMetrics, Batcher};
use dead::{Dead, DeadMetrics};
use ingest::{IngestMetrics, Intake};
use problem::Problem;
use query::ask::Queries;
use query::metrics::QueryMetrics;
use settings::{Settings, StoreSettings};
use spool::{Spool, SpoolMetrics, SpoolSettings};
use store::ReviewStore;
use store::elasticsearch::{ElasticsearchMetrics, ElasticsearchStore};
use store::embedded::Embedded;

/// Wires the service. Folders are opened, and recovered where a crash left something; nothing is asked of a cluster yet.
#[expect(
    clippy::unused_async,
    reason = "the kit takes an async function; opening blocks, and nothing runs beside it yet"
)]
pub async fn build(settings: Settings, kit: &mut Kit) -> anyhow::Result<()> {
    let listener = kit.listen("http", settings.address)?;
    let refusals = kit.metrics().with(AuthMetrics::register);
    let auth = Auth::open(&settings.auth, refusals, kit)
        .map_err(|unreadable| fault(unreadable.name, unreadable.reason))?;
    let store = open(settings.store, kit)?;
    let (batching, letters) =
        kit.metrics().with(|registry| (BatchMetrics::register(registry), DeadMetrics::register(registry)));
    let dead = Arc::new(Dead::open(settings.dead, Arc::clone(&store), letters).context("DEAD_LETTER_DIR")?);
    let batcher = Batcher::start(Arc::clone(&store), Arc::clone(&dead), settings.batch, batching, kit);
    kit.admin_routes(dead.admin_routes(batcher.clone()));
    let spool = settings.spool.map(|spool| pump(spool, &batcher, kit)).transpose()?;
    ready::watch(kit, Arc::clone(&store), batcher.clone(), spool.is_some());
    let (intakes, questions) =
        kit.metrics().with(|registry| (IngestMetrics::register(registry), QueryMetrics::register(registry)));
    let intake = Intake::new(batcher, spool, settings.ingest, intakes);
    let queries = Queries::new(store, settings.query, settings.streams, kit.draining(), questions);
    let reading = from_fn_with_state(auth.gate(Scope::Read), auth::check);
    let routes = query::routes::routes(queries).layer(reading).merge(ingest::routes(intake, auth));
    let all = openapi::with_document(routes).merge(page::routes());
    // Each route has a limit of its own: lines in bulk have none.
    kit.serve(listener, with_problems(all), HttpOptions { body_limit: None, ..HttpOptions::default() });
    Ok(())
}

fn open(settings: StoreSettings, kit: &Kit) -> anyhow::Result<Arc<dyn ReviewStore>> {
    match settings {
        StoreSettings::Elasticsearch(options) => {
            let metrics = kit.metrics().with(ElasticsearchMetrics::register);
            let store =
                ElasticsearchStore::open(*options, &metrics).map_err(|error| settings::fault(&error))?;
            Ok(Arc::new(store))
        }
        StoreSettings::Embedded(folder, options) => {
            Ok(Arc::new(Embedded::open(&folder, options).context("REVIEWS_DIR")?))
        }
    }
}

/// Opens the spool and lets it send what is in it.
fn pump(settings: SpoolSettings, batcher: &Batcher, kit: &mut Kit) -> anyhow::Result<Arc<Spool>> {
    let metrics = kit.metrics().with(SpoolMetrics::register);
    let spool = Arc::new(Spool::open(settings, metrics).context("SPOOL_DIR")?);
    kit.admin_routes(spool.admin_routes());
    kit.spawn("spool", Arc::clone(&spool).run(batcher.clone(), kit.shutdown()));
    Ok(spool)
}

/// What no route answers is a problem too.
fn with_problems(router: Router) -> Router {
    let none = async || Problem::new(StatusCode::NOT_FOUND, "there is nothing at this path");
    let other = async || Problem::new(StatusCode::METHOD_NOT_ALLOWED, "this path is not asked so: see Allow");
    router.fallback(none).method_not_allowed_fallback(other)
}

fn fault(name: &str, reason: impl std::fmt::Display) -> Faults {
    let mut faults = Faults::default();
    faults.add(name, reason);
    faults
}
