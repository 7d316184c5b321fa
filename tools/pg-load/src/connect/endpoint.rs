//! A server, or several of which one will do.
//!
//! 1. The URL's `sslmode`, `sslrootcert` and `target_session_attrs=primary`, which the driver does not know, are read
//!    here; the driver reads the rest.
//! 2. Hosts are tried one by one, in the URL's order or a random one (`load_balance_hosts`), each by all its addresses.
//!    Each address gets the same time for all of TCP, TLS, authentication and the question whether it is the primary:
//!    the driver's own limit is for TCP alone, and a frozen server takes connections for ever.
//! 3. The first that will do is the connection. Otherwise every host's reason is told.

use std::error::Error as _;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rand::seq::SliceRandom as _;
use tokio_postgres::Config;
use tokio_postgres::config::{LoadBalanceHosts, TargetSessionAttrs};
use tokio_postgres_rustls::MakeRustlsConnect;
use tokio_util::task::AbortOnDropHandle;

use super::fault::{Remedy, describe, remedy};
use super::place::Place;
use super::tls::{SslMode, client_config};
use super::url::Extras;
use super::{Backoff, ConnectError, Connection, Target};

/// How long a host may take where nobody says.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// What sessions are called where nobody says.
const APPLICATION: &str = "pg-load";

/// A server, or several of which one will do; cheap to clone.
#[derive(Clone)]
pub struct Endpoint {
    settings: Config,
    hosts: Vec<Place>,
    shuffled: bool,
    timeout: Duration,
    password_file: Option<PathBuf>,
    tls: MakeRustlsConnect,
}

impl Endpoint {
    /// Reads and checks all that `target` says. Connects to nothing.
    pub fn new(target: &Target) -> Result<Self, ConnectError> {
        let url = target.database_url.as_deref().ok_or(ConnectError::Unnamed)?;
        let (url, extras) = Extras::take_from(url)?;
        let read: Config = url.parse().map_err(|error| ConnectError::Url(describe(&error)))?;
        let ca_file = target.ca_file.clone().or(extras.ca_file);
        let default = match (&ca_file, read.get_ssl_mode()) {
            (Some(_), tokio_postgres::config::SslMode::Prefer) => SslMode::VerifyFull,
            (_, tokio_postgres::config::SslMode::Require) => SslMode::Require,
            (_, tokio_postgres::config::SslMode::Disable) => SslMode::Disable,
            _ => SslMode::Prefer,
        };
        let mode = target.sslmode.or(extras.mode).unwrap_or(default);
        let tls = MakeRustlsConnect::new(client_config(mode, ca_file.as_deref())?);
        let timeout = target.connect_timeout.or(read.get_connect_timeout().copied());
        let mut settings = session_settings(&read, target)?;
        settings.ssl_mode(mode.on_the_wire());
        settings.target_session_attrs(extras.attrs.unwrap_or(read.get_target_session_attrs()));
        Ok(Self {
            settings,
            hosts: Place::all(&read)?,
            shuffled: read.get_load_balance_hosts() == LoadBalanceHosts::Random,
            timeout: timeout.unwrap_or(CONNECT_TIMEOUT),
            password_file: target.password_file.clone(),
            tls,
        })
    }

    /// The same, but only a server that takes writes will do.
    #[must_use]
    pub fn writable(mut self) -> Self {
        self.settings.target_session_attrs(TargetSessionAttrs::ReadWrite);
        self
    }

