//! One run, from steady to steady.
//!
//! 1. The workloads must be settled, and the traffic clean for a while: a drill that starts in trouble says nothing.
//! 2. The mark: what is seen from here on is judged. The steps are carried out.
//! 3. Whatever happened (an error, a deadline, a signal), what the journal holds is put back.
//! 4. The workloads must settle and the traffic must be clean again; then it stops.
//! 5. Acknowledged reviews are looked for, and the report is judged against the limits.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::cluster::Cluster;
use crate::cluster::error::ClusterError;
use crate::error::DrillError;
use crate::ledger::Reviews;
use crate::ledger::check::check;
use crate::limits::Limits;
use crate::report::{Report, TargetReport, Verdict};
use crate::say::Say;
use crate::scenario::Plan;
use crate::step::execute::{Event, Executor};
use crate::traffic::wire::Wire;
use crate::traffic::{Observed, Stream, Traffic};
use crate::undo::Journal;

/// Between two looks at the traffic.
const LOOK: Duration = Duration::from_millis(200);

/// How long is waited for what.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Patience {
    /// Traffic is clean when it was for so long.
    pub clean_for: Duration,
    /// Workloads and traffic must be steady within this, before the drill.
    pub steady: Duration,
    /// One step may take so long.
    pub step: Duration,
    /// The traffic must be clean within this, after the drill.
    pub recover: Duration,
    /// Acknowledged reviews must be found within this.
    pub reviews: Duration,
}

/// The traffic of a run, and what it may show.
#[derive(Clone, Debug)]
pub struct Load {
    /// What is asked.
    pub streams: Vec<Stream>,
    /// How.
    pub wire: Wire,
    /// What passes.
    pub limits: Limits,
    /// The reviews among the streams.
    pub reviews: Option<Arc<Reviews>>,
    /// How long is waited for what.
    pub patience: Patience,
}

/// Traffic alone, for a baseline.
pub async fn traffic(
    load: &Load,
    time: Duration,
    say: &Say,
    interrupted: &CancellationToken,
) -> Result<Report, DrillError> {
    let began = (Timestamp::now(), Instant::now());
    let traffic = Traffic::start(load.streams.clone(), &load.wire)?;
    tokio::select! {
        () = tokio::time::sleep(time) => {}
        () = interrupted.cancelled() => {}
        () = show(&traffic, say) => {}
    }
    let took = began.1.elapsed();
    let observed = traffic.stop().await;
    let mut report = report("traffic", began.0, took, &observed);
    let ended = look(load, &mut report).await;
    report.judge(&load.limits, ended.as_ref().err());
    Ok(report)
}

/// A run of a scenario.
pub struct Drill<'a> {
    /// The scenario's name.
    pub scenario: &'a str,
    /// Where.
    pub cluster: &'a Cluster,
    /// What is done.
    pub plan: &'a Plan,
    /// What runs meanwhile.
    pub load: &'a Load,
    /// Where what is to be put back is written.
    pub journal: PathBuf,
    /// Tells people.
    pub say: &'a Say,
}

