//! Does what the command line says.

use std::io::{IsTerminal as _, Write as _, stderr, stdout};
use std::path::PathBuf;

use anyhow::{Context as _, anyhow};
use clap::CommandFactory as _;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::{Arguments, Command, Format, Output, Place, RunOptions, TrafficOptions, UndoOptions};
use crate::cluster::Cluster;
use crate::report::{Report, Verdict, table};
use crate::run::{self, Drill};
use crate::say::Say;
use crate::scenario::Plan;
use crate::undo::Journal;

pub(super) async fn perform(command: Command) -> anyhow::Result<Verdict> {
    match command {
        Command::Run(arguments) => drill(*arguments).await,
        Command::Traffic(arguments) => traffic(*arguments).await,
        Command::Undo(arguments) => undo(arguments).await,
        Command::List => list(),
    }
}

async fn drill(arguments: RunOptions) -> anyhow::Result<Verdict> {
    let cluster = connect(&arguments.place).await?;
    let name = arguments.scenario.name();
    let plan = arguments.scenario.plan(&cluster, &arguments.workload).await?;
    print_plan(name, &cluster, &plan);
    if arguments.dry_run {
        return Ok(Verdict::Pass);
    }
    let load = arguments.load.resolve()?;
    let interrupted = on_signal()?;
    let say = Say::default();
    let drill = Drill {
        scenario: name,
        cluster: &cluster,
        plan: &plan,
        load: &load,
        journal: arguments.journal.unwrap_or_else(journal_path),
        say: &say,
    };
    let report = drill.run(&interrupted).await;
    say.end();
    give(&arguments.output, &report?)
}

async fn traffic(arguments: TrafficOptions) -> anyhow::Result<Verdict> {
    let load = arguments.load.resolve()?;
    let interrupted = on_signal()?;
    let say = Say::default();
    let report = run::traffic(&load, arguments.time, &say, &interrupted).await;
    say.end();
    give(&arguments.output, &report?)
}

async fn undo(arguments: UndoOptions) -> anyhow::Result<Verdict> {
    let cluster = connect(&arguments.place).await?;
    let mut journal = Journal::open(arguments.journal, &cluster)?;
    if arguments.dry_run {
        for entry in journal.entries() {
            println!("{entry}");
        }
        return Ok(Verdict::Pass);
    }
    journal.put_back(&cluster, |text| eprintln!("{text}")).await?;
    Ok(Verdict::Pass)
}

fn list() -> anyhow::Result<Verdict> {
    let command = Arguments::command();
    let run = command.find_subcommand("run").context("there is a command run")?;
    let mut out = stdout().lock();
    for scenario in run.get_subcommands().filter(|scenario| scenario.get_name() != "help") {
        let about = scenario.get_about().map(ToString::to_string).unwrap_or_default();
        writeln!(out, "{:<16}  {about}", scenario.get_name())?;
    }
    Ok(Verdict::Pass)
}

/// Nothing is taken from what happens to be current: a drill in the wrong cluster is an outage.
async fn connect(place: &Place) -> anyhow::Result<Cluster> {
    let (Some(context), Some(namespace)) = (&place.context, &place.namespace) else {
        return Err(anyhow!(
            "name the cluster and the namespace that may be touched: --context NAME --namespace NAME"
        ));
    };
    if context.is_empty() || namespace.is_empty() {
        return Err(anyhow!("--context and --namespace take a name"));
    }
    Ok(Cluster::connect(context, namespace).await?)
}

fn print_plan(name: &str, cluster: &Cluster, plan: &Plan) {
    eprintln!(
        "{name} in context {}, namespace {} ({})",
        cluster.context(),
        cluster.namespace(),
        cluster.server()
    );
    for touched in &plan.touches {
        eprintln!("  touches {touched}");
    }
    for (number, step) in (1..).zip(&plan.steps) {
        eprintln!("  {number:>2}. {step}");
    }
}

/// One file for each run: two at once never share one.
fn journal_path() -> PathBuf {
    std::env::temp_dir().join(format!("drill-{}.json", std::process::id()))
}

/// The first signal ends the run in order; a second one ends the program, and the journal is left.
fn on_signal() -> anyhow::Result<CancellationToken> {
    let token = CancellationToken::new();
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    // A terminal that is closed: what was changed is put back all the same.
    let mut hangup = signal(SignalKind::hangup())?;
    let cancelled = token.clone();
    tokio::spawn(async move {
        loop {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
                _ = hangup.recv() => {}
            }
            if cancelled.is_cancelled() {
                let _ = writeln!(
                    stderr(),
                    "drill: ended by a second signal; see the journal for what is not put back"
                );
                std::process::exit(2);
            }
            let _ =
                writeln!(stderr(), "drill: interrupted: what was changed is put back; again to end at once");
            cancelled.cancel();
        }
    });
    Ok(token)
}

fn give(output: &Output, report: &Report) -> anyhow::Result<Verdict> {
    let json = serde_json::to_string_pretty(report)?;
    if let Some(path) = &output.report {
        std::fs::write(path, format!("{json}\n"))
            .with_context(|| format!("the report cannot be written to {}", path.display()))?;
    }
    let mut out = stdout().lock();
    match output.output {
        Format::Json => writeln!(out, "{json}")?,
        Format::Table => write!(out, "{}", table::draw(report, stdout().is_terminal()))?,
    }
    Ok(report.verdict)
}
