//! What the service is told: from variables (`topics`) to values that fit together.
//!
//! 1. Which store, and how it is reached (`store`).
//! 2. How reviews get there: batches, queue, spool, dead letters.
//! 3. Who may do what, and what questions may cost.
//!
//! Every fault is added by the name of its variable; reading goes on after each.

mod store;
mod topics;

use std::fmt::Debug;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::time::Duration;

use service_kit::{Environment, Faults, FromEnvironment};

use crate::auth::AuthSettings;
use crate::batch::BatchSettings;
use crate::dead::DeadSettings;
use crate::ingest::IngestSettings;
use crate::query::ask::QuerySettings;
use crate::query::stream::StreamSettings;
use crate::spool::SpoolSettings;
pub use store::StoreSettings;
pub(crate) use store::fault;
use topics::{AccessTopic, QueryTopic, ServerTopic, WriteTopic};

/// The shortest time that makes sense where one is awaited.
const SHORT: Duration = Duration::from_millis(10);
/// The longest time that a request or a review may be kept.
const LONG: Duration = Duration::from_hours(1);
/// Elasticsearch takes no longer body than 100 MB unless told otherwise (`http.max_content_length`).
const BATCH_MAX: u64 = 90 * MIB;
/// 1,048,576 bytes.
const MIB: u64 = 1024 * 1024;

/// All settings of the service, sound together.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where clients reach it.
    pub address: SocketAddr,
    /// Where reviews are kept.
    pub store: StoreSettings,
    /// How batches are made.
    pub batch: BatchSettings,
    /// Where reviews wait for the store; `None`: nowhere.
    pub spool: Option<SpoolSettings>,
    /// Where what is refused for good is kept.
    pub dead: DeadSettings,
    /// Who is let in.
    pub auth: AuthSettings,
    /// How reviews are taken in.
    pub ingest: IngestSettings,
    /// What questions may cost.
    pub query: QuerySettings,
    /// What streams may cost.
    pub streams: StreamSettings,
}

impl FromEnvironment for Settings {
    fn from_environment(environment: &Environment, faults: &mut Faults) -> Option<Self> {
        let server: ServerTopic = environment.read(faults);
        let write: WriteTopic = environment.read(faults);
        let access: AccessTopic = environment.read(faults);
        let queries: QueryTopic = environment.read(faults);
        let store = store::store(environment, &server, &queries, faults);
        let (batch, spool) = (batch(&write, faults), spool(&write, faults));
        let dir = write.dead_letter_dir.clone();
        let dir = dir.or_else(|| write.spool_dir.as_ref().map(|spool| spool.join("dead")));
        within("DEAD_LETTER_MAX", write.dead_letter_max.get(), &(MIB..=u64::MAX), faults);
        let queue_bytes = batch.map_or(0, |batch| batch.queue_bytes);
        let ingest = ingest(&write, queue_bytes, faults);
        let dead = DeadSettings { dir, max: write.dead_letter_max.get() };
        let (query, streams) = query(&queries, faults);
        Some(Self {
            address: SocketAddr::from(([0, 0, 0, 0], server.port)),
            store: store?,
            batch: batch?,
            spool,
            dead,
            auth: AuthSettings {
                write_tokens_file: access.write_tokens_file,
                read_tokens_file: access.read_tokens_file,
                rate_limit: access.rate_limit,
                rate_burst: access.rate_burst,
            },
            ingest,
            query,
            streams,
        })
    }
}

fn batch(topic: &WriteTopic, faults: &mut Faults) -> Option<BatchSettings> {
    within("BATCH_BYTES", topic.batch_bytes.get(), &(1024..=BATCH_MAX), faults);
    within("BATCH_COUNT", topic.batch_count, &(1..=100_000), faults);
    within("BATCH_WAIT", topic.batch_wait.get(), &(Duration::ZERO..=Duration::from_secs(10)), faults);
    within("BATCH_CONCURRENCY", topic.batch_concurrency, &(1..=256), faults);
    within("QUEUE_BYTES", topic.queue_bytes.get(), &(MIB..=64 * 1024 * MIB), faults);
    Some(BatchSettings {
        bytes: usize::try_from(topic.batch_bytes.get()).ok()?,
        count: topic.batch_count,
        wait: topic.batch_wait.get(),
        concurrency: topic.batch_concurrency,
        queue_bytes: usize::try_from(topic.queue_bytes.get()).ok()?,
    })
}

fn ingest(topic: &WriteTopic, queue_bytes: usize, faults: &mut Faults) -> IngestSettings {
    let (retry_for, ack_wait) = (topic.retry_for.get(), topic.ack_wait.get());
    within("RETRY_FOR", retry_for, &(Duration::ZERO..=LONG), faults);
    within("ACK_WAIT", ack_wait, &(Duration::ZERO..=LONG), faults);
    let temp_dir = topic.bulk_temp_dir.clone();
    if temp_dir.as_ref().is_some_and(|dir| !dir.is_dir()) {
        faults.add("BULK_TEMP_DIR", "is not a folder");
    }
    IngestSettings { retry_for, ack_wait, inbox_bytes: queue_bytes, temp_dir }
}

fn spool(topic: &WriteTopic, faults: &mut Faults) -> Option<SpoolSettings> {
    within("SPOOL_MAX", topic.spool_max.get(), &(MIB..=u64::MAX), faults);
    within("SPOOL_SEGMENT", topic.spool_segment.get(), &(MIB..=1024 * MIB), faults);
    let (max, segment) = (topic.spool_max.get(), topic.spool_segment.get());
    topic.spool_dir.clone().map(|dir| SpoolSettings { max, segment, ..SpoolSettings::new(dir) })
}

fn query(topic: &QueryTopic, faults: &mut Faults) -> (QuerySettings, StreamSettings) {
    within("QUERY_TIMEOUT", topic.query_timeout.get(), &(SHORT..=LONG), faults);
    within("QUERIES_MAX", topic.queries_max, &(1..=10_000), faults);
    within("STREAMS_MAX", topic.streams_max, &(0..=100_000), faults);
    within("STREAM_INTERVAL", topic.stream_interval.get(), &(SHORT..=LONG), faults);
    within("STREAM_HEARTBEAT", topic.stream_heartbeat.get(), &(SHORT..=LONG), faults);
    within("STREAM_AGE", topic.stream_age.get(), &(SHORT..=Duration::from_hours(7 * 24)), faults);
    let query = QuerySettings { timeout: topic.query_timeout.get(), at_once: topic.queries_max };
    let streams = StreamSettings {
        most: topic.streams_max,
        interval: topic.stream_interval.get(),
        heartbeat: topic.stream_heartbeat.get(),
        age: topic.stream_age.get(),
    };
    (query, streams)
}

/// Adds a fault where the value of `name` is outside of `range`.
fn within<T: PartialOrd + Debug + Copy>(
    name: &str,
    value: T,
    range: &RangeInclusive<T>,
    faults: &mut Faults,
) {
    if !range.contains(&value) {
        faults.add(name, format_args!("must be from {:?} to {:?}", range.start(), range.end()));
    }
}

#[cfg(test)]
mod tests;
