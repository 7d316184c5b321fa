//! A text and a filter as a query of the index, put together value by value: nothing is parsed here.
//!
//! 1. Each clause is cut into words. One without any word (`***`) is found nowhere.
//! 2. Several words of one clause stand next to each other in this order, but for a fuzzy one: there all must stand.
//! 3. Exact conditions only let through or not; they count nothing for relevance.

use std::ops::Bound;

use jiff::Timestamp;
use tantivy::Term;
use tantivy::query::{
    AllQuery, BooleanQuery, ConstScoreQuery, EmptyQuery, FuzzyTermQuery, InvertedIndexRangeQuery, Occur,
    PhrasePrefixQuery, PhraseQuery, Query, RangeQuery, TermQuery, TermSetQuery,
};
use tantivy::schema::{Field, IndexRecordOption};

use super::analyzer::words;
use super::fields::Fields;
use crate::query::{Clause, Filter, Text, Wanted};
use crate::store::ReadError;

/// A clause may have this many words, as Elasticsearch's `max_clause_count` allows.
const WORDS_MAX: usize = 1_024;
/// Of words that begin so, a prefix at the end of several words stands for this many.
const EXPANSIONS_MAX: u32 = 1_000;
/// A longer word is looked for as it is: the automaton of its likes would be too large.
const FUZZY_CHARACTERS_MAX: usize = 64;

/// Milliseconds since 1970: at or after the first, before the second.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Period {
    pub from: Option<i64>,
    pub to: Option<i64>,
}

impl Period {
    pub(super) fn of(filter: &Filter) -> Self {
        Self {
            from: filter.from.map(Timestamp::as_millisecond),
            to: filter.to.map(Timestamp::as_millisecond),
        }
    }
}

/// What is put together; see the module.
pub(super) struct Question {
    fields: Fields,
    parts: Vec<(Occur, Box<dyn Query>)>,
}

impl Question {
    /// Everything. Conditions are added to it.
    pub(super) fn new(fields: Fields) -> Self {
        let all: Box<dyn Query> = Box::new(ConstScoreQuery::new(Box::new(AllQuery), 0.0));
        Self { fields, parts: vec![(Occur::Must, all)] }
    }

    /// What matches text and filter.
    pub(super) fn of(fields: Fields, text: &Text, filter: &Filter) -> Result<Self, ReadError> {
        let ratings = (filter.min_rating, filter.max_rating);
        Ok(Self::new(fields).text(text)?.period(Period::of(filter)).ratings(ratings).exact(filter))
    }

    /// The query.
    pub(super) fn query(self) -> BooleanQuery {
        BooleanQuery::new(self.parts)
    }

    /// Every clause must hold.
    pub(super) fn text(mut self, text: &Text) -> Result<Self, ReadError> {
        for clause in &text.clauses {
            let query = wanted(self.fields.text, clause)?;
            self.parts.push(if clause.excluded {
                (Occur::MustNot, excludable(query))
            } else {
                (Occur::Must, query)
            });
        }
        Ok(self)
    }

    /// Written in the period.
    pub(super) fn period(self, period: Period) -> Self {
        let field = self.fields.written_at;
        let from =
            period.from.map_or(Bound::Unbounded, |at| Bound::Included(Term::from_field_i64(field, at)));
        let to = period.to.map_or(Bound::Unbounded, |at| Bound::Excluded(Term::from_field_i64(field, at)));
        self.range(from, to)
    }

    /// Stored at this moment or later, in milliseconds since 1970.
    pub(super) fn stored_from(self, at: i64) -> Self {
        let from = Bound::Included(Term::from_field_i64(self.fields.stored_at, at));
        self.range(from, Bound::Unbounded)
    }

    /// Rated at least and at most so; a review without a rating does not match any bound.
    pub(super) fn ratings(self, (min, max): (Option<u8>, Option<u8>)) -> Self {
        let bound = |rating: Option<u8>| match rating {
            Some(rating) => Bound::Included(Term::from_field_u64(self.fields.rating, rating.into())),
            None => Bound::Unbounded,
        };
        let (from, to) = (bound(min), bound(max));
        self.range(from, to)
    }

