//! Which addresses a source may have: the public internet, and what is allowed by name.
//!
//! A manifest or a redirect that names an inner address would make the fetcher read what only it can reach (server-side
//! request forgery). So an address, whether written in a URL or found by a resolver, is judged in this order:
//!
//! 1. allowed where a CIDR of `ALLOW_CIDRS` holds it, as it stands or as the IPv4 address it carries;
//! 2. refused where it is one of the clouds' metadata services;
//! 3. an IPv6 address that carries an IPv4 one (mapped, NAT64, 6to4) is judged as that one;
//! 4. refused where the IANA special-purpose registries (RFC 6890) do not call it globally reachable.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// Judges addresses.
#[derive(Clone, Debug, Default)]
pub struct AddressPolicy {
    allowed: Vec<IpNet>,
}

/// An address that the policy refuses. Asking again gets the same answer; allow it by CIDR where it is meant.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{address} is {kind}: allow it in ALLOW_CIDRS where it is meant")]
pub struct ForbiddenAddress {
    /// The address, as it would be connected to.
    pub address: IpAddr,
    /// Why it is refused.
    pub kind: Kind,
}

/// What a refused address is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// 127.0.0.0/8, `::1`.
    Loopback,
    /// 0.0.0.0/8, `::`.
    Unspecified,
    /// A cloud's metadata service.
    Metadata,
    /// 169.254.0.0/16, `fe80::/10`.
    LinkLocal,
    /// RFC 1918, `fc00::/7`, `fec0::/10`.
    Private,
    /// 100.64.0.0/10, RFC 6598.
    SharedCarrier,
    /// 224.0.0.0/4, `ff00::/8`.
    Multicast,
    /// RFC 5737, RFC 3849, RFC 9637.
    Documentation,
    /// 198.18.0.0/15, RFC 2544.
    Benchmarking,
    /// Whatever else is not globally reachable.
    Reserved,
}

impl fmt::Display for Kind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Loopback => "a loopback address",
            Self::Unspecified => "an unspecified address",
            Self::Metadata => "a cloud's metadata service",
            Self::LinkLocal => "a link-local address",
            Self::Private => "a private address",
            Self::SharedCarrier => "a carrier's shared address",
            Self::Multicast => "a multicast address",
            Self::Documentation => "a documentation address",
            Self::Benchmarking => "a benchmarking address",
            Self::Reserved => "a reserved address",
        })
    }
}

/// Metadata services that lie outside the link-local ranges: Alibaba, Azure's wire server, Oracle, EC2, GCE.
const METADATA: [IpAddr; 6] = [
    IpAddr::V4(Ipv4Addr::new(169, 254, 169, 254)),
    IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200)),
    IpAddr::V4(Ipv4Addr::new(168, 63, 129, 16)),
    IpAddr::V4(Ipv4Addr::new(192, 0, 0, 192)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)),
    IpAddr::V6(Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254)),
];

const V4: [(Ipv4Net, Kind); 15] = [
    (v4([0, 0, 0, 0], 8), Kind::Unspecified),
    (v4([10, 0, 0, 0], 8), Kind::Private),
    (v4([100, 64, 0, 0], 10), Kind::SharedCarrier),
    (v4([127, 0, 0, 0], 8), Kind::Loopback),
    (v4([169, 254, 0, 0], 16), Kind::LinkLocal),
    (v4([172, 16, 0, 0], 12), Kind::Private),
    (v4([192, 0, 0, 0], 24), Kind::Reserved),
    (v4([192, 0, 2, 0], 24), Kind::Documentation),
    (v4([192, 88, 99, 0], 24), Kind::Reserved),
    (v4([192, 168, 0, 0], 16), Kind::Private),
    (v4([198, 18, 0, 0], 15), Kind::Benchmarking),
    (v4([198, 51, 100, 0], 24), Kind::Documentation),
    (v4([203, 0, 113, 0], 24), Kind::Documentation),
    (v4([224, 0, 0, 0], 4), Kind::Multicast),
    (v4([240, 0, 0, 0], 4), Kind::Reserved),
];

/// More specific before less: the first that holds the address names its kind.
const V6: [(Ipv6Net, Kind); 10] = [
    (v6([0, 0, 0, 0, 0, 0, 0, 0], 128), Kind::Unspecified),
    (v6([0, 0, 0, 0, 0, 0, 0, 1], 128), Kind::Loopback),
    (v6([0xfc00, 0, 0, 0, 0, 0, 0, 0], 7), Kind::Private),
    (v6([0xfe80, 0, 0, 0, 0, 0, 0, 0], 10), Kind::LinkLocal),
    (v6([0xfec0, 0, 0, 0, 0, 0, 0, 0], 10), Kind::Private),
    (v6([0xff00, 0, 0, 0, 0, 0, 0, 0], 8), Kind::Multicast),
    (v6([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32), Kind::Documentation),
    (v6([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20), Kind::Documentation),
    // IETF protocol assignments: Teredo, ORCHID, benchmarking. Teredo carries an address that is not checked here.
    (v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 23), Kind::Reserved),
    (v6([0x2620, 0x4f, 0x8000, 0, 0, 0, 0, 0], 48), Kind::Reserved),
];

/// What IANA has given out as global unicast; everything else is reserved.
const GLOBAL_UNICAST: Ipv6Net = v6([0x2000, 0, 0, 0, 0, 0, 0, 0], 3);
/// The well-known prefix of NAT64 (RFC 6052), which resolvers of IPv6-only clusters answer with.
const NAT64: Ipv6Net = v6([0x64, 0xff9b, 0, 0, 0, 0, 0, 0], 96);
/// 6to4 (RFC 3056): the IPv4 address follows the prefix.
const SIX_TO_FOUR: Ipv6Net = v6([0x2002, 0, 0, 0, 0, 0, 0, 0], 16);

const fn v4(octets: [u8; 4], length: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::from_octets(octets), length)
}

