//! What clients are told of their reviews.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use prometheus_client::encoding::{EncodeLabelValue, LabelValueEncoder};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Taken;
use crate::review::{Fault, Rejection, ReviewId};

/// What became of a review.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// It is stored now, and can be found within seconds.
    Created,
    /// It was stored before. That is a success.
    Duplicate,
    /// It is durable here, and will be stored.
    Accepted,
    /// It never will be stored, and sending it again is in vain.
    Rejected,
    /// It is not known to be stored: send it again.
    Retry,
}

/// The answer to one review that was taken.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
pub struct OneAnswer {
    /// The review's own id, or the one derived for it.
    #[schema(value_type = String)]
    pub id: ReviewId,
    /// `created`, `duplicate` or `accepted`.
    pub status: Status,
}

/// What became of one line.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
pub struct Item {
    /// The review's own id, or the one derived for it; null where the line has none that is sound.
    #[schema(value_type = Option<String>)]
    pub id: Option<ReviewId>,
    /// What became of it.
    pub status: Status,
    /// Why it was not taken; empty where it was.
    pub errors: Vec<Fault>,
}

/// The answer to many reviews: every line's verdict in order, then how many have which.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
pub struct BulkAnswer {
    /// One per line that is not blank.
    pub items: Vec<Item>,
    /// Stored now.
    pub created: u64,
    /// Stored before.
    pub duplicate: u64,
    /// Durable here.
    pub accepted: u64,
    /// Refused for good.
    pub rejected: u64,
    /// To be sent again.
    pub retry: u64,
}

impl Status {
    /// All of them, in the order of [`BulkAnswer`].
    pub(super) const ALL: [Self; 5] =
        [Self::Created, Self::Duplicate, Self::Accepted, Self::Rejected, Self::Retry];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Duplicate => "duplicate",
            Self::Accepted => "accepted",
            Self::Rejected => "rejected",
            Self::Retry => "retry",
        }
    }
}

impl EncodeLabelValue for Status {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> std::fmt::Result {
        self.name().encode(encoder)
    }
}

impl Item {
    /// A line that holds a review.
    pub(super) fn of(id: ReviewId, taken: Taken) -> Self {
        let (status, reason) = match taken {
            Taken::Created => (Status::Created, None),
            Taken::Duplicate => (Status::Duplicate, None),
            Taken::Accepted => (Status::Accepted, None),
            Taken::Rejected(reason) => (Status::Rejected, Some(reason)),
            Taken::Retry(reason) => (Status::Retry, Some(reason)),
        };
        let errors = reason.into_iter().map(|reason| Fault { field: String::new(), reason }).collect();
        Self { id: Some(id), status, errors }
    }

    /// A line that holds none.
    pub(super) fn rejected(rejection: Rejection) -> Self {
        Self { id: rejection.id, status: Status::Rejected, errors: rejection.faults }
    }
}

impl OneAnswer {
    pub(super) fn into_response(self) -> Response {
        let status = match self.status {
            Status::Created => StatusCode::CREATED,
            Status::Accepted => StatusCode::ACCEPTED,
            Status::Duplicate | Status::Rejected | Status::Retry => StatusCode::OK,
        };
        // An id needs no escape in a path: see its type.
        let location = format!("/reviews/{}", self.id);
        (status, [(header::LOCATION, location)], axum::Json(self)).into_response()
    }
}