impl Drill<'_> {
    /// The whole of it. An error is one from before anything was broken; later ones are in the report.
    pub async fn run(&self, interrupted: &CancellationToken) -> Result<Report, DrillError> {
        let mut journal = Journal::new(self.journal.clone(), self.cluster)?;
        let traffic = tokio::select! {
            steady = self.steady() => steady?,
            () = interrupted.cancelled() => return Err(DrillError::Interrupted),
        };
        let (at, began) = (Timestamp::now(), Instant::now());
        traffic.mark();
        let mut timeline = Vec::new();
        let mut ended = self.broken(&traffic, &mut journal, began, &mut timeline, interrupted).await;
        let mut settled = None;
        if ended.is_ok() || ended.as_ref().is_err_and(DrillError::is_finding) {
            let recovered = tokio::select! {
                recovered = self.recovered(&traffic, began, &mut settled) => recovered,
                () = interrupted.cancelled() => Err(DrillError::Interrupted),
            };
            ended = ended.and(recovered);
        }
        let took = began.elapsed();
        self.say.line("stop the traffic");
        let observed = traffic.stop().await;
        let mut report = report(self.scenario, at, took, &observed);
        report.context = Some(self.cluster.context().to_owned());
        report.namespace = Some(self.cluster.namespace().to_owned());
        report.settled_seconds = settled.map(|settled| settled.as_secs_f64());
        report.timeline = timeline;
        if !matches!(ended, Err(DrillError::Interrupted)) {
            if report.has_reviews() {
                self.say.line("look for every acknowledged review");
            }
            let looked = tokio::select! {
                looked = look(self.load, &mut report) => looked,
                () = interrupted.cancelled() => Err(DrillError::Interrupted),
            };
            ended = ended.and(looked);
        }
        report.judge(&self.load.limits, ended.as_ref().err());
        Ok(report)
    }

    /// Nothing is broken before all is well.
    async fn steady(&self) -> Result<Traffic, DrillError> {
        let patience = &self.load.patience;
        self.say.line("wait until the workloads are settled and the traffic is clean");
        let settled = self.cluster.settled(&self.plan.workloads, None, patience.steady).await;
        settled.map_err(|error| match error {
            ClusterError::Deadline { what, state, .. } => DrillError::NotSteady(format!("{what}: {state}")),
            error => error.into(),
        })?;
        let traffic = Traffic::start(self.load.streams.clone(), &self.load.wire)?;
        match clean(&traffic, patience.clean_for, patience.steady, self.say).await {
            Ok(()) => Ok(traffic),
            Err(state) => Err(DrillError::NotSteady(state)),
        }
    }

    /// Carries out the steps, and puts back what the journal holds, however they ended.
    async fn broken(
        &self,
        traffic: &Traffic,
        journal: &mut Journal,
        began: Instant,
        timeline: &mut Vec<Event>,
        interrupted: &CancellationToken,
    ) -> Result<(), DrillError> {
        let say = |text: String| self.say.line(&text);
        let mut executor = Executor {
            cluster: self.cluster,
            traffic,
            journal: &mut *journal,
            began,
            within: self.load.patience.step,
            timeline,
            say: &say,
            factor: 1.0,
        };
        let ended = tokio::select! {
            biased;
            () = interrupted.cancelled() => Err(DrillError::Interrupted),
            ended = executor.run(&self.plan.steps) => ended,
            () = show(traffic, self.say) => Ok(()),
        };
        traffic.scale(1.0);
        if let Err(error) = &ended {
            self.say.line(&error.to_string());
        }
        let put_back = journal.put_back(self.cluster, say).await;
        if put_back.is_err() {
            self.say.line(&format!("what is left is put back by: drill undo {}", journal.path().display()));
        }
        // A cluster that is not as it was is worse news than whatever came before.
        put_back.and(ended)
    }

    async fn recovered(
        &self,
        traffic: &Traffic,
        began: Instant,
        settled: &mut Option<Duration>,
    ) -> Result<(), DrillError> {
        let patience = &self.load.patience;
        self.cluster.settled(&self.plan.workloads, None, patience.step).await?;
        *settled = Some(began.elapsed());
        self.say.line("wait until the traffic is clean");
        clean(traffic, patience.clean_for, patience.recover, self.say).await.map_err(|state| {
            let what = "traffic clean again".to_owned();
            ClusterError::Deadline { what, within: patience.recover, state }.into()
        })
    }
}

/// Waits until every target gave right answers alone for a while; tells what it was like where that took too long.
async fn clean(traffic: &Traffic, wanted: Duration, within: Duration, say: &Say) -> Result<(), String> {
    let deadline = Instant::now() + wanted + within;
    while traffic.clean_for() < wanted {
        if Instant::now() >= deadline {
            return Err(summary(traffic, true));
        }
        say.now(summary(traffic, false));
        tokio::time::sleep(LOOK).await;
    }
    Ok(())
}

/// Shows how the traffic is, for ever.
async fn show(traffic: &Traffic, say: &Say) {
    loop {
        say.now(summary(traffic, false));
        tokio::time::sleep(LOOK).await;
    }
}

fn summary(traffic: &Traffic, reasons: bool) -> String {
    let parts = traffic.now().into_iter().map(|(label, tally)| {
        let mut text = format!("{label}: {} of {} failed", tally.failed(), tally.requests);
        if reasons && let Some(reason) = tally.reasons.values().flatten().next() {
            text = format!("{text} ({reason})");
        }
        text
    });
    parts.collect::<Vec<_>>().join(", ")
}

fn report(scenario: &str, began: Timestamp, took: Duration, observed: &[Observed]) -> Report {
    Report {
        verdict: Verdict::None,
        error: None,
        scenario: scenario.to_owned(),
        context: None,
        namespace: None,
        began,
        took_seconds: took.as_secs_f64(),
        settled_seconds: None,
        targets: observed.iter().map(TargetReport::from).collect(),
        reviews: None,
        timeline: Vec::new(),
        limits: Vec::new(),
    }
}

/// Looks for what was acknowledged, where reviews were sent.
async fn look(load: &Load, report: &mut Report) -> Result<(), DrillError> {
    if let Some(reviews) = &load.reviews {
        report.reviews = Some(check(reviews, &load.wire, load.patience.reviews).await?);
    }
    Ok(())
}
