//! The service is stopped and killed while it is loaded, again and again.
//!
//! 1. A seed decides how often, when and how: [`seed`] makes one, or takes that of a run that failed. Machines are not
//!    equally fast, so a seed repeats what is done, and nearly when.
//! 2. A blow falls after a number of acknowledgements and a moment, or, so that recovery is hit as well, within the
//!    service's start.
//! 3. [`settle`] starts it one last time, lets every client come to an end, and wants nothing left in the spool.

use std::time::Duration;

use nix::sys::signal::Signal;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use reqwest::Method;

use super::{Load, Process, Setup, until};

/// The variable that says which seed.
const SEED: &str = "STORM_SEED";
/// A start takes about this long before the service listens.
const START: Duration = Duration::from_millis(80);

/// What is done.
#[derive(Clone, Copy, Debug)]
pub struct Storm {
    /// How often the service is started and ended.
    pub rounds: u32,
    /// What decides the rest.
    pub seed: u64,
    /// No process may ever have more resident than so many KiB.
    pub memory: u64,
}

/// How the service ends.
#[derive(Clone, Copy, Debug)]
enum Blow {
    /// SIGKILL.
    Kill,
    /// SIGTERM.
    Terminate,
    /// SIGTERM, and SIGKILL so long after.
    KillWhileItDrains(Duration),
}

/// When it falls.
#[derive(Clone, Copy, Debug)]
enum Moment {
    /// So long after the start, which may not have come to its end.
    Starting(Duration),
    /// After so many acknowledgements, and so long.
    Loaded(usize, Duration),
}

/// The seed that is asked for, or any.
///
/// # Panics
/// Where what is asked for is no number.
pub fn seed() -> u64 {
    let asked = std::env::var(SEED).ok();
    let seed =
        asked.map_or_else(rand::random, |text| text.parse().unwrap_or_else(|_| panic!("{SEED}={text:?}")));
    println!("  {SEED}={seed} does the same again");
    seed
}

impl Storm {
    /// Starts the service and ends it, so many times, under a load that goes on all the while.
    ///
    /// # Panics
    /// Where the service does not start, does not end, ends otherwise than it should, or takes too much memory.
    pub async fn rage(&self, setup: &Setup, load: &Load) {
        let mut chance = StdRng::seed_from_u64(self.seed);
        let mut peak = 0;
        for round in 0..self.rounds {
            let (moment, blow) = (Moment::any(&mut chance), Blow::any(&mut chance));
            let mut process = Process::spawn(setup);
            match moment {
                Moment::Starting(moment) => tokio::time::sleep(moment).await,
                Moment::Loaded(acknowledged, moment) => {
                    load.target(Some(process.listens().await));
                    load.more(acknowledged).await;
                    tokio::time::sleep(moment).await;
                }
            }
            peak = peak.max(process.peak_memory().unwrap_or(0));
            assert!(peak <= self.memory, "round {round}: {peak} KiB were resident");
            let code = blow.fall(process).await;
            load.target(None);
            let sound = match (moment, blow) {
                // The default of a signal that nobody handles yet.
                (Moment::Starting(_), Blow::Terminate) => matches!(code, 0 | 143),
                (_, Blow::Terminate) => code == 0,
                (_, Blow::Kill) => code == 137,
                (_, Blow::KillWhileItDrains(_)) => matches!(code, 0 | 137 | 143),
            };
            assert!(sound, "round {round}, {moment:?}, {blow:?}: the exit code is {code}");
        }
        println!("  {} rounds; {peak} KiB resident at most", self.rounds);
    }
}

impl Moment {
    fn any(chance: &mut StdRng) -> Self {
        if chance.random_ratio(1, 5) {
            Self::Starting(START.mul_f64(chance.random_range(0.0..2.0)))
        } else {
            Self::Loaded(chance.random_range(0..150), Duration::from_micros(chance.random_range(0..20_000)))
        }
    }
}

impl Blow {
    fn any(chance: &mut StdRng) -> Self {
        match chance.random_range(0..5) {
            0..3 => Self::Kill,
            3 => Self::Terminate,
            _ => Self::KillWhileItDrains(Duration::from_micros(chance.random_range(0..50_000))),
        }
    }

    async fn fall(self, process: Process) -> i32 {
        let first = if matches!(self, Self::Kill) { Signal::SIGKILL } else { Signal::SIGTERM };
        process.signal(first).await;
        if let Self::KillWhileItDrains(moment) = self {
            tokio::time::sleep(moment).await;
            process.signal(Signal::SIGKILL).await;
        }
        process.ended().await
    }
}

/// Starts the service one last time, and returns it when everything that was begun is acknowledged and stored.
///
/// # Panics
/// Where that takes minutes, or a record of the spool is left.
pub async fn settle(setup: &Setup, load: &mut Load) -> Process {
    let process = Process::start(setup).await;
    load.target(Some(process.address()));
    load.more(100).await;
    load.finish().await;
    drained(setup, &process).await;
    assert_eq!(process.stop().await, 0);

    let process = Process::start(setup).await;
    let left = process.admin(Method::GET, "/-/spool", None).await;
    assert!(left["records"] == 0 && left["segments"] == 0 && left["bytes"] == 0, "{left} is left");
    process
}

/// Waits until the spool, where there is one, has nothing without a verdict; nothing in it may have been damaged.
///
/// # Panics
/// Where that takes minutes, or something was.
pub async fn drained(setup: &Setup, process: &Process) {
    if setup.spool().exists() {
        until("the spool is empty", async || {
            process.admin(Method::GET, "/-/spool", None).await["records"] == 0
        })
        .await;
        assert!(process.metric("spool_damaged_records_total").await < 1.0, "damaged records");
        assert!(!setup.spool().join("quarantine").exists(), "a segment is in quarantine");
    }
}
