//! What is new in a store that many processes write to.
//!
//! 1. A review is given by its place in the order of `(stored_at, id)`. That order is not the order in which reviews
//!    become visible: another process may have put its time on a review before, and the store may show it after.
//! 2. So each look begins [`LOOK_BACK`] before the newest review seen, and what was given already is remembered for that
//!    long.
//! 3. Reviews come page by page; the caller reads the next page when it has done with one.

use std::collections::{BTreeSet, VecDeque};

use jiff::{SignedDuration, Timestamp};

use super::Position;
use crate::review::{InvalidId, ReviewId, Stored};

/// How much later than its `stored_at` a review may become visible and still be given: a refresh, a slow write, clocks
/// that differ.
const LOOK_BACK: SignedDuration = SignedDuration::from_secs(5);
/// Reviews of one page.
pub(super) const PAGE: usize = 200;
/// Reviews remembered at most. Past that the oldest are forgotten, and given again while they are looked back at.
const REMEMBERED_MAX: usize = 100_000;

/// What a look has found.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// Not given before.
    pub(super) fresh: VecDeque<Stored>,
    /// Whether there is more to be read at once.
    pub(super) more: bool,
}

/// What was given of a stream, and where it goes on.
pub(super) struct Feed {
    next: Position,
    newest: Timestamp,
    given: BTreeSet<Position>,
}

impl Feed {
    /// Begins [`LOOK_BACK`] before the last review that was seen, else before now.
    pub(super) fn new(last: Option<Position>, now: Timestamp) -> Self {
        // From a time to come, which a client may claim, nothing would ever be new.
        let newest = last.map_or(now, |last| last.stored_at.min(now));
        Self { next: before(newest), newest, given: BTreeSet::new() }
    }

    /// Where the next page begins. It has [`PAGE`] reviews at most.
    pub(super) fn next(&self) -> &Position {
        &self.next
    }

    /// Takes the page that begins there.
    pub(super) fn take(&mut self, page: Vec<Stored>) -> Seen {
        let last = page.last().map(Position::of).filter(|last| *last > self.next);
        let last = last.filter(|_| page.len() >= PAGE);
        let more = last.is_some();
        let mut fresh = VecDeque::new();
        for stored in page {
            let position = Position::of(&stored);
            self.newest = self.newest.max(position.stored_at);
            if self.given.insert(position) {
                fresh.push_back(stored);
            }
        }
        self.next = last.unwrap_or_else(|| before(self.newest));
        self.forget();
        Seen { fresh, more }
    }

    /// Forgets what is never looked back at, also while a stream that begins long ago is read page by page.
    fn forget(&mut self) {
        self.given = self.given.split_off(&before(self.newest));
        while self.given.len() > REMEMBERED_MAX {
            self.given.pop_first();
        }
    }
}

fn before(newest: Timestamp) -> Position {
    let stored_at = newest.saturating_sub(LOOK_BACK).unwrap_or(Timestamp::MIN);
    Position { stored_at, id: String::new() }
}

impl Position {
    /// The place of a review.
    pub(super) fn of(stored: &Stored) -> Self {
        let stored_at = Timestamp::from_millisecond(stored.stored_at.as_millisecond());
        Self { stored_at: stored_at.unwrap_or(stored.stored_at), id: stored.review.id.as_str().to_owned() }
    }

    /// The place as an event's id.
    pub(super) fn event_id(&self) -> String {
        format!("{}:{}", self.stored_at.as_millisecond(), self.id)
    }

    /// The place that an event's id names.
    pub(super) fn of_event(text: &str) -> Result<Self, &'static str> {
        const DIGITS_MAX: usize = 15;
        let parsed = text.split_once(':').and_then(|(time, id)| {
            let plain =
                (1..=DIGITS_MAX).contains(&time.len()) && time.bytes().all(|byte| byte.is_ascii_digit());
            let time = time.parse().ok().filter(|_| plain)?;
            let stored_at = Timestamp::from_millisecond(time).unwrap_or(Timestamp::MAX);
            // A reserved id is no review's, but it has a place in the order as any other.
            let sound = matches!(ReviewId::parse(id), Ok(_) | Err(InvalidId::Reserved));
            sound.then(|| Self { stored_at, id: id.to_owned() })
        });
        parsed.ok_or("is not the id of an event of this stream")
    }
}

#[cfg(test)]
#[path = "feed_tests.rs"]
mod tests;
