//! The same numbers by a plain count over the documents: every point, hub and language is looked at by itself.

use std::collections::BTreeSet;

use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use review_api::query::{HubStats, Interval, LanguageCount, LowShare, Point};
use review_api::review::Review;

use crate::scope::{DAY, HOUR, MINUTE, time};

/// What is expected of statistics, but for what a store measures itself.
#[derive(Debug)]
pub struct Expected {
    /// Reviews of the period.
    pub total: u64,
    /// By rating.
    pub ratings: [u64; 5],
    /// Without one.
    pub unrated: u64,
    /// The mean.
    pub average: Option<f64>,
    /// Low ratings.
    pub low: LowShare,
    /// Along time.
    pub series: Vec<Point>,
    /// All hubs with enough ratings, by name.
    pub hubs: Vec<HubStats>,
    /// By count, then by name.
    pub languages: Vec<LanguageCount>,
}

/// Counts the reviews of a period (milliseconds since 1970).
pub fn expected(reviews: &[Review], interval: Interval, from: i64, to: i64, min_count: u64) -> Expected {
    let now = within(reviews, from, to);
    let before = within(reviews, from - (to - from), from);
    let rating = |wanted: u8| count(now.iter().filter(|review| review.rating == Some(wanted)));
    Expected {
        total: count(now.iter()),
        ratings: [rating(1), rating(2), rating(3), rating(4), rating(5)],
        unrated: count(now.iter().filter(|review| review.rating.is_none())),
        average: average(&now),
        low: LowShare { share: share(&now), previous: share(&before) },
        series: series(&now, interval, from, to),
        hubs: hubs(&now, &before, min_count),
        languages: languages(&now),
    }
}

fn within(reviews: &[Review], from: i64, to: i64) -> Vec<&Review> {
    let (from, to) = (time(from), time(to));
    reviews.iter().filter(|review| from <= review.written_at && review.written_at < to).collect()
}

fn count<T>(items: impl Iterator<Item = T>) -> u64 {
    u64::try_from(items.count()).expect("a small number")
}

fn rated(reviews: &[&Review]) -> u64 {
    count(reviews.iter().filter(|review| review.rating.is_some()))
}

fn low(reviews: &[&Review]) -> u64 {
    count(reviews.iter().filter(|review| matches!(review.rating, Some(1 | 2))))
}

#[expect(clippy::cast_precision_loss, reason = "a few hundred reviews")]
fn part(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

fn average(reviews: &[&Review]) -> Option<f64> {
    part(reviews.iter().filter_map(|review| review.rating).map(u64::from).sum(), rated(reviews))
}

fn share(reviews: &[&Review]) -> Option<f64> {
    part(low(reviews), rated(reviews))
}

/// Where the point of this moment begins, by the calendar.
fn beginning(at: i64, interval: Interval) -> i64 {
    let moment = time(at).to_zoned(TimeZone::UTC);
    let day = moment.start_of_day().expect("a day").timestamp().as_millisecond();
    match interval {
        Interval::Minute => at - i64::from(moment.second()) * 1_000 - i64::from(moment.millisecond()),
        Interval::Hour => day + i64::from(moment.hour()) * HOUR,
        Interval::Day => day,
        Interval::Week => day - i64::from(moment.weekday().since(Weekday::Monday)) * DAY,
    }
}

fn series(now: &[&Review], interval: Interval, from: i64, to: i64) -> Vec<Point> {
    let step = match interval {
        Interval::Minute => MINUTE,
        Interval::Hour => HOUR,
        Interval::Day => DAY,
        Interval::Week => 7 * DAY,
    };
    let mut points = Vec::new();
    let mut at = beginning(from, interval);
    while at < to {
        let these: Vec<&Review> = now
            .iter()
            .copied()
            .filter(|review| beginning(review.written_at.as_millisecond(), interval) == at)
            .collect();
        let (count, low, rated) = (count(these.iter()), low(&these), rated(&these));
        points.push(Point { at: time(at), count, average: average(&these), low, rated });
        at += step;
    }
    points
}

fn of_hub<'a>(reviews: &[&'a Review], name: &str) -> Vec<&'a Review> {
    reviews.iter().copied().filter(|review| review.hub.as_deref() == Some(name)).collect()
}

fn hubs(now: &[&Review], before: &[&Review], min_count: u64) -> Vec<HubStats> {
    let names: BTreeSet<&String> = now.iter().filter_map(|review| review.hub.as_ref()).collect();
    let mut hubs = Vec::new();
    for name in names {
        let (here, then) = (of_hub(now, name), of_hub(before, name));
        if rated(&here) >= min_count {
            let low = LowShare { share: share(&here), previous: share(&then) };
            let (count, rated) = (count(here.iter()), rated(&here));
            hubs.push(HubStats { hub: name.clone(), count, rated, average: average(&here), low });
        }
    }
    hubs
}

fn languages(now: &[&Review]) -> Vec<LanguageCount> {
    let code = |review: &Review| review.language.clone().unwrap_or_else(|| "und".to_owned());
    let codes: BTreeSet<String> = now.iter().map(|review| code(review)).collect();
    let mut list: Vec<LanguageCount> = codes
        .into_iter()
        .map(|language| {
            let count = count(now.iter().filter(|review| code(review) == language));
            LanguageCount { language, count }
        })
        .collect();
    list.sort_by(|one, other| other.count.cmp(&one.count).then_with(|| one.language.cmp(&other.language)));
    list
}
