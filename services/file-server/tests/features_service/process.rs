//! The program itself: its flags, its faults, its readiness.

use std::process::{Command, Stdio};

use bucket::embedded::EmbeddedS3;
use bucket::testing::{Fault, FaultyS3, Rule};
use secrecy::ExposeSecret;

use crate::support::{exchange, get, open, until};

/// The program with an environment of its own.
fn program() -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_file-server"));
    program.env_clear().env("LOG_FORMAT", "json").stdin(Stdio::null());
    program
}

#[test]
fn help_is_on_stdout_and_names_the_flags() {
    let output = program().arg("-help").output().expect("it runs");
    let text = String::from_utf8(output.stdout).expect("text");
    assert!(output.status.success() && output.stderr.is_empty());
    for name in
        ["-endpoint (S3WWW_ENDPOINT)", "-spaFile (S3WWW_SPA_FILE, S3WWW_SPA)", "-cache-ttl (CACHE_TTL)"]
    {
        assert!(text.contains(name), "{name} is missing in {text}");
    }
}

#[test]
fn every_fault_of_flags_and_variables_is_told_at_once() {
    let output = program()
        .args(["-nope", "-accessKey", "hunter2", "-cache-ttl=soon"])
        .env("S3WWW_ENDPOINT", "nowhere")
        .output()
        .expect("it runs");
    let report = String::from_utf8(output.stderr).expect("text");
    assert_eq!(output.status.code(), Some(2), "{report}");
    for name in ["-nope", "CACHE_TTL", "S3WWW_ENDPOINT", "S3WWW_BUCKET", "S3WWW_SECRET_KEY"] {
        assert!(report.contains(&format!("  {name}: ")), "{name} is missing in {report}");
    }
    assert!(!report.contains("hunter2"));

    let wrong = program().args(["-bucket", "site", "-cache-ttl", "soon"]).output().expect("it runs");
    let log = String::from_utf8(wrong.stdout).expect("text");
    assert_eq!(wrong.status.code(), Some(2), "{log}");
    assert!(log.contains("CACHE_TTL: is not a time"), "{log}");
}

#[test]
fn its_healthcheck_is_no_flag() {
    let output = program().arg("healthcheck").env("ADMIN_ADDRESS", "127.0.0.1:0").output().expect("it runs");
    let said = String::from_utf8(output.stderr).expect("text");
    assert!(output.status.code() == Some(1) && said.starts_with("healthcheck: "), "{said}");
}

#[test]
fn settings_that_only_fail_when_they_are_used_are_named_too() {
    for (name, arguments) in [
        ("S3WWW_SSL_CERT", ["-ssl-cert=does/not/exist", "-ssl-key=does/not/exist"]),
        ("STORE_CA_FILE", ["-endpoint=https://127.0.0.1:9", "-store-ca-file=does/not/exist"]),
    ] {
        let mut command = program();
        command.args([
            "-bucket=site",
            "-accessKey=a",
            "-secretKey=b",
            "-address=127.0.0.1:0",
            "-admin-address=127.0.0.1:0",
        ]);
        let output = command.args(arguments).output().expect("it runs");
        let log = String::from_utf8(output.stdout).expect("text");
        assert_eq!(output.status.code(), Some(2), "{log}");
        assert!(log.contains(&format!("{name}: ")), "{log}");
    }
}

#[tokio::test]
async fn it_is_ready_once_the_bucket_answers_and_from_then_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let embedded = EmbeddedS3::start(folder.path()).await.expect("the store starts");
    let store = FaultyS3::before(&embedded.endpoint).await.expect("the proxy starts");
    let endpoint = store.endpoint.to_string();
    let environment = [
        ("S3WWW_ENDPOINT", endpoint.as_str()),
        ("S3WWW_BUCKET", "site"),
        ("S3WWW_ACCESS_KEY", embedded.access_key.as_str()),
        ("S3WWW_SECRET_KEY", embedded.secret_key.expose_secret()),
        ("S3WWW_ADDRESS", "127.0.0.1:0"),
    ];
    let running = service_kit::testing::start("file-server", &environment, file_server::build).await;
    let ready = async || {
        let request = b"GET /readyz HTTP/1.1\r\nHost: admin\r\nConnection: close\r\n\r\n";
        exchange(running.admin(), request).await
    };
    // There is no bucket yet: it was asked more than once, and the answer is still no.
    until("the bucket is asked for again", async || store.seen().len() > 2).await;
    let answer = ready().await;
    assert_eq!((answer.status, answer.text().contains("store")), (503, true), "{}", answer.text());
    open(&embedded, "site").await;
    until("it is ready", async || ready().await.status == 200).await;

    store.fail(Rule::any(), Fault::Reset);
    let asked = exchange(running.address("http"), &get("/a.txt").bytes()).await;
    assert_eq!(asked.status, 503);
    assert_eq!(ready().await.status, 200, "all replicas would be unready at once");
    assert_eq!(running.stop().await.cut, 0);
}
