//! The services: one entry each, and nothing about any of them elsewhere.
//!
//! An entry says which program it is, on which ports it listens, with which settings it starts, where it says that it
//! is ready, when it stops, and what is worth trying. A further service is a further entry.

use std::net::SocketAddr;
use std::path::Path;

use crate::ports::{Listener, Ports};

/// The bucket that content-fetcher fills and file-server serves.
pub const BUCKET: &str = "site";
/// The key of the store on this machine, which listens on the loopback only. It is printed with the table.
pub const ACCESS_KEY: &str = "devstack";
/// Its secret, as public.
pub const SECRET_KEY: &str = "devstack-secret";
/// The store in devstack's own process.
pub const STORE: Listener = ("store", "s3");
/// The origin in devstack's own process.
pub const ORIGIN: Listener = ("origin", "http");

/// One service.
pub struct Service {
    /// Its name, which is its program's too.
    pub name: &'static str,
    /// What it is told on its command line.
    pub arguments: &'static [&'static str],
    /// Its listeners and their offsets from `PORT_BASE`.
    pub listeners: &'static [(&'static str, u16)],
    /// The listener that answers /readyz.
    pub ready_on: &'static str,
    /// Its place in the drain.
    pub stop: Stop,
    /// The variables it starts with, beside those of [`common`].
    pub settings: fn(&Place) -> Vec<(&'static str, String)>,
    /// What is worth trying.
    pub tries: fn(&Place) -> Vec<Try>,
}

/// Who is stopped when. Those of one step stop together.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Stop {
    /// Those who answer clients.
    First,
    /// Those who work behind them.
    Then,
}

/// One line of the table.
pub struct Try {
    /// What it shows.
    pub what: &'static str,
    /// Where that is.
    pub address: SocketAddr,
    /// What to type.
    pub command: String,
}

/// What an entry is told of the stack.
pub struct Place<'a> {
    /// The name of the part.
    pub name: &'static str,
    /// All ports.
    pub ports: &'a Ports,
    /// The manifest of the origin's files.
    pub manifest: &'a Path,
    /// The folder of the reviews' index.
    pub reviews: &'a Path,
}

impl Place<'_> {
    /// Where the part's own `listener` is.
    fn at(&self, listener: &'static str) -> SocketAddr {
        self.ports.address((self.name, listener))
    }

    fn port(&self, listener: &'static str) -> String {
        self.at(listener).port().to_string()
    }

    fn store(&self) -> String {
        format!("http://{}", self.ports.address(STORE))
    }

    fn metrics(&self, listener: &'static str) -> Try {
        self.curl("metrics", listener, "-s", "/metrics")
    }

    fn curl(&self, what: &'static str, listener: &'static str, options: &str, path: &str) -> Try {
        let address = self.at(listener);
        // What a shell would read otherwise than curl should stands in quotes.
        let url = match path.strip_prefix('\'') {
            Some(quoted) => format!("'http://{address}{quoted}"),
            None => format!("http://{address}{path}"),
        };
        Try { what, address, command: format!("curl {options} {url}") }
    }
}

/// What every service is given: it listens on the loopback only, and its log is for people.
pub fn common() -> Vec<(&'static str, String)> {
    vec![("LISTEN_HOST", "127.0.0.1".to_owned()), ("LOG_FORMAT", "pretty".to_owned())]
}

