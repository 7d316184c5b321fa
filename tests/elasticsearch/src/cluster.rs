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

use crate::access::Access;
use crate::node::Node;
use crate::version::{Version, target};

/// Three nodes take half a minute on two quiet processors, and two minutes on busy ones.
const START: Duration = Duration::from_mins(8);

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

/// Nodes that run. Dropping it, also by a panic, kills them and removes their data; somebody else's cluster is left alone.
#[derive(Debug)]
pub struct Cluster {
    /// By number, from 0; none where the nodes are somebody else's.
    pub nodes: Vec<Node>,
    urls: Vec<Url>,
    access: Access,
    client: Client,
    /// What the names of all indices begin with.
    mark: String,
    // Dropped last: the nodes must not lose their files before they end.
    _folder: Option<TempDir>,
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
        let urls = nodes.iter().map(Node::url).collect();
        let (access, mark) = (Access::default(), String::new());
        let client = access.client();
        let mut cluster = Self { nodes, urls, access, client, mark, _folder: Some(folder) };
        for node in &mut cluster.nodes {
            node.start();
        }
        cluster.is_complete().await;
        cluster
    }

    /// A cluster that runs already. Everything that is made there has a name of its own: see [`Self::clean`].
    ///
    /// # Panics
    /// Where the settings make no sense.
    pub fn of_somebody(urls: Vec<Url>, access: Access) -> Self {
        let mark = format!("ballast-test-{:08x}-", rand::rng().random::<u32>());
        let client = access.client();
        Self { nodes: Vec::new(), urls, access, client, mark, _folder: None }
    }

    /// The nodes' URLs.
    pub fn urls(&self) -> Vec<Url> {
        self.urls.clone()
    }

    /// How they are reached.
    pub fn access(&self) -> &Access {
        &self.access
    }

    /// A prefix of indices that nobody else's begin with.
    pub fn name(&self, prefix: &str) -> String {
        format!("{}{prefix}", self.mark)
    }

    /// Removes all that was made on somebody else's cluster. Index by index: many clusters refuse to delete by a pattern.
    pub async fn clean(&self) {
        if self.mark.is_empty() {
            return; // nodes of our own lose everything with their folder
        }
        let (mark, dead) = (&self.mark, format!("dead-{}", self.mark));
        for pattern in [format!("{mark}*"), format!("{dead}*")] {
            let listed =
                self.call(Method::GET, &format!("/_cat/indices/{pattern}?format=json&h=index"), None).await;
            for index in listed.as_array().into_iter().flatten().filter_map(|row| row["index"].as_str()) {
                self.call(Method::DELETE, &format!("/{index}"), None).await;
            }
            let path = format!("/_index_template/{pattern}");
            let found =
                self.try_call(0, Method::GET, &path, None).await.map(|(_, found)| found).unwrap_or_default();
            let templates = found["index_templates"].as_array().cloned().unwrap_or_default();
            for name in templates.iter().filter_map(|template| template["name"].as_str()) {
                self.call(Method::DELETE, &format!("/_index_template/{name}"), None).await;
            }
        }
        let found = self.try_call(0, Method::GET, "/_ilm/policy", None).await;
        let policies = found.map(|(_, found)| found).unwrap_or_default();
        for name in policies.as_object().into_iter().flatten().map(|(name, _)| name) {
            if name.starts_with(mark.as_str()) {
                self.call(Method::DELETE, &format!("/_ilm/policy/{name}"), None).await;
            }
        }
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
        let url = self.urls[node].join(path.trim_start_matches('/')).expect("a path of our own");
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
    // The whole distribution would fetch a database of addresses.
    if shape.version.home().join("modules/ingest-geoip").is_dir() {
        settings.push(("ingest.geoip.downloader.enabled".to_owned(), json!(false)));
    }
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
