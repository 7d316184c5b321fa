//! One writer: a row, its answer, the next row.
//!
//! 1. A row is inserted and committed by one statement. Its number is used once, whatever becomes of it.
//! 2. Without an answer in time, after an error that says so, or without a connection, the writer connects again to
//!    whichever host takes writes.
//! 3. It keeps its pace and makes up for nothing: after an outage there is no burst.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};
use tokio_postgres::Statement;
use tokio_postgres::types::ToSql;
use tokio_util::sync::CancellationToken;

use super::ledger::{Fate, Write};
use crate::bench::clock::Clock;
use crate::bench::failure::{Failure, Failures};
use crate::connect::{Backoff, ConnectError, Connection, Endpoint, Remedy, describe, remedy};

/// The table. It has no unique constraint: one would hide what it is there to find.
pub const TABLE: &str = "create table if not exists pg_load_ledger (
    run bigint not null, writer integer not null, number bigint not null,
    written_at timestamptz not null default clock_timestamp())";
/// So that the rows of one run are found among those of many.
pub const INDEX: &str = "create index if not exists pg_load_ledger_run on pg_load_ledger (run)";
const INSERT: &str = "insert into pg_load_ledger (run, writer, number) values ($1, $2, $3)";
/// Pauses between attempts to connect: short, since what they find out is how long the outage is.
const BACKOFF: Backoff =
    Backoff { first: Duration::from_millis(20), most: Duration::from_millis(250), patience: Duration::MAX };

/// What all writers of a run share.
#[derive(Debug)]
pub struct Shared {
    /// Hosts of which one takes writes.
    pub endpoint: Endpoint,
    /// What the rows are marked with.
    pub run: i64,
    /// The run's time.
    pub clock: Clock,
    /// How long an answer may take.
    pub write_timeout: Duration,
    /// Between two writes.
    pub period: Duration,
    /// The end of writing.
    pub end: CancellationToken,
    /// What happened besides writes.
    pub seen: Mutex<Seen>,
}

/// What happened besides writes, and what a monitor wants to know at once.
#[derive(Debug, Default)]
pub struct Seen {
    /// Hosts that were connected to.
    pub hosts: Vec<String>,
    /// When attempts to connect failed.
    pub connects_failed: Vec<u64>,
    /// Errors of writes and of attempts.
    pub failures: Failures,
    /// Attempts that got no answer of a server at all.
    pub unreachable: u64,
    /// The last host that acknowledged, and when.
    pub last: Option<(usize, u64)>,
}

impl Shared {
    /// What was seen so far.
    pub fn seen(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now_us(&self) -> u64 {
        self.clock.now() / 1_000
    }
}

struct Session {
    connection: Connection,
    insert: Statement,
    host: usize,
}

/// Writes until the end; what became of each write.
pub async fn write(shared: Arc<Shared>, writer: i32, offset: Duration) -> Vec<Write> {
    let mut written = Vec::new();
    let mut session = None;
    let mut pace = interval_at(Instant::from_std(shared.clock.instant(0)) + offset, shared.period);
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while shared.end.run_until_cancelled(pace.tick()).await.is_some() {
        let current = match session.take() {
            Some(current) => current,
            None => match shared.end.run_until_cancelled(connect(&shared)).await {
                Some(connected) => connected,
                None => break,
            },
        };
        let number = i64::try_from(written.len()).unwrap_or(i64::MAX);
        let (fate, is_usable) = insert(&shared, &current, writer, number).await;
        let ended_us = shared.now_us();
        written.push(Write { ended_us, fate, host: current.host });
        if fate == Fate::Acknowledged {
            shared.seen().last = Some((current.host, ended_us));
        }
        session = is_usable.then_some(current);
    }
    if let Some(session) = session {
        session.connection.close().await;
    }
    written
}

/// One write, and whether the session is good for another.
async fn insert(shared: &Shared, session: &Session, writer: i32, number: i64) -> (Fate, bool) {
    let identity: [&(dyn ToSql + Sync); 3] = [&shared.run, &writer, &number];
    let answer = session.connection.execute(&session.insert, &identity);
    match timeout(shared.write_timeout, answer).await {
        Ok(Ok(_)) => (Fate::Acknowledged, true),
        Ok(Err(error)) => {
            shared.seen().failures.add(Failure::of(&error), 1);
            let is_usable = !session.connection.is_closed() && remedy(&error) != Remedy::Reconnect;
            (Fate::of(&error), is_usable)
        }
        Err(_) => {
            shared.seen().failures.add(Failure::Unfinished, 1);
            (Fate::Unknown, false)
        }
    }
}

/// Connects, however often it takes.
async fn connect(shared: &Shared) -> Session {
    let mut attempt = 0;
    loop {
        match open(shared).await {
            Ok(session) => return session,
            Err(failure) => {
                let at = shared.now_us();
                let mut seen = shared.seen();
                seen.connects_failed.push(at);
                match failure {
                    Some(failure) => seen.failures.add(failure, 1),
                    None => seen.unreachable += 1,
                }
            }
        }
        let wait = BACKOFF.wait(attempt, Duration::ZERO, rand::random()).unwrap_or(BACKOFF.most);
        tokio::time::sleep(wait).await;
        attempt += 1;
    }
}

async fn open(shared: &Shared) -> Result<Session, Option<Failure>> {
    let connected: Result<Connection, ConnectError> = shared.endpoint.connect().await;
    let connection = connected.map_err(|error| {
        tracing::debug!(%error, "no connection yet");
        None
    })?;
    let prepared = timeout(shared.write_timeout, connection.prepare(INSERT)).await;
    let insert = prepared.map_err(|_| Some(Failure::Unfinished))?.map_err(|error| {
        tracing::debug!("no statement yet: {}", describe(&error));
        Some(Failure::of(&error))
    })?;
    let name = connection.host().to_owned();
    let mut seen = shared.seen();
    let host = seen.hosts.iter().position(|known| *known == name).unwrap_or_else(|| {
        seen.hosts.push(name);
        seen.hosts.len() - 1
    });
    drop(seen);
    Ok(Session { connection, insert, host })
}
