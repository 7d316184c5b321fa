//! A server of this machine's own `PostgreSQL`, for who has none to name: `--local FOLDER`.
//!
//! 1. [`programs`]: where `initdb` and `postgres` are.
//! 2. [`account`]: as whom they run, since they refuse root.
//! 3. [`server`]: a folder with a cluster in it, made once; the server on it runs as long as its [`Server`] lives.
//! 4. [`open`]: what a command connects to.

pub mod account;
pub mod programs;
pub mod server;

pub use account::Account;
pub use programs::Programs;
pub use server::{LocalError, Server, Settings};

use crate::connect::{Endpoint, Target};

/// What `target` leads to; with `--local` also the server, which ends when it is dropped.
pub fn open(target: &Target) -> anyhow::Result<(Endpoint, Option<Server>)> {
    let Some(folder) = &target.local else { return Ok((Endpoint::new(target)?, None)) };
    let programs = Programs::find()?;
    // What a server of some use is given; the defaults are for a machine of 2005. The partition that takes new orders is empty
    // when it is analyzed: until it is looked at again, plans read all of it (performance-report.md).
    let parameters = [("shared_buffers", "256MB"), ("max_wal_size", "4GB"), ("autovacuum_naptime", "10s")];
    let parameters = parameters.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    let settings = Settings { parameters, ..Settings::new(folder.clone()) };
    let mut server = Server::prepare(programs, settings)?;
    server.start()?;
    let target = Target { database_url: Some(server.url()), ..target.clone() };
    Ok((Endpoint::new(&target)?, Some(server)))
}
