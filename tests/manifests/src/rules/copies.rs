//! Nothing is written twice, and overlays hold components, numbers and hosts alone.
//!
//! Why: of two copies one gets the fix. Where overlays differ by what they switch on, everything that runs in production
//! runs, part by part, in development too.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context as _;
use serde_json::Value;

use crate::object::{Look, documents};
use crate::quantity::milli;
use crate::render::yaml_files;

/// Names of objects and classes that a cluster has, of which an overlay has to say which it means.
const NAMES: &[&str] = &["gatewayClassName", "storageClassName"];

/// What a kustomization of an overlay may hold.
const FIELDS: &[&str] = &["apiVersion", "kind", "resources", "components", "patches", "replicas"];

/// An object with so many values is worth keeping once.
const LONG: usize = 8;

/// All faults below `root`, each with its file.
pub fn find(root: &Path) -> anyhow::Result<Vec<String>> {
    let mut faults = Vec::new();
    for (path, documents) in yaml_files(&root.join("kustomize/overlays"))? {
        let file = path.strip_prefix(root)?.display().to_string();
        for document in &documents {
            if document.at("kind") == "Kustomization" {
                kustomization(&file, document, &mut faults)?;
            } else {
                patch(&file, document, &mut faults);
            }
        }
    }
    defined_twice(root, &mut faults)?;
    Ok(faults)
}

fn kustomization(file: &str, document: &Value, faults: &mut Vec<String>) -> anyhow::Result<()> {
    for (field, _) in document.fields().filter(|(field, _)| !FIELDS.contains(&field.as_str())) {
        faults.push(format!("{file}: {field}: belongs into a base or a component"));
    }
    for list in ["resources", "components"] {
        for path in document.at(list).items().iter().filter(|path| !path.text().starts_with("../../")) {
            faults.push(format!("{file}: {list}: {path} is the overlay's own: it belongs into a component"));
        }
    }
    for entry in document.at("patches").items() {
        if let Value::String(text) = entry.at("patch") {
            for document in documents(text).with_context(|| file.to_owned())? {
                patch(file, &document, faults);
            }
        }
    }
    Ok(())
}

/// A strategic merge patch, or the list of operations of a JSON patch.
fn patch(file: &str, document: &Value, faults: &mut Vec<String>) {
    match document {
        Value::Array(operations) => {
            for operation in operations {
                let path = operation.at("path").text();
                leaves(
                    operation.at("value"),
                    path.rsplit('/').next().unwrap_or_default(),
                    path,
                    file,
                    faults,
                );
            }
        }
        _ => {
            for (field, value) in document.fields() {
                if !matches!(field.as_str(), "apiVersion" | "kind" | "metadata") {
                    leaves(value, field, field, file, faults);
                }
            }
        }
    }
}

fn leaves(value: &Value, name: &str, path: &str, file: &str, faults: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (field, value) in fields {
                leaves(value, field, &format!("{path}.{field}"), file, faults);
            }
        }
        // What a list is merged by is its element's name.
        Value::String(_) if name == "name" => {}
        Value::Array(elements) => {
            for element in elements {
                leaves(element, name, path, file, faults);
            }
        }
        _ if is_number_or_host(value) || NAMES.contains(&name) => {}
        _ => faults.push(format!(
            "{file}: {path}: {value} is neither a number nor a host: it belongs into a component"
        )),
    }
}

fn is_number_or_host(value: &Value) -> bool {
    match value {
        Value::String(text) => {
            let host = |text: &str| {
                text.contains('.')
                    && text
                        .chars()
                        .all(|character| character.is_ascii_alphanumeric() || "-.:@/*".contains(character))
            };
            milli(value).is_ok() || host(text) || text.ends_with('%')
        }
        Value::Null | Value::Number(_) => true,
        _ => false,
    }
}

/// An object that two files define alike. What is shorter than a few lines is a form, not a copy: two namespaces each have
/// their default-deny.
fn defined_twice(root: &Path, faults: &mut Vec<String>) -> anyhow::Result<()> {
    let mut files = yaml_files(&root.join("k8s"))?;
    files.extend(yaml_files(&root.join("kustomize"))?);
    let mut first: BTreeMap<String, String> = BTreeMap::new();
    for (path, documents) in &files {
        let file = path.strip_prefix(root)?.display().to_string();
        for document in
            documents.iter().filter(|document| !is_kustomization(document) && size(document) >= LONG)
        {
            let mut content = document.clone();
            if let Some(metadata) = content.get_mut("metadata").and_then(Value::as_object_mut) {
                metadata.remove("namespace");
            }
            let earlier = first.entry(content.to_string()).or_insert_with(|| file.clone());
            if *earlier != file {
                let (kind, name) = (document.at("kind").text(), document.at("metadata.name").text());
                faults.push(format!("{file}: {kind} {name}: stands in {earlier} too"));
            }
        }
    }
    Ok(())
}

/// How many values it holds.
fn size(value: &Value) -> usize {
    match value {
        Value::Object(fields) => fields.values().map(size).sum(),
        Value::Array(elements) => elements.iter().map(size).sum(),
        _ => 1,
    }
}

fn is_kustomization(document: &Value) -> bool {
    matches!(document.at("kind").text(), "Kustomization" | "Component")
}