/// The services, in the order of the table.
pub const ALL: &[Service] = &[
    Service {
        name: "web-app",
        arguments: &[],
        listeners: &[("http", 0), ("admin", 90)],
        ready_on: "admin",
        stop: Stop::First,
        settings: |place| {
            vec![("PORT", place.port("http")), ("ADMIN_ADDRESS", place.at("admin").to_string())]
        },
        tries: |place| vec![place.curl("the page", "http", "-i", "/"), place.metrics("admin")],
    },
    Service {
        name: "work-app",
        arguments: &[],
        listeners: &[("http", 1)],
        ready_on: "http",
        stop: Stop::First,
        settings: |place| {
            vec![
                ("PORT", place.port("http")),
                ("GREETING", "ahoy".to_owned()),
                // Long enough to be seen, short enough to be waited for.
                ("READINESS_DELAY_SEC", "1".to_owned()),
            ]
        },
        tries: |place| vec![place.curl("2 % fail", "http", "-i", "/work"), place.metrics("http")],
    },
    Service {
        name: "file-server",
        arguments: &[],
        listeners: &[("http", 80), ("admin", 93)],
        ready_on: "admin",
        stop: Stop::First,
        settings: |place| {
            vec![
                ("S3WWW_ADDRESS", place.at("http").to_string()),
                ("S3WWW_ENDPOINT", place.store()),
                ("S3WWW_BUCKET", BUCKET.to_owned()),
                ("S3WWW_ACCESS_KEY", ACCESS_KEY.to_owned()),
                ("S3WWW_SECRET_KEY", SECRET_KEY.to_owned()),
                ("ADMIN_ADDRESS", place.at("admin").to_string()),
            ]
        },
        tries: |place| {
            vec![
                place.curl("the site", "http", "-i", "/"),
                place.curl("compressed", "http", "-sI -H 'Accept-Encoding: br'", "/data/words.txt"),
                place.curl("a range", "http", "-sD - -o /dev/null -r 1000-1999", "/data/random.bin"),
                place.curl("its 404 page", "http", "-i", "/no/such/page"),
                place.metrics("admin"),
            ]
        },
    },
    Service {
        name: "content-fetcher",
        arguments: &[],
        listeners: &[("admin", 94)],
        ready_on: "admin",
        stop: Stop::Then,
        settings: |place| {
            vec![
                ("MODE", "watch".to_owned()),
                ("INTERVAL", "30s".to_owned()),
                ("MANIFEST", place.manifest.display().to_string()),
                // The origin is on this machine, which a fetcher refuses to read from unless told to.
                ("ALLOW_CIDRS", "127.0.0.1/32".to_owned()),
                ("S3_ENDPOINT", place.store()),
                ("S3_BUCKET", BUCKET.to_owned()),
                ("S3_ACCESS_KEY", ACCESS_KEY.to_owned()),
                ("S3_SECRET_KEY", SECRET_KEY.to_owned()),
                ("ADMIN_ADDRESS", place.at("admin").to_string()),
            ]
        },
        tries: |place| vec![place.curl("ready?", "admin", "-i", "/readyz"), place.metrics("admin")],
    },
    Service {
        name: "review-api",
        arguments: &[],
        listeners: &[("http", 2), ("admin", 92)],
        ready_on: "admin",
        stop: Stop::Then,
        settings: |place| {
            vec![
                ("PORT", place.port("http")),
                ("REVIEWS_STORE", "embedded".to_owned()),
                ("REVIEWS_DIR", place.reviews.display().to_string()),
                ("ADMIN_ADDRESS", place.at("admin").to_string()),
            ]
        },
        tries: |place| {
            vec![
                place.curl("the page", "http", "-i", "/"),
                place.curl(
                    "a review",
                    "http",
                    "-i -H 'content-type: application/json' -d '{\"delivery_id\":\"d-1\",\"text\":\"The milk was \
                     warm\",\"rating\":1,\"hub\":\"utrecht\",\"written_at\":\"'$(date -Is)'\"}'",
                    "/reviews",
                ),
                place.curl("search", "http", "-s", "'/reviews?q=milk+-warm&size=3'"),
                place.curl("the last day", "http", "-s", "'/reviews/stats?from=24h'"),
                place.metrics("admin"),
            ]
        },
    },
    Service {
        name: "review-load",
        arguments: &["feed"],
        listeners: &[("admin", 95)],
        ready_on: "admin",
        stop: Stop::First,
        settings: |place| {
            vec![
                // Enough to see days and hubs in, and quick to take in.
                ("BACKFILL", "5000".to_owned()),
                ("REVIEWS_URL", format!("http://{}", place.ports.address(("review-api", "http")))),
                ("ADMIN_ADDRESS", place.at("admin").to_string()),
            ]
        },
        tries: |place| vec![place.metrics("admin")],
    },
];

/// Every listener of the stack with its offset from `PORT_BASE`.
pub fn listeners() -> impl Iterator<Item = (Listener, u16)> {
    let of_service = |service: &'static Service| {
        service.listeners.iter().map(|(listener, offset)| ((service.name, *listener), *offset))
    };
    ALL.iter().flat_map(of_service).chain([(ORIGIN, 81), (STORE, 82)])
}

/// What is worth trying at the parts in devstack's own process.
pub fn own_tries(ports: &Ports) -> [(&'static str, Try); 2] {
    let (origin, store) = (ports.address(ORIGIN), ports.address(STORE));
    [
        (
            ORIGIN.0,
            Try {
                what: "the source",
                address: origin,
                command: format!("curl -I http://{origin}/index.html"),
            },
        ),
        (
            STORE.0,
            Try {
                what: "the bucket",
                address: store,
                // S3 demands this header, and curl 7.88 does not add it by itself.
                command: format!(
                    "curl -s --aws-sigv4 aws:amz:us-east-1:s3 -u {ACCESS_KEY}:{SECRET_KEY} \
                     -H 'x-amz-content-sha256: UNSIGNED-PAYLOAD' \
                     'http://{store}/{BUCKET}?list-type=2'"
                ),
            },
        ),
    ]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::ports::{PortBase, SPAN};

    #[test]
    fn no_two_listeners_share_an_offset_or_a_name() {
        let (names, offsets): (BTreeSet<_>, BTreeSet<_>) = listeners().unzip();
        assert_eq!((names.len(), offsets.len()), (listeners().count(), listeners().count()));
        assert!(offsets.iter().all(|offset| *offset < SPAN), "{offsets:?}");
    }

    #[tokio::test]
    async fn every_entry_speaks_of_its_own_listeners_on_the_loopback() {
        let ports = Ports::take(PortBase::Free, listeners()).expect("free ports");
        for service in ALL {
            let place = Place {
                name: service.name,
                ports: &ports,
                manifest: Path::new("manifest.json"),
                reviews: Path::new("reviews"),
            };
            assert!(!(service.settings)(&place).is_empty());
            assert!(place.at(service.ready_on).ip().is_loopback());
            for shown in (service.tries)(&place) {
                let url = format!("http://{}/", shown.address);
                assert!(
                    shown.command.starts_with("curl ") && shown.command.contains(&url),
                    "{}",
                    shown.command
                );
            }
        }
    }
}
