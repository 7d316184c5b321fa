//! `GET /reviews/stream`: new reviews that match, as server-sent events (HTML Standard, section 9.2).
//!
//! 1. An event's id is `<stored_at in milliseconds>:<review id>`; its data is the review. A client that comes back with
//!    the last id it has seen, as Last-Event-ID or as a parameter, loses nothing and may see some again.
//! 2. The [`feed`](super::feed) is asked every [`StreamSettings::interval`], and as fast as the client reads where there
//!    is more. Nothing is read ahead for a client that does not read: a page is all that waits for it.
//! 3. A first question is asked before the answer begins, so that a store that cannot do this, or is away, is a status.
//!    From then on the stream outlives a store that is away.
//! 4. It ends when the service drains or after [`StreamSettings::age`]; a browser comes back by itself, perhaps to another
//!    replica.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, Interval, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use super::answers::{NoAnswer, StreamEvent};
use super::ask::{Queries, problem, refusal};
use super::documented::{FilterParams, RatingParams, StreamParams, TextParams};
use super::feed::{Feed, PAGE, Seen};
use super::reader::Reader;
use super::{Position, StreamQuery, params};
use crate::auth::NotAdmitted;
use crate::problem::Problem;
use crate::review::{Fault, Stored};
use crate::store::ReadError;

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// When a client comes back whose stream has ended.
const RECONNECT: Duration = Duration::from_secs(2);

/// What bounds streams.
#[derive(Clone, Copy, Debug)]
pub struct StreamSettings {
    /// How many may be open.
    pub most: usize,
    /// How often the store is asked what is new.
    pub interval: Duration,
    /// How often something is sent where nothing is new, for those on the way who would close a silent connection.
    pub heartbeat: Duration,
    /// How long one may be open, so that clients spread over replicas that came later.
    pub age: Duration,
}

impl Default for StreamSettings {
    fn default() -> Self {
        Self {
            most: 100,
            interval: Duration::from_secs(1),
            heartbeat: Duration::from_secs(15),
            age: Duration::from_hours(1),
        }
    }
}

/// The places for streams.
pub(super) struct Streams {
    settings: StreamSettings,
    places: Arc<Semaphore>,
    draining: CancellationToken,
}

impl Streams {
    pub(super) fn new(settings: StreamSettings, draining: CancellationToken) -> Self {
        Self { settings, places: Arc::new(Semaphore::new(settings.most)), draining }
    }
}

/// Sends new reviews as they come.
///
/// At least once, in the order in which they were stored but for some that became visible late. A stream begins some
/// seconds before it is opened: what a list asked for just before did not have yet is there. Reviews have ids to tell
/// what came twice.
#[utoipa::path(
    get,
    path = "/reviews/stream",
    tag = "query",
    params(TextParams, FilterParams, RatingParams, StreamParams,
        ("Last-Event-ID" = Option<String>, Header, description = "The id of the last event seen: go on there. \
            An empty one is none, as browsers have it before the first.",
            pattern = "^([0-9]{1,15}:[A-Za-z0-9._~:-]{1,128})?$")),
    security((), ("read" = [])),
    responses(
        (status = 200, description = "Events named `review`; the data of each is a review as JSON (`Stored`)",
            body = StreamEvent, content_type = "text/event-stream"),
        NoAnswer,
        NotAdmitted,
    )
)]
pub(super) async fn stream(
    State(queries): State<Queries>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (query, parameter) = params::stream(&mut Reader::new(query.as_deref())).map_err(refusal)?;
    let header = headers.get(LAST_EVENT_ID).filter(|header| !header.is_empty());
    let (name, last) = match header {
        Some(header) => ("Last-Event-ID", header.to_str().ok().map(str::to_owned).or(Some(String::new()))),
        None => ("last_event_id", parameter),
    };
    let now = Timestamp::now();
    let last = last.map(|last| Position::of_event(&last)).transpose();
    let last =
        last.map_err(|reason| refusal(vec![Fault { field: name.to_owned(), reason: reason.to_owned() }]))?;
    let Ok(place) = Arc::clone(&queries.streams().places).try_acquire_owned() else {
        queries.metrics().streams_refused.inc();
        let problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, "too many streams are open");
        return Err(problem.with_retry_after(RECONNECT));
    };
    let mut open = Open::new(queries, query, Feed::new(last, now), place);
    open.look().await.map_err(|error| problem(&error))?;
    Ok(answer(open))
}

fn answer(open: Open) -> Response {
    let heartbeat = KeepAlive::new().interval(open.queries.streams().settings.heartbeat);
    let events = futures::stream::unfold(open, |mut open| async move {
        let event = open.next().await?;
        Some((Ok::<_, Infallible>(event), open))
    });
    // nginx holds an answer back until it has a buffer full, unless it is told not to.
    let unbuffered = (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    ([unbuffered], Sse::new(events).keep_alive(heartbeat)).into_response()
}

/// A stream that a client has open.
struct Open {
    queries: Queries,
    query: StreamQuery,
    feed: Feed,
    seen: Seen,
    begun: bool,
    ticks: Interval,
    end: Instant,
    _place: OwnedSemaphorePermit,
}

impl Open {
    fn new(queries: Queries, query: StreamQuery, feed: Feed, place: OwnedSemaphorePermit) -> Self {
        queries.metrics().streams_open.inc();
        let settings = queries.streams().settings;
        let mut ticks = tokio::time::interval_at(Instant::now() + settings.interval, settings.interval);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let end = Instant::now() + settings.age;
        Self { queries, query, feed, seen: Seen::default(), begun: false, ticks, end, _place: place }
    }

    /// The next event, however long it takes; `None` at the stream's end.
    async fn next(&mut self) -> Option<Event> {
        if !std::mem::replace(&mut self.begun, true) {
            return Some(Event::default().retry(RECONNECT));
        }
        let (draining, end) = (self.queries.streams().draining.clone(), self.end);
        tokio::select! {
            biased;
            () = draining.cancelled() => None,
            () = tokio::time::sleep_until(end) => None,
            stored = self.review() => {
                self.queries.metrics().stream_events.inc();
                Some(event(&stored))
            }
        }
    }

    async fn review(&mut self) -> Stored {
        loop {
            if let Some(stored) = self.seen.fresh.pop_front() {
                return stored;
            }
            if !self.seen.more {
                self.ticks.tick().await;
            }
            if let Err(error) = self.look().await {
                tracing::debug!(%error, "a stream could not be told what is new");
                self.queries.metrics().stream_failures.inc();
                self.seen = Seen::default();
            }
        }
    }

    async fn look(&mut self) -> Result<(), ReadError> {
        let question = self.queries.store().since(&self.query, self.feed.next(), PAGE);
        let page = self.queries.within(question).await?;
        self.seen = self.feed.take(page);
        Ok(())
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.queries.metrics().streams_open.dec();
    }
}

fn event(stored: &Stored) -> Event {
    let id = Position::of(stored).event_id();
    // JSON has no line end in it, and an id neither: both are what an event's field may hold.
    let data = serde_json::to_string(stored).unwrap_or_default();
    Event::default().id(id).event("review").data(data)
}
