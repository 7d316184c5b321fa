//! Statistics, by one request of aggregations.
//!
//! 1. The period asked for and the one of the same length before it are one query; two filters take them apart.
//! 2. Ratings are counted one by one everywhere: histogram, average and share of low ones follow from that exactly.
//! 3. The cluster leaves intervals without reviews out; we put them in.
//!
//! Exact but for two things: the lag's percentiles are estimates (t-digest), and where there are more than [`HUBS`] hubs
//! only those with the most reviews are looked at.

use std::collections::HashMap;

use ::elasticsearch::http::Method;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::client::Client;
use super::failure::read;
use super::metrics::Operation;
use super::options::Options;
use super::query;
use super::search::{Found, GRACE, milliseconds};
use crate::query::{
    Filter, HubStats, INTERVALS_MAX, Interval, LOW_RATING, Lag, LanguageCount, LowShare, Point, Stats,
    StatsQuery,
};
use crate::store::ReadError;

/// Hubs that are looked at.
const HUBS: usize = 500;
/// Languages that are told.
const LANGUAGES: usize = 20;
/// A shard counts so many values before it leaves out the rarest, so that several shards together are exact.
const SHARD_SIZE: usize = 5_000;

/// Statistics of a period.
pub(super) async fn stats(
    client: &Client,
    options: &Options,
    asked: &StatsQuery,
) -> Result<Stats, ReadError> {
    let period = Period::of(asked)?;
    let all = Filter { from: Some(period.before), to: Some(period.to), ..asked.filter.clone() };
    let mut body = json!({
        "query": query::of(&asked.text, &all),
        "size": 0,
        "track_total_hits": false,
        "timeout": milliseconds(options.query_timeout),
        "aggs": aggregations(&period, asked),
    });
    if options.terminate_after > 0 {
        body["terminate_after"] = options.terminate_after.into();
    }
    let path = format!("/{}/_search", query::indices(&options.index, all.from, all.to));
    let parameters = [("ignore_unavailable", "true")];
    let limit = options.query_timeout + GRACE;
    let answer = client.json(Operation::Stats, Method::Post, path, &parameters, Some(&body), limit).await?;
    let found: Found = read(&answer)?;
    let Aggregated { aggregations } = read(&answer)?;
    if found.timed_out && aggregations.now.doc_count == 0 {
        return Err(ReadError::TimedOut);
    }
    Ok(period.stats(aggregations, asked, found.is_partial()))
}

/// The times of a question.
struct Period {
    before: Timestamp,
    from: Timestamp,
    to: Timestamp,
    /// Of a point, in milliseconds.
    step: i64,
    /// A point begins here, in milliseconds.
    offset: i64,
}

impl Period {
    fn of(asked: &StatsQuery) -> Result<Self, ReadError> {
        let (Some(from), Some(to)) = (asked.filter.from, asked.filter.to) else {
            return Err(ReadError::TooCostly("statistics need a period".to_owned()));
        };
        let before = from.checked_sub(to.duration_since(from)).unwrap_or(Timestamp::MIN);
        let (step, offset) = match asked.interval {
            Interval::Minute => (60, 0),
            Interval::Hour => (3_600, 0),
            Interval::Day => (86_400, 0),
            // 1970 began on a Thursday.
            Interval::Week => (7 * 86_400, 4 * 86_400),
        };
        let period = Self { before, from, to, step: step * 1_000, offset: offset * 1_000 };
        let points = (period.end() - period.begin()).div_euclid(period.step);
        if points > i64::try_from(INTERVALS_MAX).unwrap_or(i64::MAX) {
            return Err(ReadError::TooCostly(format!("a series may have {INTERVALS_MAX} points")));
        }
        Ok(period)
    }

    /// Where the first point begins.
    fn begin(&self) -> i64 {
        (self.from.as_millisecond() - self.offset).div_euclid(self.step) * self.step + self.offset
    }

    /// Where the last point has ended.
    fn end(&self) -> i64 {
        query::milliseconds(self.to)
    }

    fn stats(&self, found: Aggregations, asked: &StatsQuery, partial: bool) -> Stats {
        let Aggregations { now, before } = found;
        let ratings = now.ratings.counts();
        let rated: u64 = ratings.iter().sum();
        Stats {
            from: self.from,
            to: self.to,
            total: now.doc_count,
            ratings,
            unrated: now.doc_count.saturating_sub(rated),
            average: average(&ratings),
            low: LowShare { share: share(&ratings), previous: share(&before.ratings.counts()) },
            series: self.series(now.series),
            hubs: worst(now.hubs, before.hubs, asked),
            languages: now.languages.told(),
            lag: now.lag.told(),
            partial,
        }
    }

    fn series(&self, found: Buckets<i64>) -> Vec<Point> {
        let mut found: HashMap<i64, Bucket<i64>> =
            found.buckets.into_iter().map(|bucket| (bucket.key, bucket)).collect();
        let mut points = Vec::new();
        let mut at = self.begin();
        while at < self.end() {
            let (count, ratings) =
                found.remove(&at).map_or((0, [0; 5]), |bucket| (bucket.doc_count, bucket.ratings.counts()));
            let (low, rated) = low_and_rated(&ratings);
            // Beyond what a Timestamp can be there is nothing to tell.
            let Ok(time) = Timestamp::from_millisecond(at) else { break };
            points.push(Point { at: time, count, average: average(&ratings), low, rated });
            at += self.step;
        }
        points
    }
}

