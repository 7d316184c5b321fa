//! Under what an object is kept: its site and its key within the site.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use moka::Equivalent;

/// The key of an entry. Cheap to clone.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct EntryKey {
    pub site: u32,
    pub key: Arc<str>,
}

/// The same, borrowed, to look up without making one.
pub(super) struct EntryKeyRef<'a> {
    pub site: u32,
    pub key: &'a str,
}

impl EntryKeyRef<'_> {
    pub fn to_owned(&self) -> EntryKey {
        EntryKey { site: self.site, key: Arc::from(self.key) }
    }
}

// Both hash alike, as `Equivalent` asks.
impl Hash for EntryKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.site, &*self.key).hash(state);
    }
}

impl Hash for EntryKeyRef<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.site, self.key).hash(state);
    }
}

impl Equivalent<EntryKey> for EntryKeyRef<'_> {
    fn equivalent(&self, key: &EntryKey) -> bool {
        self.site == key.site && *self.key == *key.key
    }
}
