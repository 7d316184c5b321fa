//! JSON schemas as strict as an API server that refuses what it does not know.
//!
//! 1. [`core()`]: of Kubernetes' own `OpenAPI` document, one schema for each kind, with all that it refers to inside.
//! 2. [`custom`]: of a `CustomResourceDefinition`, one for each version.
//! 3. An object with named fields has no others; a quantity and an int-or-string may be number or text.
//! 4. A schema has the name under which kubeconform looks for it: [`TEMPLATE`].
//!
//! The way is that of <https://github.com/yannh/openapi2jsonschema>.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::object::Look;

/// Where kubeconform finds a schema below a folder.
pub const TEMPLATE: &str = "{{ .Group }}/{{ .ResourceKind }}_{{ .ResourceAPIVersion }}.json";

/// Schemas by their path below a folder.
pub type Schemas = BTreeMap<String, Value>;

/// The path of a kind's schema. kubeconform takes the version for the group where there is none.
pub fn path(api_version: &str, kind: &str) -> String {
    let (group, version) = api_version.split_once('/').unwrap_or((api_version, api_version));
    format!("{group}/{}_{version}.json", kind.to_lowercase())
}

/// The schemas of Kubernetes' own kinds, from `api/openapi-spec/swagger.json`.
pub fn core(swagger: &Value) -> Schemas {
    let definitions: Map<String, Value> =
        swagger.at("definitions").fields().map(|(name, value)| (name.clone(), strict(value))).collect();
    let mut schemas = Schemas::new();
    for (name, definition) in swagger.at("definitions").fields() {
        // A definition with several is one of the parameters that every group shares.
        let [kind] = definition.at("x-kubernetes-group-version-kind").items() else { continue };
        let (group, version) = (kind.at("group").text(), kind.at("version").text());
        let api_version = if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
        let kind = kind.at("kind").text();
        let Some(mut schema) = definitions.get(name).cloned() else { continue };
        identify(&mut schema, &api_version, kind);
        schemas.insert(path(&api_version, kind), with_definitions(schema, &definitions));
    }
    schemas
}

/// The schemas of a definition's versions; `swagger` says what metadata is.
pub fn custom(definition: &Value, swagger: &Value) -> Schemas {
    let names = ["io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"];
    let definitions: Map<String, Value> =
        swagger.at("definitions").fields().map(|(name, value)| (name.clone(), strict(value))).collect();
    let (group, kind) = (definition.at("spec.group").text(), definition.at("spec.names.kind").text());
    let versions = definition.at("spec.versions").items().iter().map(|version| {
        let api_version = format!("{group}/{}", version.at("name").text());
        let mut schema = strict(version.at("schema.openAPIV3Schema"));
        schema["properties"]["metadata"] = json!({"$ref": format!("#/definitions/{}", names[0])});
        identify(&mut schema, &api_version, kind);
        (path(&api_version, kind), with_definitions(schema, &definitions))
    });
    versions.collect()
}

fn identify(schema: &mut Value, api_version: &str, kind: &str) {
    schema["properties"]["apiVersion"] = json!({"const": api_version});
    schema["properties"]["kind"] = json!({"const": kind});
}

/// Adds the definitions that the schema refers to, and those that they do.
fn with_definitions(mut schema: Value, all: &Map<String, Value>) -> Value {
    let mut needed = Map::new();
    let mut open = references(&schema);
    while let Some(name) = open.pop() {
        if let Some(definition) = all.get(&name).filter(|_| !needed.contains_key(&name)) {
            open.extend(references(definition));
            needed.insert(name, definition.clone());
        }
    }
    schema["$schema"] = json!("http://json-schema.org/draft-07/schema#");
    schema["definitions"] = Value::Object(needed);
    schema
}

fn references(schema: &Value) -> Vec<String> {
    match schema {
        Value::Object(fields) => {
            let own = fields.get("$ref").and_then(Value::as_str);
            let own = own.and_then(|reference| reference.strip_prefix("#/definitions/")).map(str::to_owned);
            own.into_iter().chain(fields.values().flat_map(references)).collect()
        }
        Value::Array(elements) => elements.iter().flat_map(references).collect(),
        _ => Vec::new(),
    }
}

