//! A feed for people to look at: some days of reviews at once, then a few every second for ever.
//!
//! 1. It waits until the service answers.
//! 2. A service that holds less than half of `BACKFILL` gets the past `BACKFILL_OVER` in lines; then the feed is ready.
//! 3. `RATE` reviews a second follow, until it is told to stop.
//! 4. A wave of warm milk at one hub began some hours ago and goes on for one more: the page should show it.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use jiff::{SignedDuration, Timestamp};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use secrecy::ExposeSecret as _;
use serde::Deserialize;
use service_kit::{Environment, Faults, FromEnvironment, Kit, Secret, Span, Topic};
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use crate::client::{Client, Fate};
use crate::generate::{Generator, Incident, MILK_HUB, Review, Rhythm};
use crate::vocabulary::Theme;

/// Reviews per request of the backfill.
const LINES: usize = 500;
/// Between two looks at a service that does not answer yet.
const PAUSE: Duration = Duration::from_millis(250);
/// How long a review is sent again before it is given up and counted.
const PATIENCE: Duration = Duration::from_mins(1);
/// The wave: since when, until when (hours from the start), and how many of 100 reviews of that hub.
const WAVE: (i64, i64, u32) = (-5, 1, 65);

/// What the feed is told by variables, checked.
struct Settings(Variables);

/// The variables.
#[derive(Deserialize)]
#[serde(default)]
struct Variables {
    /// Where review-api listens.
    reviews_url: String,
    /// A token that may write and read.
    reviews_token: Option<Secret>,
    /// How many reviews the past gets.
    backfill: usize,
    /// How long that past is.
    backfill_over: Span,
    /// Reviews a second from then on.
    rate: f64,
    /// The same seed makes the same reviews.
    seed: u64,
}

impl Default for Variables {
    fn default() -> Self {
        Self {
            reviews_url: "http://127.0.0.1:8080".to_owned(),
            reviews_token: None,
            backfill: 20_000,
            backfill_over: Span::seconds(7 * 24 * 3_600),
            rate: 2.0,
            seed: 1,
        }
    }
}

impl Topic for Variables {
    const SECRETS: &'static [&'static str] = &["REVIEWS_TOKEN"];
}

impl FromEnvironment for Settings {
    fn from_environment(environment: &Environment, faults: &mut Faults) -> Option<Self> {
        let variables: Variables = environment.read(faults);
        let rate = variables.rate > 0.0 && variables.rate <= 10_000.0;
        if !rate {
            faults.add("RATE", "must be more than 0 and at most 10000 reviews a second");
        }
        let over = variables.backfill_over.get() >= Duration::from_secs(1);
        if !over {
            faults.add("BACKFILL_OVER", "must be at least 1s");
        }
        (rate && over).then_some(Self(variables))
    }
}

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct FateLabels {
    fate: &'static str,
}

service_kit::metrics! {
    /// What became of what was sent.
    struct FeedMetrics {
        /// Reviews sent, by what became of them.
        feed_reviews: Family<FateLabels, Counter>,
    }
}

/// The process.
pub fn main() -> ExitCode {
    service_kit::main("review-load", env!("CARGO_PKG_VERSION"), Environment::process(), build)
}

async fn build(Settings(settings): Settings, kit: &mut Kit) -> anyhow::Result<()> {
    let token = settings.reviews_token.as_ref().map(|token| token.expose_secret().to_owned());
    let client = Client::new(&settings.reviews_url, token)?;
    let metrics = kit.metrics().with(FeedMetrics::register);
    let ready = kit.readiness("backfill");
    let stop = kit.draining();
    kit.spawn("feed", async move {
        let feed = Feed { settings, client, metrics };
        let Some(worked) = stop.clone().run_until_cancelled_owned(feed.fill()).await else { return Ok(()) };
        let generator = worked.context("the backfill")?;
        ready.set_ready();
        feed.go_on(generator, stop).await;
        Ok(())
    });
    Ok(())
}

struct Feed {
    settings: Variables,
    client: Client,
    metrics: FeedMetrics,
}

impl Feed {
    /// Waits for the service and gives it a past. The generator goes on where that ended.
    async fn fill(&self) -> anyhow::Result<Generator> {
        let held = self.held().await;
        let now = Timestamp::now();
        let hours = SignedDuration::from_hours;
        let wave = Incident {
            hub: MILK_HUB,
            theme: Theme::WarmMilk,
            from: now.checked_add(hours(WAVE.0))?,
            to: now.checked_add(hours(WAVE.1))?,
            percent: WAVE.2,
        };
        let run = format!("f{}", now.as_millisecond());
        let mut generator = Generator::new(run, self.settings.seed, vec![wave]);
        if held * 2 >= self.settings.backfill as u64 {
            tracing::info!(held, "there is a past already");
            return Ok(generator);
        }
        let over = SignedDuration::try_from(self.settings.backfill_over.get())?;
        let mut times: Vec<_> = Rhythm::new(self.settings.seed, now.checked_sub(over)?, now)
            .take(self.settings.backfill)
            .collect();
        times.sort_unstable();
        for times in times.chunks(LINES) {
            let reviews: Vec<_> = times.iter().map(|at| generator.review(*at)).collect();
            self.deliver(&reviews).await;
        }
        tracing::info!(reviews = self.settings.backfill, "the past is filled");
        Ok(generator)
    }

    /// How many reviews the service holds, as soon as it says so.
    async fn held(&self) -> u64 {
        #[derive(Deserialize)]
        struct Page {
            total: Total,
        }
        #[derive(Deserialize)]
        struct Total {
            value: u64,
        }
        let mut told = false;
        loop {
            match self.client.get::<Page>("/reviews?size=1").await {
                Ok(page) => return page.total.value,
                Err(error) if !told => {
                    told = true;
                    tracing::info!(error = format!("{error:#}"), "waiting for review-api");
                }
                Err(_) => {}
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// One review after another at the rate; those that a pause of the service held back are not made up for.
    async fn go_on(&self, mut generator: Generator, stop: CancellationToken) {
        let mut clock = tokio::time::interval(Duration::from_secs_f64(1.0 / self.settings.rate));
        clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = clock.tick() => {}
            }
            let review = generator.review(Timestamp::now());
            let deliver = self.deliver(std::slice::from_ref(&review));
            if stop.run_until_cancelled(deliver).await.is_none() {
                return;
            }
        }
    }

    async fn deliver(&self, reviews: &[Review]) {
        let (fates, _) = self.client.deliver(reviews, Instant::now() + PATIENCE).await;
        for fate in &fates {
            self.metrics.feed_reviews.get_or_create(&FateLabels { fate: fate.name() }).inc();
        }
        let failed = fates.iter().find(|fate| matches!(fate, Fate::Rejected(_) | Fate::Again { .. }));
        if let Some(Fate::Rejected(reason) | Fate::Again { reason, .. }) = failed {
            tracing::warn!(reason, "a review was not taken");
        }
    }
}
