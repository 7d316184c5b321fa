//! Who starts the next transaction, and when it was meant to start.
//!
//! 1. Closed loop: every client at once, as soon as its last transaction has ended; until the run is over.
//! 2. Open loop: a thread of its own sleeps until each start time and lets one client in. The kernel's timers wake it
//!    some 60 µs late, where a timer of the runtime would be up to a millisecond late; and it never waits for a client.
//! 3. Where all clients are busy, those let in pile up as a number. The next idle client takes the earliest start time
//!    from its own copy of the schedule, and is late: that lateness is part of the latency.
//! 4. When the last start has passed, everybody is let in, to find that there is nothing left.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;

use super::clock::Clock;
use super::schedule::Schedule;

/// More than there are clients, and starts that were still to be let in when a run was ended.
const EVERYBODY: usize = 1 << 40;
/// The longest sleep without a look at whether the run was ended.
const LOOK: Duration = Duration::from_millis(50);

/// Lets clients start transactions.
#[derive(Debug)]
pub enum Gate {
    /// As soon as they can, until that time.
    Closed(Clock, AtomicU64),
    /// When the schedule says so.
    Open(Open),
}

/// The open loop's side of it.
#[derive(Debug)]
pub struct Open {
    arrived: Semaphore,
    schedule: Mutex<Schedule>,
    ended: AtomicBool,
}

impl Gate {
    /// A gate for a closed loop that ends then.
    pub fn closed(clock: Clock, end: u64) -> Self {
        Self::Closed(clock, AtomicU64::new(end))
    }

    /// A gate for an open loop.
    pub fn open(schedule: Schedule) -> Self {
        let (arrived, schedule) = (Semaphore::new(0), Mutex::new(schedule));
        Self::Open(Open { arrived, schedule, ended: AtomicBool::new(false) })
    }

    /// When the next transaction was meant to start, in nanoseconds; none at the end of the run.
    pub async fn next(&self) -> Option<u64> {
        match self {
            Self::Closed(clock, end) => Some(clock.now()).filter(|now| *now < end.load(Ordering::Relaxed)),
            Self::Open(open) => {
                // Nobody closes the semaphore: an error would be the end as well.
                open.arrived.acquire().await.ok()?.forget();
                open.schedule().next()
            }
        }
    }

    /// Ends the run: nothing is meant to start from `now` on.
    pub fn end(&self, now: u64) {
        match self {
            Self::Closed(_, end) => end.store(now, Ordering::Relaxed),
            Self::Open(open) => {
                open.schedule().end_at(now);
                open.ended.store(true, Ordering::Release);
            }
        }
    }

    /// Start times that no client has taken yet.
    pub fn left(&self) -> Vec<u64> {
        match self {
            Self::Closed(..) => Vec::new(),
            Self::Open(open) => open.schedule().clone().collect(),
        }
    }
}

impl Open {
    fn schedule(&self) -> std::sync::MutexGuard<'_, Schedule> {
        // A schedule is never half advanced.
        self.schedule.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The thread that lets clients in. It ends with the schedule.
#[derive(Debug)]
pub struct Pacer {
    gate: Arc<Gate>,
    thread: Option<JoinHandle<()>>,
}

impl Pacer {
    /// Starts it; a closed loop has none.
    pub fn start(gate: &Arc<Gate>, clock: Clock) -> io::Result<Self> {
        let thread = match &**gate {
            Gate::Closed(..) => None,
            Gate::Open(_) => {
                let gate = gate.clone();
                Some(thread::Builder::new().name("arrivals".to_owned()).spawn(move || let_in(&gate, clock))?)
            }
        };
        Ok(Self { gate: gate.clone(), thread })
    }
}

impl Drop for Pacer {
    fn drop(&mut self) {
        if let (Gate::Open(open), Some(thread)) = (&*self.gate, self.thread.take()) {
            open.ended.store(true, Ordering::Release);
            let _ = thread.join(); // it cannot panic: it sleeps and counts
        }
    }
}

fn let_in(gate: &Gate, clock: Clock) {
    let Gate::Open(open) = gate else { return };
    let mut schedule = open.schedule().clone().peekable();
    while let Some(next) = schedule.next() {
        if !sleep_until(clock.instant(next), &open.ended) {
            break;
        }
        let (now, mut due) = (clock.now(), 1);
        while schedule.next_if(|at| *at <= now).is_some() {
            due += 1;
        }
        open.arrived.add_permits(due);
    }
    open.arrived.add_permits(EVERYBODY);
}

/// Whether the time came before the run was ended.
fn sleep_until(at: Instant, ended: &AtomicBool) -> bool {
    loop {
        let left = at.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return true;
        }
        if ended.load(Ordering::Acquire) {
            return false;
        }
        thread::sleep(left.min(LOOK));
    }
}

#[cfg(test)]
mod tests {
    use super::super::schedule::Arrivals;
    use super::*;

    #[tokio::test]
    async fn every_start_is_taken_once_and_in_order() {
        let schedule = Schedule::new(Arrivals::Poisson, 100_000.0, 20_000_000, 1);
        let wanted: Vec<_> = schedule.clone().collect();
        let gate = Arc::new(Gate::open(schedule));
        let pacer = Pacer::start(&gate, Clock::starting(Instant::now())).expect("a thread");
        let mut taken = Vec::new();
        while let Some(at) = gate.next().await {
            taken.push(at);
        }
        assert_eq!(taken, wanted);
        assert_eq!(gate.next().await, None, "the second client ends too");
        drop(pacer);
    }

    #[tokio::test]
    async fn what_was_not_taken_is_known_when_the_run_is_ended() {
        let schedule = Schedule::new(Arrivals::Constant, 10.0, 3_600_000_000_000, 1);
        let gate = Arc::new(Gate::open(schedule));
        let pacer = Pacer::start(&gate, Clock::starting(Instant::now())).expect("a thread");
        assert_eq!(gate.next().await, Some(0));
        gate.end(350_000_000);
        assert_eq!(gate.left(), [100_000_000, 200_000_000, 300_000_000]);
        drop(pacer); // joins: an hour's schedule ends at once
    }
}
