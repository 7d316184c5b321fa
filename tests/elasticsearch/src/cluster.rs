//! Nodes that form one cluster, and requests to them.

use std::collections::BTreeSet;
use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::time::Duration;

use rand::RngExt as _;
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::Instant;
use url::Url;

use crate::node::Node;
use crate::version::{Version, target};

/// Three nodes take half a minute on two quiet processors; these are not always quiet.
const START: Duration = Duration::from_mins(4);
/// One request may take this long.
const REQUEST: Duration = Duration::from_secs(30);

/// What a cluster is to be like.
#[derive(Clone, Debug)]
pub struct Shape {
    /// Which Elasticsearch.
    pub version: Version,
    /// One to three.
    pub nodes: usize,
    /// Settings of each node beside those that every test has.
    pub settings: Vec<(String, Value)>,
}

impl Shape {
    /// One node of a version, as it comes.
    pub fn single(version: Version) -> Self {
        Self { version, nodes: 1, settings: Vec::new() }
    }

    /// Three, which find out within seconds that one of them hangs; by default they take half a minute and more.
    pub fn three(version: Version) -> Self {
        let one = Self { nodes: 3, ..Self::single(version) };
        let checks = ["follower", "leader"];
        checks.into_iter().fold(one, |shape, check| {
            let name = |setting: &str| format!("cluster.fault_detection.{check}_check.{setting}");
            shape
                .with(&name("interval"), json!("1s"))
                .with(&name("timeout"), json!("2s"))
                .with(&name("retry_count"), json!(2))
        })
    }

    /// With one setting more.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.settings.push((name.to_owned(), value.into()));
        self
    }
}

/// Nodes that run. Dropping it, also by a panic, kills them and removes their data.
#[derive(Debug)]
pub struct Cluster {
    /// By number, from 0.
    pub nodes: Vec<Node>,
    client: Client,
    // Dropped last: the nodes must not lose their files before they end.
    _folder: TempDir,
}

impl Cluster {
    /// Starts one, and waits until it is complete.
    ///
    /// # Panics
    /// Where it does not come up.
    pub async fn start(shape: &Shape) -> Self {
        let parent = target().join("elasticsearch/running");
        fs::create_dir_all(&parent).expect("the target folder is ours");
        let parent = parent.canonicalize().expect("it is there");
        let folder = TempDir::new_in(parent).expect("a folder of our own");
        // Elasticsearch runs as another user, who must be able to come here.
        let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(folder.path(), open).expect("it is ours");
        let ports = free_ports(shape.nodes * 2);
        let (http, transport) = ports.split_at(shape.nodes);
        let common = common_settings(shape, transport);
        let nodes = (0..shape.nodes).map(|number| {
            let name = format!("node-{number}");
            let folder = folder.path().join(&name);
            let mut settings = common.clone();
            settings.push(("node.name".to_owned(), json!(name)));
            settings.push(("http.port".to_owned(), json!(http[number])));
            settings.push(("transport.port".to_owned(), json!(transport[number])));
            settings.push(("path.data".to_owned(), json!(folder.join("data"))));
            settings.push(("path.logs".to_owned(), json!(folder.join("logs"))));
            Node::new(shape.version, folder, &name, http[number], &settings)
        });
        let nodes: Vec<Node> = nodes.collect();
        let mut cluster = Self { nodes, client: client(), _folder: folder };
        for node in &mut cluster.nodes {
            node.start();
        }
        cluster.is_complete().await;
        cluster
    }

    /// The nodes' URLs.
    pub fn urls(&self) -> Vec<Url> {
        self.nodes.iter().map(Node::url).collect()
    }

    /// Waits until every node answers, knows all the others, and no copy of a shard is missing.
    ///
    /// # Panics
    /// Where that takes minutes, or a node has ended.
    pub async fn is_complete(&self) {
        let nodes = self.nodes.len();
        let path = format!("/_cluster/health?wait_for_nodes={nodes}&wait_for_status=green&timeout=1s");
        wait_for("a complete cluster", START, async || {
            for number in 0..nodes {
                self.nodes[number].check();
                let health = self.try_call(number, Method::GET, &path, None).await;
                if health.is_none_or(|(status, _)| status != StatusCode::OK) {
                    return false;
                }
            }
            true
        })
        .await;
    }

    /// Brings back what a case that failed has left killed or paused.
    pub(crate) async fn restore(&mut self) {
        for node in &mut self.nodes {
            node.restore();
        }
        self.is_complete().await;
    }

    /// Asks the first node, and wants success.
    ///
    /// # Panics
    /// Where it has none.
    pub async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Value {
        let (status, answer) =
            self.try_call(0, method, path, body.as_ref()).await.expect("the first node answers");
        assert!(status.is_success(), "{path} answers {status}: {answer}");
        answer
    }

    /// Asks a node; none where it does not answer. What is no JSON is null.
    pub async fn try_call(
        &self,
        node: usize,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Option<(StatusCode, Value)> {
        let url = self.nodes[node].url().join(path).expect("a path of our own");
        let mut request = self.client.request(method, url);
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await.ok()?;
        let status = answer.status();
        let bytes = answer.bytes().await.ok()?;
        Some((status, serde_json::from_slice(&bytes).unwrap_or_default()))
    }

    /// Makes everything that was written to these indices searchable.
    ///
    /// # Panics
    /// Where that fails.
    pub async fn refresh(&self, indices: &str) {
        self.call(Method::POST, &format!("/{indices}/_refresh"), None).await;
    }
}

fn common_settings(shape: &Shape, transport: &[u16]) -> Vec<(String, Value)> {
    let mut settings = vec![
        ("network.host".to_owned(), json!("127.0.0.1")),
        ("xpack.ml.enabled".to_owned(), json!(false)),
        ("node.store.allow_mmap".to_owned(), json!(false)),
        // It looks at the whole machine's disk, which is not what these tests are about.
        ("cluster.routing.allocation.disk.threshold_enabled".to_owned(), json!(false)),
    ];
    if shape.nodes == 1 {
        settings.push(("discovery.type".to_owned(), json!("single-node")));
    } else {
        let seeds: Vec<_> = transport.iter().map(|port| format!("127.0.0.1:{port}")).collect();
        let names: Vec<_> = (0..shape.nodes).map(|number| format!("node-{number}")).collect();
        settings.push(("discovery.seed_hosts".to_owned(), json!(seeds)));
        settings.push(("cluster.initial_master_nodes".to_owned(), json!(names)));
    }
    // A name may stand in a file once.
    let given = |name: &str| shape.settings.iter().any(|(other, _)| other == name);
    if !given("xpack.security.enabled") {
        settings.push(("xpack.security.enabled".to_owned(), json!(false)));
    }
    settings.extend(shape.settings.iter().cloned());
    settings
}

/// Waits until `condition` holds.
///
/// # Panics
/// Where it does not within `limit`.
pub async fn wait_for(what: &str, limit: Duration, mut condition: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + limit;
    while !condition().await {
        assert!(Instant::now() < deadline, "{what} does not come about in {limit:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Ports that nothing listens on and that the system gives to nobody who asks for any: nodes come back to theirs.
fn free_ports(count: usize) -> Vec<u16> {
    let mut ports = BTreeSet::new();
    while ports.len() < count {
        let port = rand::rng().random_range(10_000..30_000);
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            ports.insert(port);
        }
    }
    ports.into_iter().collect()
}

fn client() -> Client {
    // reqwest wants one to be there, also for plain HTTP; the second call in a process finds the first's.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder().no_proxy().timeout(REQUEST).build().expect("a client")
}