const fn v6(groups: [u16; 8], length: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::from_segments(groups), length)
}

impl AddressPolicy {
    /// A policy that lets these networks through besides the public internet.
    pub fn allowing(allowed: Vec<IpNet>) -> Self {
        Self { allowed }
    }

    /// Whether `address` may be connected to.
    pub fn check(&self, address: IpAddr) -> Result<(), ForbiddenAddress> {
        let carried = carried_v4(address).map(IpAddr::V4);
        let allowed = |address: IpAddr| self.allowed.iter().any(|network| network.contains(&address));
        if allowed(address) || carried.is_some_and(allowed) {
            return Ok(());
        }
        match kind(carried.unwrap_or(address)) {
            Some(kind) => Err(ForbiddenAddress { address, kind }),
            None => Ok(()),
        }
    }
}

fn kind(address: IpAddr) -> Option<Kind> {
    if METADATA.contains(&address) {
        return Some(Kind::Metadata);
    }
    match address {
        IpAddr::V4(address) => {
            V4.iter().find(|(network, _)| network.contains(&address)).map(|(_, kind)| *kind)
        }
        IpAddr::V6(address) => {
            let special = V6.iter().find(|(network, _)| network.contains(&address)).map(|(_, kind)| *kind);
            special.or_else(|| (!GLOBAL_UNICAST.contains(&address)).then_some(Kind::Reserved))
        }
    }
}

/// The IPv4 address to which a packet for `address` would go in the end, where the prefix says so.
fn carried_v4(address: IpAddr) -> Option<Ipv4Addr> {
    let IpAddr::V6(address) = address else { return None };
    let octets = address.octets();
    let at =
        |start: usize| Ipv4Addr::new(octets[start], octets[start + 1], octets[start + 2], octets[start + 3]);
    if SIX_TO_FOUR.contains(&address) {
        Some(at(2))
    } else if NAT64.contains(&address) {
        Some(at(12))
    } else {
        address.to_ipv4_mapped()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(policy: &AddressPolicy, address: &str) -> Result<(), Kind> {
        policy.check(address.parse().expect(address)).map_err(|forbidden| forbidden.kind)
    }

    #[test]
    fn public_addresses_pass() {
        let policy = AddressPolicy::default();
        for address in [
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.0",
            "223.255.255.255",
            "2606:4700::1111",
            "2001:4860:4860::8888",
            "2a00:1450::1",
            "::ffff:1.1.1.1",
            "64:ff9b::101:101",
            "2002:101:101::1",
        ] {
            assert_eq!(check(&policy, address), Ok(()), "{address}");
        }
    }

    #[test]
    fn inner_addresses_are_refused_by_kind() {
        let policy = AddressPolicy::default();
        for (kind, addresses) in [
            (
                Kind::Loopback,
                &["127.0.0.1", "127.255.255.255", "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1"][..],
            ),
            (Kind::Unspecified, &["0.0.0.0", "0.1.2.3", "::", "::ffff:0.0.0.0"]),
            (
                Kind::Metadata,
                &["169.254.169.254", "100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::254"],
            ),
            (
                Kind::Metadata,
                &["::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::", "fd20:ce::254"],
            ),
            (Kind::LinkLocal, &["169.254.0.1", "fe80::1", "febf::1"]),
            (
                Kind::Private,
                &["10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "fc00::1", "fdff::1"],
            ),
            (Kind::Private, &["fec0::1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:a00:1::1"]),
            (Kind::SharedCarrier, &["100.64.0.1", "100.127.255.255"]),
            (Kind::Multicast, &["224.0.0.1", "239.255.255.255", "ff02::1"]),
            (Kind::Documentation, &["192.0.2.1", "198.51.100.1", "203.0.113.1", "2001:db8::1", "3fff::1"]),
            (Kind::Benchmarking, &["198.18.0.1", "198.19.255.255"]),
            (Kind::Reserved, &["240.0.0.1", "255.255.255.255", "192.0.0.8", "192.88.99.1"]),
            // IPv4-compatible, Teredo, discard, local NAT64, SRv6: none is global unicast.
            (
                Kind::Reserved,
                &["::7f00:1", "::1.1.1.1", "2001::1", "100::1", "64:ff9b:1::1", "5f00::1", "4000::1"],
            ),
        ] {
            for address in addresses {
                assert_eq!(check(&policy, address), Err(kind), "{address}");
            }
        }
    }

    #[test]
    fn a_cidr_lets_its_addresses_through_however_they_are_written() {
        let networks = ["10.1.0.0/16", "::1/128", "169.254.169.254/32"].map(|text| text.parse().expect(text));
        let policy = AddressPolicy::allowing(networks.to_vec());
        for address in
            ["10.1.2.3", "::ffff:10.1.2.3", "64:ff9b::a01:203", "2002:a01:203::1", "::1", "169.254.169.254"]
        {
            assert_eq!(check(&policy, address), Ok(()), "{address}");
        }
        assert_eq!(check(&policy, "10.2.0.0"), Err(Kind::Private));
        assert_eq!(check(&policy, "127.0.0.1"), Err(Kind::Loopback));
    }

    #[test]
    fn the_fault_says_what_to_do() {
        let address = IpAddr::from([127, 0, 0, 1]);
        let fault = AddressPolicy::default().check(address).expect_err("refused").to_string();
        assert_eq!(fault, "127.0.0.1 is a loopback address: allow it in ALLOW_CIDRS where it is meant");
    }
}
