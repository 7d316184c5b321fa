//! The options of the traffic and the limits. What the command line says goes before what a file says.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use clap::Args;
use jiff::Timestamp;
use url::Url;

use super::file::Settings;
use crate::ledger::Reviews;
use crate::limits::{Limit, Limits};
use crate::run::{Load, Patience};
use crate::traffic::target::{RATE, Target, check_rate};
use crate::traffic::wire::{Header, Resolve, Wire};
use crate::traffic::{Source, Stream};

/// Requests of one target at once, unless said.
const IN_FLIGHT: usize = 512;
/// A whole answer, unless said.
const TIMEOUT: Duration = Duration::from_secs(5);
/// Waits, unless said.
const PATIENCE: Patience = Patience {
    clean_for: Duration::from_secs(5),
    steady: Duration::from_mins(1),
    step: Duration::from_mins(5),
    recover: Duration::from_mins(2),
    reviews: Duration::from_mins(1),
};

/// The traffic, and what it may show.
#[derive(Args, Clone, Debug)]
pub(super) struct LoadOptions {
    /// Traffic, limits and waits from a YAML file (see docs/drill.md)
    #[arg(long, short, global = true, value_name = "FILE", help_heading = "Traffic")]
    file: Option<PathBuf>,
    /// What is asked by GET: `[NAME=]URL [rate=N] [status=N] [sha256=HEX] [body=TEXT]`; may be said again
    #[arg(long, short, global = true, value_name = "TARGET", help_heading = "Traffic")]
    target: Vec<Target>,
    /// Requests per second of each target that has no rate of its own [default: 50]
    #[arg(long, global = true, help_heading = "Traffic")]
    rate: Option<f64>,
    /// A request with its whole answer may take so long [default: 5s]
    #[arg(long, global = true, value_name = "TIME", value_parser = humantime::parse_duration, help_heading = "Traffic")]
    timeout: Option<Duration>,
    /// Requests of one target at once; those beyond fail as overflow [default: 512]
    #[arg(long, global = true, value_name = "COUNT", help_heading = "Traffic")]
    max_in_flight: Option<usize>,
    /// A connection for each request, instead of connections that are kept
    #[arg(long, global = true, help_heading = "Traffic")]
    new_connections: bool,
    /// The address of a host, instead of looking it up: HOST=ADDRESS; may be said again
    #[arg(long, global = true, value_name = "HOST=ADDRESS", help_heading = "Traffic")]
    resolve: Vec<Resolve>,
    /// A header of every request, such as `Host: web.example`; may be said again
    #[arg(long, short = 'H', global = true, value_name = "NAME: VALUE", help_heading = "Traffic")]
    header: Vec<Header>,
    /// Certificates (PEM) to trust instead of the system's
    #[arg(long, global = true, value_name = "FILE", help_heading = "Traffic")]
    ca_file: Option<PathBuf>,
    /// The review-api that gets reviews, of which each acknowledged one is looked for at the end
    #[arg(long, global = true, value_name = "URL", help_heading = "Reviews")]
    reviews: Option<Url>,
    /// Reviews per second [default: that of --rate]
    #[arg(long, global = true, value_name = "RATE", help_heading = "Reviews")]
    reviews_rate: Option<f64>,
    /// A token that may write and read reviews
    #[arg(
        long,
        global = true,
        value_name = "TOKEN",
        env = "REVIEWS_TOKEN",
        hide_env_values = true,
        help_heading = "Reviews"
    )]
    reviews_token: Option<String>,
    /// A file that gets the ledger of acknowledged ids, appended
    #[arg(long, global = true, value_name = "FILE", help_heading = "Reviews")]
    ledger: Option<PathBuf>,
    /// How long acknowledged reviews may be missing in search [default: 1m]
    #[arg(long, global = true, value_name = "TIME", value_parser = humantime::parse_duration, help_heading = "Reviews")]
    reviews_within: Option<Duration>,
    /// What must hold, such as `failures=0` or `files:longest-gap<2s`; may be said again (see docs/drill.md)
    #[arg(long, short, global = true, value_name = "LIMIT", help_heading = "Limits and waits")]
    limit: Vec<Limit>,
    /// Traffic counts as clean after so long without a failure [default: 5s]
    #[arg(long, global = true, value_name = "TIME", value_parser = humantime::parse_duration, help_heading = "Limits and waits")]
    clean_for: Option<Duration>,
    /// Workloads and traffic must be steady within this, or nothing is broken [default: 1m]
    #[arg(long, global = true, value_name = "TIME", value_parser = humantime::parse_duration, help_heading = "Limits and waits")]
    steady_within: Option<Duration>,
    /// Each step must be done within this [default: 5m]
    #[arg(long, global = true, value_name = "TIME", value_parser = humantime::parse_duration, help_heading = "Limits and waits")]
    step_within: Option<Duration>,
    /// Traffic must be clean within this after the last step [default: 2m]
    #[arg(long, global = true, value_name = "TIME", value_parser = humantime::parse_duration, help_heading = "Limits and waits")]
    recover_within: Option<Duration>,
}

