//! Brings the shop's rows into a database, once, whatever comes between.
//!
//! 1. [`lock`]: one seeder at a time.
//! 2. [`manifest`] says what is there: nothing, this run's rows or a part of them, or another's, which only `--replace` drops.
//! 3. [`steps`] does what is missing, by [`workers`] on as many sessions as asked for; [`load`] is one unit's transaction.
//! 4. Where the server is lost, all begins again at 1, on whichever host takes writes by then: what was committed there is
//!    found in the manifest. Nothing is remembered from before, so what a failover lost is loaded again.
//! 5. [`progress`] tells how far it is; [`csv`] writes files instead, for other loaders to be compared with.

pub mod args;
pub mod csv;
mod error;
pub mod load;
pub mod lock;
pub mod manifest;
pub mod progress;
pub mod steps;
pub mod workers;

use std::io::IsTerminal as _;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Serialize;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::connect::{Backoff, Connection, Endpoint, Remedy};
use crate::local;
use crate::shop::{Shop, Unit};

pub use args::Args;
pub use error::SeedError;
use manifest::{Run, State};
use progress::Progress;

/// A shell's code for a program that SIGINT ended.
const INTERRUPTED: u8 = 130;

/// What is to be seeded, and how; cheap to clone.
#[derive(Clone, Debug)]
pub struct Task {
    /// Where.
    pub endpoint: Endpoint,
    /// What.
    pub shop: Arc<Shop>,
    /// What the manifest calls it.
    pub run: Run,
    /// How many sessions work at once.
    pub parallel: usize,
    /// Whether other rows may be dropped.
    pub replace: bool,
    /// How patiently a lost server is tried again.
    pub backoff: Backoff,
    /// Where it is told how far it is.
    pub progress: Progress,
    /// Ends it early.
    pub stop: CancellationToken,
}

/// What was done.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Summary {
    /// The rows that are there.
    pub rows: u64,
    /// Whether all was there before.
    pub unchanged: bool,
    /// Bytes that were sent in COPY.
    pub bytes: u64,
    /// How long all of it took.
    pub seconds: f64,
    /// How long the rows took, in the last attempt.
    pub copy_seconds: f64,
}

/// Does what the command line says.
pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let shop = Arc::new(Shop::new(args.seed, args.rows));
    if let Some(folder) = &args.csv {
        csv::write(&shop, folder)?;
        return Ok(ExitCode::SUCCESS);
    }
    let (endpoint, _server) = local::open(&args.target)?;
    let task = Task {
        endpoint: endpoint.writable(),
        run: Run::of(&shop),
        shop,
        parallel: args.parallel(),
        replace: args.replace,
        backoff: Backoff { patience: args.patience, ..Backoff::default() },
        progress: Progress::new(std::io::stderr().is_terminal()),
        stop: CancellationToken::new(),
    };
    let seeded = crate::cli::runtime()?.block_on(async {
        tokio::spawn(stop_by_signal(task.stop.clone()));
        seed(&task).await
    });
    match seeded {
        Ok(summary) => print(&summary)?,
        Err(SeedError::Stopped) => {
            tracing::warn!("{}", SeedError::Stopped);
            return Ok(ExitCode::from(INTERRUPTED));
        }
        Err(error) => return Err(error.into()),
    }
    Ok(ExitCode::SUCCESS)
}

/// Seeds, whatever comes between.
pub async fn seed(task: &Task) -> Result<Summary, SeedError> {
    let began = Instant::now();
    let mut attempt = 0;
    let mut failing_since = None;
    let mut task = task.clone();
    loop {
        let mut advance = Advance::default();
        let ended = tokio::select! {
            ended = round(&task, &mut advance) => ended,
            () = stopped(&task.stop) => Err(SeedError::Stopped),
        };
        // Once the old rows are dropped, what is found after a failure is our own.
        task.replace &= !advance.schema_made;
        let error = match ended {
            Ok(summary) => return Ok(Summary { seconds: began.elapsed().as_secs_f64(), ..summary }),
            Err(error) if error.remedy() == Remedy::Stop => return Err(error),
            Err(error) => error,
        };
        if advance.connected {
            (attempt, failing_since) = (0, None);
        }
        let since: Instant = *failing_since.get_or_insert_with(Instant::now);
        let Some(wait) = task.backoff.wait(attempt, since.elapsed(), rand::random()) else {
            return Err(error);
        };
        task.progress.say(&format!("{error}; trying again in {} ms", wait.as_millis()));
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = task.stop.cancelled() => return Err(SeedError::Stopped),
        }
        attempt += 1;
    }
}

