//! Forgets what is known, at an operator's word: `POST /-/purge` on the admin listener.
//!
//! 1. What to forget comes as JSON (`{"key": "a/b.css"}`, `{"prefix": "a/"}`) or in the query (`?key=a/b.css`); `site`
//!    confines it to one site. An empty prefix is everything.
//! 2. Purging a sibling (`app.js.br`) purges the object that it is a form of as well.
//! 3. What is being asked of the store at that moment is not kept: it may be what was to be forgotten.
//! 4. The answer says how many entries were forgotten.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use bytes::Bytes;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use service_kit::Problem;

use super::Cache;
use super::entry::CODINGS;
use super::key::EntryKey;
use crate::sites::Sites;

/// What to forget, as it is sent.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    key: Option<String>,
    prefix: Option<String>,
    site: Option<String>,
}

/// What was forgotten.
#[derive(Serialize)]
struct Done {
    purged: u64,
}

/// What to forget.
#[derive(Debug, PartialEq, Eq)]
enum What {
    Key(String),
    Prefix(String),
}

/// The route for the admin listener.
pub fn routes(cache: Cache, sites: Arc<Sites>) -> Router {
    Router::new().route("/-/purge", post(purge)).with_state((cache, sites))
}

async fn purge(
    State((cache, sites)): State<(Cache, Arc<Sites>)>,
    query: Result<Query<Order>, QueryRejection>,
    body: Bytes,
) -> Response {
    match order(query, &body, &sites) {
        Ok((what, site)) => Json(Done { purged: cache.purge(&what, site) }).into_response(),
        Err(reason) => Problem::new(StatusCode::BAD_REQUEST, reason).into_response(),
    }
}

/// Reads an order, and the number of the site it is confined to.
fn order(
    query: Result<Query<Order>, QueryRejection>,
    body: &[u8],
    sites: &Sites,
) -> Result<(What, Option<u32>), String> {
    let Query(mut order) = query.map_err(|error| error.body_text())?;
    if !body.trim_ascii().is_empty() {
        if order.key.is_some() || order.prefix.is_some() || order.site.is_some() {
            return Err("the query and the body both say what to purge".to_owned());
        }
        order = serde_json::from_slice(body)
            .map_err(|error| format!("the body is no order to purge: {error}"))?;
    }
    let what = match (order.key, order.prefix) {
        (Some(_), Some(_)) => return Err("key and prefix exclude each other".to_owned()),
        (None, None) => {
            return Err("say which key or prefix to purge; an empty prefix is everything".to_owned());
        }
        (Some(key), None) => What::Key(without_slash(&key)),
        (None, Some(prefix)) => What::Prefix(without_slash(&prefix)),
    };
    let site = match order.site {
        None => None,
        Some(name) => match sites.iter().find(|site| site.name == name) {
            Some(site) => Some(site.id),
            None => return Err(format!("there is no site {name:?}")),
        },
    };
    Ok((what, site))
}

/// Keys have no slash in front; paths, which people paste here, do.
fn without_slash(text: &str) -> String {
    text.strip_prefix('/').unwrap_or(text).to_owned()
}

impl What {
    fn is(&self, key: &str) -> bool {
        match self {
            Self::Prefix(prefix) => key.starts_with(prefix.as_str()),
            Self::Key(purged) => {
                let sibling = || CODINGS.iter().filter_map(|coding| coding.suffix());
                key == purged || sibling().any(|suffix| purged.strip_suffix(suffix) == Some(key))
            }
        }
    }
}

impl Cache {
    /// Forgets what `what` says, and how many entries that were.
    fn purge(&self, what: &What, site: Option<u32>) -> u64 {
        // First nothing older may come in any more, then what is in goes out.
        self.0.epoch.fetch_add(1, Ordering::AcqRel);
        self.0.flights.forget();
        let ours = |key: &EntryKey| site.is_none_or(|site| site == key.site) && what.is(&key.key);
        let doomed: Vec<_> = self.0.entries.iter().map(|(key, _)| key).filter(|key| ours(key)).collect();
        let mut purged = 0;
        for key in doomed {
            purged += u64::from(self.0.entries.remove(key.as_ref()).is_some());
        }
        self.0.entries.run_pending_tasks();
        self.0.metrics.cache_purged.inc_by(purged);
        tracing::info!(?what, purged, "purged");
        purged
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str, body: &str) -> Result<What, String> {
        let uri = format!("http://x/?{query}").parse().expect("a URI");
        order(Query::try_from_uri(&uri), body.as_bytes(), &Sites::new(Vec::new())).map(|(what, _)| what)
    }

    #[test]
    fn orders() {
        assert_eq!(read("key=%2Fa+b", ""), Ok(What::Key("a b".to_owned())));
        assert_eq!(read("", "{\"prefix\":\"\"}"), Ok(What::Prefix(String::new())));
        for (query, body) in [
            ("", ""),
            ("", "{}"),
            ("", "nonsense"),
            ("", "{\"key\":1}"),
            ("", "{\"key\":\"a\",\"more\":1}"),
            ("key=a&prefix=b", ""),
            ("key=a", "{\"key\":\"a\"}"),
            ("key=a&site=none", ""),
            ("keys=a", ""),
        ] {
            assert!(read(query, body).is_err(), "{query} {body}");
        }
    }

    #[test]
    fn a_siblings_object_goes_with_it() {
        let what = What::Key("a/app.js.br".to_owned());
        assert!(what.is("a/app.js.br") && what.is("a/app.js"));
        assert!(!what.is("a/app") && !what.is("a/app.js.gz"));
        let what = What::Prefix("a/".to_owned());
        assert!(what.is("a/b/c") && !what.is("ab"));
    }
}
