//! What makes a month's index be what we write and ask for, made before the first write.
//!
//! 1. A lifecycle policy, where the server knows such a thing and has none of our name: the newest months recover first.
//!    It deletes nothing; it is where an operator says how long reviews are kept.
//! 2. An index template for the months, and one for what was refused. They are written only where they differ from what
//!    is there, and never over those of a newer version of this service, so many processes may start at once.

use std::time::Duration;

use ::elasticsearch::http::{Method, StatusCode};
use serde_json::{Value, json};

use super::client::Client;
use super::failure::{cause, write_error};
use super::metrics::Operation;
use super::options::Options;
use crate::store::WriteError;

/// Goes up with each change of the templates.
const VERSION: u64 = 2;
/// Above the templates that come with Elasticsearch (100 to 200).
const PRIORITY: u64 = 500;
/// A node waits so long for its master.
pub(super) const MASTER_TIMEOUT: &str = "5s";

/// Makes what is missing.
pub(super) async fn install(client: &Client, options: &Options) -> Result<(), WriteError> {
    let lifecycle = lifecycle(client, options).await?;
    let name = options.index.as_str();
    put(client, name, reviews(options, lifecycle), options.timeout).await?;
    put(client, &options.index.dead(), dead(options), options.timeout).await
}

/// Whether the template is there.
pub(super) async fn is_installed(
    client: &Client,
    options: &Options,
    limit: Duration,
) -> Result<bool, WriteError> {
    let path = format!("/_index_template/{}", options.index);
    let answer = client.json(Operation::Check, Method::Head, path, &[], None, limit).await?;
    match answer.status {
        StatusCode::NOT_FOUND => Ok(false),
        status if status.is_success() => Ok(true),
        _ => Err(write_error(&answer)),
    }
}

/// Writes a template, unless the same or a newer one is there.
async fn put(client: &Client, name: &str, template: Value, limit: Duration) -> Result<(), WriteError> {
    let path = format!("/_index_template/{name}");
    let found = client.json(Operation::Install, Method::Get, path.clone(), &[], None, limit).await?;
    if found.status.is_success() {
        let found: Value = serde_json::from_slice(&found.body).unwrap_or_default();
        let found = &found["index_templates"][0]["index_template"];
        let newer = found["version"].as_u64().is_some_and(|version| version > VERSION);
        if newer || found["_meta"] == template["_meta"] {
            return Ok(());
        }
    } else if found.status != StatusCode::NOT_FOUND {
        return Err(write_error(&found));
    }
    let query = [("master_timeout", MASTER_TIMEOUT)];
    let answer = client.json(Operation::Install, Method::Put, path, &query, Some(&template), limit).await?;
    if answer.status.is_success() { Ok(()) } else { Err(write_error(&answer)) }
}

/// The name of the policy, where there is one.
async fn lifecycle(client: &Client, options: &Options) -> Result<Option<String>, WriteError> {
    let name = options.index.as_str().to_owned();
    let path = format!("/_ilm/policy/{name}");
    let ask =
        |method, body| client.json(Operation::Install, method, path.clone(), &[], body, options.timeout);
    let found = ask(Method::Get, None).await?;
    if found.status.is_success() {
        return Ok(Some(name));
    }
    if found.status == StatusCode::NOT_FOUND {
        let policy = json!({"policy": {"_meta": {"made_by": "review-api"}, "phases": {
            "hot": {"actions": {"set_priority": {"priority": 100}}},
            "warm": {"min_age": "40d", "actions": {"set_priority": {"priority": 50}}},
        }}});
        if ask(Method::Put, Some(policy).as_ref()).await?.status.is_success() {
            return Ok(Some(name));
        }
    }
    // The bare distribution has no such path, and a user may have no right to it: reviews need it for nothing.
    tracing::info!(reason = cause(&found).told(), "the store has no lifecycle policies: none is set");
    Ok(None)
}

fn reviews(options: &Options, lifecycle: Option<String>) -> Value {
    let keyword = json!({"type": "keyword"});
    let date = json!({"type": "date", "format": "strict_date_optional_time"});
    let mut settings = settings(options);
    // What is acknowledged is on disk (the default, which another template may change), and searchable within a second.
    settings["refresh_interval"] = "1s".into();
    settings["translog.durability"] = "request".into();
    if let Some(lifecycle) = lifecycle {
        settings["lifecycle.name"] = lifecycle.into();
    }
    let properties = json!({
        "id": keyword,
        "delivery_id": keyword,
        "text": {"type": "text", "analyzer": "standard"},
        "rating": {"type": "byte"},
        "language": keyword,
        "written_at": date,
        "hub": keyword,
        "tour": keyword,
        "tags": keyword,
        "received_at": date,
        "stored_at": date,
        "lag_ms": {"type": "long"},
    });
    let mappings = json!({"dynamic": "strict", "properties": properties});
    template(&options.index.pattern(), &settings, &mappings)
}

fn dead(options: &Options) -> Value {
    let mappings = json!({"dynamic": "strict", "properties": {
        "id": {"type": "keyword"},
        "reason": {"type": "text", "analyzer": "standard"},
        "at": {"type": "date", "format": "strict_date_optional_time"},
        // Whatever was refused must not be refused here: it is kept and not read.
        "document": {"type": "object", "enabled": false},
    }});
    template(&options.index.dead(), &settings(options), &mappings)
}

fn settings(options: &Options) -> Value {
    json!({"number_of_shards": options.shards, "number_of_replicas": options.replicas})
}

/// `_meta` holds the whole content as it was written: Elasticsearch gives settings back in a form of its own.
fn template(pattern: &str, settings: &Value, mappings: &Value) -> Value {
    let content = json!({"settings": {"index": settings}, "mappings": mappings});
    json!({
        "index_patterns": [pattern],
        "priority": PRIORITY,
        "version": VERSION,
        "_meta": {"made_by": "review-api", "content": content.to_string()},
        "template": content,
    })
}
