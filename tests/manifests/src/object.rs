//! Objects as they are applied.
//!
//! 1. [`Manifests::parse`] reads what kustomize prints.
//! 2. [`Look`] walks into an object; what is not there is null, empty text or an empty list.
//! 3. [`selects`] is a label selector.

use std::fmt;

use anyhow::{Context as _, ensure};
use serde::Deserialize as _;
use serde_json::{Map, Value};

/// What every name means that is not there.
const NULL: &Value = &Value::Null;

/// One object.
#[derive(Clone, Debug, PartialEq)]
pub struct Object(Value);

/// All objects of one rendering.
#[derive(Clone, Debug, Default)]
pub struct Manifests {
    objects: Vec<Object>,
}

/// Steps into a value without a word about what is missing.
pub trait Look {
    /// The value under a path of names with dots between them.
    fn at(&self, path: &str) -> &Value;
    /// Its elements, where it is a list.
    fn items(&self) -> &[Value];
    /// Its fields, where it is an object.
    fn fields(&self) -> impl Iterator<Item = (&String, &Value)>;
    /// Its text, where it is text.
    fn text(&self) -> &str;
    /// Whether anything is there.
    fn is_given(&self) -> bool;
}

impl Look for Value {
    fn at(&self, path: &str) -> &Value {
        path.split('.').try_fold(self, |value, name| value.get(name)).unwrap_or(NULL)
    }

    fn items(&self) -> &[Value] {
        self.as_array().map_or(&[], Vec::as_slice)
    }

    fn fields(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.as_object().into_iter().flatten()
    }

    fn text(&self) -> &str {
        self.as_str().unwrap_or_default()
    }

    fn is_given(&self) -> bool {
        !self.is_null()
    }
}

impl Object {
    /// Takes a value for an object.
    pub fn new(value: Value) -> anyhow::Result<Self> {
        ensure!(!value.at("kind").text().is_empty(), "an object has no kind");
        ensure!(!value.at("metadata.name").text().is_empty(), "a {} has no name", value.at("kind").text());
        Ok(Self(value))
    }

    /// Its kind.
    pub fn kind(&self) -> &str {
        self.0.at("kind").text()
    }

    /// Its name.
    pub fn name(&self) -> &str {
        self.0.at("metadata.name").text()
    }

    /// Its namespace; empty where it has none or the one in use.
    pub fn namespace(&self) -> &str {
        self.0.at("metadata.namespace").text()
    }

    /// Its API group; empty for the core's.
    pub fn group(&self) -> &str {
        self.0.at("apiVersion").text().split_once('/').map_or("", |(group, _)| group)
    }

    /// The value under a path.
    pub fn at(&self, path: &str) -> &Value {
        self.0.at(path)
    }

    /// All of it.
    pub fn value(&self) -> &Value {
        &self.0
    }
}

impl fmt::Display for Object {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.namespace() {
            "" => write!(out, "{} {}", self.kind(), self.name()),
            namespace => write!(out, "{} {namespace}/{}", self.kind(), self.name()),
        }
    }
}

impl Manifests {
    /// Reads documents of YAML.
    pub fn parse(yaml: &str) -> anyhow::Result<Self> {
        documents(yaml)?.into_iter().map(Object::new).collect::<anyhow::Result<_>>().map(Self::new)
    }

    /// Takes objects together.
    pub fn new(objects: Vec<Object>) -> Self {
        Self { objects }
    }

    /// All objects, in the order of the rendering.
    pub fn all(&self) -> &[Object] {
        &self.objects
    }

    /// Those of one kind.
    pub fn of_kind(&self, kind: &str) -> impl Iterator<Item = &Object> {
        self.objects.iter().filter(move |object| object.kind() == kind)
    }

    /// The one of this kind and name in a namespace.
    pub fn find(&self, kind: &str, namespace: &str, name: &str) -> Option<&Object> {
        self.of_kind(kind).find(|object| object.namespace() == namespace && object.name() == name)
    }

    /// The labels of a namespace, with the one that Kubernetes gives to each.
    pub fn namespace_labels(&self, name: &str) -> Map<String, Value> {
        let given = self.of_kind("Namespace").find(|namespace| namespace.name() == name);
        let mut labels =
            given.and_then(|found| found.at("metadata.labels").as_object()).cloned().unwrap_or_default();
        labels.insert("kubernetes.io/metadata.name".to_owned(), name.into());
        labels
    }
}

/// The documents of a YAML stream; empty ones are left out.
pub fn documents(yaml: &str) -> anyhow::Result<Vec<Value>> {
    let read = |document| Value::deserialize(document).context("not YAML of Kubernetes' kind");
    let mut documents =
        serde_norway::Deserializer::from_str(yaml).map(read).collect::<anyhow::Result<Vec<_>>>()?;
    documents.retain(Look::is_given);
    Ok(documents)
}

/// Whether a `LabelSelector` selects these labels. An empty one selects everything.
///
/// <https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors>
pub fn selects(selector: &Value, labels: &Map<String, Value>) -> bool {
    let equal = |(key, value): (&String, &Value)| labels.get(key) == Some(value);
    let expression = |expression: &Value| {
        let found = labels.get(expression.at("key").text());
        let among = || found.is_some_and(|value| expression.at("values").items().contains(value));
        match expression.at("operator").text() {
            "In" => among(),
            "NotIn" => !among(),
            "Exists" => found.is_some(),
            "DoesNotExist" => found.is_none(),
            _ => false,
        }
    };
    selector.at("matchLabels").fields().all(equal)
        && selector.at("matchExpressions").items().iter().all(expression)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn selectors_select_as_kubernetes_does() {
        let labels = json!({"app": "a", "tier": "front"});
        let labels = labels.as_object().expect("an object");
        for (selector, selected) in [
            (json!({}), true),
            (json!({"matchLabels": {"app": "a"}}), true),
            (json!({"matchLabels": {"app": "b"}}), false),
            (json!({"matchLabels": {"other": "a"}}), false),
            (json!({"matchExpressions": [{"key": "app", "operator": "In", "values": ["a", "b"]}]}), true),
            (json!({"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["a"]}]}), false),
            (json!({"matchExpressions": [{"key": "none", "operator": "NotIn", "values": ["a"]}]}), true),
            (json!({"matchExpressions": [{"key": "tier", "operator": "Exists"}]}), true),
            (json!({"matchExpressions": [{"key": "tier", "operator": "DoesNotExist"}]}), false),
        ] {
            assert_eq!(selects(&selector, labels), selected, "{selector}");
        }
    }

    #[test]
    fn a_stream_of_documents_becomes_objects() {
        let yaml =
            "---\nkind: A\nmetadata: {name: x}\n---\n---\nkind: B\nmetadata: {name: y, namespace: n}\n";
        let manifests = Manifests::parse(yaml).expect("two objects");
        let names: Vec<_> = manifests.all().iter().map(ToString::to_string).collect();
        assert_eq!(names, ["A x", "B n/y"]);
        assert!(Manifests::parse("kind: A\n").is_err());
        assert!(Manifests::parse("a: {").is_err());
    }
}
