//! One of the hosts of a URL.
//!
//! The driver would try several by itself, but with one limit of time for TCP only; so it is given one at a time.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use tokio::net::lookup_host;
use tokio::time::timeout;
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};

use super::ConnectError;

const PORT: u16 = 5432;

/// A host, its port, and the address to be used in place of its name's.
#[derive(Clone, Debug)]
pub(super) struct Place {
    host: Host,
    address: Option<IpAddr>,
    port: u16,
}

impl Place {
    /// All that `read` names, in its order.
    pub(super) fn all(read: &Config) -> Result<Vec<Self>, ConnectError> {
        let (hosts, addresses, ports) = (read.get_hosts(), read.get_hostaddrs(), read.get_ports());
        let count = hosts.len().max(addresses.len());
        if count == 0 {
            return Err(ConnectError::Url("it names no host".to_owned()));
        }
        if ports.len() > 1 && ports.len() != count {
            return Err(ConnectError::Url(format!("{} ports for {count} hosts", ports.len())));
        }
        if !hosts.is_empty() && !addresses.is_empty() && hosts.len() != addresses.len() {
            return Err(ConnectError::Url(format!("{} hostaddr for {} hosts", addresses.len(), hosts.len())));
        }
        let place = |index: usize| {
            let address = addresses.get(index).copied();
            let host = hosts
                .get(index)
                .cloned()
                .or_else(|| address.map(|address| Host::Tcp(address.to_string())))?;
            let port = ports.get(index).or(ports.first()).copied().unwrap_or(PORT);
            Some(Self { host, address, port })
        };
        Ok((0..count).filter_map(place).collect())
    }

    /// A copy of `read` that names no host. The driver cannot take one away, so all else is told again.
    pub(super) fn none(read: &Config) -> Config {
        let mut settings = Config::new();
        settings
            .ssl_negotiation(read.get_ssl_negotiation())
            .channel_binding(read.get_channel_binding())
            .keepalives(read.get_keepalives())
            .keepalives_idle(read.get_keepalives_idle());
        if let Some(user) = read.get_user() {
            settings.user(user);
        }
        if let Some(password) = read.get_password() {
            settings.password(password);
        }
        if let Some(database) = read.get_dbname() {
            settings.dbname(database);
        }
        if let Some(options) = read.get_options() {
            settings.options(options);
        }
        if let Some(limit) = read.get_tcp_user_timeout() {
            settings.tcp_user_timeout(*limit);
        }
        if let Some(interval) = read.get_keepalives_interval() {
            settings.keepalives_interval(interval);
        }
        if let Some(retries) = read.get_keepalives_retries() {
            settings.keepalives_retries(retries);
        }
        settings
    }

    /// This host by each of its addresses, at least one.
    pub(super) async fn resolve(&self, limit: Duration) -> Result<Vec<Self>, ConnectError> {
        let Host::Tcp(name) = &self.host else { return Ok(vec![self.clone()]) };
        if self.address.is_some() {
            return Ok(vec![self.clone()]);
        }
        let host = self.to_string();
        let found = match timeout(limit, lookup_host((name.as_str(), self.port))).await {
            Ok(Ok(found)) => found,
            Ok(Err(error)) => return Err(ConnectError::Unreachable { host, reason: error.to_string() }),
            Err(_) => return Err(ConnectError::Silent { host, after: limit }),
        };
        let mut addresses: Vec<_> = found.map(|address| address.ip()).collect();
        addresses.dedup();
        if addresses.is_empty() {
            return Err(ConnectError::Unreachable { host, reason: "its name has no address".to_owned() });
        }
        Ok(addresses.into_iter().map(|address| Self { address: Some(address), ..self.clone() }).collect())
    }

    /// `settings`, with this host.
    pub(super) fn only(&self, settings: &Config) -> Config {
        let mut settings = settings.clone();
        settings.port(self.port);
        match &self.host {
            Host::Tcp(name) => settings.host(name),
            // libpq ignores sslmode here, and so do we: a socket has no name and needs no encryption.
            Host::Unix(folder) => settings.host_path(folder).ssl_mode(SslMode::Disable),
        };
        if let Some(address) = self.address {
            settings.hostaddr(address);
        }
        settings
    }
}

impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.host {
            Host::Tcp(name) if name.contains(':') => write!(out, "[{name}]:{}", self.port),
            Host::Tcp(name) => write!(out, "{name}:{}", self.port),
            Host::Unix(folder) => write!(out, "{}:{}", folder.display(), self.port),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(url: &str) -> Result<Vec<String>, String> {
        let read: Config = url.parse().expect("the driver reads it");
        Place::all(&read)
            .map(|all| all.iter().map(ToString::to_string).collect())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn hosts_and_ports() {
        assert_eq!(names("postgres://u@a:1,b:2/d").expect("two"), ["a:1", "b:2"]);
        assert_eq!(names("host=a,b port=7 user=u").expect("two"), ["a:7", "b:7"]);
        assert_eq!(names("hostaddr=::1 user=u").expect("one"), ["[::1]:5432"]);
        assert_eq!(names("postgres://u@%2Frun%2Fx:6000/d").expect("one"), ["/run/x:6000"]);
        assert!(names("user=u").expect_err("none").contains("no host"));
        assert!(names("host=a,b,c port=1,2 user=u").expect_err("unclear").contains("2 ports for 3 hosts"));
    }
}
