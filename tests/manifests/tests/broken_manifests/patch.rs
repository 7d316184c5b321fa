//! A change to manifests, as a strategic merge patch: maps are merged, null takes a field out, a list of named elements is
//! merged by name, any other list is replaced, and `$patch: delete` takes an object out.

use serde_json::{Map, Value};
use tests_manifests::object::{Look as _, Manifests, Object};

/// The objects after the changes. An object that is not there yet is added.
pub fn apply(objects: &[Value], changes: &[Value]) -> Manifests {
    let mut objects = objects.to_vec();
    for change in changes {
        let same =
            |object: &Value| ["kind", "metadata.name"].iter().all(|path| object.at(path) == change.at(path));
        match objects.iter().position(same) {
            Some(index) if change.at("$patch") == "delete" => drop(objects.remove(index)),
            Some(index) => merge(&mut objects[index], change),
            None => objects.push(change.clone()),
        }
    }
    let objects = objects.into_iter().map(|object| Object::new(object).expect("an object"));
    Manifests::new(objects.collect())
}

fn merge(target: &mut Value, change: &Value) {
    match (target, change) {
        (Value::Object(target), Value::Object(change)) => merge_fields(target, change),
        (Value::Array(target), Value::Array(change)) if is_named(target) && is_named(change) => {
            for element in change {
                match target.iter_mut().find(|known| known.at("name") == element.at("name")) {
                    Some(known) => merge(known, element),
                    None => target.push(element.clone()),
                }
            }
        }
        (target, change) => *target = change.clone(),
    }
}

fn merge_fields(target: &mut Map<String, Value>, change: &Map<String, Value>) {
    for (name, value) in change {
        match target.get_mut(name) {
            _ if value.is_null() => drop(target.remove(name)),
            Some(known) => merge(known, value),
            None => drop(target.insert(name.clone(), value.clone())),
        }
    }
}

fn is_named(list: &[Value]) -> bool {
    !list.is_empty() && list.iter().all(|element| element.at("name").is_string())
}
