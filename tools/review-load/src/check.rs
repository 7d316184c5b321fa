//! Looks for what a ledger says is acknowledged.
//!
//! 1. All reviews of the service are read, page by page, by the cursor; every id is counted.
//! 2. An acknowledged one that is not there may be a second late: all is read again until `--wait` is over.
//! 3. Lost: acknowledged and not there. Doubled: there more than once. Either fails the check.

use std::collections::{BTreeSet, HashMap};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use serde::Deserialize;
use serde_json::json;
use tokio::time::Instant;

use crate::arguments::Check;
use crate::client::Client;
use crate::ledger;

/// Between two readings of all.
const PAUSE: Duration = Duration::from_millis(500);
/// Ids that the summary shows of each kind.
const SHOWN: usize = 10;

#[derive(Deserialize)]
struct Page {
    items: Vec<Item>,
    next: Option<String>,
    #[serde(default)]
    partial: bool,
}

#[derive(Deserialize)]
struct Item {
    id: String,
}

/// Looks, and prints what it found as JSON.
#[tokio::main]
pub async fn run(options: &Check) -> anyhow::Result<ExitCode> {
    let wanted = ledger::acknowledged(&options.ledger).context("the ledger cannot be read")?;
    let client = Client::new(&options.url, options.token.clone())?;
    let deadline = Instant::now() + options.wait;
    loop {
        let read = read_all(&client).await;
        let over = Instant::now() + PAUSE >= deadline;
        match read {
            Ok(found) => {
                let lost: BTreeSet<_> = wanted.iter().filter(|id| !found.contains_key(*id)).collect();
                let doubled: Vec<_> =
                    found.iter().filter(|(_, times)| **times > 1).map(|(id, _)| id).collect();
                if (lost.is_empty() && doubled.is_empty()) || over {
                    let sound = lost.is_empty() && doubled.is_empty();
                    println!(
                        "{}",
                        json!({
                            "acknowledged": wanted.len(),
                            "stored": found.len(),
                            "lost": lost.len(),
                            "doubled": doubled.len(),
                            "lost_ids": lost.iter().take(SHOWN).collect::<Vec<_>>(),
                            "doubled_ids": doubled.iter().take(SHOWN).collect::<Vec<_>>(),
                        })
                    );
                    return Ok(if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE });
                }
            }
            Err(error) if over => return Err(error),
            Err(_) => {}
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// How often each id is there.
async fn read_all(client: &Client) -> anyhow::Result<HashMap<String, u32>> {
    let mut found = HashMap::new();
    let mut path = "/reviews?sort=oldest&size=100".to_owned();
    loop {
        let page: Page = client.get(&path).await?;
        anyhow::ensure!(!page.partial, "the store answered in part");
        for Item { id } in page.items {
            *found.entry(id).or_default() += 1;
        }
        match page.next {
            Some(cursor) => path = format!("/reviews?sort=oldest&size=100&cursor={cursor}"),
            None => return Ok(found),
        }
    }
}
