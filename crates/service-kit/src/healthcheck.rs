//! A service's own program asks a running one whether it is ready: for Compose, where an image has neither shell nor curl.
//!
//! 1. `healthcheck` as the first argument asks for it; `healthcheck ADDRESS` where the probes are not on the admin listener.
//! 2. Without an address it is `ADMIN_ADDRESS`, read as the running service read it.
//! 3. `GET /readyz` there: 200 is exit code 0. Everything else is 1, with the reason on standard error: Docker keeps 2 for itself.

use std::io::{self, Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::process::ExitCode;
use std::time::Duration;

use crate::settings::{Environment, Faults, KitSettings};

/// The argument that asks for it.
const ARGUMENT: &str = "healthcheck";
/// Nobody who is ready is silent for as long, and Docker's own default is ten times that.
const PATIENCE: Duration = Duration::from_secs(3);
/// More than the names of all parts that could be missing.
const ANSWER_MAX: u64 = 64 * 1024;

/// The exit code where this process was started to ask another one, `None` where it is to be a service. [`main`](crate::main)
/// calls it; a service that reads its own command line calls it first.
pub fn healthcheck(environment: &Environment) -> Option<ExitCode> {
    let mut arguments = std::env::args().skip(1);
    if arguments.next()? != ARGUMENT {
        return None;
    }
    let result = address(environment, arguments.next().as_deref()).and_then(ask);
    Some(match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            let _ = writeln!(io::stderr(), "{reason}");
            ExitCode::FAILURE
        }
    })
}

/// Whom to ask: what listens on every address listens on the loopback.
fn address(environment: &Environment, argument: Option<&str>) -> Result<SocketAddr, String> {
    let mut address = match argument {
        Some(text) => {
            text.parse().map_err(|_| format!("{ARGUMENT}: not an address with a port: {text:?}"))?
        }
        None => admin_address(environment)?,
    };
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    match address.port() {
        0 => Err(format!("{ARGUMENT}: with port 0 the service alone knows its address: {ARGUMENT} ADDRESS")),
        _ => Ok(address),
    }
}

fn admin_address(environment: &Environment) -> Result<SocketAddr, String> {
    let mut faults = Faults::default();
    let settings: KitSettings = environment.read(&mut faults);
    match faults.iter().find(|fault| fault.name == "ADMIN_ADDRESS") {
        Some(fault) => Err(format!("{ARGUMENT}: ADMIN_ADDRESS: {}", fault.reason)),
        None => Ok(settings.admin_address),
    }
}

fn ask(address: SocketAddr) -> Result<(), String> {
    let answer = exchange(address).map_err(|error| format!("{address} does not answer: {error}"))?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    match head.split(' ').nth(1) {
        Some("200") => Ok(()),
        Some(code) => Err(format!("{address} answers {code}: {}", body.trim_end())),
        None => Err(format!("{address} does not speak HTTP")),
    }
}

fn exchange(address: SocketAddr) -> io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let request = format!("GET /readyz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    stream.take(ANSWER_MAX).read_to_end(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(pairs: &[(&str, &str)], argument: Option<&str>) -> Result<String, String> {
        let environment = Environment::from_pairs(pairs.iter().copied());
        address(&environment, argument).map(|address| address.to_string())
    }

    #[test]
    fn it_asks_where_the_service_listens_as_seen_from_its_own_host() {
        assert_eq!(asked(&[], None).as_deref(), Ok("127.0.0.1:9090"));
        assert_eq!(asked(&[("ADMIN_ADDRESS", "[::]:9")], None).as_deref(), Ok("[::1]:9"));
        assert_eq!(asked(&[("ADMIN_ADDRESS", "192.0.2.1:9")], None).as_deref(), Ok("192.0.2.1:9"));
        assert_eq!(
            asked(&[("ADMIN_ADDRESS", "192.0.2.1:9")], Some("0.0.0.0:8000")).as_deref(),
            Ok("127.0.0.1:8000")
        );
    }

    #[test]
    fn an_address_that_nobody_can_ask_is_named() {
        for (pairs, argument, text) in [
            (vec![("ADMIN_ADDRESS", "127.0.0.1:0")], None, "port 0"),
            (vec![("ADMIN_ADDRESS", "nowhere")], None, "ADMIN_ADDRESS: "),
            (vec![], Some("8000"), "\"8000\""),
        ] {
            let reason = asked(&pairs, argument).expect_err(text);
            assert!(reason.contains(text), "{reason}");
        }
    }

    #[test]
    fn another_setting_that_is_wrong_does_not_keep_it_from_asking() {
        assert_eq!(asked(&[("DRAIN_DELAY", "soon")], None).as_deref(), Ok("127.0.0.1:9090"));
    }
}
