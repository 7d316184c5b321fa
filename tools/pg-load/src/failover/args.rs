//! What `failover` is told.

use std::path::PathBuf;
use std::time::Duration;

use crate::connect::Target;
use crate::slo::{Levels, Mode, Objective};

/// Rows of a run at most: what the ledger holds in memory, about 100 MB.
const MOST_WRITES: f64 = 4e6;

/// What `failover` is told.
#[derive(clap::Args, Clone, Debug)]
pub struct Args {
    /// Which servers: name all that may become the primary.
    #[command(flatten)]
    pub target: Target,
    /// Writers, each with a connection.
    #[arg(long, short, default_value = "8", value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub clients: u16,
    /// Writes a second that all of them together try.
    #[arg(long, short, default_value = "500", value_parser = clap::value_parser!(u32).range(1..=100_000), value_name = "PER SECOND")]
    pub rate: u32,
    /// How long is written.
    #[arg(long, short, default_value = "60s", value_parser = humantime::parse_duration, value_name = "TIME")]
    pub duration: Duration,
    /// A command for `sh -c` that makes the fault, such as a kill of the primary. It finds the host that takes the writes in
    /// `PG_LOAD_PRIMARY`. Without it the fault is yours to make.
    #[arg(long, value_name = "COMMAND")]
    pub hook: Option<String>,
    /// When the hook is started.
    #[arg(long, default_value = "10s", value_parser = humantime::parse_duration, value_name = "TIME", requires = "hook")]
    pub hook_after: Duration,
    /// How long a writer waits for the answer to a write before it gives the connection up; the write is then unknown.
    #[arg(long, default_value = "5s", value_parser = humantime::parse_duration, value_name = "TIME")]
    pub write_timeout: Duration,
    /// How long a primary may take to be there for the check after the run.
    #[arg(long, default_value = "2m", value_parser = humantime::parse_duration, value_name = "TIME")]
    pub patience: Duration,
    /// What it is to reach.
    #[command(flatten)]
    pub levels: Levels,
    /// Write the result as JSON.
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// Write a report as one HTML page.
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
}

impl Args {
    /// All objectives, of flags and file; otherwise what does not fit.
    pub fn settle(&self) -> Result<Vec<Objective>, String> {
        if self.duration < Duration::from_secs(1) || self.write_timeout < Duration::from_millis(10) {
            return Err("--duration is at least 1s and --write-timeout at least 10ms".to_owned());
        }
        if self.hook.is_some() && self.hook_after >= self.duration {
            return Err("--hook-after lies within --duration".to_owned());
        }
        if f64::from(self.rate) * self.duration.as_secs_f64() > MOST_WRITES {
            return Err(format!(
                "--rate and --duration make more than {MOST_WRITES} writes, which a ledger does not hold"
            ));
        }
        self.levels.all(Mode::Failover)
    }

    /// Between two writes of one writer.
    pub fn period(&self) -> Duration {
        Duration::from_secs_f64(f64::from(self.clients) / f64::from(self.rate))
    }
}
