//! A contract's part of a store that it shares with others.
//!
//! 1. Every review of a scope has the scope's name as a tag, and every question asks for that tag.
//! 2. Ids, deliveries and hubs begin with the name, so that no other scope has them.
//! 3. After a write, [`Scope::shows`] waits until the store shows it: a store may take a second to.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use review_api::query::{Clause, Filter, Hit, Search, SearchPage, Sort, Text, Wanted};
use review_api::review::{Document, Review, ReviewId};
use review_api::store::{ReviewStore, Verdict};
use tokio::time::Instant;

/// How long a store may take to show what it has acknowledged: much longer than any does.
const DEADLINE: Duration = Duration::from_mins(1);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(25);
/// Reviews of one batch.
const BATCH: usize = 500;
/// 2024-03-04T00:00:00Z, a Monday, in milliseconds since 1970.
pub const BASE: i64 = 1_709_510_400_000;
/// A minute in milliseconds.
pub const MINUTE: i64 = 60_000;
/// An hour.
pub const HOUR: i64 = 60 * MINUTE;
/// A day.
pub const DAY: i64 = 24 * HOUR;

/// See the module.
#[derive(Clone)]
pub struct Scope {
    /// The store that all share.
    pub store: Arc<dyn ReviewStore>,
    /// What no other scope is called: letters and digits.
    pub name: String,
}

impl Scope {
    /// A scope that nobody else has.
    pub fn new(store: Arc<dyn ReviewStore>) -> Self {
        Self { store, name: format!("s{:016x}", rand::random::<u64>()) }
    }

    /// The review of this number: rated 4, in English, written so many minutes after [`BASE`].
    pub fn review(&self, number: usize, text: &str) -> Review {
        let minutes = i64::try_from(number).expect("a small number");
        Review {
            id: self.id(number),
            delivery_id: format!("{}-delivery-{number}", self.name),
            text: text.to_owned(),
            rating: Some(4),
            language: Some("en".to_owned()),
            written_at: time(BASE + minutes * MINUTE),
            hub: Some(self.hub("main")),
            tour: None,
            tags: vec![self.name.clone()],
        }
    }

    /// The id of the review of this number; ids have the order of their numbers.
    pub fn id(&self, number: usize) -> ReviewId {
        ReviewId::parse(&format!("{}-{number:06}", self.name)).expect("letters and digits")
    }

    /// A hub of this scope.
    pub fn hub(&self, name: &str) -> String {
        format!("{}-{name}", self.name)
    }

    /// What matches this scope's reviews only.
    pub fn filter(&self) -> Filter {
        Filter { tags: vec![self.name.clone()], ..Filter::default() }
    }

    /// A search of this scope: the newest hundred.
    pub fn search(&self) -> Search {
        let (text, filter) = (Text::default(), self.filter());
        Search { text, filter, sort: Sort::Newest, size: 100, highlight: false, after: None }
    }

    /// Writes one batch.
    pub async fn write(&self, reviews: &[Review]) -> Vec<Verdict> {
        let batch: Vec<Arc<Document>> = reviews.iter().map(taken).collect();
        let verdicts = self.store.write(&batch).await.expect("the store takes the batch");
        assert_eq!(verdicts.len(), batch.len(), "a verdict for each");
        verdicts
    }

    /// Writes what was not there before, and waits until the store shows `total` reviews of this scope.
    pub async fn fill(&self, reviews: &[Review]) {
        for batch in reviews.chunks(BATCH) {
            let verdicts = self.write(batch).await;
            assert!(verdicts.iter().all(|verdict| *verdict == Verdict::Created), "{verdicts:?}");
        }
        self.shows(reviews.len()).await;
    }

    /// Waits until a search finds so many reviews of this scope.
    pub async fn shows(&self, total: usize) {
        let total = u64::try_from(total).expect("a small number");
        let deadline = Instant::now() + DEADLINE;
        loop {
            let found = self.page(&Search { size: 1, ..self.search() }).await.total.value;
            if found == total {
                return;
            }
            assert!(found < total, "{found} reviews are shown where {total} were written");
            assert!(Instant::now() < deadline, "{found} of {total} reviews are shown");
            tokio::time::sleep(LOOK).await;
        }
    }

    /// One page.
    pub async fn page(&self, search: &Search) -> SearchPage {
        let page = self.store.search(search).await.expect("the store answers");
        assert!(!page.partial, "the store ended early");
        page
    }

    /// Writes reviews with these texts, numbered from 0, and waits for them.
    pub async fn texts(&self, texts: &[&str]) {
        let reviews: Vec<Review> =
            texts.iter().enumerate().map(|(number, text)| self.review(number, text)).collect();
        self.fill(&reviews).await;
    }

    /// The numbers of the reviews that these clauses match, in order.
    pub async fn found(&self, clauses: Vec<Clause>) -> Vec<usize> {
        let page = self.page(&Search { text: Text { clauses }, ..self.search() }).await;
        let mut numbers: Vec<usize> = page.hits.iter().map(number).collect();
        numbers.sort_unstable();
        numbers
    }

    /// The numbers of the reviews that match a filter, which is given this scope's tag.
    pub async fn filtered(&self, filter: Filter) -> Vec<usize> {
        let tags = if filter.tags.is_empty() { vec![self.name.clone()] } else { filter.tags };
        let page = self.page(&Search { filter: Filter { tags, ..filter }, ..self.search() }).await;
        let mut numbers: Vec<usize> = page.hits.iter().map(number).collect();
        numbers.sort_unstable();
        numbers
    }
}

/// What the service makes of a review that it has just taken.
pub fn taken(review: &Review) -> Arc<Document> {
    let now = time(Timestamp::now().as_millisecond());
    Arc::new(Document { review: review.clone(), received_at: now })
}

/// A moment, from milliseconds since 1970.
pub fn time(milliseconds: i64) -> Timestamp {
    Timestamp::from_millisecond(milliseconds).expect("a time of this millennium")
}

/// The number of a hit's review.
pub fn number(hit: &Hit) -> usize {
    let id = hit.stored.review.id.as_str();
    id.rsplit('-').next().and_then(|number| number.parse().ok()).expect("an id of a scope")
}

/// A clause that must hold.
pub fn must(wanted: Wanted) -> Clause {
    Clause { excluded: false, wanted }
}

/// A clause that must not.
pub fn must_not(wanted: Wanted) -> Clause {
    Clause { excluded: true, wanted }
}

/// A word.
pub fn word(text: &str) -> Wanted {
    Wanted::Word(text.to_owned())
}

/// A phrase.
pub fn phrase(text: &str) -> Wanted {
    Wanted::Phrase(text.to_owned())
}
