//! What questions are answered with.

use serde::{Deserialize, Serialize};
use utoipa::{IntoResponses, ToSchema};

use super::{Hit, Total};
use crate::problem::Problem;

/// A page of reviews.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
pub struct SearchAnswer {
    /// The reviews of this page.
    pub items: Vec<Hit>,
    /// How many match in all.
    pub total: Total,
    /// The cursor of the next page; absent after the last. `Link` has the whole address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// Whether the store ended early and more may match.
    pub partial: bool,
}

/// One event of the stream.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it is read by the document's macro only")]
pub(super) struct StreamEvent {
    /// `review`; an event without one only says when to come back.
    event: Option<String>,
    /// `<stored_at in milliseconds>:<review id>`.
    id: Option<String>,
    /// The review as JSON (`Stored`).
    data: Option<String>,
}

/// What a question may be answered with instead.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "it is read by the document's macro only")]
pub(super) enum NoAnswer {
    /// A parameter is unknown, wrong or does not fit the others; `errors` names each. Or the question is too costly.
    #[response(status = 400, content_type = "application/problem+json")]
    BadRequest(Problem),
    /// This store cannot do that.
    #[response(status = 501, content_type = "application/problem+json")]
    Unsupported(Problem),
    /// The store's answer makes no sense.
    #[response(status = 502, content_type = "application/problem+json")]
    BadAnswer(Problem),
    /// The store is away, or too much is asked at once; Retry-After says when to come again.
    #[response(status = 503, content_type = "application/problem+json")]
    Away(Problem),
    /// It took too long.
    #[response(status = 504, content_type = "application/problem+json")]
    TimedOut(Problem),
}
