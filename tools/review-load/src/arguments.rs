//! The command line.

use std::io::{self, BufWriter, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use jiff::{SignedDuration, Timestamp};

use crate::generate::{Generator, Rhythm};

/// Plausible delivery reviews: made, sent, and looked for again.
#[derive(Debug, Parser)]
#[command(version, about)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Prints reviews as lines of JSON.
    Generate(Generate),
    /// Sends reviews at a steady rate, whatever the answers take, and writes what was acknowledged into a ledger.
    Load(Load),
    /// Looks for every review that a ledger says is acknowledged: exits with 1 unless each is there exactly once.
    Check(Check),
    /// Fills a review-api with some days of reviews, then adds to them for ever; set by variables, as a service is.
    Feed,
}

/// What `generate` is told.
#[derive(Args, Debug)]
pub struct Generate {
    /// How many.
    #[arg(long, default_value_t = 1_000)]
    count: usize,
    /// The same seed makes the same reviews.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// What their ids begin with.
    #[arg(long, default_value = "r")]
    run: String,
    /// They were written in the time before `--until`.
    #[arg(long, default_value = "7d", value_parser = humantime::parse_duration)]
    over: Duration,
    /// The last moment, RFC 3339; now where it is not said.
    #[arg(long)]
    until: Option<Timestamp>,
}

impl Generate {
    /// Prints them, oldest or not as the seed has it.
    pub fn run(&self) -> anyhow::Result<ExitCode> {
        let until = self.until.unwrap_or_else(Timestamp::now);
        let from = until.checked_sub(SignedDuration::try_from(self.over)?)?;
        let mut generator = Generator::new(&self.run, self.seed, Vec::new());
        let mut out = BufWriter::new(io::stdout().lock());
        for at in Rhythm::new(self.seed, from, until).take(self.count) {
            serde_json::to_writer(&mut out, &generator.review(at))?;
            out.write_all(b"\n")?;
        }
        out.flush()?;
        Ok(ExitCode::SUCCESS)
    }
}

/// What `load` is told.
#[derive(Args, Clone, Debug)]
pub struct Load {
    /// Where review-api listens.
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    pub url: String,
    /// Reviews a second; 0 sends as fast as `--connections` get answers.
    #[arg(long, default_value_t = 100.0)]
    pub rate: f64,
    /// How many; without it, as many as `--for` allows.
    #[arg(long)]
    pub count: Option<u64>,
    /// How long.
    #[arg(long = "for", default_value = "10s", value_parser = humantime::parse_duration)]
    pub duration: Duration,
    /// Reviews per request: 1 posts each by itself, more sends them as lines to `/reviews/_bulk`.
    #[arg(long, default_value_t = 1)]
    pub bulk: usize,
    /// Requests at once: with a rate the bound beyond which requests are held back (and counted), else exactly so many.
    #[arg(long, default_value_t = 256)]
    pub connections: usize,
    /// How long a review is sent again after 429, 5xx or no answer.
    #[arg(long, default_value = "60s", value_parser = humantime::parse_duration)]
    pub patience: Duration,
    /// Where acknowledgements go; appended.
    #[arg(long)]
    pub ledger: Option<PathBuf>,
    /// The same seed makes the same reviews.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// What their ids begin with; the time of the start where it is not said.
    #[arg(long)]
    pub run: Option<String>,
    /// A token that may write.
    #[arg(long, env = "REVIEWS_TOKEN", hide_env_values = true)]
    pub token: Option<String>,
}

/// What `check` is told.
#[derive(Args, Clone, Debug)]
pub struct Check {
    /// Where review-api listens.
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    pub url: String,
    /// What `load` wrote.
    #[arg(long)]
    pub ledger: PathBuf,
    /// How long to wait for what a store shows late, or a spool has yet to deliver.
    #[arg(long, default_value = "30s", value_parser = humantime::parse_duration)]
    pub wait: Duration,
    /// A token that may read.
    #[arg(long, env = "REVIEWS_TOKEN", hide_env_values = true)]
    pub token: Option<String>,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Arguments::command().debug_assert();
    }
}
