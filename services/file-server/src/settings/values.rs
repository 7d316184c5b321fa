//! The small forms that settings are written in.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, ToSocketAddrs};
use std::str::FromStr;

use serde::{Deserialize, Deserializer, de};

/// A yes or no, in all the spellings that Go takes.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Switch(pub bool);

impl FromStr for Switch {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(Self(true)),
            "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(Self(false)),
            _ => Err("is neither true nor false"),
        }
    }
}

impl<'de> Deserialize<'de> for Switch {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// Where to listen, and the domain that was named there, if one was.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Address {
    /// The address to bind.
    pub socket: SocketAddr,
    /// The host as written, where it is a name and not an IP address.
    pub domain: Option<String>,
}

impl Address {
    /// Reads `host:port` as Go does: `:8080` is every interface. A domain for ACME may come without a port, which is
    /// then 443, and listens on every interface: the name's address may be a load balancer's.
    pub fn parse(text: &str, acme: bool) -> Result<Self, String> {
        const FORM: &str = "is not host:port, like 127.0.0.1:8080";
        if let Ok(socket) = text.parse() {
            return Ok(Self { socket, domain: None });
        }
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) => (host, port.parse::<u16>().map_err(|_| FORM.to_owned())?),
            None if acme => (text, 443),
            None => return Err(FORM.to_owned()),
        };
        let everywhere = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), port);
        if host.is_empty() {
            return Ok(Self { socket: everywhere, domain: None });
        }
        let named = host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'));
        if !named {
            return Err(FORM.to_owned());
        }
        let domain = Some(host.to_owned());
        if acme {
            return Ok(Self { socket: everywhere, domain });
        }
        let mut found =
            (host, port).to_socket_addrs().map_err(|error| format!("cannot be resolved: {error}"))?;
        let socket = found.next().ok_or("has no address")?;
        Ok(Self { socket, domain })
    }
}

/// The members of a list separated by commas.
pub fn list(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|member| !member.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str, acme: bool) -> Result<(String, Option<String>), String> {
        Address::parse(text, acme).map(|address| (address.socket.to_string(), address.domain))
    }

    #[test]
    fn addresses() {
        assert_eq!(address("127.0.0.1:0", false), Ok(("127.0.0.1:0".to_owned(), None)));
        assert_eq!(address("[::1]:80", false), Ok(("[::1]:80".to_owned(), None)));
        assert_eq!(address(":8080", false), Ok(("0.0.0.0:8080".to_owned(), None)));
        assert_eq!(address("a.example", true), Ok(("0.0.0.0:443".to_owned(), Some("a.example".to_owned()))));
        assert_eq!(
            address("a.example:8443", true),
            Ok(("0.0.0.0:8443".to_owned(), Some("a.example".to_owned())))
        );
        for wrong in ["", "localhost", "127.0.0.1", "a b:80", "a:x", "a:99999", "http://a:80"] {
            assert!(address(wrong, false).is_err(), "{wrong}");
        }
    }

    #[test]
    fn switches_are_spelled_as_in_go() {
        for (text, on) in [("1", true), ("True", true), ("f", false), ("0", false)] {
            assert_eq!(text.parse(), Ok(Switch(on)));
        }
        assert!("yes".parse::<Switch>().is_err());
        assert!("".parse::<Switch>().is_err());
    }
}