    /// The exact conditions of a filter.
    pub(super) fn exact(self, filter: &Filter) -> Self {
        let fields = self.fields;
        self.any_of(fields.hub, filter.hubs.iter())
            .any_of(fields.language, filter.languages.iter())
            .any_of(fields.tags, filter.tags.iter())
            .any_of(fields.delivery_id, filter.delivery_id.iter())
            .any_of(fields.tour, filter.tour.iter())
    }

    fn any_of<'a>(self, field: Field, values: impl ExactSizeIterator<Item = &'a String>) -> Self {
        if values.len() == 0 {
            return self;
        }
        self.only(TermSetQuery::new(values.map(|value| Term::from_field_text(field, value))))
    }

    fn range(self, from: Bound<Term>, to: Bound<Term>) -> Self {
        if matches!((&from, &to), (Bound::Unbounded, Bound::Unbounded)) {
            return self;
        }
        self.only(RangeQuery::new(from, to))
    }

    fn only(mut self, query: impl Query) -> Self {
        self.parts.push((Occur::Must, Box::new(ConstScoreQuery::new(Box::new(query), 0.0))));
        self
    }
}

/// A query that may be asked about documents which it has passed already, as an exclusion is. tantivy 0.27's scorer of
/// phrases takes no step back (`PhraseScorer::seek_danger`); that of a union does, even of one query with itself.
fn excludable(query: Box<dyn Query>) -> Box<dyn Query> {
    if query.is::<PhraseQuery>() || query.is::<PhrasePrefixQuery>() {
        Box::new(BooleanQuery::union(vec![query.box_clone(), query]))
    } else {
        query
    }
}

fn wanted(field: Field, clause: &Clause) -> Result<Box<dyn Query>, ReadError> {
    let (Wanted::Word(text) | Wanted::Fuzzy(text) | Wanted::Prefix(text) | Wanted::Phrase(text)) =
        &clause.wanted;
    let words: Vec<String> = words(text).map(|word| word.text).take(WORDS_MAX + 1).collect();
    if words.len() > WORDS_MAX {
        return Err(ReadError::TooCostly(format!("a clause has more than {WORDS_MAX} words")));
    }
    let mut terms: Vec<Term> = words.iter().map(|word| Term::from_field_text(field, word)).collect();
    if terms.is_empty() {
        return Ok(Box::new(EmptyQuery));
    }
    Ok(match (&clause.wanted, terms.len()) {
        (Wanted::Fuzzy(_), _) => fuzzy(field, &words),
        (Wanted::Prefix(_), 1) => prefix(field, &words[0]),
        (Wanted::Prefix(_), _) => {
            let mut query = PhrasePrefixQuery::new(terms);
            query.set_max_expansions(EXPANSIONS_MAX);
            Box::new(query)
        }
        (_, 1) => Box::new(TermQuery::new(terms.remove(0), IndexRecordOption::WithFreqs)),
        (..) => Box::new(PhraseQuery::new(terms)),
    })
}

fn fuzzy(field: Field, words: &[String]) -> Box<dyn Query> {
    let one = |word: &String| -> Box<dyn Query> {
        let term = Term::from_field_text(field, word);
        match edits(word) {
            0 => Box::new(TermQuery::new(term, IndexRecordOption::WithFreqs)),
            edits => Box::new(FuzzyTermQuery::new(term, edits, true)),
        }
    };
    match words {
        [word] => one(word),
        words => Box::new(BooleanQuery::intersection(words.iter().map(one).collect())),
    }
}

/// How many edits a like word may be away.
pub(super) fn edits(word: &str) -> u8 {
    match word.chars().take(FUZZY_CHARACTERS_MAX + 1).count() {
        3..=5 => 1,
        6..=FUZZY_CHARACTERS_MAX => 2,
        _ => 0,
    }
}

/// From the word itself to the word followed by the last of all characters, which no word has.
fn prefix(field: Field, word: &str) -> Box<dyn Query> {
    let end = format!("{word}{}", char::MAX);
    let from = Bound::Included(Term::from_field_text(field, word));
    let to = Bound::Excluded(Term::from_field_text(field, &end));
    Box::new(ConstScoreQuery::new(Box::new(InvertedIndexRangeQuery::new(from, to)), 1.0))
}
