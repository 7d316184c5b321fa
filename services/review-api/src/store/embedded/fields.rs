//! What the index holds of a review.
//!
//! 1. Text is cut into words with their positions; id, delivery, hub, tour, tags and language are taken as they are.
//! 2. What is sorted by or counted stands in columns: times as milliseconds since 1970, rating, lag, hub, language, id.
//! 3. The whole review is kept as JSON and given back from there.

use jiff::Timestamp;
use tantivy::schema::{
    FAST, Field, INDEXED, IndexRecordOption, STORED, Schema, TantivyDocument, TextFieldIndexing, TextOptions,
    Value as _,
};

use super::analyzer;
use crate::review::{Document, Stored};
use crate::store::ReadError;

/// Columns by name, as tantivy asks for them.
pub(super) const ID: &str = "id";
pub(super) const HUB: &str = "hub";
pub(super) const LANGUAGE: &str = "language";
pub(super) const RATING: &str = "rating";
pub(super) const WRITTEN_AT: &str = "written_at";
pub(super) const STORED_AT: &str = "stored_at";
pub(super) const LAG_MS: &str = "lag_ms";

/// The fields of the index.
#[derive(Clone, Copy)]
pub(super) struct Fields {
    pub id: Field,
    pub text: Field,
    pub delivery_id: Field,
    pub hub: Field,
    pub tour: Field,
    pub tags: Field,
    pub language: Field,
    pub rating: Field,
    pub written_at: Field,
    pub stored_at: Field,
    pub lag_ms: Field,
    pub source: Field,
}

impl Fields {
    /// The fields, and the schema that a folder's index must have.
    pub(super) fn with_schema() -> (Self, Schema) {
        let exact = || {
            let indexing = TextFieldIndexing::default().set_tokenizer("raw").set_fieldnorms(false);
            TextOptions::default().set_indexing_options(indexing.set_index_option(IndexRecordOption::Basic))
        };
        let words = TextFieldIndexing::default()
            .set_tokenizer(analyzer::NAME)
            .set_index_option(IndexRecordOption::WithFreqsAndPositions);
        let mut schema = Schema::builder();
        let fields = Self {
            id: schema.add_text_field(ID, exact().set_fast("raw")),
            text: schema.add_text_field("text", TextOptions::default().set_indexing_options(words)),
            delivery_id: schema.add_text_field("delivery_id", exact()),
            hub: schema.add_text_field(HUB, exact().set_fast("raw")),
            tour: schema.add_text_field("tour", exact()),
            tags: schema.add_text_field("tags", exact()),
            language: schema.add_text_field(LANGUAGE, exact().set_fast("raw")),
            rating: schema.add_u64_field(RATING, FAST | INDEXED),
            written_at: schema.add_i64_field(WRITTEN_AT, FAST),
            stored_at: schema.add_i64_field(STORED_AT, FAST),
            lag_ms: schema.add_i64_field(LAG_MS, FAST),
            source: schema.add_bytes_field("source", STORED),
        };
        (fields, schema.build())
    }

    /// What the index is given for a review that is stored at this moment.
    pub(super) fn document(
        &self,
        document: &Document,
        stored_at: Timestamp,
    ) -> serde_json::Result<TantivyDocument> {
        let review = &document.review;
        let mut made = TantivyDocument::default();
        made.add_text(self.id, review.id.as_str());
        made.add_text(self.text, &review.text);
        made.add_text(self.delivery_id, &review.delivery_id);
        let optional =
            [(self.hub, &review.hub), (self.tour, &review.tour), (self.language, &review.language)];
        for (field, value) in optional {
            if let Some(value) = value {
                made.add_text(field, value);
            }
        }
        for tag in &review.tags {
            made.add_text(self.tags, tag);
        }
        if let Some(rating) = review.rating {
            made.add_u64(self.rating, rating.into());
        }
        let (received, stored) = (document.received_at.as_millisecond(), stored_at.as_millisecond());
        made.add_i64(self.written_at, review.written_at.as_millisecond());
        made.add_i64(self.stored_at, stored);
        made.add_i64(self.lag_ms, stored.saturating_sub(received).max(0));
        let whole = Stored { review: review.clone(), received_at: document.received_at, stored_at };
        made.add_bytes(self.source, &serde_json::to_vec(&whole)?);
        Ok(made)
    }

    /// The review that a document of the index is of.
    pub(super) fn stored(&self, document: &TantivyDocument) -> Result<Stored, ReadError> {
        let source = document.get_first(self.source).and_then(|value| value.as_bytes());
        let source =
            source.ok_or_else(|| ReadError::BadAnswer("a document without its review".to_owned()))?;
        serde_json::from_slice(source)
            .map_err(|error| ReadError::BadAnswer(format!("a document that is no review: {error}")))
    }
}
