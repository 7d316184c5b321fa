//! What a round did, as one line of JSON on standard output: a job's result, for whoever started it.

use std::io::{self, Write};
use std::time::Duration;

use serde::Serialize;

use crate::error::{Class, FetchError};
use crate::item::Item;
use crate::transfer::Fetched;

/// One round.
#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    /// Whether every item is as wanted now.
    pub succeeded: bool,
    /// Why not: the class of the first item that failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class: Option<Class>,
    /// The exit code that a job ends with.
    pub exit_code: u8,
    /// What failed before any item, or after all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// How many items were fetched.
    pub fetched: usize,
    /// How many the bucket held already.
    pub unchanged: usize,
    /// How many failed.
    pub failed: usize,
    /// How many keys were pruned.
    pub pruned: usize,
    /// How long it took, in seconds.
    pub seconds: f64,
    /// Each item, in the manifest's order.
    pub items: Vec<ItemSummary>,
}

/// One item of a round.
#[derive(Clone, Debug, Serialize)]
pub struct ItemSummary {
    /// Its key, without the prefix.
    pub key: String,
    /// `fetched`, `unchanged` or `failed`.
    pub result: &'static str,
    /// How many bytes the object has, where it was fetched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// Its hash, where it was fetched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// The class of its failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class: Option<Class>,
    /// Its failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// How long it took, in seconds.
    pub seconds: f64,
}

impl ItemSummary {
    /// What became of `item`.
    pub fn new(item: &Item, ended: &Result<Fetched, FetchError>, took: Duration) -> Self {
        let (result, verified, error) = match ended {
            Ok(Fetched::New(verified)) => ("fetched", Some(verified), None),
            Ok(Fetched::Unchanged) => ("unchanged", None, None),
            Err(error) => ("failed", None, Some(error)),
        };
        Self {
            key: item.key.to_string(),
            result,
            bytes: verified.map(|verified| verified.length),
            sha256: verified.map(|verified| verified.digest.to_string()),
            class: error.map(FetchError::class),
            error: error.map(ToString::to_string),
            seconds: took.as_secs_f64(),
        }
    }
}

impl Summary {
    /// A round of these items; `error` is what failed beside them.
    pub fn new(items: Vec<ItemSummary>, pruned: usize, error: Option<&FetchError>, took: Duration) -> Self {
        let count = |result| items.iter().filter(|item| item.result == result).count();
        let class = items.iter().find_map(|item| item.class).or_else(|| error.map(FetchError::class));
        Self {
            succeeded: class.is_none(),
            class,
            exit_code: class.map_or(0, Class::exit_code),
            error: error.map(ToString::to_string),
            fetched: count("fetched"),
            unchanged: count("unchanged"),
            failed: count("failed"),
            pruned,
            seconds: took.as_secs_f64(),
            items,
        }
    }

    /// Writes it as one line. A reader that has gone away is no failure of the round.
    pub fn print(&self) {
        let line = serde_json::to_string(self).unwrap_or_default();
        if let Err(error) = writeln!(io::stdout().lock(), "{line}") {
            tracing::warn!(%error, "the summary could not be written");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::SourceError;
    use crate::verify::{Digest, VerificationError, Verified};

    fn item(key: &str) -> Item {
        Item {
            url: "https://example.org/?sig=hunter2".parse().expect("a URL"),
            key: key.parse().expect("a key"),
            sha256: None,
            content_type: None,
            cache_control: None,
            headers_from: None,
        }
    }

    #[test]
    fn the_line_says_what_became_of_each_item() {
        let second = Duration::from_secs(1);
        let new = Fetched::New(Verified { length: 3, digest: Digest::of("abc") });
        let source = SourceError::Status { status: 404, retry_after: None };
        let items = vec![
            ItemSummary::new(&item("a"), &Ok(new), second),
            ItemSummary::new(&item("b"), &Ok(Fetched::Unchanged), second),
            ItemSummary::new(&item("c"), &Err(VerificationError::Unverifiable.into()), second),
            ItemSummary::new(&item("d"), &Err(source.into()), second),
        ];
        let summary = Summary::new(items, 0, None, second);
        let line = serde_json::to_value(&summary).expect("JSON");
        assert_eq!(
            (&line["succeeded"], &line["class"], &line["exit_code"]),
            (&false.into(), &"verification".into(), &4.into())
        );
        assert_eq!(
            (&line["fetched"], &line["unchanged"], &line["failed"]),
            (&1.into(), &1.into(), &2.into())
        );
        assert_eq!(line["items"][0]["sha256"], Digest::of("abc").to_string());
        assert_eq!(line["items"][3]["error"], "the source answered 404");
        assert!(line["items"][1].get("error").is_none());
        assert!(!line.to_string().contains("hunter2"));
    }

    #[test]
    fn an_error_beside_the_items_is_the_rounds() {
        let summary = Summary::new(Vec::new(), 0, Some(&FetchError::Interrupted), Duration::ZERO);
        assert_eq!((summary.succeeded, summary.exit_code), (false, 1));
        assert_eq!(summary.error.as_deref(), Some("interrupted"));
        assert!(Summary::new(Vec::new(), 0, None, Duration::ZERO).succeeded);
    }
}
