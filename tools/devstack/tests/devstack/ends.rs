//! Every way in which a stack ends.

use std::io::Write;
use std::net::TcpStream;

use nix::sys::signal::{Signal, kill};

use crate::stack::{Row, Stack, folder, runs, wait_until_gone};

#[test]
fn it_ends_when_ready_if_asked_to_and_a_second_run_fetches_nothing() {
    let folder = folder();
    for fetched in ["\"fetched\":9,\"unchanged\":0,", "\"fetched\":0,\"unchanged\":9,"] {
        let mut stack = Stack::start(&folder, &["--exit-when-ready"]);
        assert_eq!(stack.ended(), Some(0), "{}", stack.printed);
        assert!(stack.printed.contains("\nSERVICE "), "{}", stack.printed);
        assert!(stack.printed.contains(fetched), "{fetched} {}", stack.printed);
    }
}

#[test]
fn a_service_that_dies_ends_all_and_is_named() {
    let folder = folder();
    let mut stack = Stack::start(&folder, &[]);
    stack.table();
    let services = stack.services();
    let (_, victim) = services.iter().find(|(name, _)| name == "web-app").expect("it runs");
    kill(*victim, Signal::SIGKILL).expect("killed");
    assert_eq!(stack.ended(), Some(1), "{}", stack.printed);
    let said = "devstack: web-app ended unexpectedly (SIGKILL). Its last lines:\n    ";
    assert!(stack.printed.contains(said), "{}", stack.printed);
    for (name, pid) in services {
        assert!(!runs(pid), "{name} still runs");
        let end = if name == "web-app" { "SIGKILL" } else { "exit code 0" };
        assert!(
            stack.printed.contains(&format!("devstack: {name} ended: {end}\n")),
            "{name}: {}",
            stack.printed
        );
    }
}

#[test]
fn a_second_signal_kills_what_still_drains() {
    let folder = folder();
    let mut stack = Stack::start(&folder, &[]);
    let table = stack.table();
    let services = stack.services();
    // An answer that nobody takes holds the drain.
    let _slow = begin_and_stall(table.iter().find(|row| row.command.contains("random.bin")).expect("a line"));
    stack.signal(Signal::SIGINT);
    stack.wait_for("draining service=\"file-server\"");
    stack.signal(Signal::SIGTERM);
    assert_eq!(stack.ended(), Some(1), "{}", stack.printed);
    assert!(stack.printed.contains("devstack: SIGTERM again: killing\n"), "{}", stack.printed);
    assert!(stack.printed.contains("devstack: file-server ended: SIGKILL\n"), "{}", stack.printed);
    for (name, pid) in services {
        assert!(!runs(pid), "{name} still runs");
    }
}

/// Asks for 20 MiB, takes the first byte, and no more.
fn begin_and_stall(row: &Row) -> TcpStream {
    let url: url::Url = row.curl().url.parse().expect("a URL");
    let address = (url.host_str().expect("a host"), url.port().expect("a port"));
    let mut stream = TcpStream::connect(address).expect("it listens");
    write!(stream, "GET {} HTTP/1.1\r\nHost: test\r\n\r\n", url.path()).expect("sent");
    assert_eq!(stream.peek(&mut [0]).expect("an answer"), 1);
    stream
}

#[cfg(target_os = "linux")]
#[test]
fn a_devstack_that_is_killed_leaves_no_service() {
    let folder = folder();
    let mut stack = Stack::start(&folder, &[]);
    stack.table();
    let services = stack.services();
    stack.signal(Signal::SIGKILL);
    assert_eq!(stack.ended(), None);
    wait_until_gone(&services);
}

#[test]
fn who_is_not_ready_in_time_is_named_with_the_reason() {
    let folder = folder();
    let mut stack = Stack::start(&folder, &["--ready-timeout", "300ms"]);
    assert_eq!(stack.ended(), Some(1), "{}", stack.printed);
    // It is not ready before its READINESS_DELAY_SEC is over.
    let said = "devstack: work-app is not ready: ";
    assert!(stack.printed.contains(said), "{}", stack.printed);
    assert!(!stack.printed.contains("\nSERVICE "), "{}", stack.printed);
}
