//! What the server is told from outside.
//!
//! 1. [`flags`] lays the command line over the variables, [`table`] names them all.
//! 2. [`topics`] reads them by envy into small structs.
//! 3. [`site`] makes the sites of them, from s3www's own settings and from `SITES`.
//! 4. [`check`] holds against each other what belongs together. Every fault of every setting is told at once.

mod check;
pub mod flags;
mod site;
pub mod table;
mod topics;
mod values;

use std::path::PathBuf;

use service_kit::{Environment, Faults, FromEnvironment};
use url::Url;

pub use site::SiteSettings;
pub use topics::{CacheSettings, CompressionSettings};
pub use values::{Address, Switch, list};

/// All of the server's own settings.
pub struct Settings {
    /// Where to listen.
    pub address: Address,
    /// HTTPS, where it is wanted.
    pub tls: Option<Tls>,
    /// What is served; at least one.
    pub sites: Vec<SiteSettings>,
    /// What is kept and for how long.
    pub cache: CacheSettings,
    /// What is compressed here.
    pub compression: CompressionSettings,
}

/// Where certificates come from.
pub enum Tls {
    /// From files, followed.
    Files {
        /// The chain, PEM.
        chain: PathBuf,
        /// The key, PEM.
        key: PathBuf,
    },
    /// From an authority, by ACME.
    Acme(Acme),
}

/// How certificates are had by ACME.
#[derive(Clone, Debug)]
pub struct Acme {
    /// The domains; at least one.
    pub domains: Vec<String>,
    /// `mailto:` address.
    pub contact: Option<String>,
    /// Keeps the account and the certificates.
    pub cache: Option<PathBuf>,
    /// The authority's directory; None is Let's Encrypt.
    pub directory: Option<Url>,
    /// Whom to trust for the directory, and nobody else.
    pub ca_file: Option<PathBuf>,
}

impl FromEnvironment for Settings {
    fn from_environment(environment: &Environment, faults: &mut Faults) -> Option<Self> {
        let environment = flags::normalize(environment, faults);
        let server = environment.read::<topics::Server>(faults);
        let store = environment.read::<topics::StoreTopic>(faults);
        let shown = environment.read::<topics::Shown>(faults);
        let cache = environment.read::<CacheSettings>(faults);
        let compression = environment.read::<topics::Compression>(faults);
        let address = check::address(&server, faults);
        let tls = check::tls(&server, address.as_ref(), faults);
        let sites = site::read(&store, &shown, faults);
        check::cache(&cache, &compression, faults);
        let compression = check::compression(&compression, faults);
        Some(Self { address: address?, tls: tls?, sites: sites?, cache, compression: compression? })
    }
}

#[cfg(test)]
#[path = "settings_tests.rs"]
mod tests;
