//! Which server, as the command line says it.

use std::path::PathBuf;
use std::time::Duration;

use super::tls::SslMode;

/// Which server, as whom, how safely.
#[derive(clap::Args, Clone, Debug, Default)]
pub struct Target {
    /// `postgresql://USER@HOST:PORT,HOST:PORT/DATABASE?target_session_attrs=read-write`, as libpq takes it. Others on
    /// this machine can read a command line: a password belongs into --password-file, or into the variable.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, value_name = "URL")]
    pub database_url: Option<String>,
    /// Instead of a URL: start this machine's own server on FOLDER (made the first time, kept afterwards) while
    /// the command runs.
    #[arg(long, value_name = "FOLDER", conflicts_with = "database_url")]
    pub local: Option<PathBuf>,
    /// A file whose first line is the password; read again for every connection.
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
    /// PEM certificates of the authorities that may vouch for the server. Implies --sslmode verify-full.
    #[arg(long, value_name = "FILE")]
    pub ca_file: Option<PathBuf>,
    /// How TLS is used. prefer and require encrypt to whoever answers; verify-ca asks for a certificate by --ca-file,
    /// verify-full also for the host's name in it.
    #[arg(long, value_enum)]
    pub sslmode: Option<SslMode>,
    /// How long a host may take from the first packet to the end of authentication [default: the URL's, or 5s].
    #[arg(long, value_parser = humantime::parse_duration, value_name = "TIME")]
    pub connect_timeout: Option<Duration>,
    /// How long the server lets a statement run; by default as long as its own settings do.
    #[arg(long, value_parser = humantime::parse_duration, value_name = "TIME")]
    pub statement_timeout: Option<Duration>,
    /// What the server's views and logs call the sessions [default: the URL's, or pg-load].
    #[arg(long, value_name = "NAME")]
    pub application_name: Option<String>,
}

impl Target {
    /// The server at `url`, by what the URL itself says.
    pub fn at(url: impl Into<String>) -> Self {
        Self { database_url: Some(url.into()), ..Self::default() }
    }
}
