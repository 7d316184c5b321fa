//! From the parameters of a request to a question that a store can be asked.
//!
//! 1. Each parameter is read by its own small function, which says what it must be.
//! 2. Then what must fit together: `from` before `to`, `min_rating` up to `max_rating`, a series that ends.
//! 3. Everything that is wrong is told at once, by parameter.
//!
//! [`documented`](super::documented) says the same in `OpenAPI`; a test holds the two together.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;

use jiff::{SignedDuration, Timestamp};

use super::cursor::Cursor;
use super::reader::Reader;
use super::time::{self, DAY, WEEK};
use super::{
    Filter, INTERVALS_MAX, Interval, PAGE_MAX, Search, Sort, StatsQuery, StreamQuery, TermsQuery, Text,
};
use crate::review::Fault;
use crate::review::parse::{NAME_MAX, TAG_MAX};

/// A filter may list this many values.
pub(super) const VALUES_MAX: usize = 16;
/// Hits of a page where nothing else is asked for.
const PAGE: usize = 20;
/// The most hubs or terms of an answer.
pub(super) const LIST_MAX: usize = 100;
/// Hubs of an answer where nothing else is asked for.
const HUBS: usize = 10;
/// Terms of an answer where nothing else is asked for.
const TERMS: usize = 20;
/// Reviews that a hub must have where nothing else is asked for.
const MIN_COUNT: u64 = 10;
/// The largest count that may be asked for.
pub(super) const MIN_COUNT_MAX: u64 = 1_000_000;
/// The period of statistics where nothing else is asked for.
const PERIOD: SignedDuration = SignedDuration::from_secs(WEEK);
/// What may change from page to page.
const OF_THE_PAGE: [&str; 3] = ["cursor", "size", "highlight"];

type Faults = Vec<Fault>;

/// A search, and what the next page's cursor is made of.
#[derive(Debug)]
pub(super) struct SearchParams {
    pub(super) search: Search,
    reader: Reader,
    asked_at: Timestamp,
}

impl SearchParams {
    /// Reads the parameters of `GET /reviews`.
    pub(super) fn read(mut reader: Reader, now: Timestamp) -> Result<Self, Faults> {
        let fingerprint = reader.fingerprint(&OF_THE_PAGE);
        let cursor = reader.one("cursor", |text| Cursor::decode(text, &fingerprint));
        let asked_at = cursor.as_ref().map_or(now, |cursor| cursor.asked_at);
        let search = Search {
            text: text(&mut reader),
            filter: rated(written(filter(&mut reader), &mut reader, asked_at), &mut reader),
            sort: reader.one("sort", sort).unwrap_or_default(),
            size: reader.one("size", |text| number(text, 1..=PAGE_MAX)).unwrap_or(PAGE),
            highlight: reader.one("highlight", truth).unwrap_or(false),
            after: cursor.map(|cursor| cursor.place),
        };
        in_order(&search.filter, &mut reader);
        reader.finish()?;
        Ok(Self { search, reader, asked_at })
    }

    /// The cursor that continues at `place`, and the query component that asks for it.
    pub(super) fn continued(&self, place: super::Place) -> (String, String) {
        let fingerprint = self.reader.fingerprint(&OF_THE_PAGE);
        let cursor = Cursor::new(fingerprint, self.asked_at, place).encode();
        let query = self.reader.with("cursor", &cursor);
        (cursor, query)
    }
}

/// Reads the parameters of `GET /reviews/stats`.
pub(super) fn stats(reader: &mut Reader, now: Timestamp) -> Result<StatsQuery, Faults> {
    let text = text(reader);
    let mut filter = rated(written(filter(reader), reader, now), reader);
    let interval = reader.one("interval", interval).unwrap_or(None);
    let min_count = reader.one("min_count", |text| number(text, 0..=MIN_COUNT_MAX)).unwrap_or(MIN_COUNT);
    let hubs = reader.one("hubs", |text| number(text, 1..=LIST_MAX)).unwrap_or(HUBS);
    let to = *filter.to.get_or_insert(now);
    let from = *filter.from.get_or_insert(to.saturating_sub(PERIOD).unwrap_or(Timestamp::MIN));
    in_order(&filter, reader);
    let period = to.duration_since(from);
    let chosen = interval.unwrap_or_else(|| fitting(period));
    // A first and a last point may be begun only.
    let points = period.as_secs() / seconds(chosen) + 2;
    if usize::try_from(points).is_ok_and(|points| points > INTERVALS_MAX) {
        reader.fault("interval", format_args!("cuts this period into more than {INTERVALS_MAX} points"));
    }
    reader.finish()?;
    Ok(StatsQuery { text, filter, interval: chosen, min_count, hubs })
}

/// Reads the parameters of `GET /reviews/terms`.
pub(super) fn terms(reader: &mut Reader, now: Timestamp) -> Result<TermsQuery, Faults> {
    let (text, filter) = (text(reader), written(filter(reader), reader, now));
    let size = reader.one("size", |text| number(text, 1..=LIST_MAX)).unwrap_or(TERMS);
    in_order(&filter, reader);
    reader.finish()?;
    Ok(TermsQuery { text, filter, size })
}

