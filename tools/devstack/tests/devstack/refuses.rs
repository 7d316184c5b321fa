//! What is said before anything is started.

use std::net::TcpListener;
use std::process::Output;

use crate::stack::{build_services, devstack, folder, program};

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_taken_port_is_named_with_the_service_that_wanted_it() {
    let folder = folder();
    // So that nothing else is refused before the port.
    build_services();
    let (taken, base) = loop {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("its address").port();
        if (1180..65_000).contains(&port) {
            break (listener, port - 80);
        }
    };
    let port = taken.local_addr().expect("its address").port();
    let mut command = devstack(&program());
    let output = command.env("PORT_BASE", base.to_string()).arg("--folder").arg(folder.path()).output();
    let output = output.expect("it runs");
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(1), &b""[..]), "{}", said(&output));
    let text = said(&output);
    assert!(text.contains(&format!("port {port} is taken, and file-server wants it (http)")), "{text}");
    assert!(text.contains("PORT_BASE=9000 make run"), "{text}");
}

#[test]
fn programs_that_are_not_built_are_named() {
    let folder = folder();
    let alone = folder.path().join("devstack");
    std::fs::hard_link(program(), &alone).expect("linked");
    let output = devstack(&alone).env("PORT_BASE", "0").output().expect("it runs");
    assert_eq!(output.status.code(), Some(1));
    let text = said(&output);
    assert!(
        text.contains(
            "web-app, work-app, file-server, content-fetcher, review-api, review-load not built in "
        ),
        "{text}"
    );
    assert!(text.contains("`make run`"), "{text}");
}

#[test]
fn a_wrong_argument_is_named_and_help_is_given() {
    let output = devstack(&program()).env("PORT_BASE", "70000").output().expect("it runs");
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("70000") && said(&output).contains("--port-base"), "{}", said(&output));
    let output = devstack(&program()).arg("--help").output().expect("it runs");
    let help = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0));
    for text in ["--port-base", "PORT_BASE", "--folder", "--ready-timeout", "--exit-when-ready", "Exit code"]
    {
        assert!(help.contains(text), "{text} is missing: {help}");
    }
    assert!(!help.contains("leash"), "{help}");
}
