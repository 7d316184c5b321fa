//! A run, in time.
//!
//! 1. The table is made. Writers write; the hook, where there is one, is started when its time has come.
//! 2. Somebody watches and tells when writes stop and when they are back.
//! 3. Writing ends: by the clock, or by Ctrl-C or SIGTERM.
//! 4. When a primary is there, and no session of the run is at work on it any more, the table is read and checked.
//! 5. A run that passed takes its rows away; those of one that did not stay for whoever looks into it.

use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use futures::TryStreamExt as _;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::args::Args;
use super::check::{Row, reconcile};
use super::ledger::Ledger;
use super::writer::{INDEX, Seen, Shared, TABLE, write};
use super::{hook, timeline};
use crate::bench::clock::Clock;
use crate::connect::{Backoff, Connection};
use crate::report::ledger::{FailoverResult, Fault, Load, Writes};
use crate::slo::{Indicator, Measured, Objective, judge};

/// Between two looks at whether writes go on.
const LOOK: Duration = Duration::from_millis(100);
/// A silence that is worth a line.
const SILENCE: Duration = Duration::from_secs(1);
const ROWS: &str =
    "select writer, number, count(*) from pg_load_ledger where run = $1 group by writer, number";
const OTHERS: &str =
    "select count(*) from pg_stat_activity where application_name = $1 and pid <> pg_backend_pid()";
const REMOVE: &str = "delete from pg_load_ledger where run = $1";

/// Writes while the primary is lost, and says what was found.
pub async fn measure(args: &Args, objectives: &[Objective]) -> anyhow::Result<FailoverResult> {
    let (endpoint, _local) = crate::local::open(&args.target)?;
    let run = i64::from(rand::random::<u32>()) << 16 | i64::from(rand::random::<u16>());
    let name = format!("pg-load failover {run:012x}");
    let endpoint = endpoint.writable().named(&name);
    let connection = endpoint.connect().await?;
    connection.batch_execute(TABLE).await.context("cannot make the ledger's table")?;
    connection.batch_execute(INDEX).await.context("cannot make the ledger's index")?;
    connection.close().await;
    let started_at = jiff::Timestamp::now();
    let shared = Arc::new(Shared {
        endpoint,
        run,
        clock: Clock::starting(Instant::now()),
        write_timeout: args.write_timeout,
        period: args.period(),
        end: CancellationToken::new(),
        seen: Mutex::new(Seen::default()),
    });
    let (ledger, fault, end) = write_all(args, &shared).await?;
    let connection = primary(args, &shared, &name).await?;
    let writes = reconcile(&ledger, rows(&connection, run).await?);
    let found = Found { ledger, fault, end, writes };
    let result = conclude(args, objectives, &shared, found, started_at);
    if result.passed {
        connection.execute(REMOVE, &[&run]).await.context("cannot take the rows away")?;
    }
    connection.close().await;
    Ok(result)
}

struct Found {
    ledger: Ledger,
    fault: Option<Fault>,
    end: u64,
    writes: Writes,
}

