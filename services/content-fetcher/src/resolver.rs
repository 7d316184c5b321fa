//! Names to addresses that may be connected to.
//!
//! 1. The system's resolver answers.
//! 2. Addresses that the policy refuses are left out. Where none is left, the first refusal is the error.
//! 3. The HTTP client connects to exactly these addresses: there is no second lookup that could answer otherwise
//!    (DNS rebinding). A new connection resolves and is checked anew.
//!
//! A host written as an address never comes here; [`check_literal`] judges it before each request.

use std::net::{IpAddr, SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::Host;

use crate::item::SourceUrl;
use crate::policy::{AddressPolicy, ForbiddenAddress};

/// The resolver that the source's client is given.
#[derive(Clone, Debug)]
pub struct PolicyResolver(AddressPolicy);

impl PolicyResolver {
    /// A resolver under `policy`.
    pub fn new(policy: AddressPolicy) -> Self {
        Self(policy)
    }
}

impl Resolve for PolicyResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let policy = self.0.clone();
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let admitted = admit(&policy, found)?;
            Ok(Box::new(admitted.into_iter()) as Addrs)
        })
    }
}

/// The addresses that the policy lets through.
fn admit(
    policy: &AddressPolicy,
    found: impl Iterator<Item = SocketAddr>,
) -> Result<Vec<SocketAddr>, ForbiddenAddress> {
    let mut refusal = None;
    let mut admitted = Vec::new();
    for address in found {
        match policy.check(address.ip()) {
            Ok(()) => admitted.push(address),
            Err(forbidden) => refusal = refusal.or(Some(forbidden)),
        }
    }
    match refusal {
        Some(forbidden) if admitted.is_empty() => Err(forbidden),
        _ => Ok(admitted),
    }
}

/// Judges a host that is an address already; a name passes, it is judged when it is resolved.
pub fn check_literal(policy: &AddressPolicy, url: &SourceUrl) -> Result<(), ForbiddenAddress> {
    match url.get().host() {
        Some(Host::Ipv4(address)) => policy.check(IpAddr::V4(address)),
        Some(Host::Ipv6(address)) => policy.check(IpAddr::V6(address)),
        Some(Host::Domain(_)) | None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(texts: &[&str]) -> Vec<SocketAddr> {
        texts.iter().map(|text| SocketAddr::new(text.parse().expect("an address"), 0)).collect()
    }

    #[test]
    fn what_is_refused_is_left_out() {
        let policy = AddressPolicy::default();
        let mixed = addresses(&["10.0.0.1", "1.1.1.1", "::1", "2606:4700::1111"]);
        assert_eq!(admit(&policy, mixed.into_iter()), Ok(addresses(&["1.1.1.1", "2606:4700::1111"])));
        let inner = addresses(&["10.0.0.1", "::1"]);
        let refused = admit(&policy, inner.into_iter()).expect_err("all are inner");
        assert_eq!(refused.address.to_string(), "10.0.0.1");
    }

    #[tokio::test]
    async fn a_name_of_this_machine_is_refused_unless_allowed() {
        let name = || "localhost".parse::<Name>().expect("a name");
        let resolver = PolicyResolver::new(AddressPolicy::default());
        let Err(error) = resolver.resolve(name()).await else { panic!("localhost is refused") };
        assert!(error.downcast_ref::<ForbiddenAddress>().is_some(), "{error}");
        let networks = ["127.0.0.0/8", "::1/128"].map(|text| text.parse().expect(text));
        let resolver = PolicyResolver::new(AddressPolicy::allowing(networks.to_vec()));
        let Ok(mut found) = resolver.resolve(name()).await else { panic!("localhost is allowed") };
        assert!(found.next().is_some_and(|address| address.ip().is_loopback()));
    }

    #[test]
    fn literal_hosts_are_judged() {
        let policy = AddressPolicy::default();
        for text in ["http://127.0.0.1/", "http://[::1]/", "http://2130706433/", "http://[::ffff:10.0.0.1]/"]
        {
            assert!(check_literal(&policy, &text.parse().expect(text)).is_err(), "{text}");
        }
        for text in ["http://1.1.1.1/", "http://localhost/"] {
            assert!(check_literal(&policy, &text.parse().expect(text)).is_ok(), "{text}");
        }
    }
}
