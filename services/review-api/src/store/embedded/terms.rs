//! Terms that low ratings have more often than all reviews do, as Elasticsearch's `significant_text` finds them.
//!
//! 1. Of the reviews with a low rating the newest [`SAMPLE`] are read; a text seen before is left out.
//! 2. For each term the reviews of the sample that have it are counted; fewer than [`LOW_MIN`] tell nothing.
//! 3. All reviews that match are noted, and for each term counted how many of them have it.
//! 4. Terms are put in order by the JLH score: how much more often, times how many times as often.

use std::collections::{HashMap, HashSet};

use tantivy::schema::IndexRecordOption;
use tantivy::{BitSet, DocId, DocSet as _, Score, Searcher, SegmentReader, TERMINATED, Term as IndexTerm};

use super::Shared;
use super::analyzer::words;
use super::question::{Period, Question};
use super::rank::{Order, first};
use super::scan::{Deadline, Visitor, away, scan};
use super::search::stored;
use super::series::ratio;
use crate::query::{LOW_RATING, Term, Terms, TermsQuery};
use crate::store::ReadError;

/// Reviews with a low rating that are read.
const SAMPLE: usize = 2_000;
/// The default `min_doc_count` of `significant_text`.
const LOW_MIN: u64 = 3;

/// See [`crate::store::ReviewStore::terms`].
pub(super) fn terms(shared: &Shared, query: &TermsQuery, deadline: Deadline) -> Result<Terms, ReadError> {
    let searcher = shared.reader.searcher();
    let question = || -> Result<Question, ReadError> {
        let question = Question::new(shared.fields).text(&query.text)?.period(Period::of(&query.filter));
        Ok(question.exact(&query.filter))
    };
    let low = question()?.ratings((None, Some(LOW_RATING))).query();
    let (sample, _) = first(&searcher, &low, (Order::Newest, None), SAMPLE, deadline)?;
    let mut counted = Sample::default();
    for ranked in &sample {
        deadline.check()?;
        counted.add(&stored(shared, &searcher, ranked.address)?.review.text);
    }
    let mut all = All::default();
    scan(&searcher, &question()?.query(), deadline, &mut all)?;
    let candidates: Vec<(String, u64)> =
        counted.terms.into_iter().filter(|(_, count)| *count >= LOW_MIN).collect();
    let background = background(shared, &searcher, &candidates, &all, deadline)?;
    let mut terms: Vec<Term> = candidates
        .into_iter()
        .zip(background)
        .filter_map(|((term, low), having)| {
            let score = jlh(ratio(low, counted.texts)?, ratio(having, all.total)?)?;
            Some(Term { term, low, all: having, score })
        })
        .collect();
    terms.sort_by(|one, other| other.score.total_cmp(&one.score).then_with(|| one.term.cmp(&other.term)));
    terms.truncate(query.size);
    Ok(Terms { terms, low: counted.texts, all: all.total })
}

/// Absolute change times relative change; `None` where there is no more of it.
fn jlh(low: f64, all: f64) -> Option<f64> {
    (low > all && all > 0.0).then(|| (low - all) * (low / all))
}

/// The texts of the sample.
#[derive(Default)]
struct Sample {
    seen: HashSet<Vec<String>>,
    texts: u64,
    terms: HashMap<String, u64>,
}

impl Sample {
    fn add(&mut self, text: &str) {
        let words: Vec<String> = words(text).map(|word| word.text).collect();
        if self.seen.contains(&words) {
            return;
        }
        self.texts += 1;
        for word in words.iter().collect::<HashSet<_>>() {
            *self.terms.entry(word.clone()).or_default() += 1;
        }
        self.seen.insert(words);
    }
}

/// All that matches, one bit for each document of each segment.
#[derive(Default)]
struct All {
    segments: Vec<BitSet>,
    total: u64,
}

impl Visitor for All {
    type Segment = BitSet;

    fn open(&mut self, _: u32, reader: &SegmentReader) -> tantivy::Result<BitSet> {
        Ok(BitSet::with_max_value(reader.max_doc()))
    }

    fn visit(&mut self, segment: &mut BitSet, document: DocId, _: Score) {
        segment.insert(document);
        self.total += 1;
    }

    fn close(&mut self, segment: BitSet) -> tantivy::Result<()> {
        self.segments.push(segment);
        Ok(())
    }
}

/// How many of all have each term.
fn background(
    shared: &Shared,
    searcher: &Searcher,
    terms: &[(String, u64)],
    all: &All,
    deadline: Deadline,
) -> Result<Vec<u64>, ReadError> {
    let field = shared.fields.text;
    let mut counts = vec![0; terms.len()];
    for (reader, matching) in searcher.segment_readers().iter().zip(&all.segments) {
        let index = reader.inverted_index(field).map_err(away)?;
        for ((term, _), count) in terms.iter().zip(&mut counts) {
            deadline.check()?;
            let term = IndexTerm::from_field_text(field, term);
            let Some(mut postings) = index.read_postings(&term, IndexRecordOption::Basic).map_err(away)?
            else {
                continue;
            };
            while postings.doc() != TERMINATED {
                *count += u64::from(matching.contains(postings.doc()));
                postings.advance();
            }
        }
    }
    Ok(counts)
}
