//! review-api, as a client sees it.
//!
//! 1. One review goes to `POST /reviews`, several as lines to `POST /reviews/_bulk`.
//! 2. Each has a [`Fate`]: acknowledged, rejected, or to be sent again.
//! 3. [`Client::deliver`] sends those again that may be, the same reviews with the same ids, as long as it is told to.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rand::RngExt as _;
use reqwest::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use reqwest::{Response, StatusCode, Url};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::time::Instant;

use crate::generate::Review;

/// A request that takes longer has failed.
const REQUEST_TIMEOUT: Duration = Duration::from_mins(1);
/// The first and the longest pause before a review is sent again.
const PAUSES: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(2));

/// What became of a review.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Fate {
    /// It is stored.
    Created,
    /// It was stored before.
    Duplicate,
    /// It is durable and will be stored.
    Accepted,
    /// It will never be.
    Rejected(String),
    /// Nobody knows: it has to be sent again.
    Again {
        /// Why.
        reason: String,
        /// The pause that was asked for.
        after: Option<Duration>,
    },
}

impl Fate {
    /// The word for it in ledgers and summaries.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Duplicate => "duplicate",
            Self::Accepted => "accepted",
            Self::Rejected(_) => "rejected",
            Self::Again { .. } => "unknown",
        }
    }
}

/// One verdict of review-api.
#[derive(Deserialize)]
struct Item {
    id: Option<String>,
    status: String,
    #[serde(default)]
    errors: Vec<serde_json::Value>,
}

#[derive(Deserialize)]
struct Items {
    items: Vec<Item>,
}

/// A client of one review-api.
pub struct Client {
    http: reqwest::Client,
    url: String,
    token: Option<String>,
    statuses: Mutex<HashMap<String, u64>>,
}

impl Client {
    /// A client of the service at `url`. What no request could be made with is said now, and a token is not shown.
    pub fn new(url: &str, token: Option<String>) -> anyhow::Result<Self> {
        let speaks_http =
            Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
        anyhow::ensure!(speaks_http, "the service's URL {url:?} is not an http or https URL");
        let sendable = token.as_deref().is_none_or(|token| HeaderValue::from_str(token).is_ok());
        anyhow::ensure!(sendable, "the token has characters that no header can hold");
        // Already there where a test runs two clients: either is the same provider.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder().timeout(REQUEST_TIMEOUT).no_proxy().build()?;
        Ok(Self { http, url: url.trim_end_matches('/').to_owned(), token, statuses: Mutex::default() })
    }

