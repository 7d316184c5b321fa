//! A review as a client sends it, in `OpenAPI`. [`parse`](super::parse) reads it; these are its bounds.

use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, Schema, SchemaType, Type};

use super::parse::{TAG_MAX, TAGS_MAX};

/// A review as it is sent. Fields that are not here are refused, unless the request is lenient.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewReview {
    /// Your own name for it. Without one it is derived: from Idempotency-Key, else from delivery, time and text.
    #[schema(nullable, pattern = "^[A-Za-z0-9._~:-]{1,128}$")]
    pub id: Option<String>,
    /// The delivery it is about.
    #[schema(min_length = 1, max_length = 128, pattern = "^[^\\u0000]*$")]
    pub delivery_id: String,
    /// What the customer wrote: any language, not only white space.
    #[schema(min_length = 1, max_length = 10000, pattern = "^[^\\u0000]*[^\\u0000\\s][^\\u0000]*$")]
    pub text: String,
    /// 1 (worst) to 5.
    #[schema(nullable, minimum = 1, maximum = 5)]
    pub rating: Option<u8>,
    /// ISO 639 in lower case; a region is dropped. Without it it is detected.
    #[schema(nullable, pattern = "^[a-z]{2,3}(-[A-Za-z0-9]{2,8})?$")]
    pub language: Option<String>,
    /// When the customer wrote it: from 2015 to a day ahead.
    pub written_at: jiff::Timestamp,
    /// The hub the delivery came from.
    #[schema(nullable, min_length = 1, max_length = 128, pattern = "^[^\\u0000]*$")]
    pub hub: Option<String>,
    /// The tour, or its driver.
    #[schema(nullable, min_length = 1, max_length = 128, pattern = "^[^\\u0000]*$")]
    pub tour: Option<String>,
    /// Labels.
    #[schema(schema_with = tags)]
    pub tags: Option<Vec<String>>,
}

fn tags() -> Schema {
    let tag = ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)).max_length(Some(TAG_MAX));
    let tags = ArrayBuilder::new().items(tag.pattern(Some("^[^\\u0000]*$"))).max_items(Some(TAGS_MAX));
    tags.schema_type(SchemaType::from_iter([Type::Array, Type::Null])).into()
}
