//! Settings that come from files: read again when they change, kept when the change is no good.

mod common {
    pub mod process;
}

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use common::process::Process;
use service_kit::testing::ask;

const PROGRAM: &str = env!("CARGO_BIN_EXE_work-app");

/// A folder with the three settings as files, and the service that follows them.
struct Followed {
    folder: tempfile::TempDir,
    process: Process,
    port: std::net::SocketAddr,
}

impl Followed {
    fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        for (name, value) in [("greeting", "first\n"), ("rate", "0\n"), ("delay", "3600\n")] {
            fs::write(path(name), value).expect("written");
        }
        let text = |path: PathBuf| path.to_str().expect("UTF-8").to_owned();
        let variables = [
            ("PORT", "0".to_owned()),
            ("RELOAD_INTERVAL", "10ms".to_owned()),
            ("GREETING_FILE", text(path("greeting"))),
            ("FAIL_RATE_FILE", text(path("rate"))),
            ("READINESS_DELAY_SEC_FILE", text(path("delay"))),
        ];
        let variables: Vec<(&str, &str)> =
            variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let mut process = Process::start(PROGRAM, &variables);
        let port = process.address();
        Self { folder, process, port }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Puts a new value in the file's place in one step, as Kubernetes does.
    fn put(&self, name: &str, value: impl AsRef<[u8]>) {
        let beside = self.path("beside");
        fs::write(&beside, value).expect("written");
        fs::rename(&beside, self.path(name)).expect("moved");
    }

    fn body(&self, target: &str) -> String {
        ask(self.port, "GET", target, &[]).1
    }

    /// Asks until the body is `expected`.
    fn until(&self, target: &str, expected: &str) {
        let deadline = Instant::now() + Duration::from_secs(30);
        while self.body(target) != expected {
            assert!(Instant::now() < deadline, "{target} does not become {expected:?}");
        }
    }

    fn until_counted(&self, setting: &str, result: &str, count: u32) {
        let line = format!("settings_reloads_total{{setting=\"{setting}\",result=\"{result}\"}} {count}\n");
        let deadline = Instant::now() + Duration::from_secs(30);
        while !self.body("/metrics").contains(&line) {
            assert!(Instant::now() < deadline, "no {line} in {}", self.body("/metrics"));
        }
    }
}

#[test]
fn each_setting_follows_its_file() {
    let mut followed = Followed::start();
    assert_eq!(followed.body("/readyz"), "not ready");
    assert_eq!(followed.body("/work"), "{\"greeting\":\"first\",\"ok\":true}\n");
    followed.put("delay", "0");
    followed.until("/readyz", "ready");
    followed.put("greeting", "hunter2");
    followed.until("/work", "{\"greeting\":\"hunter2\",\"ok\":true}\n");
    followed.put("rate", "1");
    followed.until("/work", "{\"ok\":false}\n");
    for setting in ["READINESS_DELAY_SEC", "GREETING", "FAIL_RATE"] {
        followed.until_counted(setting, "changed", 1);
    }
    followed.process.wait_for("\"setting\":\"FAIL_RATE\"");
    followed.process.terminate();
    let (code, log) = followed.process.ended();
    assert_eq!(code, 0, "{log}");
    assert!(!log.contains("hunter2"), "a greeting is a secret: {log}");
}

#[test]
fn a_bad_new_value_keeps_the_old_one_and_says_so() {
    let mut followed = Followed::start();
    let bad: [&[u8]; 7] = [b"NaN", b"-0.1", b"1.5", b"often", b"", b"\xff", b"inf"];
    for (count, value) in (1..).zip(bad) {
        followed.put("rate", value);
        followed.until_counted("FAIL_RATE", "refused", count);
        assert_eq!(followed.body("/work"), "{\"greeting\":\"first\",\"ok\":true}\n");
    }
    let said = followed.process.wait_for("changed file refused");
    assert!(said.contains("FAIL_RATE") && said.contains("is not within 0 to 1"), "{said}");
    fs::remove_file(followed.path("rate")).expect("removed");
    followed.until_counted("FAIL_RATE", "refused", 8);
    followed.put("rate", "1");
    followed.until("/work", "{\"ok\":false}\n");
}

#[test]
fn a_greeting_that_is_refused_is_not_printed() {
    let mut followed = Followed::start();
    followed.put("greeting", [b"hunter2".as_slice(), b"\xff"].concat());
    let said = followed.process.wait_for("changed file refused");
    assert!(
        said.contains("GREETING") && said.contains("is not UTF-8") && !said.contains("hunter2"),
        "{said}"
    );
}

#[test]
fn every_wrong_setting_is_named_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let rate: &Path = &folder.path().join("rate");
    fs::write(rate, "2").expect("written");
    let variables = [
        ("PORT", "70000"),
        ("GREETING", "hunter2"),
        ("GREETING_FILE", "also"),
        ("FAIL_RATE_FILE", rate.to_str().expect("UTF-8")),
        ("READINESS_DELAY_SEC", "NaN"),
        ("DRAIN_TIMEOUT", "long"),
    ];
    let (code, log) = Process::start(PROGRAM, &variables).ended();
    assert_eq!(code, 2, "{log}");
    for name in ["PORT: ", "GREETING_FILE: ", "FAIL_RATE_FILE: ", "READINESS_DELAY_SEC: ", "DRAIN_TIMEOUT: "]
    {
        assert!(log.contains(name), "{name} is missing in {log}");
    }
    assert!(log.contains("5 settings are wrong") && !log.contains("hunter2"), "{log}");
}