/// Reads the parameters of `GET /reviews/stream`: the query, and the parameter `last_event_id` as it stands.
pub(super) fn stream(reader: &mut Reader) -> Result<(StreamQuery, Option<String>), Faults> {
    let (text, filter) = (text(reader), rated(filter(reader), reader));
    let last = reader.one("last_event_id", |text| Ok::<_, String>(text.to_owned()));
    in_order(&filter, reader);
    reader.finish()?;
    Ok((StreamQuery { text, filter }, last))
}

/// Reads a request that has no parameters.
pub(super) fn none(reader: &mut Reader) -> Result<(), Faults> {
    reader.finish()
}

fn text(reader: &mut Reader) -> Text {
    reader.one("q", Text::parse).unwrap_or_default()
}

/// What every question may be narrowed by.
fn filter(reader: &mut Reader) -> Filter {
    Filter {
        hubs: reader.list("hub", VALUES_MAX, |text| name(text, NAME_MAX)),
        languages: reader.list("language", VALUES_MAX, language),
        tags: reader.list("tag", VALUES_MAX, |text| name(text, TAG_MAX)),
        delivery_id: reader.one("delivery_id", |text| name(text, NAME_MAX)),
        tour: reader.one("tour", |text| name(text, NAME_MAX)),
        ..Filter::default()
    }
}

fn written(filter: Filter, reader: &mut Reader, now: Timestamp) -> Filter {
    let mut moment = |name| reader.one(name, |text| time::moment(text, now));
    Filter { from: moment("from"), to: moment("to"), ..filter }
}

fn rated(filter: Filter, reader: &mut Reader) -> Filter {
    let mut rating = |name| reader.one(name, |text| number::<u8>(text, 1..=5));
    let (exactly, least, most) = (rating("rating"), rating("min_rating"), rating("max_rating"));
    if exactly.is_some() && (least.is_some() || most.is_some()) {
        reader.fault("rating", "min_rating or max_rating is given as well: choose one");
    }
    Filter { min_rating: exactly.or(least), max_rating: exactly.or(most), ..filter }
}

/// What each parameter alone cannot show.
fn in_order(filter: &Filter, reader: &mut Reader) {
    if !reader.is_sound() {
        return;
    }
    if matches!((filter.from, filter.to), (Some(from), Some(to)) if from >= to) {
        reader.fault("from", "must be before to");
    }
    if matches!((filter.min_rating, filter.max_rating), (Some(least), Some(most)) if least > most) {
        reader.fault("min_rating", "must not be above max_rating");
    }
}

/// The shortest interval that leaves a picture with at most some 200 points.
fn fitting(period: SignedDuration) -> Interval {
    match period.as_secs() {
        ..=10_800 => Interval::Minute,
        10_801..=691_200 => Interval::Hour,
        691_201..=17_280_000 => Interval::Day,
        _ => Interval::Week,
    }
}

fn seconds(interval: Interval) -> i64 {
    match interval {
        Interval::Minute => 60,
        Interval::Hour => 3600,
        Interval::Day => DAY,
        Interval::Week => WEEK,
    }
}

fn number<T>(text: &str, range: RangeInclusive<T>) -> Result<T, String>
where
    T: FromStr + PartialOrd + Display,
{
    // `parse` alone would take `+5`.
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.parse().ok().filter(|number| digits && range.contains(number));
    number.ok_or_else(|| format!("must be a whole number from {} to {}", range.start(), range.end()))
}

fn truth(text: &str) -> Result<bool, &'static str> {
    text.parse().map_err(|_| "must be true or false")
}

fn sort(text: &str) -> Result<Sort, &'static str> {
    match text {
        "newest" => Ok(Sort::Newest),
        "oldest" => Ok(Sort::Oldest),
        "relevance" => Ok(Sort::Relevance),
        _ => Err("must be newest, oldest or relevance"),
    }
}

/// `None` chooses by the period.
fn interval(text: &str) -> Result<Option<Interval>, &'static str> {
    match text {
        "auto" => Ok(None),
        "minute" => Ok(Some(Interval::Minute)),
        "hour" => Ok(Some(Interval::Hour)),
        "day" => Ok(Some(Interval::Day)),
        "week" => Ok(Some(Interval::Week)),
        _ => Err("must be minute, hour, day, week or auto"),
    }
}

fn name(text: &str, most: usize) -> Result<String, String> {
    let count = text.chars().count();
    if (1..=most).contains(&count) {
        Ok(text.to_owned())
    } else {
        Err(format!("must have 1 to {most} characters"))
    }
}

fn language(text: &str) -> Result<String, &'static str> {
    let sound = (2..=3).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_lowercase());
    if sound { Ok(text.to_owned()) } else { Err("must be 2 or 3 lower-case letters, as ISO 639 has them") }
}

#[cfg(test)]
#[path = "params_tests.rs"]
mod tests;
