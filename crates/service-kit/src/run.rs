//! The one call that a service's `main` makes.

use std::io::Write as _;
use std::process::ExitCode;

use nix::sys::resource::{Resource, getrlimit, setrlimit};

use crate::healthcheck::healthcheck;
use crate::lifecycle::{Kit, Outcome};
use crate::settings::{Environment, Faults, FromEnvironment, KitSettings};
use crate::telemetry::{self, LogStream};

/// The exit code of a process whose settings are wrong.
const SETTINGS_ARE_WRONG: u8 = 2;

/// Runs a service from its first log line to its exit code: 0 after a clean drain or as the service itself
/// chose, 1 where something failed or was cut, 2 where settings are wrong. Started as `NAME healthcheck` it asks a
/// running one instead: see [`healthcheck`].
pub fn main<S, B>(name: &'static str, version: &'static str, environment: Environment, build: B) -> ExitCode
where
    S: FromEnvironment,
    B: AsyncFnOnce(S, &mut Kit) -> anyhow::Result<()>,
{
    main_logging_to(LogStream::Stdout, name, version, environment, build)
}

/// As [`main`], for a program whose standard output is not its log.
pub fn main_logging_to<S, B>(
    stream: LogStream,
    name: &'static str,
    version: &'static str,
    environment: Environment,
    build: B,
) -> ExitCode
where
    S: FromEnvironment,
    B: AsyncFnOnce(S, &mut Kit) -> anyhow::Result<()>,
{
    if let Some(code) = healthcheck(&environment) {
        return code;
    }
    let _telemetry = telemetry::start(&environment, stream);
    let (kit_settings, settings) = match read_settings::<S>(&environment) {
        Ok(settings) => settings,
        Err(faults) => {
            refuse(name, &faults);
            return ExitCode::from(SETTINGS_ARE_WRONG);
        }
    };
    // It may hold secrets, and nobody reads it from here on.
    drop(environment);
    allow_many_files();
    let runtime = match runtime() {
        Ok(runtime) => runtime,
        Err(error) => {
            tracing::error!(service = name, %error, "the runtime did not start");
            return ExitCode::FAILURE;
        }
    };
    let code = runtime.block_on(async {
        match live(name, version, kit_settings, settings, build).await {
            Ok(outcome) => outcome.exit_code(),
            Err(error) => {
                tracing::error!(service = name, "could not start: {error:#}");
                if error.downcast_ref::<Faults>().is_some() { SETTINGS_ARE_WRONG } else { 1 }
            }
        }
    });
    // A thread that blocks past the drain must not keep the process.
    runtime.shutdown_background();
    ExitCode::from(code)
}

/// Tells the faults, also where the filter lets no errors through: `RUST_LOG` may be the setting that is wrong.
fn refuse(name: &str, faults: &Faults) {
    if tracing::enabled!(tracing::Level::ERROR) {
        tracing::error!(service = name, "{faults}");
    } else {
        let _ = writeln!(std::io::stderr(), "{name}: {faults}");
    }
}

/// Reads the kit's settings and the service's own, so that the faults of both are told together.
pub(crate) fn read_settings<S: FromEnvironment>(
    environment: &Environment,
) -> Result<(KitSettings, S), Faults> {
    let mut faults = Faults::default();
    telemetry::check(environment, &mut faults);
    let kit = environment.read::<KitSettings>(&mut faults);
    let own = S::from_environment(environment, &mut faults);
    match own {
        Some(own) if faults.is_empty() => Ok((kit, own)),
        _ => Err(faults),
    }
}

async fn live<S, B>(
    name: &'static str,
    version: &'static str,
    kit_settings: KitSettings,
    settings: S,
    build: B,
) -> anyhow::Result<Outcome>
where
    B: AsyncFnOnce(S, &mut Kit) -> anyhow::Result<()>,
{
    let mut kit = Kit::new(name, version, kit_settings);
    build(settings, &mut kit).await?;
    Ok(kit.start()?.wait().await)
}

/// A connection is a file, and often the read behind it another; shells and systemd allow 1024 to those who do not ask for
/// more. That default is for `select`, which nothing here uses.
pub(crate) fn allow_many_files() {
    let raised = getrlimit(Resource::RLIMIT_NOFILE)
        .and_then(|(_, most)| setrlimit(Resource::RLIMIT_NOFILE, most, most));
    if let Err(error) = raised {
        tracing::warn!(%error, "the limit of open files stays as it is");
    }
}

/// One thread where there is one core: a work-stealing scheduler with nobody to steal from only costs.
fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let mut builder = if cores == 1 {
        tokio::runtime::Builder::new_current_thread()
    } else {
        tokio::runtime::Builder::new_multi_thread()
    };
    builder.enable_all().build()
}
