//! The command line.

mod file;
mod load;
mod perform;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::cluster::workload::Workload;
use crate::scenario::Scenario;
use load::LoadOptions;

/// Breaks a cluster under load and says what was lost.
///
/// Exit code: 0 when every limit holds, 1 when one does not (or the cluster did not recover in time), 2 when there is no verdict.
#[derive(Debug, Parser)]
#[command(name = "drill", version, about)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Breaks something while traffic is sent, puts it back, and judges
    Run(Box<RunOptions>),
    /// Sends traffic and judges it, and breaks nothing
    #[command(visible_alias = "watch")]
    Traffic(Box<TrafficOptions>),
    /// Puts back what a run that was killed left behind, by its journal
    Undo(UndoOptions),
    /// Says which scenarios there are
    List,
}

/// What `run` is told.
#[derive(Args, Debug)]
struct RunOptions {
    #[command(subcommand)]
    scenario: Scenario,
    #[command(flatten)]
    place: Place,
    /// deployment/NAME or statefulset/NAME; may be said again
    ///
    /// What is broken, and what must be settled before and after. Where a scenario breaks something else (a node, a store),
    /// all workloads of the namespace are watched unless some are named.
    #[arg(long, global = true, value_name = "KIND/NAME", help_heading = "Cluster")]
    workload: Vec<Workload>,
    /// Print what would be done, and do nothing
    #[arg(long, global = true, help_heading = "Cluster")]
    dry_run: bool,
    /// Where what is to be put back is written while the drill runs; in the system's folder for temporary files unless said
    #[arg(long, global = true, value_name = "FILE", help_heading = "Cluster")]
    journal: Option<PathBuf>,
    #[command(flatten)]
    load: LoadOptions,
    #[command(flatten)]
    output: Output,
}

/// The one cluster and the one namespace that may be touched.
#[derive(Args, Clone, Debug)]
struct Place {
    /// The context of the kubeconfig, or in-cluster; the current one is never taken
    #[arg(long, global = true, value_name = "NAME", help_heading = "Cluster")]
    context: Option<String>,
    /// The namespace; the context's own is never taken
    #[arg(long, short, global = true, value_name = "NAME", help_heading = "Cluster")]
    namespace: Option<String>,
}

/// What `traffic` is told.
#[derive(Args, Debug)]
struct TrafficOptions {
    /// How long
    #[arg(long = "for", default_value = "30s", value_name = "TIME", value_parser = humantime::parse_duration)]
    time: Duration,
    #[command(flatten)]
    load: LoadOptions,
    #[command(flatten)]
    output: Output,
}

/// What `undo` is told.
#[derive(Args, Debug)]
struct UndoOptions {
    /// The journal
    journal: PathBuf,
    #[command(flatten)]
    place: Place,
    /// Print what would be put back, and do nothing
    #[arg(long)]
    dry_run: bool,
}

/// How a report is given.
#[derive(Args, Debug)]
struct Output {
    /// What is printed on the standard output
    #[arg(long, short, global = true, value_enum, default_value_t = Format::Table, help_heading = "Report")]
    output: Format,
    /// The report as JSON, to a file as well
    #[arg(long, global = true, value_name = "FILE", help_heading = "Report")]
    report: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
enum Format {
    /// For people.
    Table,
    /// For machines.
    Json,
}

/// The program.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("drill: {error}");
            return ExitCode::from(2);
        }
    };
    match runtime.block_on(perform::perform(arguments.command)) {
        Ok(verdict) => ExitCode::from(verdict.exit_code()),
        Err(error) => {
            eprintln!("drill: {error:#}");
            ExitCode::from(2)
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn common_options_may_follow_the_scenario() {
        let line = "drill run drain --node a --context c --namespace n --target x=http://h/ --limit failures=0 --dry-run";
        let arguments = Arguments::try_parse_from(line.split(' ')).expect("arguments");
        let Command::Run(run) = arguments.command else { panic!("another command") };
        assert_eq!(
            (run.place.context.as_deref(), run.dry_run, run.scenario.name()),
            (Some("c"), true, "drain")
        );
    }
}
