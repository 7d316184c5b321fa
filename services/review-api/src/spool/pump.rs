//! From the log to the batcher.
//!
//! 1. [`feed`] takes records in the order of the log and waits for the batcher's room: that bounds the bytes in flight.
//!    [`WINDOW`] bounds how far the newest record in flight is ahead of the oldest.
//! 2. [`land`] waits for the verdicts, in whatever order they come, and tells whoever still waits for one.
//! 3. [`checkpoint`] writes down, every so often and at the end, how far the verdicts have come.

use std::sync::Arc;
use std::time::Duration;

use futures::stream::{FuturesUnordered, StreamExt as _};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use super::log::{Entry, Log, Take};
use super::reader::{Item, Plan, Reader};
use crate::batch::{Batcher, Outcome, Patience, Receipt, weight};

/// Records between the oldest and the newest in flight.
const WINDOW: u64 = 65_536;
/// Between two checkpoints. After a crash, what was stored since the last one is sent again.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(1);
/// Before what failed is tried again.
const PAUSE: Duration = Duration::from_secs(1);

/// A record in the batcher's hands.
type Flight = (Entry, Receipt);

/// Sends everything to the store until `stop`.
pub(super) async fn run(log: &Arc<Log>, batcher: Batcher, stop: CancellationToken) -> anyhow::Result<()> {
    let (launched, landing) = unbounded_channel();
    tokio::select! {
        () = stop.cancelled() => {}
        ended = feed(log, &batcher, launched) => ended?,
        () = land(log, &batcher, landing) => {}
        () = keep_checkpoints(log) => {}
    }
    // What is in flight still counts as not done: it is sent again after the start.
    checkpoint(log).await;
    Ok(())
}

/// Never ends, but by a panic of the reader.
async fn feed(log: &Arc<Log>, batcher: &Batcher, launched: UnboundedSender<Flight>) -> anyhow::Result<()> {
    let mut reader = Reader::new(log.folder());
    loop {
        match log.take() {
            Take::Nothing => log.news.notified().await,
            Take::Memory(entries) => {
                for entry in entries {
                    launch(log, batcher, entry, &launched).await;
                }
            }
            Take::Disk(plan) => {
                let (used, read) = read(reader, plan).await?;
                reader = used;
                let Some((items, next)) = read else {
                    log.metrics.spool_io_errors.inc();
                    tokio::time::sleep(PAUSE).await;
                    continue;
                };
                log.has_read(next);
                for item in items {
                    match item {
                        Item::Record(entry) => {
                            log.metrics.spool_read_back.inc();
                            launch(log, batcher, entry, &launched).await;
                        }
                        Item::Lost(range) => give_up(log, range).await,
                    }
                }
            }
        }
    }
}

/// Reads on a thread that may block.
async fn read(mut reader: Reader, plan: Plan) -> anyhow::Result<(Reader, Option<(Vec<Item>, u64)>)> {
    let reading = tokio::task::spawn_blocking(move || {
        let read = reader.read(&plan);
        if let Err(error) = &read {
            tracing::error!(%error, record = plan.position, "the spool cannot be read; trying again");
        }
        (reader, read.ok())
    });
    Ok(reading.await?)
}

async fn launch(log: &Log, batcher: &Batcher, entry: Entry, launched: &UnboundedSender<Flight>) {
    while entry.sequence - log.lowest() >= WINDOW {
        log.advanced.notified().await;
    }
    let room = batcher.room(weight(&entry.document)).await;
    let receipt = batcher.push(room, Arc::clone(&entry.document), Patience::Forever);
    let _ = launched.send((entry, receipt)); // where nobody listens any more, all of this ends
}

/// Goes on without records that cannot be read, once everything before them is done.
async fn give_up(log: &Log, lost: std::ops::Range<u64>) {
    let count = lost.end - lost.start;
    log.metrics.spool_damaged_records.inc_by(count);
    tracing::error!(
        first = lost.start,
        count,
        "records of the spool cannot be read; what is left of their segment is kept in quarantine"
    );
    while log.lowest() < lost.start {
        log.advanced.notified().await;
    }
    log.finish_below(lost.end);
}

/// Never ends.
async fn land(log: &Log, batcher: &Batcher, mut landing: UnboundedReceiver<Flight>) {
    let mut aloft = FuturesUnordered::new();
    loop {
        tokio::select! {
            flight = landing.recv() => match flight {
                Some(flight) => aloft.push(settle(batcher, flight)),
                None => return,
            },
            Some(sequence) = aloft.next() => log.finish(sequence),
        }
    }
}

/// Waits until the store has a verdict on a record.
async fn settle(batcher: &Batcher, (mut entry, mut receipt): Flight) -> u64 {
    loop {
        let outcome = receipt.await;
        if let Outcome::Retry(reason) = &outcome {
            // The batcher has patience forever, and so says this only when the service ends.
            tracing::debug!(reason, record = entry.sequence, "a record of the spool is sent again");
            tokio::time::sleep(PAUSE).await;
            let room = batcher.room(weight(&entry.document)).await;
            receipt = batcher.push(room, Arc::clone(&entry.document), Patience::Forever);
            continue;
        }
        if let Some(waiting) = entry.waiting.take() {
            let _ = waiting.send(outcome); // it may have gone away
        }
        return entry.sequence;
    }
}

/// Never ends.
async fn keep_checkpoints(log: &Arc<Log>) {
    let mut ticks = tokio::time::interval(CHECKPOINT_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        checkpoint(log).await;
    }
}

async fn checkpoint(log: &Arc<Log>) {
    let writing = tokio::task::spawn_blocking({
        let log = Arc::clone(log);
        move || log.checkpoint()
    });
    if let Ok(Err(error)) = writing.await {
        log.metrics.spool_io_errors.inc();
        tracing::warn!(%error, "the spool's checkpoint cannot be written; trying again");
    }
}
