//! POST /reviews/_bulk: as many reviews as a client has, a line each, in bounded memory.
//!
//! 1. The body is read a piece at a time and cut into lines. A line that is no sound review has its verdict at once.
//! 2. For a sound one there must be room before it goes on its way; while there is none nothing is read, and the
//!    client's connection fills up.
//! 3. What is on its way stands in a window, in the order of the lines. Verdicts leave it in that order, into the
//!    transcript, also while more lines come.
//! 4. The transcript is the answer. A body that breaks off has none: its client sends it again, and what was stored
//!    of it is a duplicate then.

use std::collections::VecDeque;
use std::pin::pin;
use std::time::Duration;

use axum::Extension;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures::StreamExt as _;
use futures::stream::FuturesOrdered;
use jiff::Timestamp;
use prometheus_client::metrics::gauge::Gauge;

use super::body::{BodyError, Pieces};
use super::intake::{TurnedAway, Underway};
use super::lines::{Line, Lines};
use super::one::{refuse, turned_away, unreadable};
use super::request;
use super::transcript::Transcript;
use super::{BulkAnswer, Ingest, Intake, Item, REVIEW_MAX};
use crate::auth::{Caller, NotAdmitted};
use crate::problem::Problem;
use crate::review::parse::{Rules, parse};
use crate::review::{Fault, Rejection, ReviewId};

/// So many lines may be on their way for one request.
const WINDOW: usize = 16 * 1024;
/// So many bytes of verdicts may wait for an earlier line's.
const WINDOW_BYTES: usize = 1 << 20;
/// What one request takes of the inbox: a line that has not ended, and the transcript in memory.
const MEMORY: usize = REVIEW_MAX + (1 << 20);
/// How long a request waits for that.
const TURN: Duration = Duration::from_secs(10);

