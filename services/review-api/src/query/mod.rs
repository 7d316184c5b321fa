//! Questions and their answers, as the stores know them: parsed, bounded, and free of any store's syntax.
//!
//! What a client wrote becomes a [`Text`] of words, phrases and exclusions, and a [`Filter`] of exact values. A store
//! turns those into its own queries value by value, so nothing that a client writes is ever read as syntax there.
//!
//! 1. [`reader`] and [`params`] read the parameters of a request; [`text`] reads `q`, [`time`] times, [`cursor`] where a
//!    page starts. [`documented`] says the same in `OpenAPI`.
//! 2. [`ask`] asks the store within bounds; [`routes`] answers with [`answers`].
//! 3. [`stream`] sends what is new, which [`feed`] finds.

pub mod answers;
pub mod ask;
mod cursor;
pub mod documented;
mod feed;
pub mod metrics;
mod params;
mod reader;
pub mod routes;
pub mod stream;
mod text;
mod time;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::review::Stored;

/// The most clauses a text may have.
pub const CLAUSES_MAX: usize = 16;
/// The most hits of a page.
pub const PAGE_MAX: usize = 100;
/// A rating of at most this is low.
pub const LOW_RATING: u8 = 2;
/// The most points of a series.
pub const INTERVALS_MAX: usize = 2_000;

/// What the text of a review must and must not hold. Empty: everything.
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
pub struct Text {
    /// At most [`CLAUSES_MAX`]; every one must hold.
    pub clauses: Vec<Clause>,
}

/// One condition on a text.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Clause {
    /// Whether the text must not match.
    pub excluded: bool,
    /// What is looked for.
    pub wanted: Wanted,
}

/// What a clause looks for. Each string is the client's, untouched but for its quotes and operators.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum Wanted {
    /// A word. It may analyse into several tokens (`door-bell`): all of them, in order.
    Word(String),
    /// A word or one like it: 1 edit from 3 characters, 2 from 6.
    Fuzzy(String),
    /// Words that begin so; at least 2 characters.
    Prefix(String),
    /// Words in this order, next to each other.
    Phrase(String),
}

/// Exact conditions. Several values of one list: any of them.
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
pub struct Filter {
    /// Written at or after.
    pub from: Option<Timestamp>,
    /// Written before.
    pub to: Option<Timestamp>,
    /// At least this rating.
    pub min_rating: Option<u8>,
    /// At most this rating.
    pub max_rating: Option<u8>,
    /// The hub.
    pub hubs: Vec<String>,
    /// The language.
    pub languages: Vec<String>,
    /// A tag.
    pub tags: Vec<String>,
    /// The delivery.
    pub delivery_id: Option<String>,
    /// The tour.
    pub tour: Option<String>,
}

/// The order of a page.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Sort {
    /// By time of writing, the last first.
    #[default]
    Newest,
    /// By time of writing, the first first.
    Oldest,
    /// By how well the text matches, then the last first.
    Relevance,
}

/// A search.
#[derive(Clone, Debug)]
pub struct Search {
    /// What the text says.
    pub text: Text,
    /// And what else holds.
    pub filter: Filter,
    /// In which order.
    pub sort: Sort,
    /// At most so many, 1 to [`PAGE_MAX`].
    pub size: usize,
    /// Whether passages that match are wanted.
    pub highlight: bool,
    /// Where the page before ended.
    pub after: Option<Place>,
}

/// Where a page ended: the store's name for the moment it saw, and the sort values of the last hit.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Place {
    /// The store's point in time. It came from a client: a store checks it.
    pub point: String,
    /// The store's sort values of the last hit. They came from a client: a store checks them.
    pub values: Vec<serde_json::Value>,
}

/// A page of hits.
#[derive(Clone, Debug)]
pub struct SearchPage {
    /// In the order asked for.
    pub hits: Vec<Hit>,
    /// How many match in all.
    pub total: Total,
    /// Where the next page starts; `None` after the last.
    pub next: Option<Place>,
    /// Whether the store ended early (time limit, `terminate_after`, a shard away) and more may match.
    pub partial: bool,
}

/// How many match.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
pub struct Total {
    /// The number.
    pub value: u64,
    /// Whether it is exact; else at least so many.
    pub exact: bool,
}