impl LoadOptions {
    /// Reads the file, puts both together, and checks the whole.
    pub(super) fn resolve(self) -> anyhow::Result<Load> {
        let file = match &self.file {
            Some(path) => Settings::read(path).with_context(|| path.display().to_string())?,
            None => Settings::default(),
        };
        let rate = self.rate.or(file.rate).unwrap_or(RATE);
        check_rate(rate).map_err(|fault| anyhow!(fault))?;
        let in_flight = self.max_in_flight.or(file.max_in_flight).unwrap_or(IN_FLIGHT);
        if in_flight == 0 {
            bail!("--max-in-flight must be at least 1");
        }
        let reviews = self.reviews(&file)?;
        let mut streams = Vec::new();
        for target in file.targets.iter().chain(&self.target) {
            target.check().map_err(|fault| anyhow!(fault))?;
            let source = Source::Get(target.clone());
            streams.push(Stream { source, rate: target.rate.unwrap_or(rate), in_flight });
        }
        if let Some(reviews) = &reviews {
            let of_file = file.reviews.as_ref().and_then(|reviews| reviews.rate);
            let rate = self.reviews_rate.or(of_file).unwrap_or(rate);
            check_rate(rate).map_err(|fault| anyhow!("reviews: {fault}"))?;
            streams.push(Stream { source: Source::Reviews(Arc::clone(reviews)), rate, in_flight });
        }
        let labels: Vec<String> = streams.iter().map(|stream| stream.source.label()).collect();
        unique(&labels)?;
        let patience = self.patience(&file);
        let wire = self.wire(&file, patience.clean_for)?;
        let limits = file.limits.into_iter().chain(self.limit).collect();
        let limits = Limits::new(limits, &labels, reviews.is_some()).map_err(|fault| anyhow!(fault))?;
        Ok(Load { streams, wire, limits, reviews, patience })
    }

    fn reviews(&self, file: &Settings) -> anyhow::Result<Option<Arc<Reviews>>> {
        let of_file = file.reviews.as_ref().map(|reviews| &reviews.url);
        let Some(url) = self.reviews.as_ref().or(of_file) else { return Ok(None) };
        if !matches!(url.scheme(), "http" | "https") {
            bail!("reviews: {url} is neither http nor https");
        }
        // Ids of two runs must differ, or the second's reviews would be duplicates of the first's.
        let run = format!("drill-{}-{}", Timestamp::now().as_millisecond(), std::process::id());
        let seed = u64::from(std::process::id());
        let reviews = Reviews::new(url, self.reviews_token.clone(), &run, seed, self.ledger.as_deref());
        Ok(Some(Arc::new(reviews.context("the ledger cannot be opened")?)))
    }

    fn patience(&self, file: &Settings) -> Patience {
        let pick = |here: Option<Duration>, there: Option<super::file::Time>, default| {
            here.or(there.map(|time| time.0)).unwrap_or(default)
        };
        Patience {
            clean_for: pick(self.clean_for, file.clean_for, PATIENCE.clean_for),
            steady: pick(self.steady_within, file.steady_within, PATIENCE.steady),
            step: pick(self.step_within, file.step_within, PATIENCE.step),
            recover: pick(self.recover_within, file.recover_within, PATIENCE.recover),
            reviews: pick(self.reviews_within, file.reviews_within, PATIENCE.reviews),
        }
    }

    fn wire(&self, file: &Settings, clean_for: Duration) -> anyhow::Result<Wire> {
        let timeout = self.timeout.or(file.timeout.map(|time| time.0)).unwrap_or(TIMEOUT);
        // A request that hangs is a failure only after its time-out: clean for less would overlook it.
        if timeout > clean_for {
            bail!("--timeout must not be longer than --clean-for");
        }
        if timeout.is_zero() {
            bail!("--timeout must be longer than nothing");
        }
        let authorities = self
            .ca_file
            .as_ref()
            .or(file.ca_file.as_ref())
            .map(|path| std::fs::read(path).with_context(|| format!("--ca-file {}", path.display())));
        Ok(Wire {
            timeout,
            new_connections: self.new_connections || file.new_connections,
            resolve: file.resolve.iter().chain(&self.resolve).cloned().collect(),
            headers: file.headers.iter().chain(&self.header).cloned().collect(),
            authorities: authorities.transpose()?,
        })
    }
}

/// A run without traffic proves nothing, and of two targets of one name nobody could tell which failed.
fn unique(labels: &[String]) -> anyhow::Result<()> {
    if labels.is_empty() {
        bail!("no traffic: name a --target, --reviews, or both");
    }
    let mut seen = BTreeSet::new();
    for label in labels {
        if !seen.insert(label) {
            bail!("two targets are called {label:?}: give them names, NAME=URL");
        }
    }
    Ok(())
}

#[cfg(test)]
#[path = "load_tests.rs"]
mod tests;
