//! POST /reviews: one review, one answer.
//!
//! 1. What can be refused without the body is; the body is then read and forgotten, so that the answer is seen.
//! 2. Room is taken for the body before it is read.
//! 3. It is parsed: 422 with every fault.
//! 4. The answer says what became of it: 201 stored, 200 stored before, 202 durable.

use axum::Extension;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;

use super::body::{BodyError, Pieces};
use super::intake::{TurnedAway, come_again};
use super::request::{self, Coding};
use super::{Ingest, OneAnswer, REVIEW_MAX, Status, Taken};
use crate::auth::{Caller, NotAdmitted};
use crate::problem::Problem;
use crate::review::documented::NewReview;
use crate::review::parse::{Rules, parse};
use crate::review::{Fault, Rejection, Review};

/// Take one review.
///
/// A repeat of a review, the same `id` or without one the same Idempotency-Key, or without that the same delivery, time
/// and text, is a duplicate, which is a success.
#[utoipa::path(
    post,
    path = "/reviews",
    tag = "ingest",
    operation_id = "postReview",
    params(
        ("lenient" = Option<bool>, Query, description = "Whether unknown fields are passed over."),
        ("Idempotency-Key" = Option<String>, Header, description = "What the id of a review without one is derived from: \
            1 to 255 printable characters of ASCII.", pattern = "^([!-~]|[!#-~][!-~]|\"[!#-~]|[!-~][ -~]{1,253}[!-~])$"),
    ),
    request_body(content = NewReview, content_type = "application/json", description = "At most 256 KiB; it may be gzip."),
    security((), ("write" = [])),
    responses(
        NotAdmitted,
        (status = 201, description = "Stored; it can be found within seconds.", body = OneAnswer,
            headers(("Location" = String, description = "Where it is."))),
        (status = 200, description = "It was stored before.", body = OneAnswer),
        (status = 202, description = "Durable here, and not yet in the store.", body = OneAnswer),
        (status = 400, description = "The body broke off, is no sound gzip, or the query is faulty.", body = Problem,
            content_type = "application/problem+json"),
        (status = 413, description = "Longer than 256 KiB.", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "Not JSON in UTF-8, or encoded otherwise than by gzip.", body = Problem,
            content_type = "application/problem+json"),
        (status = 422, description = "No sound review; every fault is listed.", body = Problem,
            content_type = "application/problem+json"),
        (status = 429, description = "Too many reviews are on their way, or come with this token: see Retry-After.",
            body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Not stored and not durable: see Retry-After.", body = Problem,
            content_type = "application/problem+json"),
    )
)]
pub(super) async fn post_review(
    State(ingest): State<Ingest>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Response {
    let (lenient, coding) = match check(&ingest, &caller, &request) {
        Ok(checked) => checked,
        Err(refusal) => return refuse(*refusal, request.into_body()).await,
    };
    let Some(room) = ingest.intake.inbox().all.try_take(longest(request.headers(), coding)) else {
        return refuse(turned_away(&ingest, TurnedAway::Busy), request.into_body()).await;
    };
    let (parts, body) = request.into_parts();
    let mut pieces = Pieces::new(body, coding);
    let json = match pieces.whole(REVIEW_MAX).await {
        Ok(json) => json,
        Err(error) => return refuse(unreadable(&error), pieces.into_rest()).await,
    };
    ingest.intake.metrics().reviews_received_bytes.inc_by(json.len() as u64);
    let key = request::idempotency_key(&parts.headers);
    let read = parse(&json, Rules { now: Timestamp::now(), lenient, key });
    drop(json);
    let answer = match read {
        Ok(review) => take(&ingest, review).await,
        Err(rejection) => rejected(&ingest, rejection),
    };
    drop(room);
    answer
}

/// The bytes that a body may come to. Its announced length is that of what was encoded.
fn longest(headers: &HeaderMap, coding: Coding) -> usize {
    let announced = request::announced_length(headers).filter(|_| coding == Coding::Identity);
    announced.and_then(|length| length.try_into().ok()).unwrap_or(REVIEW_MAX).min(REVIEW_MAX)
}

/// What can be said without the body.
fn check(ingest: &Ingest, caller: &Caller, request: &Request) -> Result<(bool, Coding), Box<Response>> {
    let coding = request::ONE.check(request.headers())?;
    let lenient = request::is_lenient(request).map_err(|problem| Box::new(problem.into_response()))?;
    if request::announced_length(request.headers()).is_some_and(|length| length > REVIEW_MAX as u64) {
        return Err(Box::new(unreadable(&BodyError::TooLong(REVIEW_MAX))));
    }
    if let Err(away) = ingest.intake.open() {
        return Err(Box::new(turned_away(ingest, away)));
    }
    ingest.auth.take(caller).map_err(|wait| {
        ingest.intake.metrics().turned_away("rate");
        let problem = Problem::new(StatusCode::TOO_MANY_REQUESTS, "this token sends too many reviews");
        Box::new(problem.with_retry_after(wait).into_response())
    })?;
    Ok((lenient, coding))
}

async fn take(ingest: &Ingest, review: Review) -> Response {
    let id = review.id.clone();
    let taken = match ingest.intake.take_one(review).await {
        Ok(taken) => taken,
        Err(reason) => return turned_away(ingest, reason),
    };
    let status = match taken {
        Taken::Created => Status::Created,
        Taken::Duplicate => Status::Duplicate,
        Taken::Accepted => Status::Accepted,
        Taken::Rejected(reason) => {
            let faults = vec![Fault { field: String::new(), reason }];
            return rejected(ingest, Rejection { id: Some(id), faults });
        }
        Taken::Retry(reason) => {
            ingest.intake.metrics().told(Status::Retry, 1);
            return come_again(reason).into_response();
        }
    };
    ingest.intake.metrics().told(status, 1);
    OneAnswer { id, status }.into_response()
}

fn rejected(ingest: &Ingest, rejection: Rejection) -> Response {
    ingest.intake.metrics().told(Status::Rejected, 1);
    let detail = "this is no sound review";
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, detail).with_errors(rejection.faults).into_response()
}

pub(super) fn turned_away(ingest: &Ingest, reason: TurnedAway) -> Response {
    ingest.intake.metrics().turned_away(reason.reason());
    Problem::from(reason).into_response()
}

/// The answer to a body that cannot be read, after which the connection ends: nobody knows where the next request begins.
pub(super) fn unreadable(error: &BodyError) -> Response {
    let status = match error {
        BodyError::TooLong(_) => StatusCode::PAYLOAD_TOO_LARGE,
        BodyError::Connection(_) | BodyError::Gzip(_) => StatusCode::BAD_REQUEST,
    };
    let mut response = Problem::new(status, error.to_string()).into_response();
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

/// Reads and forgets what nobody looks at, up to a bound, so that the refusal is seen.
pub(super) async fn refuse(refusal: Response, body: Body) -> Response {
    // A body that breaks off is of a request that is refused anyway.
    let _ = service_kit::http::discard_body(body, REVIEW_MAX).await;
    refusal
}