/// One schema and those inside it, made strict. What stands in `anyOf` and its like only adds to the fields that are named
/// beside it, so nothing is closed there.
fn strict(schema: &Value) -> Value {
    let Some(fields) = schema.as_object() else { return schema.clone() };
    let mut out = Map::new();
    for (name, value) in fields {
        match name.as_str() {
            "properties" => {
                let properties = value.fields().map(|(name, value)| (name.clone(), strict(value))).collect();
                out.insert(name.clone(), Value::Object(properties));
            }
            "items" | "additionalProperties" => {
                out.insert(name.clone(), strict(value));
            }
            "$ref" | "allOf" | "anyOf" | "const" | "enum" | "maxItems" | "maxLength" | "maxProperties"
            | "maximum" | "minItems" | "minLength" | "minProperties" | "minimum" | "multipleOf" | "not"
            | "oneOf" | "pattern" | "required" | "type" | "exclusiveMaximum" | "exclusiveMinimum" => {
                out.insert(name.clone(), value.clone());
            }
            _ => {}
        }
    }
    let is = |field: &str| fields.get(field) == Some(&Value::Bool(true));
    if is("x-kubernetes-embedded-resource") {
        for name in ["apiVersion", "kind", "metadata"] {
            out.entry("properties").or_insert_with(|| json!({}))[name] = json!({});
        }
    }
    let open = is("x-kubernetes-preserve-unknown-fields") || fields.contains_key("additionalProperties");
    if out.contains_key("properties") && !open {
        out.insert("additionalProperties".to_owned(), false.into());
    }
    loosen(fields, &mut out, &is);
    Value::Object(out)
}

/// What may be more than its type says.
fn loosen(fields: &Map<String, Value>, out: &mut Map<String, Value>, is: &dyn Fn(&str) -> bool) {
    let text = |field: &str| fields.get(field).map_or("", Look::text);
    // The bounds of Draft 4, which OpenAPI has, are switches; Draft 7 has numbers.
    for (switch, bound) in [("exclusiveMaximum", "maximum"), ("exclusiveMinimum", "minimum")] {
        match (out.remove(switch), out.get(bound).cloned()) {
            (Some(Value::Bool(true)), Some(number)) => {
                out.remove(bound);
                out.insert(switch.to_owned(), number);
            }
            (Some(number @ Value::Number(_)), _) => {
                out.insert(switch.to_owned(), number);
            }
            _ => {}
        }
    }
    let quantity = text("description").starts_with("Quantity is a fixed-point");
    if text("format") == "int-or-string" || is("x-kubernetes-int-or-string") || quantity {
        let number = if quantity { "number" } else { "integer" };
        out.insert("type".to_owned(), json!(["string", number]));
    }
    if is("nullable")
        && let Some(kind) = out.get("type").cloned()
    {
        out.insert("type".to_owned(), json!([kind, "null"]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn named_fields_close_an_object_and_conditions_do_not() {
        let schema = strict(&json!({
            "type": "object",
            "properties": {
                "port": {"x-kubernetes-int-or-string": true, "anyOf": [{"type": "integer"}, {"type": "string"}]},
                "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": true, "properties": {"a": {}}},
                "map": {"type": "object", "additionalProperties": {"type": "string", "nullable": true}},
            },
            "oneOf": [{"properties": {"port": {}}, "required": ["port"]}],
        }));
        assert_eq!(schema["additionalProperties"], false);
        assert_eq!(schema["properties"]["port"]["type"], json!(["string", "integer"]));
        assert_eq!(schema["properties"]["free"].get("additionalProperties"), None);
        assert_eq!(schema["properties"]["map"]["additionalProperties"]["type"], json!(["string", "null"]));
        assert_eq!(schema["oneOf"][0].get("additionalProperties"), None);
    }

    #[test]
    fn a_schema_holds_all_that_it_refers_to() {
        let swagger = json!({"definitions": {
            "a.Thing": {
                "properties": {"spec": {"$ref": "#/definitions/a.Spec"}},
                "x-kubernetes-group-version-kind": [{"group": "", "version": "v1", "kind": "Thing"}],
            },
            "a.Spec": {"properties": {"size": {"$ref": "#/definitions/a.Quantity"}}},
            "a.Quantity": {"type": "string", "description": "Quantity is a fixed-point representation"},
            "a.Unused": {"type": "string"},
        }});
        let schemas = core(&swagger);
        let schema = &schemas["v1/thing_v1.json"];
        assert_eq!(schema["properties"]["kind"], json!({"const": "Thing"}));
        let definitions: Vec<_> = schema["definitions"].fields().map(|(name, _)| name.as_str()).collect();
        assert_eq!(definitions, ["a.Quantity", "a.Spec"]);
        assert_eq!(schema["definitions"]["a.Quantity"]["type"], json!(["string", "number"]));
    }
}
