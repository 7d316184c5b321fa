//! The settings that every service shares.

use std::net::{IpAddr, SocketAddr};

use serde::Deserialize;

use super::{Span, Topic};

/// Settings that every service shares, with the defaults of their `Default`.
#[derive(Clone, Debug, Deserialize)]
#[serde(default)]
pub struct KitSettings {
    /// Where /livez, /healthz, /readyz and /metrics are answered; port 0 picks one.
    pub admin_address: SocketAddr,
    /// Where to listen instead of every address of the machine: `127.0.0.1` on a laptop, `::` for IPv6. For
    /// services whose contract names a port only; an address that names its host stays.
    pub(crate) listen_host: Option<IpAddr>,
    /// How long a draining service goes on accepting. Unset: 5 s in a cluster, where the endpoints of a
    /// Service need that long to forget a pod, else none.
    drain_delay: Option<Span>,
    /// How long what is in flight may take once the listeners are closed.
    pub drain_timeout: Span,
    /// How long a client may take to send a request's head; also the longest idle time of a connection.
    pub http_header_timeout: Span,
    /// The longest pause inside a request's body.
    pub http_body_timeout: Span,
    /// The longest time in which a client takes nothing of an answer that waits for it.
    pub http_write_timeout: Span,
    /// How many connections one listener holds; further ones wait in the kernel's queue.
    pub http_max_connections: Connections,
    /// How often followed files are looked at.
    pub reload_interval: Span,
    /// Set by Kubernetes in every container.
    kubernetes_service_host: Option<String>,
    /// Read by the telemetry before any other setting; here so that a wrong word is reported with the rest.
    log_format: Option<LogFormat>,
}

/// A number of connections: at least one, and no more than a process could hold.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(try_from = "usize")]
pub struct Connections(usize);

impl Connections {
    /// The number.
    pub fn get(self) -> usize {
        self.0
    }
}

impl TryFrom<usize> for Connections {
    type Error = &'static str;

    fn try_from(count: usize) -> Result<Self, &'static str> {
        if (1..=1_000_000).contains(&count) { Ok(Self(count)) } else { Err("must be 1 to 1,000,000") }
    }
}

/// How log lines look.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// One JSON object a line, for machines: the default where the output is not a terminal.
    Json,
    /// Coloured text, for people: the default on a terminal.
    Pretty,
}

impl KitSettings {
    /// How long a draining service goes on accepting.
    pub fn drain_delay(&self) -> std::time::Duration {
        let in_cluster = self.kubernetes_service_host.is_some();
        self.drain_delay.unwrap_or(Span::seconds(if in_cluster { 5 } else { 0 })).get()
    }
}

impl Default for KitSettings {
    fn default() -> Self {
        Self {
            admin_address: SocketAddr::from(([0, 0, 0, 0], 9090)),
            listen_host: None,
            drain_delay: None,
            drain_timeout: Span::seconds(20),
            http_header_timeout: Span::seconds(60),
            http_body_timeout: Span::seconds(30),
            http_write_timeout: Span::seconds(60),
            http_max_connections: Connections(16 * 1024),
            reload_interval: Span::seconds(1),
            kubernetes_service_host: None,
            log_format: None,
        }
    }
}

impl Topic for KitSettings {}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::settings::{Environment, Faults};

    fn drain_delay(pairs: &[(&str, &str)]) -> Duration {
        let mut faults = Faults::default();
        let settings: KitSettings = Environment::from_pairs(pairs.iter().copied()).read(&mut faults);
        assert!(faults.is_empty(), "{faults}");
        settings.drain_delay()
    }

    #[test]
    fn a_listener_holds_at_least_one_connection() {
        for (text, sound) in [("1", true), ("1000000", true), ("0", false), ("1000001", false), ("-1", false)]
        {
            let mut faults = Faults::default();
            let _: KitSettings = Environment::from_pairs([("HTTP_MAX_CONNECTIONS", text)]).read(&mut faults);
            assert_eq!(faults.is_empty(), sound, "{text}: {faults}");
        }
    }

    #[test]
    fn the_drain_is_delayed_in_a_cluster_only() {
        assert_eq!(drain_delay(&[]), Duration::ZERO);
        assert_eq!(drain_delay(&[("KUBERNETES_SERVICE_HOST", "192.0.2.1")]), Duration::from_secs(5));
        assert_eq!(
            drain_delay(&[("KUBERNETES_SERVICE_HOST", "x"), ("DRAIN_DELAY", "1s")]),
            Duration::from_secs(1)
        );
    }
}
