//! Documents told apart by their reviews' ids.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use crate::review::Document;

/// A document as a key: its review's id and nothing else.
pub(super) struct ById(pub Arc<Document>);

impl Hash for ById {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.review.id.hash(state);
    }
}

impl PartialEq for ById {
    fn eq(&self, other: &Self) -> bool {
        self.0.review.id == other.0.review.id
    }
}

impl Eq for ById {}