/// How far a round came before it failed.
#[derive(Debug, Default)]
struct Advance {
    connected: bool,
    schema_made: bool,
}

/// Does what is missing, as long as no connection fails.
async fn round(task: &Task, advance: &mut Advance) -> Result<Summary, SeedError> {
    let mut session = task.endpoint.connect().await?;
    lock::take(&session, &task.progress).await?;
    advance.connected = true;
    let finished = prepare(task, &mut session, advance).await?;
    let units = Unit::all(&task.shop);
    let entries = manifest::entries(&session).await?;
    let loaded = units.iter().filter(|unit| entries.contains_key(&unit.part.name()) && unit.rows > 0);
    let names: Vec<_> = loaded.map(|unit| unit.part.name()).collect();
    if let Some(part) = manifest::emptied(&session, names.iter().map(String::as_str)).await? {
        return Err(SeedError::Emptied(part));
    }
    let made = manifest::made(&session).await?;
    let rows = task.shop.rows;
    if finished && steps::all_there(&entries, &made, &units) {
        session.close().await;
        return Ok(Summary { rows, unchanged: true, ..Summary::default() });
    }
    lock::hastily(&session).await?;
    let began = Instant::now();
    let bytes = steps::rows(task, &entries).await?;
    let copy_seconds = began.elapsed().as_secs_f64();
    steps::keys(task, &session, &made).await?;
    steps::foreign_keys(task, &mut session, &made).await?;
    if !finished {
        steps::statistics(task).await?;
        steps::sequences(task, &session).await?;
        lock::patiently(&session).await?;
        manifest::finish(&session).await?;
    }
    session.close().await;
    Ok(Summary { rows, unchanged: false, bytes, copy_seconds, ..Summary::default() })
}

/// Makes the schema where it is not there, or may be replaced; gives whether the run that is there is done.
async fn prepare(task: &Task, session: &mut Connection, advance: &mut Advance) -> Result<bool, SeedError> {
    let replace = match manifest::state(session).await? {
        State::Begun { run, finished } if run == task.run => return Ok(finished),
        State::Begun { run, .. } if !task.replace => {
            return Err(SeedError::Mismatch { found: Box::new(run), wanted: Box::new(task.run.clone()) });
        }
        State::Begun { run, .. } => {
            task.progress.say(&format!("replacing {run} by {}", task.run));
            true
        }
        State::Empty => false,
    };
    manifest::make_schema(session, &task.run, replace).await?;
    advance.schema_made = true;
    Ok(false)
}

/// When work should have ended by itself: the workers cancel what runs first.
async fn stopped(stop: &CancellationToken) {
    stop.cancelled().await;
    tokio::time::sleep(Duration::from_secs(5)).await;
}

async fn stop_by_signal(stop: CancellationToken) {
    let (Ok(mut interrupt), Ok(mut terminate)) =
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        return; // without handlers the signals end the process at once
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    stop.cancel();
}

#[expect(clippy::cast_precision_loss, reason = "for people")]
fn print(summary: &Summary) -> anyhow::Result<()> {
    if !std::io::stdout().is_terminal() {
        println!("{}", serde_json::to_string(summary)?);
    } else if summary.unchanged {
        println!("all {} rows are there; nothing was changed ({:.2} s)", summary.rows, summary.seconds);
    } else {
        let Summary { rows, bytes, seconds, copy_seconds, .. } = summary;
        let megabytes = *bytes as f64 / 1e6;
        println!("{rows} rows, {megabytes:.0} MB in {seconds:.1} s; COPY took {copy_seconds:.1} s of them");
    }
    Ok(())
}
