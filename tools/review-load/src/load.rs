//! An open loop: a request is due when the rate says so, not when the one before was answered.
//!
//! 1. Without a rate, `--connections` workers send one request after another.
//! 2. With one, each request is sent at its time, by a task of its own. Where `--connections` are busy already it is
//!    held back, which is counted; its latency counts from the time it was due (no coordinated omission).
//! 3. Every verdict goes into the ledger; the summary is JSON on stdout.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use hdrhistogram::Histogram;
use jiff::Timestamp;
use serde_json::json;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::arguments::Load;
use crate::client::{Client, Fate};
use crate::generate::{Generator, Review};
use crate::ledger::Ledger;

/// Reasons for a rejection that the summary shows.
const REASONS_SHOWN: usize = 5;

struct Run {
    options: Load,
    client: Client,
    ledger: Ledger,
    reviews: Mutex<Source>,
    seen: Mutex<Seen>,
    held_back: AtomicU64,
}

struct Source {
    generator: Generator,
    left: u64,
    until: Instant,
}

struct Seen {
    fates: BTreeMap<&'static str, u64>,
    reasons: Vec<String>,
    repeats: u64,
    /// Microseconds from when a request was due to its last verdict.
    latency: Histogram<u64>,
}

/// Runs the load and prints its summary. 1 where a review was neither acknowledged nor rejected.
#[tokio::main]
pub async fn run(options: &Load) -> anyhow::Result<ExitCode> {
    anyhow::ensure!(options.bulk >= 1, "--bulk must be at least 1");
    anyhow::ensure!(options.connections >= 1, "--connections must be at least 1");
    anyhow::ensure!(options.rate >= 0.0 && options.rate.is_finite(), "--rate must be 0 or more");
    let name = options.run.clone().unwrap_or_else(|| format!("l{}", Timestamp::now().as_millisecond()));
    let ledger = Ledger::open(options.ledger.as_deref()).context("the ledger cannot be opened")?;
    let began = Instant::now();
    let until =
        if options.count.is_some() { began + Duration::from_hours(24) } else { began + options.duration };
    let run = Arc::new(Run {
        client: Client::new(&options.url, options.token.clone())?,
        ledger,
        reviews: Mutex::new(Source {
            generator: Generator::new(name, options.seed, Vec::new()),
            left: options.count.unwrap_or(u64::MAX),
            until,
        }),
        seen: Mutex::new(Seen {
            fates: BTreeMap::new(),
            reasons: Vec::new(),
            repeats: 0,
            latency: Histogram::new(3)?,
        }),
        held_back: AtomicU64::new(0),
        options: options.clone(),
    });
    if options.rate > 0.0 { open_loop(&run, began).await } else { closed_loop(&run).await }?;
    Ok(run.summary(began.elapsed()))
}

async fn closed_loop(run: &Arc<Run>) -> anyhow::Result<()> {
    let mut workers = JoinSet::new();
    for _ in 0..run.options.connections {
        let run = Arc::clone(run);
        workers.spawn(async move {
            while let Some(reviews) = run.next() {
                run.send(reviews, Instant::now()).await?;
            }
            anyhow::Ok(())
        });
    }
    while let Some(ended) = workers.join_next().await {
        ended??;
    }
    Ok(())
}

async fn open_loop(run: &Arc<Run>, began: Instant) -> anyhow::Result<()> {
    let places = Arc::new(Semaphore::new(run.options.connections));
    let mut requests = JoinSet::new();
    let mut sent = 0_u64;
    while let Some(reviews) = run.next() {
        #[expect(clippy::cast_precision_loss, reason = "a count of reviews is far below 2^52")]
        let due = began + Duration::from_secs_f64(sent as f64 / run.options.rate);
        sent += reviews.len() as u64;
        tokio::time::sleep_until(due).await;
        if places.available_permits() == 0 {
            run.held_back.fetch_add(1, Ordering::Relaxed);
        }
        let place = Arc::clone(&places).acquire_owned().await?;
        let run = Arc::clone(run);
        requests.spawn(async move {
            let ended = run.send(reviews, due).await;
            drop(place);
            ended
        });
        while let Some(ended) = requests.try_join_next() {
            ended??;
        }
    }
    while let Some(ended) = requests.join_next().await {
        ended??;
    }
    Ok(())
}

impl Run {
    /// The reviews of the next request, written now; `None` when all are sent or the time is over.
    fn next(&self) -> Option<Vec<Review>> {
        let mut source = self.reviews.lock().unwrap_or_else(PoisonError::into_inner);
        if source.left == 0 || Instant::now() >= source.until {
            return None;
        }
        let count = source.left.min(self.options.bulk as u64);
        source.left -= count;
        Some((0..count).map(|_| source.generator.review(Timestamp::now())).collect())
    }

    async fn send(&self, reviews: Vec<Review>, due: Instant) -> anyhow::Result<()> {
        let (fates, repeats) = self.client.deliver(&reviews, Instant::now() + self.options.patience).await;
        let took = due.elapsed();
        self.ledger
            .note(reviews.iter().map(|review| review.id.as_str()).zip(&fates))
            .context("the ledger cannot be written")?;
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.repeats += repeats;
        seen.latency.record(u64::try_from(took.as_micros()).unwrap_or(u64::MAX))?;
        for fate in fates {
            *seen.fates.entry(fate.name()).or_default() += 1;
            if let Fate::Rejected(reason) | Fate::Again { reason, .. } = fate
                && seen.reasons.len() < REASONS_SHOWN
                && !seen.reasons.contains(&reason)
            {
                seen.reasons.push(reason);
            }
        }
        Ok(())
    }

    fn summary(&self, took: Duration) -> ExitCode {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let acknowledged: u64 =
            ["created", "duplicate", "accepted"].iter().filter_map(|name| seen.fates.get(name)).sum();
        #[expect(clippy::cast_precision_loss, reason = "counts and microseconds far below 2^52")]
        let (rate, milliseconds) = (acknowledged as f64 / took.as_secs_f64(), |quantile: f64| {
            seen.latency.value_at_quantile(quantile) as f64 / 1000.0
        });
        println!(
            "{}",
            json!({
                "seconds": took.as_secs_f64(),
                "acknowledged": acknowledged,
                "acknowledged_per_second": rate,
                "fates": seen.fates,
                "sent_again": seen.repeats,
                "held_back": self.held_back.load(Ordering::Relaxed),
                "answers": self.client.statuses(),
                "request_ms": {
                    "p50": milliseconds(0.5), "p90": milliseconds(0.9), "p99": milliseconds(0.99),
                    "p999": milliseconds(0.999), "max": milliseconds(1.0),
                },
                "reasons": seen.reasons,
            })
        );
        if seen.fates.contains_key("unknown") { ExitCode::FAILURE } else { ExitCode::SUCCESS }
    }
}
