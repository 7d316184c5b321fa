//! What stands before a node in many clusters and not in the bare distribution: TLS, a security plugin, lifecycle policies.
//!
//! 1. Its certificate is signed by an authority that only the file [`Front::authority`] names.
//! 2. A request without the expected `Authorization` is refused as Elasticsearch refuses it. The rest goes to the real
//!    node, without that header, and its answer back as it came.
//! 3. With [`Rules::lifecycle`], `_ilm/policy` is answered here as the full distribution does; what a template says of a
//!    policy is taken out on the way, because the node behind does not know such a setting.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::serve::Listener;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use reqwest::Client;
use rustls::ServerConfig;
use rustls::pki_types::PrivatePkcs8KeyDer;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use url::Url;

/// What it demands, and what it can do.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rules {
    /// The one value of `Authorization` that is let in.
    pub(crate) authorization: Option<String>,
    /// Whether there are lifecycle policies.
    pub(crate) lifecycle: bool,
}

/// A front that runs until it is dropped.
#[derive(Debug)]
pub(crate) struct Front {
    address: SocketAddr,
    behind: Arc<Behind>,
    serving: JoinHandle<()>,
    folder: TempDir,
}

#[derive(Debug)]
struct Behind {
    node: Url,
    rules: Rules,
    client: Client,
    seen: Mutex<Seen>,
}

/// What has come by.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    /// Requests that were let in.
    pub(crate) let_in: u64,
    /// Requests that were refused.
    pub(crate) refused: u64,
    /// Templates and policies that were written.
    pub(crate) written: u64,
    /// The policies by name.
    pub(crate) policies: BTreeMap<String, Value>,
    /// The policy that each template names.
    pub(crate) policy_of: BTreeMap<String, String>,
}

impl Front {
    /// Before this node.
    pub(crate) async fn start(node: Url, rules: Rules) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let acceptor = certified(&folder.path().join("authority.pem"));
        let tcp = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = tcp.local_addr().expect("it is bound");
        let client = crate::Access::default().client();
        let behind = Arc::new(Behind { node, rules, client, seen: Mutex::default() });
        let router = Router::new().fallback(pass).with_state(Arc::clone(&behind));
        let serving = tokio::spawn(async move {
            let served = axum::serve(Tls { tcp, acceptor }, router).await;
            served.expect("it serves until it is dropped");
        });
        Self { address, behind, serving, folder }
    }

    /// Where it is asked.
    pub(crate) fn url(&self) -> String {
        format!("https://localhost:{}", self.address.port())
    }

    /// The file of its authority.
    pub(crate) fn authority(&self) -> PathBuf {
        self.folder.path().join("authority.pem")
    }

    /// A folder that lives as long as it does.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// What has come by until now.
    pub(crate) fn seen(&self) -> Seen {
        self.behind.seen().clone()
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// A certificate for localhost, whose new authority is written to `file`.
fn certified(file: &Path) -> TlsAcceptor {
    let mut authority = CertificateParams::new(Vec::new()).expect("no name is wrong");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().expect("a key");
    std::fs::write(file, authority.self_signed(&key).expect("a certificate").pem())
        .expect("a file of our own");
    let issuer = Issuer::new(authority, key);
    let own = KeyPair::generate().expect("a key");
    let names = CertificateParams::new(vec!["localhost".to_owned()]).expect("a name");
    let chain = vec![names.signed_by(&own, &issuer).expect("a certificate").der().clone()];
    let key = PrivatePkcs8KeyDer::from(own.serialize_der());
    // Another part of this process may have been the first: any provider of it will do.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let config = ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key.into());
    TlsAcceptor::from(Arc::new(config.expect("the key is the certificate's")))
}

struct Tls {
    tcp: TcpListener,
    acceptor: TlsAcceptor,
}

impl Listener for Tls {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let (stream, address) = Listener::accept(&mut self.tcp).await;
            // Whoever does not trust us goes away.
            if let Ok(stream) = self.acceptor.accept(stream).await {
                return (stream, address);
            }
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.tcp.local_addr()
    }
}

async fn pass(State(behind): State<Arc<Behind>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let given = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    if behind.rules.authorization.as_deref().is_some_and(|expected| given != Some(expected)) {
        behind.seen().refused += 1;
        return refusal();
    }
    behind.seen().let_in += 1;
    let Ok(mut body) = to_bytes(body, usize::MAX).await else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let path = parts.uri.path();
    if let Some(policy) = path.strip_prefix("/_ilm/policy/").filter(|_| behind.rules.lifecycle) {
        return behind.policy(&parts.method, policy, &body);
    }
    if let Some(template) = path.strip_prefix("/_index_template/").filter(|_| parts.method == Method::PUT) {
        behind.seen().written += 1;
        if behind.rules.lifecycle {
            body = behind.without_policy(template, &body);
        }
    }
    let target = parts.uri.path_and_query().map_or("/", PathAndQuery::as_str);
    behind.forward(&parts.method, target, parts.headers, body).await
}

/// As the security plugin says it.
fn refusal() -> Response {
    let reason = "missing authentication credentials for REST request";
    let cause = json!({"type": "security_exception", "reason": reason});
    let body = json!({"error": {"root_cause": [cause], "type": "security_exception", "reason": reason}, "status": 401});
    let challenge = [(header::WWW_AUTHENTICATE, "Basic realm=\"security\", charset=\"UTF-8\"")];
    (StatusCode::UNAUTHORIZED, challenge, axum::Json(body)).into_response()
}

impl Behind {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn policy(&self, method: &Method, name: &str, body: &Bytes) -> Response {
        let mut seen = self.seen();
        if method == Method::PUT {
            let policy: Value = serde_json::from_slice(body).unwrap_or_default();
            seen.written += 1;
            seen.policies.insert(name.to_owned(), policy["policy"].clone());
            return axum::Json(json!({"acknowledged": true})).into_response();
        }
        let Some(policy) = seen.policies.get(name) else {
            let reason = format!("Lifecycle policy not found: {name}");
            let error = json!({"type": "resource_not_found_exception", "reason": reason});
            return (StatusCode::NOT_FOUND, axum::Json(json!({"error": error, "status": 404})))
                .into_response();
        };
        axum::Json(json!({name: {"version": 1, "policy": policy}})).into_response()
    }

    /// The template without the setting that the node does not know.
    fn without_policy(&self, name: &str, body: &Bytes) -> Bytes {
        let mut template: Value = serde_json::from_slice(body).expect("a template, not compressed");
        let index = template["template"]["settings"]["index"].as_object_mut().expect("settings");
        if let Some(Value::String(policy)) = index.remove("lifecycle.name") {
            self.seen().policy_of.insert(name.to_owned(), policy);
        }
        template.to_string().into()
    }

    async fn forward(&self, method: &Method, target: &str, mut headers: HeaderMap, body: Bytes) -> Response {
        for name in [header::AUTHORIZATION, header::HOST, header::CONTENT_LENGTH] {
            headers.remove(name);
        }
        let url = self.node.join(target).expect("a path");
        let sent = self.client.request(method.clone(), url).headers(headers).body(body).send().await;
        let Ok(answer) = sent else { return StatusCode::BAD_GATEWAY.into_response() };
        let (status, mut headers) = (answer.status(), answer.headers().clone());
        for name in [header::TRANSFER_ENCODING, header::CONTENT_LENGTH, header::CONNECTION] {
            headers.remove(name);
        }
        match answer.bytes().await {
            Ok(body) => (status, headers, Body::from(body)).into_response(),
            Err(_) => StatusCode::BAD_GATEWAY.into_response(),
        }
    }
}