fn aggregations(period: &Period, asked: &StatsQuery) -> Value {
    let ratings = json!({"ratings": {"terms": {"field": "rating", "size": 5}}});
    let hubs = |least: u64| {
        json!({
            "terms": {"field": "hub", "size": HUBS, "shard_size": SHARD_SIZE, "min_doc_count": least.max(1)},
            "aggs": ratings,
        })
    };
    let now = json!({
        "ratings": ratings["ratings"],
        "series": {
            "date_histogram": {
                "field": "written_at",
                "fixed_interval": format!("{}ms", period.step),
                "offset": format!("{}ms", period.offset),
                "min_doc_count": 1,
            },
            "aggs": ratings,
        },
        "hubs": hubs(asked.min_count),
        "languages": {"terms": {
            "field": "language", "size": LANGUAGES, "shard_size": SHARD_SIZE, "missing": "und",
        }},
        "lag": {"percentiles": {"field": "lag_ms", "percents": [50, 95, 99]}},
    });
    json!({
        "now": {"filter": query::written(Some(period.from), Some(period.to)), "aggs": now},
        "before": {
            "filter": query::written(Some(period.before), Some(period.from)),
            "aggs": {"ratings": ratings["ratings"], "hubs": hubs(1)},
        },
    })
}

/// The hubs with enough ratings, those with the highest share of low ones first.
fn worst(now: Buckets<String>, before: Buckets<String>, asked: &StatsQuery) -> Vec<HubStats> {
    let before: HashMap<String, [u64; 5]> =
        before.buckets.into_iter().map(|hub| (hub.key, hub.ratings.counts())).collect();
    let told = |hub: Bucket<String>| {
        let ratings = hub.ratings.counts();
        let (_, rated) = low_and_rated(&ratings);
        let low = LowShare { share: share(&ratings), previous: before.get(&hub.key).and_then(share) };
        HubStats { count: hub.doc_count, rated, average: average(&ratings), low, hub: hub.key }
    };
    let mut hubs: Vec<_> =
        now.buckets.into_iter().map(told).filter(|hub| hub.rated >= asked.min_count).collect();
    // A hub without ratings has no share: it is the last.
    let worse = |hub: &HubStats| hub.low.share.unwrap_or(-1.0);
    hubs.sort_by(|one, other| {
        let share = worse(other).total_cmp(&worse(one));
        share.then(other.rated.cmp(&one.rated)).then(one.hub.cmp(&other.hub))
    });
    hubs.truncate(asked.hubs);
    hubs
}

/// Ratings 1 to 5, each with its reviews.
fn average(ratings: &[u64; 5]) -> Option<f64> {
    let rated: u64 = ratings.iter().sum();
    let sum: u64 = ratings.iter().zip(1..).map(|(count, rating)| count * rating).sum();
    ratio(sum, rated)
}

fn share(ratings: &[u64; 5]) -> Option<f64> {
    let (low, rated) = low_and_rated(ratings);
    ratio(low, rated)
}

fn low_and_rated(ratings: &[u64; 5]) -> (u64, u64) {
    (ratings[..usize::from(LOW_RATING)].iter().sum(), ratings.iter().sum())
}

fn ratio(part: u64, whole: u64) -> Option<f64> {
    #[expect(clippy::cast_precision_loss, reason = "counts beyond 2^52 are not met")]
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// Nothing at all where no index is met.
#[derive(Default, Deserialize)]
struct Aggregated {
    #[serde(default)]
    aggregations: Aggregations,
}

#[derive(Default, Deserialize)]
struct Aggregations {
    #[serde(default)]
    now: Now,
    #[serde(default)]
    before: Before,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Now {
    doc_count: u64,
    ratings: Buckets<u8>,
    series: Buckets<i64>,
    hubs: Buckets<String>,
    languages: Buckets<String>,
    lag: Percentiles,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Before {
    ratings: Buckets<u8>,
    hubs: Buckets<String>,
}

#[derive(Deserialize)]
struct Buckets<K> {
    #[serde(default = "Vec::new")]
    buckets: Vec<Bucket<K>>,
}

#[derive(Deserialize)]
struct Bucket<K> {
    key: K,
    doc_count: u64,
    #[serde(default)]
    ratings: Buckets<u8>,
}

impl<K> Default for Buckets<K> {
    fn default() -> Self {
        Self { buckets: Vec::new() }
    }
}

impl Buckets<u8> {
    fn counts(&self) -> [u64; 5] {
        let mut counts = [0; 5];
        for bucket in &self.buckets {
            if let Some(count) = counts.get_mut(usize::from(bucket.key).wrapping_sub(1)) {
                *count = bucket.doc_count;
            }
        }
        counts
    }
}

impl Buckets<String> {
    fn told(self) -> Vec<LanguageCount> {
        let told = |bucket: Bucket<String>| LanguageCount { language: bucket.key, count: bucket.doc_count };
        self.buckets.into_iter().map(told).collect()
    }
}

/// `{"50.0": 3.0, …}`; null where there is no document.
#[derive(Default, Deserialize)]
struct Percentiles {
    #[serde(default)]
    values: HashMap<String, Option<f64>>,
}

impl Percentiles {
    fn told(&self) -> Lag {
        let of = |percent: &str| self.values.get(percent).copied().flatten();
        Lag { p50_ms: of("50.0"), p95_ms: of("95.0"), p99_ms: of("99.0") }
    }
}
