//! How somebody else's cluster is reached: by the variables that review-api has for it.

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD as STANDARD;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use reqwest::{Certificate, Client};
use review_api::store::elasticsearch::{Credentials, Options};
use url::Url;

/// One request may take this long.
const REQUEST: Duration = Duration::from_secs(30);

/// Who we are, and whom we trust. Without any of it: nobody, and the public authorities.
#[derive(Clone, Debug, Default)]
pub struct Access {
    /// A user and the password.
    pub basic: Option<(String, String)>,
    /// An API key in base64, as Elasticsearch shows it.
    pub api_key: Option<String>,
    /// A file of authorities in PEM.
    pub authorities: Option<String>,
}

impl Access {
    /// What the variables of review-api say; none where `ELASTICSEARCH_URL` is not set.
    ///
    /// # Panics
    /// Where they make no sense.
    pub fn from_environment() -> Option<(Vec<Url>, Self)> {
        let get = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let urls = get("ELASTICSEARCH_URL")?;
        let url =
            |text: &str| Url::parse(text.trim()).unwrap_or_else(|error| panic!("ELASTICSEARCH_URL: {error}"));
        let basic = get("ELASTICSEARCH_USERNAME").zip(get("ELASTICSEARCH_PASSWORD"));
        let (api_key, authorities) = (get("ELASTICSEARCH_API_KEY"), get("ELASTICSEARCH_CA_FILE"));
        Some((urls.split(',').map(url).collect(), Self { basic, api_key, authorities }))
    }

    /// The same as variables, for a review-api.
    pub(crate) fn variables(&self) -> Vec<(&'static str, String)> {
        let (user, password) = self.basic.clone().unzip();
        let all = [
            ("ELASTICSEARCH_USERNAME", user),
            ("ELASTICSEARCH_PASSWORD", password),
            ("ELASTICSEARCH_API_KEY", self.api_key.clone()),
            ("ELASTICSEARCH_CA_FILE", self.authorities.clone()),
        ];
        all.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }

    /// The same for a store of this process.
    pub(crate) fn options(&self, urls: Vec<Url>) -> Options {
        let credentials = match (&self.basic, &self.api_key) {
            (Some((username, password)), _) => {
                Credentials::Basic { username: username.clone(), password: password.clone().into() }
            }
            (None, Some(key)) => Credentials::ApiKey(key.clone().into()),
            (None, None) => Credentials::None,
        };
        Options { credentials, authorities: self.authorities(), ..Options::new(urls) }
    }

    /// A client that speaks to the nodes directly.
    pub(crate) fn client(&self) -> Client {
        // reqwest wants one to be there, also for plain HTTP; the second call in a process finds the first's.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut headers = HeaderMap::new();
        if let Some(authorization) = self.authorization() {
            headers.insert(AUTHORIZATION, HeaderValue::from_str(&authorization).expect("a header's value"));
        }
        let builder = Client::builder().no_proxy().timeout(REQUEST).default_headers(headers);
        let authorities =
            self.authorities().map(|pem| Certificate::from_pem_bundle(&pem).expect("certificates"));
        builder.tls_certs_merge(authorities.into_iter().flatten()).build().expect("a client")
    }

    fn authorization(&self) -> Option<String> {
        match (&self.basic, &self.api_key) {
            (Some((user, password)), _) => {
                Some(format!("Basic {}", STANDARD.encode(format!("{user}:{password}"))))
            }
            (None, Some(key)) => Some(format!("ApiKey {key}")),
            (None, None) => None,
        }
    }

    fn authorities(&self) -> Option<Vec<u8>> {
        let read = |path: &String| std::fs::read(path).unwrap_or_else(|error| panic!("{path}: {error}"));
        self.authorities.as_ref().map(read)
    }
}
