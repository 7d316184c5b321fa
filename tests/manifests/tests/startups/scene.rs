//! What a container finds when it starts: its variables, and the files that are mounted.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{BufRead as _, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;
use tempfile::TempDir;
use tests_manifests::facts::Facts;
use tests_manifests::object::{Look as _, Manifests};
use tests_manifests::workload::{Container, Workload};

/// The longest wait for a service: the machine may be busy.
const DEADLINE: Duration = Duration::from_mins(1);
/// Where nobody listens.
const NOBODY: &str = "127.0.0.1:1";
/// What Kubernetes would have different on every machine.
const ANYWHERE: &[(&str, &str)] = &[
    ("ADMIN_ADDRESS", "127.0.0.1:0"),
    ("LISTEN_HOST", "127.0.0.1"),
    ("PORT", "0"),
    ("S3WWW_ADDRESS", "127.0.0.1:0"),
    ("LOG_FORMAT", "json"),
];

/// Variables and files.
pub struct Scene {
    variables: BTreeMap<String, String>,
    folder: TempDir,
    mounts: Vec<String>,
    files: BTreeMap<String, String>,
}

impl Scene {
    /// Nothing but these variables.
    pub fn of_variables(pairs: &[(&str, &str)]) -> Self {
        let variables = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let folder = tempfile::tempdir().expect("a folder");
        Self { variables, folder, mounts: Vec::new(), files: BTreeMap::new() }
    }

    /// Those of a container.
    pub fn new(
        manifests: &Manifests,
        facts: &Facts,
        workload: &Workload<'_>,
        container: &Container<'_>,
    ) -> Self {
        let mut scene = Self::of_variables(&[]);
        let namespace = workload.object.namespace();
        let environment = container.environment(manifests, namespace);
        // What no manifest says is some text.
        scene.variables = environment
            .into_iter()
            .map(|(name, value)| (name, value.unwrap_or_else(|| "given".to_owned())))
            .collect();
        for mount in container.value.at("volumeMounts").items() {
            let path = mount.at("mountPath").text();
            fs::create_dir_all(scene.path(path)).expect("a folder");
            scene.mounts.push(path.to_owned());
            let volumes = workload.pod().at("volumes").items();
            let Some(volume) = volumes.iter().find(|volume| volume.at("name") == mount.at("name")) else {
                continue;
            };
            for (name, content) in files(manifests, facts, namespace, volume) {
                scene.files.insert(format!("{path}/{name}"), away(&content));
            }
        }
        for (path, content) in &scene.files {
            fs::write(scene.path(path), content).expect("written");
        }
        scene
    }

    /// All that the service is told, to know it again.
    pub fn told(&self) -> String {
        format!("{:?} {:?}", self.variables, self.files.keys())
    }

    fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path.trim_start_matches('/'))
    }

    /// The variables, with this machine's paths and ports.
    fn environment(&self) -> BTreeMap<String, String> {
        let mut environment = BTreeMap::new();
        for (name, value) in &self.variables {
            let is_mounted = self.mounts.iter().any(|mount| Path::new(value).starts_with(mount));
            let value =
                if is_mounted { self.path(value).to_str().expect("UTF-8").to_owned() } else { away(value) };
            environment.insert(name.clone(), value);
        }
        let anywhere = ANYWHERE.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        environment.extend(anywhere);
        environment
    }
}

/// The files of a volume by name.
fn files(manifests: &Manifests, facts: &Facts, namespace: &str, volume: &Value) -> BTreeMap<String, String> {
    let (map, secret) = (volume.at("configMap.name").text(), volume.at("secret.secretName").text());
    if let Some(map) = manifests.find("ConfigMap", namespace, map) {
        return map.at("data").fields().map(|(name, text)| (name.clone(), text.text().to_owned())).collect();
    }
    if let Some(secret) = manifests.find("Secret", namespace, secret) {
        let decoded = |text: &Value| {
            let bytes = BASE64_STANDARD.decode(text.text()).expect("base64");
            String::from_utf8(bytes).expect("UTF-8")
        };
        return secret.at("data").fields().map(|(name, text)| (name.clone(), decoded(text))).collect();
    }
    let provided = facts.provided.iter().find(|known| known.namespace == namespace && known.name == secret);
    let keys: BTreeSet<_> =
        provided.map(|known| known.keys.clone()).unwrap_or_default().into_iter().collect();
    keys.into_iter().map(|key| (key.clone(), made_up(&key))).collect()
}

/// What a key of a Secret may hold that is not here: a certificate is one, anything else is text.
fn made_up(key: &str) -> String {
    if Path::new(key).extension().is_some_and(|extension| extension == "crt") {
        rcgen::generate_simple_self_signed(["test.example".to_owned()]).expect("a certificate").cert.pem()
    } else {
        "given".to_owned()
    }
}

/// A text whose URLs lead nowhere.
fn away(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("://") {
        let end =
            after.find(|character: char| !character.is_ascii_alphanumeric() && !"-.:".contains(character));
        out.push_str(before);
        out.push_str("://");
        out.push_str(NOBODY);
        rest = &after[end.unwrap_or(after.len())..];
    }
    out + rest
}

/// Starts a service and ends it once it listens. What it says where it does not.
pub fn start(service: &str, scene: &Scene) -> Result<(), String> {
    let own = std::env::current_exe().expect("the test's own program");
    let program = own.ancestors().nth(2).expect("a profile's folder").join(service);
    let mut command = Command::new(&program);
    command.env_clear().envs(scene.environment()).current_dir(scene.folder.path());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap_or_else(|error| panic!("{}: {error}", program.display()));
    let (sender, lines) = channel();
    send_lines(child.stdout.take().expect("piped"), sender.clone());
    send_lines(child.stderr.take().expect("piped"), sender);
    let (end, mut printed) = (Instant::now() + DEADLINE, Vec::new());
    let listens = loop {
        match lines.recv_timeout(end.saturating_duration_since(Instant::now())) {
            Ok(line) if line.contains("\"listening\"") => break true,
            Ok(line) => printed.push(line),
            Err(RecvTimeoutError::Disconnected | RecvTimeoutError::Timeout) => break false,
        }
    };
    let _ = child.kill(); // it may have ended already
    let status = child.wait().expect("its status");
    if listens { Ok(()) } else { Err(format!("it ended with {status} and said: {}", printed.join("\n"))) }
}

fn send_lines(stream: impl Read + Send + 'static, sender: Sender<String>) {
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
}
