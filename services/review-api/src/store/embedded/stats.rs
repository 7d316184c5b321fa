//! Counts over a period and the one before it, in one pass over the columns of what matches.
//!
//! 1. The period is stretched back by its own length: what was written before its beginning counts as "before".
//! 2. Each review adds to its rating, its point of the series, its hub and its language.
//! 3. Hubs and languages are counted by ordinal within a segment and by name across segments.

use std::collections::HashMap;

use hdrhistogram::Histogram;
use jiff::Timestamp;
use tantivy::columnar::{Column, StrColumn};
use tantivy::{DocId, Score, SegmentReader};

use super::Shared;
use super::fields::{HUB, LAG_MS, LANGUAGE, RATING, WRITTEN_AT};
use super::question::{Period, Question};
use super::scan::{Deadline, Visitor, scan};
use super::series::{Series, Tally};
use crate::query::{HubStats, LOW_RATING, Lag, LanguageCount, LowShare, Stats, StatsQuery};
use crate::store::ReadError;

/// As many hubs as Elasticsearch gives buckets. More are not counted, and the answer says that it is of a part.
const HUBS_MAX: usize = 65_536;
/// The languages of an answer.
const LANGUAGES_MAX: usize = 20;
/// What a language is called that is not known.
const UNDETERMINED: &str = "und";
/// Ten days: what waited longer counts as this.
const LAG_MAX_MS: u64 = 10 * 24 * 60 * 60 * 1_000;

/// See [`crate::store::ReviewStore::stats`].
pub(super) fn stats(shared: &Shared, query: &StatsQuery, deadline: Deadline) -> Result<Stats, ReadError> {
    let (Some(begin), Some(end)) = (query.filter.from, query.filter.to) else {
        return Err(ReadError::TooCostly("statistics need the beginning and the end of a period".to_owned()));
    };
    let (from, to) = (begin.as_millisecond(), end.as_millisecond());
    let mut count = Count::new(from, Series::new(query.interval, from, to)?)?;
    if from < to {
        let before = Period { from: Some(from.saturating_sub(to - from)), to: Some(to) };
        let ratings = (query.filter.min_rating, query.filter.max_rating);
        let question = Question::new(shared.fields).text(&query.text)?.period(before).ratings(ratings);
        let question = question.exact(&query.filter).query();
        scan(&shared.reader.searcher(), &question, deadline, &mut count)?;
    }
    Ok(count.stats((begin, end), query))
}

/// What a segment's documents are counted by.
struct Columns {
    written: Column<i64>,
    lag: Column<i64>,
    rating: Column<u64>,
    hub: Option<StrColumn>,
    language: Option<StrColumn>,
    hubs: HashMap<u64, Hub>,
    languages: HashMap<Option<u64>, u64>,
}

#[derive(Clone, Copy, Default)]
struct Hub {
    now: Tally,
    before: Tally,
}

struct Count {
    from: i64,
    series: Series,
    ratings: [u64; 5],
    now: Tally,
    before: Tally,
    hubs: HashMap<String, Hub>,
    languages: HashMap<String, u64>,
    lag: Histogram<u64>,
    partial: bool,
}

impl Count {
    fn new(from: i64, series: Series) -> Result<Self, ReadError> {
        let lag = Histogram::new_with_max(LAG_MAX_MS, 3)
            .map_err(|error| ReadError::BadAnswer(format!("no histogram: {error}")))?;
        let (now, before) = (Tally::default(), Tally::default());
        let (hubs, languages) = (HashMap::new(), HashMap::new());
        Ok(Self { from, series, ratings: [0; 5], now, before, hubs, languages, lag, partial: false })
    }

    fn stats(self, (from, to): (Timestamp, Timestamp), query: &StatsQuery) -> Stats {
        let quantile = |at: f64| (!self.lag.is_empty()).then(|| to_f64(self.lag.value_at_quantile(at)));
        let lag = Lag { p50_ms: quantile(0.50), p95_ms: quantile(0.95), p99_ms: quantile(0.99) };
        let mut languages: Vec<LanguageCount> =
            self.languages.into_iter().map(|(language, count)| LanguageCount { language, count }).collect();
        languages.sort_by(|one, other| {
            other.count.cmp(&one.count).then_with(|| one.language.cmp(&other.language))
        });
        languages.truncate(LANGUAGES_MAX);
        Stats {
            from,
            to,
            total: self.now.count,
            ratings: self.ratings,
            unrated: self.now.count - self.now.rated,
            average: self.now.average(),
            low: LowShare { share: self.now.low_share(), previous: self.before.low_share() },
            series: self.series.points(),
            hubs: worst(self.hubs, query.min_count, query.hubs),
            languages,
            lag,
            partial: self.partial,
        }
    }
}

