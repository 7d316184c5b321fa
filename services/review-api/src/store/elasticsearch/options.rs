//! What the store is given: the nodes, who we are to them, and the names and bounds of what is kept.

use std::fmt;
use std::time::Duration;

use ::elasticsearch::auth;
use ::elasticsearch::cert::{Certificate, CertificateValidation};
use ::elasticsearch::http::transport::{SingleNodeConnectionPool, Transport, TransportBuilder};
use jiff::Timestamp;
use jiff::tz::Offset;
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

/// An index prefix may have this many characters.
const PREFIX_MAX: usize = 64;

/// Everything the store needs to know.
#[derive(Clone, Debug)]
pub struct Options {
    /// The nodes, in the order in which they are first asked.
    pub nodes: Vec<Url>,
    /// Who we are.
    pub credentials: Credentials,
    /// Authorities to trust beside the public ones, as PEM.
    pub authorities: Option<Vec<u8>>,
    /// How long a request other than a query may take.
    pub timeout: Duration,
    /// Whether bodies are compressed.
    pub gzip: bool,
    /// What the indices are named after.
    pub index: IndexPrefix,
    /// Copies of each shard beside the first, of indices that are made from now on.
    pub replicas: u32,
    /// Shards of a month, of indices that are made from now on.
    pub shards: u32,
    /// How long a query may take.
    pub query_timeout: Duration,
    /// A query looks at so many matching documents per shard at most; 0: at all.
    pub terminate_after: u32,
}

impl Options {
    /// What the settings of the service default to, for these nodes.
    pub fn new(nodes: Vec<Url>) -> Self {
        Self {
            nodes,
            credentials: Credentials::None,
            authorities: None,
            timeout: Duration::from_secs(30),
            gzip: true,
            index: IndexPrefix("reviews".to_owned()),
            replicas: 1,
            shards: 1,
            query_timeout: Duration::from_secs(5),
            terminate_after: 0,
        }
    }
}

/// Who we are to the nodes.
#[derive(Clone, Debug)]
pub enum Credentials {
    /// Nobody.
    None,
    /// A user of the cluster.
    Basic {
        /// The name.
        username: String,
        /// The password.
        password: SecretString,
    },
    /// An API key: `id:key`, or both in base64 as Elasticsearch shows it.
    ApiKey(SecretString),
}

/// Why the store cannot be opened. None of them says a secret.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// There is no node.
    #[error("there is no node")]
    NoNode,
    /// A node's URL is of no use.
    #[error("node {node}: {reason}")]
    Node {
        /// The node, without credentials.
        node: String,
        /// What is wrong.
        reason: &'static str,
    },
    /// The API key cannot stand in a header.
    #[error("the API key has characters that no key has")]
    ApiKey,
    /// The file of authorities has no certificate that can be read.
    #[error("the authorities are no PEM certificates: {0}")]
    Authorities(String),
    /// The client cannot be built.
    #[error("no client for {node}: {reason}")]
    Client {
        /// The node.
        node: String,
        /// What the client says.
        reason: String,
    },
}

/// What the names of indices begin with: lower-case letters, digits, `-` and `_`, not first; at most [`PREFIX_MAX`].
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct IndexPrefix(String);

/// The text is no prefix.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("must be 1 to {PREFIX_MAX} of a-z, 0-9, - and _, and begin with a letter or digit")]
pub struct InvalidPrefix;

impl IndexPrefix {
    /// Takes a prefix that makes names which Elasticsearch takes, none of which can be read as a pattern.
    pub fn parse(text: &str) -> Result<Self, InvalidPrefix> {
        let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let plain = text.bytes().all(|byte| letter(byte) || byte == b'-' || byte == b'_');
        let begins = text.bytes().next().is_some_and(letter);
        if plain && begins && text.len() <= PREFIX_MAX {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidPrefix)
        }
    }

    /// The prefix itself: the name of the template and of the lifecycle policy.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// All months. A review's time is of this century, so no index of a longer prefix (`reviews-eu`) is meant.
    pub fn pattern(&self) -> String {
        format!("{}-20*", self.0)
    }

    /// The index of reviews written at `time`.
    pub fn month(&self, time: Timestamp) -> String {
        let date = Offset::UTC.to_datetime(time);
        format!("{}-{:04}.{:02}", self.0, date.year(), date.month())
    }

    /// The index of what was refused.
    pub fn dead(&self) -> String {
        format!("dead-{}", self.0)
    }
}

