//! Reviews that are sent, and a ledger of those that were acknowledged.
//!
//! 1. [`Reviews::send`] posts a new review with an id of its own; nothing is sent twice.
//! 2. An answer that acknowledges it (200 `duplicate`, 201 `created`, 202 `accepted`) puts its id into the ledger, and into a
//!    file where one is named.
//! 3. [`check`] looks afterwards: every acknowledged id must be found by `GET /reviews/{id}` and by search, and no id twice.
//!    A review that was not acknowledged may be there or not, but not twice either.

pub mod check;

use std::collections::BTreeSet;
use std::fmt::{self, Debug};
use std::io;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use reqwest::{Client, StatusCode};
use review_load::client::Fate;
use review_load::generate::{Generator, Review};
use review_load::ledger::Ledger;
use serde::Deserialize;
use url::Url;

use crate::traffic::failure::{Failure, Kind};

/// The name of the reviews among the targets.
pub const LABEL: &str = "reviews";

/// Reviews on their way to one review-api.
pub struct Reviews {
    url: String,
    token: Option<String>,
    began: Timestamp,
    generator: Mutex<Generator>,
    acknowledged: Mutex<BTreeSet<String>>,
    file: Ledger,
}

impl Reviews {
    /// Reviews for the service at `url`. `run` begins their ids and must be new; `file` takes the ledger, appended.
    pub fn new(
        url: &Url,
        token: Option<String>,
        run: &str,
        seed: u64,
        file: Option<&Path>,
    ) -> io::Result<Self> {
        Ok(Self {
            url: url.as_str().trim_end_matches('/').to_owned(),
            token,
            began: Timestamp::now(),
            generator: Mutex::new(Generator::new(run, seed, Vec::new())),
            acknowledged: Mutex::default(),
            file: Ledger::open(file)?,
        })
    }

    /// Its name in reports.
    pub fn label(&self) -> &'static str {
        LABEL
    }

    /// Where review-api listens, without a slash at the end.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What the service asks for, where it asks for one.
    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// No review was written before.
    pub fn began(&self) -> Timestamp {
        self.began
    }

    /// The ids that were acknowledged until now.
    pub fn acknowledged(&self) -> BTreeSet<String> {
        self.acknowledged.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Sends the next review.
    pub async fn send(&self, client: &Client) -> Result<(), Failure> {
        let review = self.generator.lock().unwrap_or_else(PoisonError::into_inner).review(Timestamp::now());
        let mut request = client.post(format!("{}/reviews", self.url)).json(&review);
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        let response = request.send().await?;
        let status = response.status();
        let body = response.bytes().await?;
        let fate = verdict(status, &body, &review)?;
        self.acknowledged.lock().unwrap_or_else(PoisonError::into_inner).insert(review.id.clone());
        self.file
            .note([(review.id.as_str(), &fate)])
            .map_err(|error| Failure::new(Kind::Other, format!("the ledger cannot be written: {error}")))
    }
}

impl Debug for Reviews {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Reviews").field("url", &self.url).finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
struct Verdict {
    id: String,
    status: String,
}

/// What acknowledges a review; anything else is a failure.
fn verdict(status: StatusCode, body: &[u8], review: &Review) -> Result<Fate, Failure> {
    if !matches!(status, StatusCode::OK | StatusCode::CREATED | StatusCode::ACCEPTED) {
        return Err(Failure::new(Kind::WrongStatus, format!("status {}", status.as_u16())));
    }
    let wrong = |reason: String| Failure::new(Kind::WrongBody, reason);
    let verdict: Verdict = serde_json::from_slice(body).map_err(|error| wrong(error.to_string()))?;
    if verdict.id != review.id {
        return Err(wrong(format!("the verdict of {:?} for {}", verdict.id, review.id)));
    }
    match verdict.status.as_str() {
        "created" => Ok(Fate::Created),
        "duplicate" => Ok(Fate::Duplicate),
        "accepted" => Ok(Fate::Accepted),
        other => Err(wrong(format!("the verdict {other:?}"))),
    }
}
