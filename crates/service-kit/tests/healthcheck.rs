//! `healthcheck` as Docker runs it: the service's own program, its exit code, and what it says.

#[path = "common/sample.rs"]
mod sample;

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use service_kit::testing;

/// Runs the sample with these arguments; it reads the admin address of a service that runs in this process.
fn sample(admin: &str, arguments: &[&str]) -> (i32, String) {
    let mut path = std::env::current_exe().expect("this program's path");
    path.pop();
    path.pop();
    let mut command = Command::new(path.join("examples/sample"));
    command.args(arguments).env_clear().env("ADMIN_ADDRESS", admin);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("the sample starts");
    let deadline = Instant::now() + Duration::from_secs(30);
    let code = loop {
        match child.try_wait().expect("its state") {
            Some(status) => break status.code().expect("it exits by itself"),
            None if Instant::now() < deadline => std::thread::sleep(Duration::from_millis(5)),
            None => {
                child.kill().expect("killed");
                panic!("{arguments:?} started a service");
            }
        }
    };
    let mut said = String::new();
    child.stderr.take().expect("piped").read_to_string(&mut said).expect("what it said");
    (code, said)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ready_service_is_healthy_and_one_that_ended_is_not() {
    let running = testing::start("sample", &[], sample::build).await;
    let admin = running.admin().to_string();
    assert_eq!(sample(&admin, &["healthcheck"]), (0, String::new()));
    assert_eq!(sample("192.0.2.1:9", &["healthcheck", &admin]), (0, String::new()));
    running.stop().await;
    let (code, said) = sample(&admin, &["healthcheck"]);
    assert!(code == 1 && said.contains("does not answer"), "{code} {said}");
}

#[test]
fn a_service_that_is_not_ready_is_told_with_its_reason() {
    for (answer, expected) in [
        ("HTTP/1.1 503 Service Unavailable\r\n\r\nstore: it is away\n", "answers 503: store: it is away\n"),
        ("SSH-2.0-OpenSSH_9.2\r\n", "does not speak HTTP\n"),
        ("", "does not speak HTTP\n"),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("its address").to_string();
        let answering = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("a question");
            let mut question = [0; 1024];
            let count = stream.read(&mut question).expect("its bytes");
            assert!(question[..count].starts_with(b"GET /readyz HTTP/1.1\r\n"));
            stream.write_all(answer.as_bytes()).expect("answered");
        });
        let (code, said) = sample("127.0.0.1:0", &["healthcheck", &address]);
        answering.join().expect("it asked");
        assert!(code == 1 && said.ends_with(expected), "{code} {said}");
    }
}

#[test]
fn nobody_to_ask_is_no_success() {
    for arguments in [&["healthcheck"][..], &["healthcheck", "nowhere"]] {
        let (code, said) = sample("127.0.0.1:0", arguments);
        assert!(code == 1 && said.starts_with("healthcheck: "), "{code} {said}");
    }
}