    /// The same, with the server's views and logs calling the sessions `name`.
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        self.settings.application_name(name);
        self
    }

    /// How many hosts there are to try.
    pub fn hosts(&self) -> usize {
        self.hosts.len()
    }

    /// A session with the first host that will do.
    pub async fn connect(&self) -> Result<Connection, ConnectError> {
        let mut settings = self.settings.clone();
        if let Some(path) = &self.password_file {
            settings.password(password(path).await?);
        }
        let mut order: Vec<&Place> = self.hosts.iter().collect();
        if self.shuffled {
            order.shuffle(&mut rand::rng());
        }
        let mut failures = Vec::new();
        for place in order {
            match self.connect_to(place, &settings).await {
                Ok(connection) => return Ok(connection),
                Err(error) => failures.push(error),
            }
        }
        match failures.len() {
            1 => Err(failures.remove(0)),
            _ => Err(ConnectError::All(failures)),
        }
    }

    /// The same, tried again as `backoff` has it while the reason may pass. `failed` is told of each failure.
    pub async fn connect_patiently(
        &self,
        backoff: Backoff,
        mut failed: impl FnMut(&ConnectError, Duration),
    ) -> Result<Connection, ConnectError> {
        let began = Instant::now();
        let mut attempt = 0;
        loop {
            let error = match self.connect().await {
                Err(error) if error.is_passing() => error,
                result => return result,
            };
            let Some(wait) = backoff.wait(attempt, began.elapsed(), rand::random()) else {
                return Err(error);
            };
            failed(&error, wait);
            tokio::time::sleep(wait).await;
            attempt += 1;
        }
    }

    /// Tries each address of a host. One that answers and says no tells more than one where nobody listens, such as
    /// `localhost`'s other family.
    async fn connect_to(&self, place: &Place, settings: &Config) -> Result<Connection, ConnectError> {
        let mut failures = Vec::new();
        for place in place.resolve(self.timeout).await? {
            match self.connect_at(&place, settings).await {
                Ok(connection) => return Ok(connection),
                Err(error) => failures.push(error),
            }
        }
        let telling = failures.iter().position(|error| !error.is_passing()).unwrap_or(0);
        Err(failures.swap_remove(telling))
    }

    async fn connect_at(&self, place: &Place, settings: &Config) -> Result<Connection, ConnectError> {
        let host = place.to_string();
        let settings = place.only(settings);
        let attempt = tokio::time::timeout(self.timeout, settings.connect(self.tls.clone())).await;
        let Ok(attempt) = attempt else { return Err(ConnectError::Silent { host, after: self.timeout }) };
        let (client, connection) = attempt.map_err(|error| failure(host.clone(), &error))?;
        let driver = tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!("a connection ended: {}", describe(&error));
            }
        });
        Ok(Connection::new(client, AbortOnDropHandle::new(driver), self.tls.clone(), host))
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The driver's settings hide the password themselves.
        out.debug_struct("Endpoint").field("hosts", &self.hosts).finish_non_exhaustive()
    }
}

/// What is told to every host alike.
fn session_settings(read: &Config, target: &Target) -> Result<Config, ConnectError> {
    let mut settings = Place::none(read);
    if read.get_user().is_none() {
        return Err(ConnectError::Url("it names no user".to_owned()));
    }
    let name = target.application_name.as_deref().or(read.get_application_name()).unwrap_or(APPLICATION);
    settings.application_name(name);
    if let Some(limit) = target.statement_timeout {
        let ours = format!("-c statement_timeout={}", limit.as_millis());
        settings
            .options(read.get_options().map_or_else(|| ours.clone(), |theirs| format!("{theirs} {ours}")));
    }
    Ok(settings)
}

/// The password in a file's first line.
async fn password(path: &Path) -> Result<String, ConnectError> {
    let fault = |reason: String| ConnectError::File { path: path.to_owned(), reason };
    let text = tokio::fs::read_to_string(path).await.map_err(|error| fault(error.to_string()))?;
    match text.lines().next() {
        Some(line) if !line.is_empty() => Ok(line.to_owned()),
        _ => Err(fault("its first line is empty".to_owned())),
    }
}

fn failure(host: String, error: &tokio_postgres::Error) -> ConnectError {
    let reason = describe(error);
    let passing = match error.code() {
        Some(_) => remedy(error) != Remedy::Stop,
        None => error.is_closed() || is_of_the_wire(error),
    };
    if passing { ConnectError::Unreachable { host, reason } } else { ConnectError::Refused { host, reason } }
}

/// Whether the network failed. What rustls holds against a certificate comes as an I/O error of invalid data, and does not
/// pass by waiting.
fn is_of_the_wire(error: &tokio_postgres::Error) -> bool {
    let cause = error.source().and_then(|cause| cause.downcast_ref::<io::Error>());
    cause.is_some_and(|error| {
        !matches!(error.kind(), io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput)
    })
}
