//! Looks for what a ledger says is acknowledged.
//!
//! 1. All reviews of the service are read, page by page, by the cursor; every id is counted.
//! 2. An acknowledged one that is not there may be a second late: all is read again until `--wait` is over.
//! 3. Lost: acknowledged and not there. Doubled: there more than once. Either fails the check.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use jiff::Timestamp;
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

/// What a service holds of what was acknowledged.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Findings {
    /// Reviews of the service that were read.
    pub stored: usize,
    /// Acknowledged and not there.
    pub lost: BTreeSet<String>,
    /// There more than once.
    pub doubled: BTreeSet<String>,
}

impl Findings {
    /// Each acknowledged review is there, and each review once.
    pub fn sound(&self) -> bool {
        self.lost.is_empty() && self.doubled.is_empty()
    }
}

/// Looks, and prints what it found as JSON.
#[tokio::main]
pub(crate) async fn run(options: &Check) -> anyhow::Result<ExitCode> {
    let name = options.ledger.display();
    let wanted =
        ledger::acknowledged(&options.ledger).with_context(|| format!("the ledger {name} cannot be read"))?;
    anyhow::ensure!(
        !wanted.is_empty(),
        "the ledger {name} acknowledges nothing: there is nothing to look for"
    );
    let client = Client::new(&options.url, options.token.clone())?;
    let findings = look(&client, &wanted, None, options.wait).await?;
    println!(
        "{}",
        json!({
            "acknowledged": wanted.len(),
            "stored": findings.stored,
            "lost": findings.lost.len(),
            "doubled": findings.doubled.len(),
            "lost_ids": findings.lost.iter().take(SHOWN).collect::<Vec<_>>(),
            "doubled_ids": findings.doubled.iter().take(SHOWN).collect::<Vec<_>>(),
        })
    );
    Ok(if findings.sound() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Looks for `wanted` among the reviews written at or after `from`, again and again until all is sound or `wait` is over.
pub async fn look(
    client: &Client,
    wanted: &BTreeSet<String>,
    from: Option<Timestamp>,
    wait: Duration,
) -> anyhow::Result<Findings> {
    let deadline = Instant::now() + wait;
    loop {
        let read = read_all(client, from).await;
        let over = Instant::now() + PAUSE >= deadline;
        match read {
            Ok(found) => {
                let findings = Findings {
                    stored: found.len(),
                    lost: wanted.iter().filter(|id| !found.contains_key(*id)).cloned().collect(),
                    doubled: found
                        .iter()
                        .filter(|(_, times)| **times > 1)
                        .map(|(id, _)| id.clone())
                        .collect(),
                };
                if findings.sound() || over {
                    return Ok(findings);
                }
            }
            Err(error) if over => return Err(error),
            Err(_) => {}
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// How often each id is there.
async fn read_all(client: &Client, from: Option<Timestamp>) -> anyhow::Result<HashMap<String, u32>> {
    let (mut found, mut cursors) = (HashMap::new(), HashSet::new());
    let period = from.map(|from| format!("&from={from}")).unwrap_or_default();
    let first = format!("/reviews?sort=oldest&size=100{period}");
    let mut path = first.clone();
    loop {
        let page: Page = client.get(&path).await?;
        anyhow::ensure!(!page.partial, "the store answered in part");
        for Item { id } in page.items {
            *found.entry(id).or_default() += 1;
        }
        let Some(cursor) = page.next else { return Ok(found) };
        path = format!("{first}&cursor={cursor}");
        anyhow::ensure!(cursors.insert(cursor), "the pages have no end: a cursor has come back");
    }
}
