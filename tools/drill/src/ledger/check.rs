//! Looks for what was acknowledged.
//!
//! 1. Search is read page by page from the run's beginning on, and every id counted: none may be there twice, none of the
//!    acknowledged may be missing. What a store shows late is waited for.
//! 2. `GET /reviews/{id}` is asked for each acknowledged id; one that is not there by its id is lost, whatever search says.

use std::collections::BTreeSet;
use std::time::Duration;

use futures::{StreamExt as _, stream};
use jiff::SignedDuration;
use reqwest::StatusCode;
use review_load::check::look;
use review_load::client::Client;
use serde::Serialize;
use thiserror::Error;

use super::Reviews;
use crate::traffic::wire::Wire;

/// Ids asked for at once.
const AT_ONCE: usize = 16;
/// How often one id is asked for where no answer came.
const ATTEMPTS: usize = 5;
/// Ids that a report shows of each kind.
const SHOWN: usize = 10;
/// Between two attempts.
const PAUSE: Duration = Duration::from_millis(500);

/// What became of the acknowledged reviews.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize)]
pub struct Findings {
    /// Acknowledged.
    pub acknowledged: u64,
    /// Acknowledged, and not found by its id or by search.
    pub lost: u64,
    /// Found more than once.
    pub doubled: u64,
    /// Some of the lost.
    pub lost_ids: Vec<String>,
    /// Some of the doubled.
    pub doubled_ids: Vec<String>,
}

/// The service cannot be asked: what was lost is not known. Look again when it answers.
#[derive(Debug, Error)]
#[error("acknowledged reviews cannot be looked for: {0}")]
pub struct CheckError(String);

/// Looks for all of them; what is missing in search is waited for until `wait` is over.
pub async fn check(reviews: &Reviews, wire: &Wire, wait: Duration) -> Result<Findings, CheckError> {
    let wanted = reviews.acknowledged();
    let client = Client::new(reviews.url(), reviews.token().map(str::to_owned))
        .map_err(|error| CheckError(format!("{error:#}")))?;
    // A second earlier: the run's clock and the reviews' are the same, but a time in a query has no fraction to spare.
    let from = reviews.began() - SignedDuration::from_secs(1);
    let searched =
        look(&client, &wanted, Some(from), wait).await.map_err(|error| CheckError(format!("{error:#}")))?;
    let mut lost: BTreeSet<String> = searched.lost;
    lost.extend(missing(reviews, wire, &wanted).await?);
    Ok(Findings {
        acknowledged: wanted.len() as u64,
        lost: lost.len() as u64,
        doubled: searched.doubled.len() as u64,
        lost_ids: lost.into_iter().take(SHOWN).collect(),
        doubled_ids: searched.doubled.into_iter().take(SHOWN).collect(),
    })
}

/// Those that are not there by their id.
async fn missing(
    reviews: &Reviews,
    wire: &Wire,
    wanted: &BTreeSet<String>,
) -> Result<Vec<String>, CheckError> {
    let http = wire.client().map_err(|error| CheckError(error.to_string()))?;
    let mut asked = stream::iter(wanted.iter().cloned())
        .map(|id| {
            let http = http.clone();
            async move { is_there(reviews, &http, &id).await.map(|there| (id, there)) }
        })
        .buffer_unordered(AT_ONCE);
    let mut missing = Vec::new();
    while let Some(answer) = asked.next().await {
        let (id, there) = answer?;
        if !there {
            missing.push(id);
        }
    }
    Ok(missing)
}

async fn is_there(reviews: &Reviews, http: &reqwest::Client, id: &str) -> Result<bool, CheckError> {
    let mut last = String::new();
    for attempt in 0..ATTEMPTS {
        if attempt > 0 {
            tokio::time::sleep(PAUSE).await;
        }
        let mut request = http.get(format!("{}/reviews/{id}", reviews.url()));
        if let Some(token) = reviews.token() {
            request = request.bearer_auth(token);
        }
        match request.send().await.map(|response| response.status()) {
            Ok(StatusCode::OK) => return Ok(true),
            Ok(StatusCode::NOT_FOUND) => return Ok(false),
            Ok(status) => last = format!("GET /reviews/{id}: {status}"),
            Err(error) => last = error.to_string(),
        }
    }
    Err(CheckError(last))
}
