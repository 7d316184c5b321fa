//! Logs: JSON lines for machines, coloured text for people, and a panic that is a log line.
//!
//! 1. `LOG_FORMAT` and `RUST_LOG` are read before any other setting, since the report of a wrong setting is
//!    itself a log line.
//! 2. What cannot be parsed falls back to the default here and is reported with the other settings' faults.
//!    `RUST_LOG` is levels by target (`info,file_server=debug`); filters by span and field are left out, since their
//!    regular expressions would be a tenth of a small service's program.
//! 3. [`access`] lines leave in batches, everything else at once.

pub(crate) mod access;

use std::io::{IsTerminal, Write};
use std::panic;

use tracing_subscriber::Layer;
use tracing_subscriber::filter::{LevelFilter, Targets, filter_fn};
use tracing_subscriber::fmt::writer::BoxMakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::settings::{Environment, Faults, LogFormat};

const DEFAULT_LEVEL: LevelFilter = LevelFilter::INFO;

/// Where log lines go.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum LogStream {
    /// Standard output, where a cluster looks for logs.
    #[default]
    Stdout,
    /// Standard error, for a program whose standard output is its result.
    Stderr,
}

/// Keeps logging complete: when it is dropped, lines that still wait are written.
#[must_use]
pub struct Telemetry {
    _access: Option<access::FlushOnDrop>,
}

/// Starts logging and makes every panic a log line. Does nothing where a subscriber is set already, as in tests.
pub fn start(environment: &Environment, stream: LogStream) -> Telemetry {
    let filter = environment.get("RUST_LOG").and_then(|filter| filter.parse::<Targets>().ok());
    let filter = filter.unwrap_or_else(|| Targets::new().with_default(DEFAULT_LEVEL));
    let lines = tracing_subscriber::fmt::layer().with_writer(stream.writer());
    let lines_but_access = filter_fn(|metadata| metadata.target() != access::TARGET);
    let subscriber = tracing_subscriber::registry().with(filter);
    let (set, access) = match stream.format(environment) {
        LogFormat::Json => {
            let (access, flush) = access::AccessLayer::new(move |batch: &[u8]| stream.write(batch));
            let lines =
                lines.json().flatten_event(true).with_current_span(false).with_filter(lines_but_access);
            (subscriber.with(lines).with(access).try_init(), Some(flush))
        }
        LogFormat::Pretty => (subscriber.with(lines.with_ansi(stream.is_terminal())).try_init(), None),
    };
    if set.is_ok() {
        log_panics();
    }
    Telemetry { _access: access }
}

impl LogStream {
    fn is_terminal(self) -> bool {
        match self {
            Self::Stdout => std::io::stdout().is_terminal(),
            Self::Stderr => std::io::stderr().is_terminal(),
        }
    }

    fn writer(self) -> BoxMakeWriter {
        match self {
            Self::Stdout => BoxMakeWriter::new(std::io::stdout),
            Self::Stderr => BoxMakeWriter::new(std::io::stderr),
        }
    }

    fn format(self, environment: &Environment) -> LogFormat {
        match environment.get("LOG_FORMAT") {
            Some("json") => LogFormat::Json,
            Some("pretty") => LogFormat::Pretty,
            _ if self.is_terminal() => LogFormat::Pretty,
            _ => LogFormat::Json,
        }
    }

    /// A log that nobody can read any more is no reason to stop serving.
    fn write(self, bytes: &[u8]) {
        let _ = match self {
            Self::Stdout => std::io::stdout().lock().write_all(bytes),
            Self::Stderr => std::io::stderr().lock().write_all(bytes),
        };
    }
}

/// Adds what is wrong with `RUST_LOG`, which no topic can hold as a type.
pub(crate) fn check(environment: &Environment, faults: &mut Faults) {
    if let Some(filter) = environment.get("RUST_LOG") {
        faults.check("RUST_LOG", filter.parse::<Targets>());
    }
}

fn log_panics() {
    panic::set_hook(Box::new(|panicked| {
        let place = panicked.location().map(ToString::to_string);
        let backtrace = std::backtrace::Backtrace::capture();
        tracing::error!(panic = panic_message(panicked.payload()), place, %backtrace, "panicked");
    }));
}

/// What the panic said, where it said it in words.
pub(crate) fn panic_message(payload: &(dyn std::any::Any + Send)) -> &str {
    payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("a panic without a message")
}
