//! A run, in time.
//!
//! 1. One connection makes pgbench's tables where asked, reads the server's version, and binds the workload.
//! 2. Every thread connects its clients. The first error ends it all: a run with fewer clients is another run.
//! 3. The clock starts. Until the end of the window seconds are collected and shown; Ctrl-C or SIGTERM ends the window now.
//! 4. What is under way may go on for as long as patience lasts; then it is unfinished, and so is what never began.

use std::fs::File;
use std::io::Write as _;
use std::sync::{Arc, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use service_kit::Metrics;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::{self, UnboundedReceiver};
use tokio_util::sync::CancellationToken;

use super::args::Args;
use super::client::Shared;
use super::clock::{Clock, Window, nanoseconds};
use super::collect::Collector;
use super::failure::Failure;
use super::gate::{Gate, Pacer};
use super::live::Live;
use super::metrics::{BenchMetrics, expose};
use super::outcome::{Finished, conclude};
use super::record::{Interval, RawLog, Record, Recorder, Tally, Totals, raw_log};
use super::schedule::Schedule;
use super::worker::{Connecting, Start, Worker};
use super::{cpu, tpcb};
use crate::connect::Endpoint;
use crate::report::result::BenchResult;
use crate::slo::Objective;
use crate::workload::{Script, Workload, bind};

/// Between the order to start and the start: time for every thread to hear of it.
const LEAD: Duration = Duration::from_millis(20);
/// Between two looks at the run.
const LOOK: Duration = Duration::from_millis(250);

/// Runs the load.
pub async fn measure(
    args: &Args,
    scripts: &[(Script, f64)],
    objectives: &[Objective],
) -> anyhow::Result<BenchResult> {
    let (endpoint, _local) = crate::local::open(&args.target)?;
    let endpoint = Arc::new(endpoint);
    let (server, mut workload) = prepare(args, scripts, &endpoint).await?;
    if let Some(pipeline) = args.pipeline {
        workload.set_pipeline(pipeline);
    }
    let workload = Arc::new(workload);
    let log = args.log.as_ref().map(|path| -> anyhow::Result<RawLog> {
        let file = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
        Ok(raw_log(file)?)
    });
    let log = log.transpose()?;
    let metrics = Metrics::default();
    let counted = metrics.with(BenchMetrics::register);
    let _exposed = match args.metrics_address {
        Some(address) => Some(expose(metrics, address).await?),
        None => None,
    };
    let workers = connect(args, &endpoint, &workload).await?;
    let mut running = Running::start(args, endpoint, workload.clone(), workers, log.as_ref())?;
    let mut collector = Collector::new(running.window, counted);
    let cpu_seconds = running.watch(args, &mut collector).await?;
    let mut finished = running.finish(args, &mut collector, server).await?;
    finished.series = collector.finish();
    finished.cpu_seconds = cpu_seconds;
    if let Some(log) = log {
        log.lock().unwrap_or_else(PoisonError::into_inner).flush().context("cannot write the log")?;
    }
    Ok(conclude(args, &workload, objectives, finished))
}

async fn prepare(
    args: &Args,
    scripts: &[(Script, f64)],
    endpoint: &Endpoint,
) -> anyhow::Result<(String, Workload)> {
    let mut connection = endpoint.connect().await?;
    if let Some(scale) = args.init_scale {
        tracing::info!(scale, "pgbench's tables");
        tpcb::make(&mut connection, scale, args.replace).await?;
    }
    let server = connection.query_one("select version()", &[]).await?.try_get(0)?;
    let workload = bind(scripts, &connection).await?;
    connection.close().await;
    Ok((server, workload))
}

/// Threads whose clients are all connected.
async fn connect(
    args: &Args,
    endpoint: &Arc<Endpoint>,
    workload: &Arc<Workload>,
) -> anyhow::Result<Vec<Worker>> {
    let (threads, clients) = (args.thread_count(), args.clients.get());
    let (ready, mut readied) = mpsc::unbounded_channel();
    let mut workers = Vec::with_capacity(threads);
    for number in 0..threads {
        let share = clients / threads + usize::from(number < clients % threads);
        let connecting = Connecting { endpoint: endpoint.clone(), workload: workload.clone() };
        workers.push(Worker::spawn(number, connecting, share, ready.clone())?);
    }
    drop(ready);
    for _ in 0..threads {
        readied.recv().await.context("a thread is gone")?.context("cannot start the clients")?;
    }
    Ok(workers)
}

struct Running {
    clock: Clock,
    window: Window,
    interrupted: bool,
    gate: Arc<Gate>,
    _pacer: Pacer,
    give_up: CancellationToken,
    intervals: UnboundedReceiver<Interval>,
    threads: Vec<JoinHandle<anyhow::Result<Totals>>>,
    started_at: jiff::Timestamp,
}

impl Running {
    fn start(
        args: &Args,
        endpoint: Arc<Endpoint>,
        workload: Arc<Workload>,
        workers: Vec<Worker>,
        log: Option<&RawLog>,
    ) -> anyhow::Result<Self> {
        let from = nanoseconds(args.warm_up);
        let window = Window { from, to: from.saturating_add(nanoseconds(args.duration)) };
        let clock = Clock::starting(Instant::now() + LEAD);
        let gate = Arc::new(match args.rate {
            None => Gate::closed(clock, window.to),
            Some(rate) => Gate::open(Schedule::new(args.arrivals, rate, window.to, args.seed)),
        });
        let names: Arc<[String]> = workload.transactions().iter().map(|kind| kind.name.clone()).collect();
        let (to, intervals) = mpsc::unbounded_channel();
        let give_up = CancellationToken::new();
        let (gate_, give_up_) = (gate.clone(), give_up.clone());
        let shared =
            Shared { endpoint, workload, gate: gate_, clock, max_tries: args.max_tries, give_up: give_up_ };
        let (mut threads, mut seed) = (Vec::new(), args.seed);
        for worker in workers {
            let clients = worker.clients as u64;
            let recorder = Recorder::new(window, names.clone(), log.cloned(), to.clone());
            threads.push(worker.start(Start { shared: shared.clone(), recorder, seed }));
            seed = seed.wrapping_add(clients);
        }
        let pacer = Pacer::start(&gate, clock).context("cannot start the thread of arrivals")?;
        let started_at = jiff::Timestamp::now();
        Ok(Self {
            clock,
            window,
            interrupted: false,
            gate,
            _pacer: pacer,
            give_up,
            intervals,
            threads,
            started_at,
        })
    }

    /// Collects and shows until the window is over; the tool's CPU within it.
    async fn watch(&mut self, args: &Args, collector: &mut Collector) -> anyhow::Result<Option<f64>> {
        let mut live = Live::start(args, self.window);
        let mut look = tokio::time::interval(LOOK);
        let (mut interrupt, mut terminate) =
            (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
        let end = tokio::time::sleep_until(self.clock.instant(self.window.to).into());
        let warm = tokio::time::sleep_until(self.clock.instant(self.window.from).into());
        tokio::pin!(end, warm);
        let mut cpu_before = None;
        loop {
            tokio::select! {
                () = &mut warm, if cpu_before.is_none() => cpu_before = Some(cpu::seconds()),
                () = &mut end => break,
                Some(interval) = self.intervals.recv() => collector.add(&interval),
                _ = look.tick() => {
                    let now = self.clock.now();
                    collector.settle(now);
                    live.show(now, collector);
                }
                _ = interrupt.recv() => self.interrupt(),
                _ = terminate.recv() => self.interrupt(),
            }
            if self.interrupted {
                break;
            }
        }
        live.end();
        Ok(cpu_before.flatten().and_then(|before| Some(cpu::seconds()? - before)))
    }

    fn interrupt(&mut self) {
        let now = self.clock.now();
        self.interrupted = true;
        self.window.to = self.window.to.min(now);
        self.window.from = self.window.from.min(now);
        self.gate.end(now);
    }

    /// Waits for what is under way, as long as patience lasts.
    async fn finish(
        mut self,
        args: &Args,
        collector: &mut Collector,
        server: String,
    ) -> anyhow::Result<Finished> {
        let patience = self.clock.instant(self.window.to.saturating_add(nanoseconds(args.patience)));
        let patience = tokio::time::sleep_until(patience.into());
        tokio::pin!(patience);
        loop {
            tokio::select! {
                // The threads hold the other ends: none is left when all have ended.
                interval = self.intervals.recv() => match interval {
                    Some(interval) => collector.add(&interval),
                    None => break,
                },
                () = &mut patience, if !self.give_up.is_cancelled() => self.give_up.cancel(),
            }
        }
        let mut totals = Totals::default();
        for thread in self.threads.drain(..) {
            totals.merge(&thread.join().map_err(|_| anyhow::anyhow!("a thread panicked"))??);
        }
        Ok(Finished {
            started_at: self.started_at,
            server,
            window: self.window,
            interrupted: self.interrupted,
            totals,
            unstarted: self.unstarted(),
            series: Vec::new(),
            cpu_seconds: None,
        })
    }

    /// What was meant to start and never did: all clients were busy until the end of all patience.
    fn unstarted(&self) -> Tally {
        let (mut tally, now) = (Tally::default(), self.clock.now());
        for intended in self.gate.left().into_iter().filter(|intended| self.window.holds(*intended)) {
            let failure = Some(Failure::Unfinished);
            tally.add(&Record { kind: 0, intended, started: now, ended: now, retries: 0, failure });
        }
        tally
    }
}
