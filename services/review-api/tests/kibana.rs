//! The saved objects for Kibana fit together, and fit the fields that reviews are stored with.

use std::collections::BTreeSet;

use serde_json::Value;

const OBJECTS: &str = include_str!("../../../monitoring/kibana/reviews.ndjson");

/// What a stored review has; the contract suite of the stores holds the same against a real Elasticsearch.
const FIELDS: &[&str] = &[
    "id",
    "delivery_id",
    "text",
    "rating",
    "language",
    "written_at",
    "hub",
    "tour",
    "tags",
    "received_at",
    "stored_at",
    "lag_ms",
];

fn objects() -> Vec<Value> {
    OBJECTS.lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect()
}

/// JSON that Kibana keeps as text within JSON.
fn inner(object: &Value, pointer: &str) -> Option<Value> {
    let text = object.pointer(pointer)?.as_str()?;
    Some(serde_json::from_str(text).unwrap_or_else(|error| panic!("{pointer} of {}: {error}", object["id"])))
}

#[test]
fn every_reference_has_its_object() {
    let objects = objects();
    let there: BTreeSet<_> = objects.iter().map(key).collect();
    assert_eq!(there.len(), objects.len(), "two objects share a type and an id");
    for object in &objects {
        for reference in object["references"].as_array().expect("a list") {
            assert!(there.contains(&key(reference)), "{} refers to {reference}", object["id"]);
        }
    }
}

#[test]
fn every_panel_of_the_dashboard_is_a_reference() {
    let objects = objects();
    let dashboard = objects.iter().find(|object| object["type"] == "dashboard").expect("a dashboard");
    let panels = inner(dashboard, "/attributes/panelsJSON").expect("panels");
    let names: BTreeSet<_> = dashboard["references"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|reference| reference["name"].as_str().expect("text").to_owned())
        .collect();
    for panel in panels.as_array().expect("a list") {
        let index = panel["panelIndex"].as_str().expect("text");
        let name = format!("{index}:{}", panel["panelRefName"].as_str().expect("text"));
        assert!(names.contains(&name), "{name}");
    }
    assert!(panels.as_array().expect("a list").len() >= 7);
}

#[test]
fn the_data_view_is_of_the_months_and_of_nothing_else() {
    let objects = objects();
    let view = objects.iter().find(|object| object["type"] == "index-pattern").expect("a data view");
    // The pattern that the index template of the months has: `dead-reviews` and `reviews-eu-…` are others'.
    assert_eq!(view["attributes"]["title"], "reviews-20*");
    assert!(FIELDS.contains(&view["attributes"]["timeFieldName"].as_str().expect("text")));
}

#[test]
fn every_field_is_one_that_reviews_have() {
    let fields: BTreeSet<_> = FIELDS.iter().copied().collect();
    let mut seen = BTreeSet::new();
    for object in objects() {
        for column in object["attributes"]["columns"].as_array().into_iter().flatten() {
            assert!(fields.contains(column.as_str().expect("text")), "{} shows {column}", object["id"]);
        }
        let Some(state) = inner(&object, "/attributes/visState") else { continue };
        for aggregation in state["aggs"].as_array().expect("a list") {
            if let Some(field) = aggregation["params"]["field"].as_str() {
                assert!(fields.contains(field), "{} asks for {field}", object["id"]);
                seen.insert(field.to_owned());
            }
        }
        inner(&state, "/params/spec");
        inner(&object, "/attributes/kibanaSavedObjectMeta/searchSourceJSON");
    }
    assert!(seen.len() >= 5, "{seen:?}");
}

fn key(object: &Value) -> (String, String) {
    let text = |name: &str| object[name].as_str().expect("text").to_owned();
    (text("type"), text("id"))
}
