//! Questions as Elasticsearch's queries.
//!
//! Every value is a JSON value in its place: what a client wrote is compared with analysed text or with keywords, and
//! nothing of it is read as syntax. No `query_string`, no script, no wildcard.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::options::IndexPrefix;
use crate::query::{Filter, Text, Wanted};

/// A fuzzy word is compared with at most so many terms of a shard.
const FUZZY_EXPANSIONS: u32 = 50;
/// A filter of at most so many months names them; a longer one leaves it to the shards to see that they have nothing.
const MONTHS_NAMED: usize = 12;

/// What the text and the filter ask for.
pub(super) fn of(text: &Text, filter: &Filter) -> Value {
    let (excluded, wanted): (Vec<_>, Vec<_>) = text.clauses.iter().partition(|clause| clause.excluded);
    let clauses = |clauses: Vec<&crate::query::Clause>| -> Vec<Value> {
        clauses.into_iter().map(|clause| words(&clause.wanted)).collect()
    };
    json!({"bool": {"must": clauses(wanted), "must_not": clauses(excluded), "filter": filters(filter)}})
}

fn words(wanted: &Wanted) -> Value {
    match wanted {
        Wanted::Word(words) | Wanted::Phrase(words) => json!({"match_phrase": {"text": {"query": words}}}),
        Wanted::Fuzzy(word) => json!({"match": {"text": {
            "query": word, "operator": "and", "fuzziness": "AUTO:3,6", "prefix_length": 1,
            "max_expansions": FUZZY_EXPANSIONS,
        }}}),
        Wanted::Prefix(word) => json!({"match_bool_prefix": {"text": {"query": word, "operator": "and"}}}),
    }
}

fn filters(filter: &Filter) -> Vec<Value> {
    let mut all = Vec::new();
    if filter.from.is_some() || filter.to.is_some() {
        all.push(written(filter.from, filter.to));
    }
    if filter.min_rating.is_some() || filter.max_rating.is_some() {
        all.push(rated(filter.min_rating, filter.max_rating));
    }
    let lists = [("hub", &filter.hubs), ("language", &filter.languages), ("tags", &filter.tags)];
    all.extend(
        lists
            .into_iter()
            .filter(|(_, values)| !values.is_empty())
            .map(|(field, values)| json!({"terms": {field: values}})),
    );
    let values = [("delivery_id", &filter.delivery_id), ("tour", &filter.tour)];
    all.extend(
        values.into_iter().filter_map(|(field, value)| Some(json!({"term": {field: value.as_ref()?}}))),
    );
    all
}

/// Written at or after `from` and before `to`.
pub(super) fn written(from: Option<Timestamp>, to: Option<Timestamp>) -> Value {
    let mut range = json!({"format": "epoch_millis"});
    if let Some(from) = from {
        range["gte"] = milliseconds(from).into();
    }
    if let Some(to) = to {
        range["lt"] = milliseconds(to).into();
    }
    json!({"range": {"written_at": range}})
}

/// Rated at least `min` and at most `max`.
pub(super) fn rated(min: Option<u8>, max: Option<u8>) -> Value {
    let mut range = json!({});
    if let Some(min) = min {
        range["gte"] = min.into();
    }
    if let Some(max) = max {
        range["lte"] = max.into();
    }
    json!({"range": {"rating": range}})
}

/// The first millisecond that is not before `time`: the index knows whole ones, rounded down.
pub(super) fn milliseconds(time: Timestamp) -> i64 {
    let floor = time.as_nanosecond().div_euclid(1_000_000);
    let whole = time.as_nanosecond().rem_euclid(1_000_000) == 0;
    // A Timestamp is within ±400 million million milliseconds.
    i64::try_from(floor).unwrap_or(i64::MAX - 1) + i64::from(!whole)
}

/// The indices in which what the filter lets through can be.
pub(super) fn indices(index: &IndexPrefix, from: Option<Timestamp>, to: Option<Timestamp>) -> String {
    let (Some(from), Some(to)) = (from, to) else { return index.pattern() };
    let mut months: Vec<String> = Vec::new();
    let mut day = from;
    while day < to {
        let month = index.month(day);
        if months.last() != Some(&month) {
            months.push(month);
        }
        // Shorter than any month, so none is stepped over.
        let Ok(next) = day.checked_add(jiff::SignedDuration::from_hours(24 * 27)) else { break };
        day = next;
        if months.len() > MONTHS_NAMED {
            return index.pattern();
        }
    }
    let last = index.month(to);
    if months.last() != Some(&last) {
        months.push(last);
    }
    months.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    #[test]
    fn what_a_client_writes_stays_a_value() {
        let nasty = r#""}}],"script":{"x" OR text:* /.*/ \ "#;
        let text = Text::parse(nasty).expect("a query");
        let filter = Filter { hubs: vec![nasty.to_owned()], tour: Some("*".to_owned()), ..Filter::default() };
        let query = of(&text, &filter);
        let object = query["bool"].as_object().expect("one bool query");
        assert_eq!(object.keys().collect::<Vec<_>>(), ["filter", "must", "must_not"]);
        for clause in query["bool"]["must"].as_array().expect("clauses") {
            let (kind, field) = clause.as_object().expect("a clause").iter().next().expect("one kind");
            assert!(kind.starts_with("match"), "{clause}");
            assert!(field["text"]["query"].is_string(), "{clause}");
        }
        assert_eq!(query["bool"]["filter"][0]["terms"]["hub"][0], nasty);
        assert_eq!(query["bool"]["filter"][1]["term"]["tour"], "*");
    }

    #[test]
    fn a_filter_is_whole_milliseconds() {
        assert_eq!(milliseconds(time("1970-01-01T00:00:01Z")), 1_000);
        assert_eq!(milliseconds(time("1970-01-01T00:00:01.0000001Z")), 1_001);
        assert_eq!(milliseconds(time("1969-12-31T23:59:59.9999Z")), 0);
    }

    #[test]
    fn a_short_filter_names_its_months() {
        let index = IndexPrefix::parse("reviews").expect("a prefix");
        let indices = |from: &str, to: &str| indices(&index, Some(time(from)), Some(time(to)));
        let one = "reviews-2026.11";
        assert_eq!(indices("2026-11-20T00:00:00Z", "2026-11-21T00:00:00Z"), one);
        assert_eq!(indices("2026-11-21T00:00:00Z", "2026-11-21T00:00:00Z"), one);
        assert_eq!(
            indices("2026-01-31T23:59:59Z", "2026-03-01T00:00:00Z"),
            "reviews-2026.01,reviews-2026.02,reviews-2026.03"
        );
        assert_eq!(indices("2025-11-30T00:00:00Z", "2026-10-31T00:00:00Z").split(',').count(), 12);
        assert_eq!(indices("2015-01-01T00:00:00Z", "2026-10-31T00:00:00Z"), "reviews-20*");
        assert_eq!(super::indices(&index, Some(time("2026-10-31T00:00:00Z")), None), "reviews-20*");
    }
}