/// Take reviews, one per line.
///
/// Each line has its verdict, in the order of the lines. Blank lines are passed over. A line longer than 256 KiB is
/// rejected. An Idempotency-Key is not looked at.
#[utoipa::path(
    post,
    path = "/reviews/_bulk",
    tag = "ingest",
    operation_id = "postReviews",
    params(("lenient" = Option<bool>, Query, description = "Whether unknown fields are passed over.")),
    request_body(content = String, content_type = "application/x-ndjson",
        description = "One review per line, as many as there are; it may be gzip."),
    security((), ("write" = [])),
    responses(
        NotAdmitted,
        (status = 200, description = "Every line has a verdict, whatever it is.", body = BulkAnswer),
        (status = 400, description = "The body broke off, is no sound gzip, or the query is faulty. Lines before that \
            may have been taken: send all of them again.", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "Not NDJSON in UTF-8, or encoded otherwise than by gzip.", body = Problem,
            content_type = "application/problem+json"),
        (status = 429, description = "Too many bulk requests at once: see Retry-After.", body = Problem,
            content_type = "application/problem+json"),
        (status = 503, description = "The store is away and nothing was read, or the answer could not be kept: see \
            Retry-After.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn post_reviews(
    State(ingest): State<Ingest>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Response {
    let coding = match request::MANY.check(request.headers()) {
        Ok(coding) => coding,
        Err(refusal) => return refuse(*refusal, request.into_body()).await,
    };
    let lenient = match request::is_lenient(&request) {
        Ok(lenient) => lenient,
        Err(problem) => return refuse(problem.into_response(), request.into_body()).await,
    };
    if let Err(away) = ingest.intake.open() {
        return refuse(turned_away(&ingest, away), request.into_body()).await;
    }
    let waiting = Shown::new(&ingest.intake.metrics().bulk_requests_waiting);
    let Ok(room) = tokio::time::timeout(TURN, ingest.intake.inbox().requests.take(MEMORY)).await else {
        return refuse(turned_away(&ingest, TurnedAway::Busy), request.into_body()).await;
    };
    drop(waiting);
    let active = Shown::new(&ingest.intake.metrics().bulk_requests_active);
    let loading = Load { ingest: &ingest, caller: &caller, lenient };
    let mut pieces = Pieces::new(request.into_body(), coding);
    let answered = loading.run(&mut pieces).await;
    drop((room, active));
    match answered {
        Ok(answer) => answer,
        Err(refusal) => refuse(refusal, pieces.into_rest()).await,
    }
}

/// Why a bulk request has no whole answer.
#[derive(Debug, thiserror::Error)]
enum BulkError {
    /// Its body cannot be read to its end.
    #[error(transparent)]
    Body(#[from] BodyError),
    /// There is no room on disk for the answer.
    #[error("the answer cannot be kept: {0}")]
    Transcript(#[from] std::io::Error),
}

/// One bulk request.
struct Load<'a> {
    ingest: &'a Ingest,
    caller: &'a Caller,
    lenient: bool,
}

impl Load<'_> {
    /// The answer; or what is said instead, before the body's end.
    async fn run(&self, pieces: &mut Pieces) -> Result<Response, Response> {
        let mut transcript = Transcript::new(self.ingest.intake.settings().temp_dir.clone());
        let read = self.read(pieces, &mut transcript).await;
        for (status, count) in transcript.counts() {
            self.ingest.intake.metrics().told(status, count);
        }
        let answered = match read {
            Ok(()) => transcript.finish().await.map_err(BulkError::from),
            Err(error) => Err(error),
        };
        answered.map_err(|error| match error {
            BulkError::Body(error) => unreadable(&error),
            BulkError::Transcript(_) => {
                tracing::error!(%error, "a bulk request has no answer");
                let problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, "the answer cannot be kept");
                problem.with_retry_after(TURN).into_response()
            }
        })
    }

    /// Reads every line and writes every verdict.
    async fn read(&self, pieces: &mut Pieces, transcript: &mut Transcript) -> Result<(), BulkError> {
        let mut lines = Lines::new(REVIEW_MAX);
        let mut window = Window::new(follow, &self.ingest.intake);
        loop {
            let piece = tokio::select! {
                Some(item) = window.next() => {
                    transcript.push(&item).await?;
                    continue;
                }
                piece = pieces.next() => piece?,
            };
            let Some(piece) = piece else { break };
            self.ingest.intake.metrics().reviews_received_bytes.inc_by(piece.len() as u64);
            lines.feed(piece);
            let now = Timestamp::now();
            while let Some(line) = lines.next() {
                self.line(line, now, &mut window, transcript).await?;
            }
        }
        if let Some(line) = lines.finish() {
            self.line(line, Timestamp::now(), &mut window, transcript).await?;
        }
        while let Some(item) = window.next().await {
            transcript.push(&item).await?;
        }
        Ok(())
    }

    /// Brings one line on its way, once there is room for it.
    async fn line<F: Future<Output = Item>>(
        &self,
        line: Line,
        now: Timestamp,
        window: &mut Window<'_, F>,
        transcript: &mut Transcript,
    ) -> Result<(), BulkError> {
        while window.is_full() {
            let Some(item) = window.next().await else { break };
            transcript.push(&item).await?;
        }
        let start = {
            let mut starting = pin!(self.start(line, now));
            // Those before must go on meanwhile: it may be they who hold the room.
            loop {
                tokio::select! {
                    biased;
                    start = &mut starting => break start,
                    Some(item) = window.next() => transcript.push(&item).await?,
                }
            }
        };
        window.push(start);
        Ok(())
    }

    async fn start(&self, line: Line, now: Timestamp) -> Start {
        self.ingest.auth.pace(self.caller).await;
        let read = match line {
            Line::Whole(json) => self.parse(&json, now),
            Line::TooLong => {
                let reason = format!("is longer than {REVIEW_MAX} bytes");
                Err(Rejection { id: None, faults: vec![Fault { field: String::new(), reason }] })
            }
        };
        match read {
            Ok(review) => {
                let id = review.id.clone();
                Start::Review(id, self.ingest.intake.enter(review).await)
            }
            Err(rejection) => Start::Rejected(rejection),
        }
    }

    fn parse(&self, json: &Bytes, now: Timestamp) -> Result<crate::review::Review, Rejection> {
        parse(json, Rules { now, lenient: self.lenient, key: None })
    }
}

/// A line before its verdict.
enum Start {
    Review(ReviewId, Underway),
    Rejected(Rejection),
}

impl Start {
    /// The bytes that wait with it, roughly, beside the review's own.
    fn cost(&self) -> usize {
        match self {
            Self::Review(..) => 0,
            Self::Rejected(rejection) => {
                rejection.faults.iter().map(|fault| 64 + fault.field.len() + fault.reason.len()).sum()
            }
        }
    }
}

/// One line's verdict, when it comes.
async fn follow(intake: Intake, start: Start) -> Item {
    match start {
        Start::Rejected(rejection) => Item::rejected(rejection),
        Start::Review(id, underway) => Item::of(id, intake.follow(underway).await),
    }
}

/// The lines that are on their way, in order. All of one request share the type of their futures, so none is boxed.
struct Window<'a, F: Future> {
    follow: fn(Intake, Start) -> F,
    intake: &'a Intake,
    lines: FuturesOrdered<F>,
    costs: VecDeque<usize>,
    cost: usize,
}

impl<'a, F: Future<Output = Item>> Window<'a, F> {
    fn new(follow: fn(Intake, Start) -> F, intake: &'a Intake) -> Self {
        Self { follow, intake, lines: FuturesOrdered::new(), costs: VecDeque::new(), cost: 0 }
    }

    fn push(&mut self, start: Start) {
        let cost = start.cost();
        self.costs.push_back(cost);
        self.cost += cost;
        self.lines.push_back((self.follow)(self.intake.clone(), start));
    }

    fn is_full(&self) -> bool {
        self.lines.len() >= WINDOW || self.cost >= WINDOW_BYTES
    }

    /// The first line's verdict, or nothing where no line is on its way. Nothing is lost when it is no longer waited
    /// for.
    async fn next(&mut self) -> Option<Item> {
        let item = self.lines.next().await?;
        self.cost -= self.costs.pop_front().unwrap_or(0);
        Some(item)
    }
}

/// Shows a bulk request in a gauge, until it is dropped.
struct Shown(Gauge);

impl Shown {
    fn new(gauge: &Gauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        self.0.dec();
    }
}
