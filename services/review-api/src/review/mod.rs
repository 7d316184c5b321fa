//! A review, as the rest of the service knows it: whoever holds one need not check it again.
//!
//! 1. [`parse`] makes it from JSON of a client, or says everything that is wrong with it.
//! 2. [`id`] is who it is: the client's own name for it, or one derived, so that a repeat is the same review.
//! 3. [`language`] is found where the client does not say.
//! 4. [`documented`] says to clients what a review may be.
//! 5. [`Document`] is what the stores keep: the review, and when it came.

pub mod documented;
pub mod id;
pub mod language;
pub mod parse;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use id::{InvalidId, ReviewId};
pub use parse::{Fault, Rejection};

/// A text may have this many characters (Unicode scalar values).
pub const TEXT_MAX: usize = 10_000;

/// One customer's words after one delivery.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
pub struct Review {
    /// Who it is.
    #[schema(value_type = String)]
    pub id: ReviewId,
    /// The delivery it is about.
    pub delivery_id: String,
    /// What the customer wrote.
    pub text: String,
    /// 1 (worst) to 5.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 5)]
    pub rating: Option<u8>,
    /// ISO 639-1 or 639-3 in lower case; absent where it was not given and could not be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// When the customer wrote it.
    pub written_at: Timestamp,
    /// The hub the delivery came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hub: Option<String>,
    /// The tour, or its driver.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tour: Option<String>,
    /// Labels, each once, in the order given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
}

/// A review and when this service took it: what the spool holds and the stores are given.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Document {
    /// The review.
    #[serde(flatten)]
    pub review: Review,
    /// When it was taken. Milliseconds count: a stored review is found by it.
    pub received_at: Timestamp,
}

/// A review as a store gives it back.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
pub struct Stored {
    /// The review.
    #[serde(flatten)]
    pub review: Review,
    /// When this service took it.
    pub received_at: Timestamp,
    /// When it was handed to the store: later than `received_at` by what it waited in queue or spool.
    pub stored_at: Timestamp,
}
