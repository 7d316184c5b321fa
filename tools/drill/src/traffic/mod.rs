//! Traffic in an open loop.
//!
//! 1. Every target has a task that sends a request whenever one is due by the rate, whatever became of those before. Where it
//!    comes late it catches up: no request that was due is left out, and latency counts from when it was due.
//! 2. A request is a task of its own. Where as many are under way as allowed the next is not sent, and counts as `overflow`.
//! 3. [`ask`] sends a GET by [`wire`] and judges its answer as the [`target`] says; reviews go by [`crate::ledger`].
//! 4. What became of it goes into the [`tally`] of the phase in which it ended: baseline until [`Traffic::mark`], then drill.

pub mod ask;
pub mod failure;
mod flow;
pub mod tally;
pub mod target;
pub mod wire;

use std::sync::Arc;
use std::time::Duration;

use reqwest::Client;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::ledger::Reviews;
use failure::Failure;
use flow::Flow;
use tally::Tally;
use target::Target;

/// What one target is asked.
#[derive(Clone, Debug)]
pub enum Source {
    /// The same GET again and again.
    Get(Target),
    /// New reviews, each with an id of its own.
    Reviews(Arc<Reviews>),
}

impl Source {
    /// Its name in reports.
    pub fn label(&self) -> String {
        match self {
            Self::Get(target) => target.label(),
            Self::Reviews(reviews) => reviews.label().to_owned(),
        }
    }

    /// Where it goes.
    pub fn url(&self) -> &str {
        match self {
            Self::Get(target) => target.url.as_str(),
            Self::Reviews(reviews) => reviews.url(),
        }
    }

    async fn send(&self, client: &Client) -> Result<(), Failure> {
        match self {
            Self::Get(target) => ask::ask(client, target).await,
            Self::Reviews(reviews) => reviews.send(client).await,
        }
    }
}

/// A source with its rate and bound.
#[derive(Clone, Debug)]
pub struct Stream {
    /// What is asked.
    pub source: Source,
    /// Requests per second.
    pub rate: f64,
    /// Requests at once.
    pub in_flight: usize,
}

/// What was seen of one target.
#[derive(Clone, Debug)]
pub struct Observed {
    /// Its name.
    pub label: String,
    /// Where it was asked.
    pub url: String,
    /// Requests per second.
    pub rate: f64,
    /// Before the mark.
    pub baseline: Tally,
    /// Since the mark; `None` where there was none.
    pub drill: Option<Tally>,
    /// When the last request had ended.
    pub ended: Instant,
}

impl Observed {
    /// What limits are held against: what came after the mark, or all where there was none.
    pub fn judged(&self) -> &Tally {
        self.drill.as_ref().unwrap_or(&self.baseline)
    }
}

/// Traffic that runs until it is stopped. Dropped, it is cut off at once.
pub struct Traffic {
    flows: Vec<Arc<Flow>>,
    pacers: JoinSet<()>,
    stop: CancellationToken,
}

impl Traffic {
    /// Begins to send. The targets' first requests are spread over a request's interval.
    pub fn start(streams: Vec<Stream>, wire: &wire::Wire) -> Result<Self, reqwest::Error> {
        let stop = CancellationToken::new();
        let mut pacers = JoinSet::new();
        let began = Instant::now();
        let count = u32::try_from(streams.len()).unwrap_or(u32::MAX).max(1);
        let mut flows = Vec::new();
        for (index, stream) in (0_u32..).zip(streams) {
            let offset = Duration::from_secs_f64(1.0 / stream.rate) * index / count;
            let flow = Arc::new(Flow::new(stream, wire.client()?, began));
            pacers.spawn(flow::pace(Arc::clone(&flow), began + offset, stop.clone()));
            flows.push(flow);
        }
        Ok(Self { flows, pacers, stop })
    }

    /// What ends from now on belongs to the drill.
    pub fn mark(&self) {
        let now = Instant::now();
        for flow in &self.flows {
            flow.mark(now);
        }
    }

    /// Sends `factor` times the rates of the beginning.
    pub fn scale(&self, factor: f64) {
        for flow in &self.flows {
            flow.scale(factor);
        }
    }

    /// For how long every target has given right answers and nothing else, in the phase that is.
    pub fn clean_for(&self) -> Duration {
        self.flows.iter().map(|flow| flow.clean_for()).min().unwrap_or(Duration::MAX)
    }

    /// Each target's name and what became of its requests in the phase that is.
    pub fn now(&self) -> Vec<(String, Tally)> {
        self.flows.iter().map(|flow| (flow.label(), flow.current())).collect()
    }

    /// Sends no more, waits for what is under way (each request has its time-out), and tells what was seen.
    pub async fn stop(mut self) -> Vec<Observed> {
        self.stop.cancel();
        while self.pacers.join_next().await.is_some() {}
        self.flows.iter().map(|flow| flow.observed()).collect()
    }
}

impl Drop for Traffic {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}
