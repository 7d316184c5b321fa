//! What `seed` is told.

use std::path::PathBuf;
use std::time::Duration;

use crate::connect::Target;
use crate::shop::size::{LEAST, MOST};

/// What `seed` is told.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Which server.
    #[command(flatten)]
    pub target: Target,
    /// The rows of all tables together: a number, or one with k, M or G behind it.
    #[arg(long, default_value = "1200000", value_parser = rows)]
    pub rows: u64,
    /// The same seed makes the same rows, everywhere.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Sessions that load at once [default: the processors here, from 2 to 8].
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub parallel: Option<u16>,
    /// Drops the shop that is there, and all that was added to it, where it is of another seed or number of rows.
    #[arg(long)]
    pub replace: bool,
    /// How long a lost server is tried again.
    #[arg(long, default_value = "2m", value_parser = humantime::parse_duration, value_name = "TIME")]
    pub patience: Duration,
    /// Writes the rows into FOLDER instead of a database: CSV files, and what psql has to be told to load them.
    #[arg(long, value_name = "FOLDER")]
    pub csv: Option<PathBuf>,
}

impl Args {
    /// How many sessions load at once.
    pub fn parallel(&self) -> usize {
        let here = || std::thread::available_parallelism().map_or(2, |count| count.get().clamp(2, 8));
        self.parallel.map_or_else(here, usize::from)
    }
}

/// Reads a number of rows.
fn rows(text: &str) -> Result<u64, String> {
    let (digits, factor) = match text.trim().split_at_checked(text.trim().len().saturating_sub(1)) {
        Some((digits, "k" | "K")) => (digits, 1_000),
        Some((digits, "m" | "M")) => (digits, 1_000_000),
        Some((digits, "g" | "G")) => (digits, 1_000_000_000),
        _ => (text.trim(), 1),
    };
    let rows = digits.replace('_', "").parse::<u64>().map_err(|_| "not a number of rows".to_owned())?;
    let rows = rows.saturating_mul(factor);
    if (LEAST..=MOST).contains(&rows) {
        Ok(rows)
    } else {
        Err(format!("{LEAST} rows at least, {MOST} at most"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_rows() {
        assert_eq!(rows("1_200_000"), Ok(1_200_000));
        assert_eq!(rows("20k"), Ok(20_000));
        assert_eq!(rows("300M"), Ok(300_000_000));
        for wrong in ["", "M", "x", "-5", "9999", "1000G", "99999999999999999999", "20kk", "ä"] {
            assert!(rows(wrong).is_err(), "{wrong}");
        }
    }
}
