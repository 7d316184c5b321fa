//! Counts along time.
//!
//! 1. The first point begins at the multiple of the interval at or before the period's beginning.
//! 2. Weeks begin on Monday; 1970 did on a Thursday.
//! 3. There is a point for every interval up to the period's end, also where nothing was written.

use jiff::Timestamp;

use crate::query::{INTERVALS_MAX, Interval, Point};
use crate::store::ReadError;

const MINUTE_MS: i64 = 60 * 1_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;
const WEEK_MS: i64 = 7 * DAY_MS;
/// From the beginning of 1970 to its first Monday.
const FIRST_MONDAY_MS: i64 = 4 * DAY_MS;

/// How many, and how good.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    pub count: u64,
    pub rated: u64,
    pub low: u64,
    sum: u64,
}

impl Tally {
    /// One more.
    pub(super) fn add(&mut self, rating: Option<u64>, is_low: bool) {
        self.count += 1;
        self.low += u64::from(is_low);
        if let Some(rating) = rating {
            self.rated += 1;
            self.sum += rating;
        }
    }

    /// All of another.
    pub(super) fn merge(&mut self, other: Self) {
        self.count += other.count;
        self.rated += other.rated;
        self.low += other.low;
        self.sum += other.sum;
    }

    /// The mean rating.
    pub(super) fn average(self) -> Option<f64> {
        ratio(self.sum, self.rated)
    }

    /// The share of low ratings.
    pub(super) fn low_share(self) -> Option<f64> {
        ratio(self.low, self.rated)
    }
}

/// A part of a whole; of nothing there is none.
#[expect(clippy::cast_precision_loss, reason = "counts of reviews stay far below 2^52")]
pub(super) fn ratio(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// The points of a period.
#[derive(Debug)]
pub(super) struct Series {
    first: i64,
    step: i64,
    tallies: Vec<Tally>,
}

impl Series {
    /// From and to are milliseconds since 1970.
    pub(super) fn new(interval: Interval, from: i64, to: i64) -> Result<Self, ReadError> {
        let (step, offset) = match interval {
            Interval::Minute => (MINUTE_MS, 0),
            Interval::Hour => (HOUR_MS, 0),
            Interval::Day => (DAY_MS, 0),
            Interval::Week => (WEEK_MS, FIRST_MONDAY_MS),
        };
        let first = from - (from - offset).rem_euclid(step);
        let points = if from < to { ((to - first - 1) / step) + 1 } else { 0 };
        // One more than the limit: a period of exactly so many intervals need not begin at one.
        let points =
            usize::try_from(points).ok().filter(|&points| points <= INTERVALS_MAX + 1).ok_or_else(|| {
                ReadError::TooCostly(format!(
                    "the period has more than {INTERVALS_MAX} intervals of this length"
                ))
            })?;
        Ok(Self { first, step, tallies: vec![Tally::default(); points] })
    }

    /// One more review, written at this moment.
    pub(super) fn add(&mut self, written: i64, rating: Option<u64>, is_low: bool) {
        let place = usize::try_from((written - self.first) / self.step);
        if let Some(tally) = place.ok().and_then(|place| self.tallies.get_mut(place)) {
            tally.add(rating, is_low);
        }
    }

    /// The points, in order.
    pub(super) fn points(&self) -> Vec<Point> {
        let point = |(place, tally): (i64, &Tally)| Point {
            at: Timestamp::from_millisecond(self.first + place * self.step).unwrap_or(Timestamp::MIN),
            count: tally.count,
            average: tally.average(),
            low: tally.low,
            rated: tally.rated,
        };
        (0..).zip(&self.tallies).map(point).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(interval: Interval, from: &str, to: &str) -> Result<Vec<String>, ReadError> {
        let at = |text: &str| text.parse::<Timestamp>().expect("a time").as_millisecond();
        let series = Series::new(interval, at(from), at(to))?;
        Ok(series.points().iter().map(|point| point.at.to_string()).collect())
    }

    #[test]
    fn points_begin_at_multiples_of_the_interval() {
        let days = series(Interval::Day, "2026-11-01T13:00:00Z", "2026-11-03T00:00:00Z").expect("few");
        assert_eq!(days, ["2026-11-01T00:00:00Z", "2026-11-02T00:00:00Z"]);
        let weeks = series(Interval::Week, "2026-11-18T00:00:00Z", "2026-11-23T00:00:00.001Z").expect("few");
        assert_eq!(weeks, ["2026-11-16T00:00:00Z", "2026-11-23T00:00:00Z"], "Mondays");
        assert!(
            series(Interval::Hour, "2026-11-03T00:00:00Z", "2026-11-03T00:00:00Z").expect("none").is_empty()
        );
        let many = series(Interval::Minute, "2015-01-01T00:00:00Z", "2026-01-01T00:00:00Z");
        assert!(matches!(many, Err(ReadError::TooCostly(_))));
    }
}
