//! The manifest's outline, read without judging its values, so that one fault hides no other.
//!
//! 1. JSON by `serde_json`, YAML by `serde_norway`: both bound nesting, and YAML's aliases are bounded as well.
//! 2. An item is the list of its fields as they stand: doubled ones stay, and a value that is not text keeps its kind.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// The outermost object.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Shape {
    pub items: Vec<Fields>,
}

/// One item's fields in their order.
pub(super) struct Fields(Vec<(String, Value)>);

/// A field's value.
pub(super) enum Value {
    Text(String),
    /// Not text; what it is instead.
    Other(&'static str),
}

/// Reads the outline; the error is the parser's own, with line and column.
pub(super) fn read(text: &[u8]) -> Result<Shape, String> {
    let text = std::str::from_utf8(text).map_err(|error| error.to_string())?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.trim_start().starts_with('{') {
        serde_json::from_str(text).map_err(|error| error.to_string())
    } else {
        serde_norway::from_str(text).map_err(|error| error.to_string())
    }
}

impl Fields {
    /// The first value of `field`, where it is text.
    pub fn text(&self, field: &str) -> Option<&str> {
        match self.0.iter().find(|(name, _)| name == field) {
            Some((_, Value::Text(text))) => Some(text),
            _ => None,
        }
    }

    /// Takes the first value of `field` out.
    pub fn take(&mut self, field: &str) -> Option<Value> {
        let index = self.0.iter().position(|(name, _)| name == field)?;
        Some(self.0.remove(index).1)
    }

    /// Takes what is left.
    pub fn take_rest(&mut self) -> Vec<(String, Value)> {
        std::mem::take(&mut self.0)
    }
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FieldsVisitor;

        impl<'de> Visitor<'de> for FieldsVisitor {
            type Value = Fields;

            fn expecting(&self, out: &mut fmt::Formatter) -> fmt::Result {
                out.write_str("an item: url, key and more")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Fields(fields))
            }
        }

        deserializer.deserialize_map(FieldsVisitor)
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ValueVisitor;

        impl<'de> Visitor<'de> for ValueVisitor {
            type Value = Value;

            fn expecting(&self, out: &mut fmt::Formatter) -> fmt::Result {
                out.write_str("a value")
            }

            fn visit_str<E>(self, text: &str) -> Result<Value, E> {
                Ok(Value::Text(text.to_owned()))
            }

            fn visit_bool<E>(self, _: bool) -> Result<Value, E> {
                Ok(Value::Other("true or false"))
            }

            fn visit_i64<E>(self, _: i64) -> Result<Value, E> {
                Ok(Value::Other("a number"))
            }

            fn visit_u64<E>(self, _: u64) -> Result<Value, E> {
                Ok(Value::Other("a number"))
            }

            fn visit_i128<E>(self, _: i128) -> Result<Value, E> {
                Ok(Value::Other("a number"))
            }

            fn visit_u128<E>(self, _: u128) -> Result<Value, E> {
                Ok(Value::Other("a number"))
            }

            fn visit_f64<E>(self, _: f64) -> Result<Value, E> {
                Ok(Value::Other("a number"))
            }

            fn visit_unit<E>(self) -> Result<Value, E> {
                Ok(Value::Other("nothing"))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
                while list.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Value::Other("a list"))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Value::Other("an object"))
            }
        }

        deserializer.deserialize_any(ValueVisitor)
    }
}
