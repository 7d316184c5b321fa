//! A list of what to fetch, in YAML or JSON.
//!
//! 1. The text is bounded ([`MANIFEST_MAX`] bytes), and is JSON where it begins with `{`, YAML otherwise.
//! 2. Its shape is read without judging: an object with `items`, each a list of fields (`shape`).
//! 3. Each field of each item is parsed into a type that cannot be wrong; unknown, doubled and missing ones are faults.
//! 4. Keys named twice are faults.
//! 5. All faults are told together, each with its item and field; no URL is shown, since it may hold a secret.

mod shape;

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};

use crate::item::{Item, ObjectKey};
use shape::{Fields, Shape, Value};

/// The longest manifest, in bytes: what a `ConfigMap` can hold.
pub const MANIFEST_MAX: usize = 1024 * 1024;
/// The most items of one manifest.
pub const ITEMS_MAX: usize = 10_000;
/// Faults shown; the rest are counted.
const FAULTS_SHOWN: usize = 20;

/// A manifest without faults. Its items are in the order of the text, their keys differ.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Manifest {
    items: Vec<Item>,
}

/// What is wrong with a manifest: all of it. Correct the text.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ManifestError {
    /// Longer than [`MANIFEST_MAX`].
    #[error("is longer than {MANIFEST_MAX} bytes")]
    TooLong,
    /// Neither YAML nor JSON, or not of the manifest's shape.
    #[error("is not a manifest: {0}")]
    Shape(String),
    /// More than [`ITEMS_MAX`] items.
    #[error("has {0} items, more than {ITEMS_MAX}")]
    TooMany(usize),
    /// Items that cannot be used.
    #[error("{0}")]
    Items(ItemFaults),
}

/// The faults of all items.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ItemFaults(Vec<ItemFault>);

/// One field that cannot be used.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ItemFault {
    /// The item's place, from 0.
    pub index: usize,
    /// Its key, where that much could be read.
    pub key: Option<String>,
    /// The field.
    pub field: String,
    /// What is wrong with it.
    pub reason: String,
}

impl Manifest {
    /// Reads a manifest. `folder` is where relative `headers-from` paths start: the manifest's own.
    pub fn parse(text: &[u8], folder: &Path) -> Result<Self, ManifestError> {
        if text.len() > MANIFEST_MAX {
            return Err(ManifestError::TooLong);
        }
        let Shape { items } = shape::read(text).map_err(ManifestError::Shape)?;
        if items.len() > ITEMS_MAX {
            return Err(ManifestError::TooMany(items.len()));
        }
        let mut faults = Vec::new();
        let read =
            items.into_iter().enumerate().map(|(index, fields)| item(index, fields, folder, &mut faults));
        let items: Vec<Option<Item>> = read.collect();
        faults.extend(doubled_keys(&items));
        if !faults.is_empty() {
            return Err(ManifestError::Items(ItemFaults(faults)));
        }
        Ok(Self { items: items.into_iter().flatten().collect() })
    }

    /// A manifest of one item, as the variables give it.
    pub fn of_one(item: Item) -> Self {
        Self { items: vec![item] }
    }

    /// The items.
    pub fn items(&self) -> &[Item] {
        &self.items
    }
}

/// Reads one item; each fault is noted, and `None` comes of the first that leaves no item.
fn item(index: usize, fields: Fields, folder: &Path, faults: &mut Vec<ItemFault>) -> Option<Item> {
    let key = fields.text("key").map(str::to_owned);
    let found = faults.len();
    let mut reader = FieldReader { index, key, fields, faults };
    let url = reader.required("url");
    let object_key: Option<ObjectKey> = reader.required("key");
    let sha256 = reader.optional("sha256");
    let content_type = reader.optional("content-type");
    let cache_control = reader.optional("cache-control");
    let headers_from = reader.optional::<PathBuf>("headers-from").map(|path| folder.join(path));
    reader.refuse_the_rest();
    if faults.len() > found {
        return None;
    }
    Some(Item { url: url?, key: object_key?, sha256, content_type, cache_control, headers_from })
}

struct FieldReader<'a> {
    index: usize,
    key: Option<String>,
    fields: Fields,
    faults: &'a mut Vec<ItemFault>,
}

impl FieldReader<'_> {
    fn required<T: std::str::FromStr<Err: fmt::Display>>(&mut self, field: &str) -> Option<T> {
        let found = self.faults.len();
        let value = self.optional(field);
        if value.is_none() && self.faults.len() == found {
            self.fault(field, "must be set");
        }
        value
    }

    fn optional<T: std::str::FromStr<Err: fmt::Display>>(&mut self, field: &str) -> Option<T> {
        match self.fields.take(field)? {
            Value::Text(text) => match text.parse() {
                Ok(value) => Some(value),
                Err(reason) => {
                    self.fault(field, reason);
                    None
                }
            },
            Value::Other(kind) => {
                self.fault(field, format_args!("must be text, not {kind}: put it in quotes"));
                None
            }
        }
    }

    /// What no reader took is unknown, or there twice.
    fn refuse_the_rest(&mut self) {
        const KNOWN: [&str; 6] = ["url", "key", "sha256", "content-type", "cache-control", "headers-from"];
        for (field, _) in self.fields.take_rest() {
            let reason = if KNOWN.contains(&field.as_str()) {
                "is there twice".to_owned()
            } else {
                format!("is no field: there are {}", KNOWN.join(", "))
            };
            self.fault(&field, reason);
        }
    }

    fn fault(&mut self, field: &str, reason: impl fmt::Display) {
        let field = field.chars().take(64).collect();
        let key = self.key.clone();
        self.faults.push(ItemFault { index: self.index, key, field, reason: reason.to_string() });
    }
}

fn doubled_keys(items: &[Option<Item>]) -> Vec<ItemFault> {
    let mut first_at = HashMap::new();
    let mut faults = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let Some(item) = item else { continue };
        if let Some(first) = first_at.insert(&item.key, index) {
            first_at.insert(&item.key, first);
            let (key, field) = (Some(item.key.to_string()), "key".to_owned());
            faults.push(ItemFault {
                index,
                key,
                field,
                reason: format!("is the key of items[{first}] as well"),
            });
        }
    }
    faults
}

impl ItemFaults {
    /// Each fault, in the order of the items.
    pub fn iter(&self) -> impl Iterator<Item = &ItemFault> {
        self.0.iter()
    }
}

impl fmt::Display for ItemFaults {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} field{} wrong", self.0.len(), if self.0.len() == 1 { " is" } else { "s are" })?;
        self.0.iter().take(FAULTS_SHOWN).try_for_each(|fault| write!(out, "\n  {fault}"))?;
        match self.0.len().saturating_sub(FAULTS_SHOWN) {
            0 => Ok(()),
            more => write!(out, "\n  and {more} more"),
        }
    }
}

impl fmt::Display for ItemFault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "items[{}]", self.index)?;
        if let Some(key) = &self.key {
            let short: String = key.chars().take(80).collect();
            write!(out, " ({short:?})")?;
        }
        write!(out, " {}: {}", self.field, self.reason)
    }
}

#[cfg(test)]
mod tests;
