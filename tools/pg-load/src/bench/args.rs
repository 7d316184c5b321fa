//! What `bench` is told.
//!
//! 1. clap refuses what is no number, time, workload or objective: exit code 2.
//! 2. [`Args::settle`] checks what only fits together, and reads the objectives' file.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use super::schedule::Arrivals;
use crate::connect::Target;
use crate::slo::{Levels, Mode, Objective};
use crate::workload::Source;

/// Clients that one thread is good for, where nobody says how many threads there are to be.
const CLIENTS_OF_A_THREAD: usize = 32;

/// What `bench` is told.
#[derive(clap::Args, Clone, Debug)]
pub struct Args {
    /// Which server.
    #[command(flatten)]
    pub target: Target,
    /// mixed, read, write (on the seeded shop), tpcb-like, simple-update, select-only (on pgbench's tables) or a YAML file;
    /// with a weight where there are several: mixed=3,read=7.
    #[arg(long, short, value_name = "NAME[=WEIGHT]", value_delimiter = ',', default_value = "mixed")]
    pub workload: Vec<Source>,
    /// Connections, and transactions at once.
    #[arg(long, short, default_value = "8")]
    pub clients: NonZeroUsize,
    /// How long is measured.
    #[arg(long, short, default_value = "5m", value_parser = humantime::parse_duration, value_name = "TIME")]
    pub duration: Duration,
    /// How long the load runs before that.
    #[arg(long, default_value = "10s", value_parser = humantime::parse_duration, value_name = "TIME")]
    pub warm_up: Duration,
    /// Transactions a second that are meant to start, whatever those before them take (an open loop, in which a stall
    /// counts for all whom it holds up). Without it each client starts its next one when its last has ended.
    #[arg(long, short, value_parser = rate, value_name = "PER SECOND")]
    pub rate: Option<f64>,
    /// How starts are spread at --rate.
    #[arg(long, value_enum, default_value = "poisson", requires = "rate")]
    pub arrivals: Arrivals,
    /// Threads [default: one for 32 clients, at most one for each core].
    #[arg(long)]
    pub threads: Option<NonZeroUsize>,
    /// Whether the statements of a transaction are sent at once [default: as the workload has it].
    #[arg(long, value_name = "true|false")]
    pub pipeline: Option<bool>,
    /// Tries of a transaction that failed to serialize or met a deadlock, the first with them.
    #[arg(long, default_value = "5", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub max_tries: u32,
    /// How long transactions may go on after the run; what has not ended then is an error.
    #[arg(long, default_value = "10s", value_parser = humantime::parse_duration, value_name = "TIME")]
    pub patience: Duration,
    /// The seed of every random choice.
    #[arg(long, default_value = "1")]
    pub seed: u64,
    /// Make pgbench's tables first, of so many branches of 100,000 accounts.
    #[arg(long, value_name = "SCALE", value_parser = clap::value_parser!(u32).range(1..=20_000))]
    pub init_scale: Option<u32>,
    /// Let --init-scale replace pgbench's tables of another scale.
    #[arg(long, requires = "init_scale")]
    pub replace: bool,
    /// What it is to reach.
    #[command(flatten)]
    pub levels: Levels,
    /// Write the result as JSON.
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// Write the time series as CSV.
    #[arg(long, value_name = "FILE")]
    pub csv: Option<PathBuf>,
    /// Write a report as one HTML page.
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// Write a line for every transaction that counts.
    #[arg(long, value_name = "FILE")]
    pub log: Option<PathBuf>,
    /// Answer Prometheus at `http://ADDRESS/metrics` while the run lasts.
    #[arg(long, value_name = "ADDRESS")]
    pub metrics_address: Option<SocketAddr>,
    /// No live view.
    #[arg(long, short)]
    pub quiet: bool,
}

/// A rate that a schedule can have.
fn rate(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(rate) if (0.001..=1e7).contains(&rate) => Ok(rate),
        _ => Err("a rate is 0.001 to 10000000 a second".to_owned()),
    }
}

impl Args {
    /// All objectives, of flags and file; otherwise what does not fit.
    pub fn settle(&self) -> Result<Vec<Objective>, String> {
        if self.duration < Duration::from_millis(100) {
            return Err("--duration is at least 100ms".to_owned());
        }
        if self.clients.get() > 100_000 {
            return Err("--clients is at most 100000".to_owned());
        }
        self.levels.all(Mode::Bench)
    }

    /// How many threads there are to be.
    pub fn thread_count(&self) -> usize {
        let clients = self.clients.get();
        let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let wanted = self.threads.map_or(clients.div_ceil(CLIENTS_OF_A_THREAD).min(cores), NonZeroUsize::get);
        wanted.clamp(1, clients)
    }

    /// The mode in words.
    pub fn mode(&self) -> String {
        match (self.rate, self.arrivals) {
            (None, _) => "closed loop".to_owned(),
            (Some(rate), Arrivals::Constant) => format!("open loop, {rate} a second, constant"),
            (Some(rate), Arrivals::Poisson) => format!("open loop, {rate} a second, Poisson"),
        }
    }
}