    /// How often each status (or kind of failure) was the answer.
    pub fn statuses(&self) -> HashMap<String, u64> {
        self.statuses.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Sends reviews until each is acknowledged or rejected, or until `deadline`; tells how often one was sent again.
    pub async fn deliver(&self, reviews: &[Review], deadline: Instant) -> (Vec<Fate>, u64) {
        let mut fates = self.send(&reviews.iter().collect::<Vec<_>>()).await;
        let (mut pause, mut repeats) = (PAUSES.0, 0);
        loop {
            let waiting: Vec<usize> =
                (0..fates.len()).filter(|&index| matches!(fates[index], Fate::Again { .. })).collect();
            let asked = waiting.iter().filter_map(|&index| match &fates[index] {
                Fate::Again { after, .. } => *after,
                _ => None,
            });
            let wait = asked.max().unwrap_or(pause).mul_f64(rand::rng().random_range(0.5..1.0));
            if waiting.is_empty() || Instant::now() + wait >= deadline {
                return (fates, repeats);
            }
            tokio::time::sleep(wait).await;
            pause = (pause * 2).min(PAUSES.1);
            repeats += waiting.len() as u64;
            let again = self.send(&waiting.iter().map(|&index| &reviews[index]).collect::<Vec<_>>()).await;
            for (index, fate) in waiting.into_iter().zip(again) {
                fates[index] = fate;
            }
        }
    }

    /// Asks for a JSON answer.
    pub async fn get<T: DeserializeOwned>(&self, path_and_query: &str) -> anyhow::Result<T> {
        let request = self.http.get(format!("{}{path_and_query}", self.url));
        let response = self.authorized(request).send().await?;
        let status = response.status();
        if !status.is_success() {
            anyhow::bail!("GET {path_and_query}: {status}: {}", response.text().await.unwrap_or_default());
        }
        Ok(response.json().await?)
    }

    /// One request; as many fates as reviews.
    async fn send(&self, reviews: &[&Review]) -> Vec<Fate> {
        let (path, kind, body) = match reviews {
            [one] => ("/reviews", "application/json", serde_json::to_vec(one).unwrap_or_default()),
            many => ("/reviews/_bulk", "application/x-ndjson", lines(many)),
        };
        let request = self.http.post(format!("{}{path}", self.url)).header(CONTENT_TYPE, kind).body(body);
        match self.authorized(request).send().await {
            Ok(response) => {
                self.count(response.status().as_str());
                fates(response, reviews).await
            }
            Err(error) => {
                let kind = if error.is_timeout() { "timeout" } else { "no answer" };
                self.count(kind);
                vec![Fate::Again { reason: error.to_string(), after: None }; reviews.len()]
            }
        }
    }

    fn authorized(&self, request: reqwest::RequestBuilder) -> reqwest::RequestBuilder {
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    fn count(&self, status: &str) {
        let mut statuses = self.statuses.lock().unwrap_or_else(PoisonError::into_inner);
        *statuses.entry(status.to_owned()).or_default() += 1;
    }
}

fn lines(reviews: &[&Review]) -> Vec<u8> {
    let mut lines = Vec::new();
    for review in reviews {
        // A struct of strings and numbers always serialises, and a Vec takes whatever is written.
        let _ = serde_json::to_writer(&mut lines, review);
        lines.push(b'\n');
    }
    lines
}

/// Reads an answer. One that makes no sense acknowledges nothing.
async fn fates(response: Response, reviews: &[&Review]) -> Vec<Fate> {
    let status = response.status();
    let after = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
    let after = after.map(Duration::from_secs);
    let body = response.bytes().await;
    let again = |reason: String| vec![Fate::Again { reason, after }; reviews.len()];
    let Ok(body) = body else { return again(format!("{status}, and the answer broke off")) };
    match (status, reviews) {
        (StatusCode::OK | StatusCode::CREATED | StatusCode::ACCEPTED, [review]) => {
            match serde_json::from_slice::<Item>(&body) {
                Ok(item) => vec![fate(&item, review)],
                Err(error) => again(format!("{status} with an answer that is none: {error}")),
            }
        }
        (StatusCode::OK, _) => match serde_json::from_slice::<Items>(&body) {
            Ok(Items { items }) if items.len() == reviews.len() => {
                items.iter().zip(reviews).map(|(item, review)| fate(item, review)).collect()
            }
            Ok(Items { items }) => again(format!("{} verdicts for {} reviews", items.len(), reviews.len())),
            Err(error) => again(format!("{status} with an answer that is none: {error}")),
        },
        (StatusCode::TOO_MANY_REQUESTS, _) => again(status.to_string()),
        (status, _) if status.is_server_error() => again(status.to_string()),
        (status, _) => {
            let reason = format!("{status}: {}", String::from_utf8_lossy(&body));
            vec![Fate::Rejected(reason); reviews.len()]
        }
    }
}

fn fate(item: &Item, review: &Review) -> Fate {
    // A line whose id could not be read has none in its verdict, and is no acknowledgement of any other.
    let nameless = item.id.is_none() && item.status == "rejected";
    if item.id.as_deref() != Some(&review.id) && !nameless {
        return Fate::Again {
            reason: format!("the verdict of {:?} for {}", item.id, review.id),
            after: None,
        };
    }
    match item.status.as_str() {
        "created" => Fate::Created,
        "duplicate" => Fate::Duplicate,
        "accepted" => Fate::Accepted,
        "rejected" => Fate::Rejected(serde_json::to_string(&item.errors).unwrap_or_default()),
        status => Fate::Again { reason: status.to_owned(), after: None },
    }
}
