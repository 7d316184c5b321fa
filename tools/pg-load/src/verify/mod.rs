//! Reads every row again.
//!
//! 1. COPY sends each part's rows back in the form they came in, on as many sessions as asked for.
//! 2. Their checksum is computed as the seeder did, and held against the manifest's.
//! 3. What differs is named. After a benchmark that writes, that is what it changed.

use std::io::IsTerminal as _;
use std::pin::pin;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use futures::{FutureExt as _, TryStreamExt as _};
use tokio_util::sync::CancellationToken;

use crate::connect::{Backoff, Connection, Target};
use crate::local;
use crate::seed::manifest::{self, Entry, Run, State};
use crate::seed::progress::Progress;
use crate::seed::{SeedError, Task, workers};
use crate::shop::encode::{Digest, Tuples};
use crate::shop::{Shop, Unit};

/// What the command is told.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Which server.
    #[command(flatten)]
    pub target: Target,
    /// Sessions that read at once.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub parallel: u16,
}

/// A part whose rows are not those that were loaded.
#[derive(Debug)]
struct Difference {
    part: String,
    expected: Entry,
    found: Digest,
}

/// Does it: 0 where all is as it was loaded, else 1.
pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let (endpoint, _server) = local::open(&args.target)?;
    crate::cli::runtime()?.block_on(async {
        let session = endpoint.connect().await?;
        let State::Begun { run, finished } = manifest::state(&session).await? else {
            bail!("nothing was seeded here: there is no schema shop");
        };
        if !finished {
            bail!("the seeding of {run} is not done: run seed again to go on");
        }
        let shop = Arc::new(Shop::new(run.seed, run.rows));
        if Run::of(&shop) != run {
            bail!("{run} were seeded by another version of pg-load, whose tables this one does not know");
        }
        let task = Task {
            endpoint,
            shop,
            run,
            parallel: usize::from(args.parallel),
            replace: false,
            backoff: Backoff::default(),
            progress: Progress::new(std::io::stderr().is_terminal()),
            stop: CancellationToken::new(),
        };
        Ok(verdict(&task, differences(&task, &session).await?))
    })
}

fn verdict(task: &Task, differences: Vec<Difference>) -> ExitCode {
    if differences.is_empty() {
        println!("{} rows are as they were loaded", task.shop.rows);
        return ExitCode::SUCCESS;
    }
    for Difference { part, expected, found } in differences {
        let (rows, sum) = (expected.run.rows, expected.checksum);
        println!(
            "shop.{part} differs: {rows} rows with checksum {sum} were loaded, {} with {found} are there",
            found.rows
        );
    }
    ExitCode::FAILURE
}

async fn differences(task: &Task, session: &Connection) -> anyhow::Result<Vec<Difference>> {
    let mut entries = manifest::entries(session).await?;
    let mut jobs = Vec::new();
    for unit in Unit::all(&task.shop) {
        let entry = entries.remove(&unit.part.name());
        let entry = entry.with_context(|| format!("the manifest does not name shop.{}", unit.part.name()))?;
        jobs.push((unit, entry));
    }
    let phase = Arc::new(task.progress.phase("verify", "rows", 0, task.shop.rows));
    let checked = workers::each(task, jobs, move |session, (unit, expected)| {
        let phase = phase.clone();
        async move {
            let found = read(session, &unit).await?;
            phase.add(found.rows);
            let same = found.rows == expected.run.rows && found.to_string() == expected.checksum;
            Ok((!same).then(|| Difference { part: unit.part.name(), expected, found }))
        }
        .boxed()
    });
    Ok(checked.await?.into_iter().flatten().collect())
}

/// What is remembered of the rows that are there.
async fn read(session: &mut Connection, unit: &Unit) -> Result<Digest, SeedError> {
    let part = unit.part.name();
    let fault = |error| SeedError::Sql { doing: format!("reading shop.{part}"), error };
    let copy = format!("COPY shop.{part} ({}) TO STDOUT (FORMAT binary)", unit.part.table.columns());
    let mut stream = pin!(session.copy_out(&copy).await.map_err(fault)?);
    let mut tuples = Tuples::default();
    while let Some(piece) = stream.try_next().await.map_err(fault)? {
        tuples.feed(&piece)?;
    }
    Ok(tuples.finish()?)
}