/// Writes until the end of the time; the ledger, the fault, and when it ended.
async fn write_all(args: &Args, shared: &Arc<Shared>) -> anyhow::Result<(Ledger, Option<Fault>, u64)> {
    let mut writers = JoinSet::new();
    for writer in 0..args.clients {
        let offset = shared.period.mul_f64(f64::from(writer) / f64::from(args.clients));
        let shared = shared.clone();
        writers.spawn(async move { (writer, write(shared, i32::from(writer), offset).await) });
    }
    let fault = {
        let (mut interrupt, mut terminate) =
            (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
        let mut fault = pin!(make_fault(args, shared));
        let mut made = None;
        let mut over = pin!(tokio::time::sleep(args.duration));
        let mut monitor = pin!(monitor(shared));
        loop {
            tokio::select! {
                done = &mut fault, if made.is_none() => made = Some(done?),
                () = &mut over => break,
                () = &mut monitor => {}
                _ = interrupt.recv() => break,
                _ = terminate.recv() => break,
            }
        }
        made.flatten()
    };
    let end = shared.clock.now() / 1_000;
    shared.end.cancel();
    let mut by_writer = BTreeMap::new();
    while let Some(ended) = writers.join_next().await {
        let (number, written) = ended.context("a writer")?;
        by_writer.insert(number, written);
    }
    let ledger = Ledger { writers: by_writer.into_values().collect(), hosts: shared.seen().hosts.clone() };
    Ok((ledger, fault, end))
}

async fn make_fault(args: &Args, shared: &Shared) -> anyhow::Result<Option<Fault>> {
    let Some(command) = &args.hook else { return Ok(None) };
    tokio::time::sleep(args.hook_after).await;
    let primary = {
        let seen = shared.seen();
        seen.last.and_then(|(host, _)| seen.hosts.get(host).cloned()).unwrap_or_default()
    };
    hook::run(command, &primary, shared.clock).await.map(Some)
}

/// Tells when writes stop and when they are back. Never ends by itself.
async fn monitor(shared: &Shared) {
    let mut silent_since = None;
    loop {
        tokio::time::sleep(LOOK).await;
        let now = shared.clock.now() / 1_000;
        let last = shared.seen().last.map_or(0, |(_, at)| at);
        let silence = Duration::from_micros(now.saturating_sub(last));
        match silent_since {
            None if silence >= SILENCE => {
                silent_since = Some(last);
                tracing::warn!(after = ?Duration::from_micros(last), "writes have stopped");
            }
            Some(since) if last > since => {
                tracing::info!(silent = ?Duration::from_micros(last - since), "writes are back");
                silent_since = None;
            }
            _ => {}
        }
    }
}

/// A session on the primary, when no other session of the run is left there.
async fn primary(args: &Args, shared: &Shared, name: &str) -> anyhow::Result<Connection> {
    let backoff = Backoff { patience: args.patience, ..Backoff::default() };
    let connected =
        shared.endpoint.connect_patiently(backoff, |error, _| tracing::debug!(%error, "no primary yet"));
    let connection = connected.await.context("no primary to check the writes on")?;
    let deadline = Instant::now() + args.patience;
    loop {
        let others: i64 = connection.query_one(OTHERS, &[&name]).await?.try_get(0)?;
        if others == 0 {
            return Ok(connection);
        }
        if Instant::now() >= deadline {
            bail!(
                "{others} sessions of this run are still at work on {}: its writes cannot be judged",
                connection.host()
            );
        }
        tokio::time::sleep(LOOK).await;
    }
}

async fn rows(connection: &Connection, run: i64) -> anyhow::Result<Vec<Row>> {
    let mut rows = pin!(connection.query_raw(ROWS, [run]).await?);
    let mut found = Vec::new();
    while let Some(row) = rows.try_next().await? {
        found.push((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?));
    }
    Ok(found)
}

#[expect(clippy::cast_precision_loss, reason = "microseconds and counts below 2^53")]
fn conclude(
    args: &Args,
    objectives: &[Objective],
    shared: &Shared,
    found: Found,
    started_at: jiff::Timestamp,
) -> FailoverResult {
    let Found { ledger, fault, end, writes } = found;
    let seen = shared.seen();
    let after = fault.as_ref().map(|fault| fault.from_us);
    let gap = timeline::longest_gap(&ledger, after.unwrap_or(0), end);
    // Without a hook nobody says when the fault was: it is taken to be where the gap begins.
    let recovery = gap.ended.then(|| (gap.to - after.unwrap_or(gap.from).min(gap.to)) as f64);
    let mut measured = Measured::of(writes.sent)
        .with(Indicator::Gap, gap.length() as f64)
        .with(Indicator::Lost, writes.lost as f64)
        .with(Indicator::Doubled, writes.doubled as f64)
        .with(Indicator::Unknown, writes.unknown as f64)
        .with(Indicator::Errors, (writes.failed + writes.unknown) as f64);
    if let Some(recovery) = recovery {
        measured = measured.with(Indicator::Recovery, recovery);
    }
    let slos = judge(objectives, &measured);
    let sound =
        writes.lost + writes.doubled + writes.failed_found + writes.strangers == 0 && writes.acknowledged > 0;
    let passed = sound && timeline::writes_at_the_end(&ledger, end) && slos.iter().all(|verdict| verdict.met);
    let mut errors: BTreeMap<String, u64> =
        seen.failures.iter().map(|(failure, count)| (failure.to_string(), count)).collect();
    if seen.unreachable > 0 {
        errors.insert("no connection".to_owned(), seen.unreachable);
    }
    let (timeout, rate) = (args.write_timeout.as_secs_f64(), f64::from(args.rate));
    FailoverResult {
        format: crate::report::ledger::format(),
        tool: env!("CARGO_PKG_VERSION").to_owned(),
        started_at,
        run: format!("{:012x}", shared.run),
        load: Load { clients: usize::from(args.clients), rate, write_timeout_seconds: timeout },
        seconds: end as f64 / 1e6,
        errors,
        fault,
        gap_us: gap.length() as f64,
        gap_from_us: gap.from as f64,
        gap_ended: gap.ended,
        recovery_us: recovery,
        hosts: timeline::hosts(&ledger),
        slos,
        passed,
        timeline: timeline::slices(&ledger, &seen.connects_failed, end),
        writes,
    }
}