/// A review that matches.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct Hit {
    /// The review.
    #[serde(flatten)]
    pub stored: Stored,
    /// How well it matches, where the order is by relevance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<f32>,
    /// Passages of the text; what matched stands between `<mark>` and `</mark>`, everything else is HTML-escaped.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub highlights: Vec<String>,
}

/// Statistics over the reviews that match.
#[derive(Clone, Debug)]
pub struct StatsQuery {
    /// What the text says.
    pub text: Text,
    /// And what else holds; `from` and `to` are always set.
    pub filter: Filter,
    /// The length of a point of the series.
    pub interval: Interval,
    /// Hubs with fewer rated reviews are left out.
    pub min_count: u64,
    /// At most so many hubs, the worst first.
    pub hubs: usize,
}

/// The length of a point of a series. Points start at multiples of it in UTC.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Interval {
    /// 60 seconds.
    Minute,
    /// 60 minutes.
    Hour,
    /// 24 hours.
    Day,
    /// 7 days, from Monday.
    Week,
}

/// What happened in a period.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct Stats {
    /// The period's beginning.
    pub from: Timestamp,
    /// Its end, exclusive.
    pub to: Timestamp,
    /// Reviews in it.
    pub total: u64,
    /// Reviews with rating 1, 2, 3, 4 and 5.
    pub ratings: [u64; 5],
    /// Reviews without one.
    pub unrated: u64,
    /// The mean rating.
    pub average: Option<f64>,
    /// Low ratings against the period of the same length before.
    pub low: LowShare,
    /// One point per interval, also where nothing was written.
    pub series: Vec<Point>,
    /// The hubs with the highest share of low ratings, worst first.
    pub hubs: Vec<HubStats>,
    /// Languages, the most frequent first; at most 20.
    pub languages: Vec<LanguageCount>,
    /// What reviews waited between this service and the store.
    pub lag: Lag,
    /// Whether the store ended early and the numbers are of a part.
    pub partial: bool,
}

/// The share of ratings at most [`LOW_RATING`] among all ratings.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct LowShare {
    /// Now: 0 to 1. Absent without ratings.
    pub share: Option<f64>,
    /// In the period before.
    pub previous: Option<f64>,
}

/// One interval.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct Point {
    /// Its beginning.
    pub at: Timestamp,
    /// Reviews written in it.
    pub count: u64,
    /// Their mean rating.
    pub average: Option<f64>,
    /// How many ratings are low.
    pub low: u64,
    /// How many have a rating.
    pub rated: u64,
}

/// One hub.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct HubStats {
    /// Its name.
    pub hub: String,
    /// Its reviews.
    pub count: u64,
    /// How many have a rating.
    pub rated: u64,
    /// Their mean rating.
    pub average: Option<f64>,
    /// Its low ratings, and those of the period before.
    pub low: LowShare,
}

/// One language.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
pub struct LanguageCount {
    /// Its code; `und` where there is none.
    pub language: String,
    /// Its reviews.
    pub count: u64,
}

/// Milliseconds between taking a review and handing it to the store.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct Lag {
    /// Half waited at most this long.
    pub p50_ms: Option<f64>,
    /// 95 of 100.
    pub p95_ms: Option<f64>,
    /// 99 of 100.
    pub p99_ms: Option<f64>,
}

/// Terms of low ratings.
#[derive(Clone, Debug)]
pub struct TermsQuery {
    /// What the text says.
    pub text: Text,
    /// And what else holds; its ratings are not looked at.
    pub filter: Filter,
    /// At most so many.
    pub size: usize,
}

/// Terms that reviews with a low rating have more often than all reviews that match.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct Terms {
    /// The most telling first.
    pub terms: Vec<Term>,
    /// Reviews with a low rating that were looked at: a sample, texts seen twice left out.
    pub low: u64,
    /// Reviews they were compared with.
    pub all: u64,
}

/// One term.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct Term {
    /// The term, as analysed: lower case.
    pub term: String,
    /// Reviews with a low rating that have it.
    pub low: u64,
    /// Reviews that have it.
    pub all: u64,
    /// How telling it is; comparable within one answer only.
    pub score: f64,
}

/// What a stream is about.
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
pub struct StreamQuery {
    /// What the text says.
    pub text: Text,
    /// And what else holds.
    pub filter: Filter,
}

/// A place in the order of `(stored_at, id)`.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Position {
    /// Milliseconds count.
    pub stored_at: Timestamp,
    /// Empty: before every review of that moment.
    pub id: String,
}