impl fmt::Display for IndexPrefix {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// A client of the one node at `url`.
pub(super) fn transport(url: &Url, options: &Options) -> Result<Transport, OpenError> {
    let mut bare = url.clone();
    // Neither fails for a URL with a host; one without is refused below.
    let _ = bare.set_username("");
    let _ = bare.set_password(None);
    let node = bare.to_string();
    let refuse = |reason| Err(OpenError::Node { node: node.clone(), reason });
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return refuse("is no http or https URL");
    }
    if bare != *url {
        return refuse("has credentials: they have variables of their own");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return refuse("has a query or a fragment");
    }
    // Proxies come from the environment, which only the settings read.
    let mut builder =
        TransportBuilder::new(SingleNodeConnectionPool::new(bare)).disable_proxy().timeout(options.timeout);
    if let Some(credentials) = authorization(&options.credentials)? {
        builder = builder.auth(credentials);
    }
    if let Some(pem) = &options.authorities {
        let authorities =
            Certificate::from_pem(pem).map_err(|error| OpenError::Authorities(error.to_string()))?;
        builder = builder.cert_validation(CertificateValidation::Full(authorities));
    }
    builder.build().map_err(|error| OpenError::Client { node: node.clone(), reason: error.to_string() })
}

fn authorization(credentials: &Credentials) -> Result<Option<auth::Credentials>, OpenError> {
    match credentials {
        Credentials::None => Ok(None),
        Credentials::Basic { username, password } => {
            Ok(Some(auth::Credentials::Basic(username.clone(), password.expose_secret().to_owned())))
        }
        Credentials::ApiKey(key) => {
            let key = key.expose_secret().trim();
            // The client panics on what a header cannot hold.
            if key.is_empty() || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
                return Err(OpenError::ApiKey);
            }
            Ok(Some(match key.split_once(':') {
                Some((id, secret)) => auth::Credentials::ApiKey(id.to_owned(), secret.to_owned()),
                None => auth::Credentials::EncodedApiKey(key.to_owned()),
            }))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(url: &str, credentials: Credentials) -> Result<Transport, OpenError> {
        let url = Url::parse(url).expect("a URL");
        transport(&url, &Options { credentials, ..Options::new(vec![url.clone()]) })
    }

    #[test]
    fn a_node_is_a_plain_url() {
        assert!(open("http://127.0.0.1:9200", Credentials::None).is_ok());
        assert!(open("https://search.example/es/", Credentials::None).is_ok());
        for (url, reason) in [
            ("ftp://search.example", "is no http or https URL"),
            ("http://elastic:secret@search.example", "has credentials"),
            ("http://search.example/?a=b", "has a query"),
        ] {
            let error = open(url, Credentials::None).expect_err(url).to_string();
            assert!(error.contains(reason), "{error}");
            assert!(!error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn a_key_that_no_header_holds_is_refused() {
        let key = |text: &str| Credentials::ApiKey(text.into());
        assert!(open("http://a.example", key("aWQ6a2V5Cg==\n")).is_ok());
        assert!(open("http://a.example", key("id:key")).is_ok());
        for text in ["", " \n", "two keys", "schl\u{fc}ssel"] {
            let error = open("http://a.example", key(text)).expect_err(text);
            assert!(matches!(error, OpenError::ApiKey), "{error}");
        }
    }

    #[test]
    fn authorities_are_certificates() {
        let url = Url::parse("https://a.example").expect("a URL");
        let options = Options { authorities: Some(b"not PEM".to_vec()), ..Options::new(vec![url.clone()]) };
        assert!(matches!(transport(&url, &options), Err(OpenError::Authorities(_))));
    }

    #[test]
    fn a_prefix_makes_names() {
        let prefix = IndexPrefix::parse("reviews").expect("a prefix");
        let time = |text: &str| text.parse().expect("a time");
        assert_eq!(prefix.month(time("2026-10-31T23:59:59.999999999Z")), "reviews-2026.10");
        assert_eq!(prefix.month(time("2026-11-01T00:30:00+01:00")), "reviews-2026.10");
        assert_eq!((prefix.pattern(), prefix.dead()), ("reviews-20*".to_owned(), "dead-reviews".to_owned()));
        for text in ["", "-a", "_a", "A", "a*", "a,b", "a/b", "\u{fc}", ".a", &"a".repeat(65)] {
            assert_eq!(IndexPrefix::parse(text), Err(InvalidPrefix), "{text:?}");
        }
    }
}
