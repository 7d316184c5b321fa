//! The ports, all taken before anything is started.
//!
//! 1. Every listener of every part has an offset; its port is `PORT_BASE` plus that. With 0 the system picks each.
//! 2. Each is bound on the loopback. What is taken is told for all at once, with the part that wanted it.
//! 3. On Linux the bound socket is kept beside the service's own (both with `SO_REUSEADDR`, this one not listening), so
//!    that nobody takes the port in between; elsewhere, where that is refused, it is let go before the service starts.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::str::FromStr;

use tokio::net::TcpSocket;

/// The room above the base that offsets may use.
pub const SPAN: u16 = 100;

/// The port that all others are counted from.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum PortBase {
    /// Ports that the system picks.
    Free,
    /// This one and the [`SPAN`] above it.
    From(u16),
}

/// Which port of which part: `("web-app", "http")`.
pub type Listener = (&'static str, &'static str);

/// Ports that are ours.
pub struct Ports(BTreeMap<Listener, (SocketAddr, Option<TcpSocket>)>);

/// Ports that could not be had; the text says what to do.
#[derive(Debug, thiserror::Error)]
pub struct PortsTaken {
    base: PortBase,
    faults: Vec<(Listener, u16, io::Error)>,
}

impl FromStr for PortBase {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.parse() {
            Ok(0) => Ok(Self::Free),
            Ok(base) if base <= u16::MAX - SPAN => Ok(Self::From(base)),
            _ => Err(format!("is not a port from 1 to {}, nor 0 for free ports", u16::MAX - SPAN)),
        }
    }
}

impl PortBase {
    fn port(self, offset: u16) -> u16 {
        match self {
            Self::Free => 0,
            Self::From(base) => base + offset,
        }
    }
}

impl Ports {
    /// Takes the ports of all `wanted` listeners, given with their offsets, or says which could not be had. Call it
    /// inside the runtime.
    pub fn take(
        base: PortBase,
        wanted: impl IntoIterator<Item = (Listener, u16)>,
    ) -> Result<Self, PortsTaken> {
        let mut taken = BTreeMap::new();
        let mut faults = Vec::new();
        for (listener, offset) in wanted {
            let port = base.port(offset);
            match bind(port) {
                Ok((address, socket)) => drop(taken.insert(listener, (address, Some(socket)))),
                Err(error) => faults.push((listener, port, error)),
            }
        }
        if faults.is_empty() { Ok(Self(taken)) } else { Err(PortsTaken { base, faults }) }
    }

    /// The address of a listener.
    ///
    /// # Panics
    /// Where the listener was not among those wanted: a wrong entry in the list of services, which a test reads.
    pub fn address(&self, listener: Listener) -> SocketAddr {
        self.0.get(&listener).unwrap_or_else(|| panic!("{listener:?} is not in the list of services")).0
    }

    /// Lets a part listen on its own ports.
    pub fn hand_over(&mut self, part: &str) {
        if cfg!(target_os = "linux") {
            return;
        }
        for ((owner, _), (_, socket)) in &mut self.0 {
            if *owner == part {
                *socket = None;
            }
        }
    }
}

fn bind(port: u16) -> io::Result<(SocketAddr, TcpSocket)> {
    let socket = TcpSocket::new_v4()?;
    // Without it the port of a stack that ended a moment ago would count as taken.
    socket.set_reuseaddr(true)?;
    socket.bind((Ipv4Addr::LOCALHOST, port).into())?;
    Ok((socket.local_addr()?, socket))
}

impl fmt::Display for PortsTaken {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "nothing was started:")?;
        for ((part, listener), port, error) in &self.faults {
            match error.kind() {
                io::ErrorKind::AddrInUse => {
                    writeln!(out, "  port {port} is taken, and {part} wants it ({listener})")?;
                }
                _ => writeln!(out, "  port {port}, which {part} wants ({listener}), cannot be had: {error}")?,
            }
        }
        let free = if self.base == PortBase::From(9000) { 10_000 } else { 9000 };
        write!(out, "to move all ports: PORT_BASE={free} make run")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: Listener = ("one", "http");
    const TWO: Listener = ("two", "admin");

    #[test]
    fn a_base_leaves_room_above_it() {
        assert_eq!("0".parse(), Ok(PortBase::Free));
        assert_eq!("65435".parse(), Ok(PortBase::From(65_435)));
        for text in ["65436", "-1", "", "8000 ", "http"] {
            assert!(text.parse::<PortBase>().is_err(), "{text:?}");
        }
    }

    #[tokio::test]
    async fn a_taken_port_is_named_with_who_wanted_it() {
        let other = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = other.local_addr().expect("its address").port();
        let base = PortBase::From(port - 1);
        let fault = Ports::take(base, [(ONE, 1)]).err().expect("it is taken").to_string();
        assert!(fault.contains(&format!("port {port} is taken, and one wants it (http)")), "{fault}");
        assert!(fault.contains("PORT_BASE=9000 make run"), "{fault}");
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn a_port_that_is_ours_can_be_listened_on_by_a_part() {
        let mut ports = Ports::take(PortBase::Free, [(ONE, 0), (TWO, 1)]).expect("free ports");
        assert_ne!(ports.address(ONE), ports.address(TWO));
        ports.hand_over("one");
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.set_reuseaddr(true).expect("as the kit does");
        socket.bind(ports.address(ONE)).expect("bound");
        let listener = socket.listen(1).expect("it listens");
        tokio::net::TcpStream::connect(listener.local_addr().expect("its address")).await.expect("answered");
    }
}