/// The hubs with the highest share of low ratings; of equal ones that with more ratings.
fn worst(hubs: HashMap<String, Hub>, min_count: u64, most: usize) -> Vec<HubStats> {
    let enough = hubs.into_iter().filter(|(_, hub)| hub.now.count > 0 && hub.now.rated >= min_count);
    let mut list: Vec<HubStats> = enough
        .map(|(name, Hub { now, before })| HubStats {
            hub: name,
            count: now.count,
            rated: now.rated,
            average: now.average(),
            low: LowShare { share: now.low_share(), previous: before.low_share() },
        })
        .collect();
    list.sort_by(|one, other| {
        let share = |hub: &HubStats| hub.low.share.unwrap_or(-1.0);
        let by_share = share(other).total_cmp(&share(one));
        by_share.then_with(|| other.rated.cmp(&one.rated)).then_with(|| one.hub.cmp(&other.hub))
    });
    list.truncate(most);
    list
}

impl Visitor for Count {
    type Segment = Columns;

    fn open(&mut self, _: u32, reader: &SegmentReader) -> tantivy::Result<Columns> {
        let columns = reader.fast_fields();
        Ok(Columns {
            written: columns.i64(WRITTEN_AT)?,
            lag: columns.i64(LAG_MS)?,
            rating: columns.u64(RATING)?,
            hub: columns.str(HUB)?,
            language: columns.str(LANGUAGE)?,
            hubs: HashMap::new(),
            languages: HashMap::new(),
        })
    }

    fn visit(&mut self, columns: &mut Columns, document: DocId, _: Score) {
        let written = columns.written.first(document).unwrap_or_default();
        let rating = columns.rating.first(document);
        let is_low = rating.is_some_and(|rating| rating <= u64::from(LOW_RATING));
        let hub = columns.hub.as_ref().and_then(|hub| hub.ords().first(document));
        let hub = hub.map(|ordinal| columns.hubs.entry(ordinal).or_default());
        if written < self.from {
            self.before.add(rating, is_low);
            if let Some(hub) = hub {
                hub.before.add(rating, is_low);
            }
            return;
        }
        self.now.add(rating, is_low);
        self.series.add(written, rating, is_low);
        if let Some(hub) = hub {
            hub.now.add(rating, is_low);
        }
        if let Some(count) = rating.and_then(|rating| self.ratings.get_mut(index_of(rating))) {
            *count += 1;
        }
        let language = columns.language.as_ref().and_then(|language| language.ords().first(document));
        *columns.languages.entry(language).or_default() += 1;
        let lag = columns.lag.first(document).unwrap_or_default();
        self.lag.saturating_record(u64::try_from(lag).unwrap_or_default());
    }

    fn close(&mut self, columns: Columns) -> tantivy::Result<()> {
        for (ordinal, hub) in columns.hubs {
            let name = name_of(columns.hub.as_ref(), ordinal)?;
            if self.hubs.len() >= HUBS_MAX && !self.hubs.contains_key(&name) {
                self.partial = true;
                continue;
            }
            let sum = self.hubs.entry(name).or_default();
            sum.now.merge(hub.now);
            sum.before.merge(hub.before);
        }
        for (ordinal, count) in columns.languages {
            let name = match ordinal {
                Some(ordinal) => name_of(columns.language.as_ref(), ordinal)?,
                None => UNDETERMINED.to_owned(),
            };
            *self.languages.entry(name).or_default() += count;
        }
        Ok(())
    }
}

fn name_of(column: Option<&StrColumn>, ordinal: u64) -> tantivy::Result<String> {
    let mut name = String::new();
    if let Some(column) = column {
        column.ord_to_str(ordinal, &mut name)?;
    }
    Ok(name)
}

/// The place of a rating in a list that begins with rating 1; none has the place before it.
fn index_of(rating: u64) -> usize {
    usize::try_from(rating).ok().and_then(|rating| rating.checked_sub(1)).unwrap_or(usize::MAX)
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds of ten days fit in 52 bits")]
fn to_f64(value: u64) -> f64 {
    value as f64
}
