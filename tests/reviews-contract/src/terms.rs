//! Terms that bad reviews have more often than all.

use review_api::query::{Terms, TermsQuery, Text};
use review_api::review::Review;

use crate::scope::{Scope, must, word};

/// What all reviews say.
const USUAL: [&str; 5] = [
    "delivery on time today",
    "friendly driver again",
    "bread and butter fine",
    "eggs were fine",
    "thanks to the driver",
];

fn reviews(scope: &Scope) -> Vec<Review> {
    let one = |number: usize| {
        let usual = USUAL[number % USUAL.len()];
        let text = match number % 10 {
            0 => format!("sour milk number{number} {usual}"),
            1 => format!("milk number{number} {usual}"),
            _ => format!("number{number} {usual}"),
        };
        let rating = if number.is_multiple_of(10) { 1 } else { 3 + u8::try_from(number % 3).expect("small") };
        Review { rating: Some(rating), ..scope.review(number, &text) }
    };
    (0..300).map(one).collect()
}

async fn terms(scope: &Scope, text: Text) -> Terms {
    let query = TermsQuery { text, filter: scope.filter(), size: 20 };
    scope.store.terms(&query).await.expect("the store answers")
}

/// With the numbers of reviews that have it; a few low ones may be taken for duplicates of each other, as Elasticsearch
/// compares passages by one byte per word.
pub async fn the_word_of_bad_reviews_is_found(scope: Scope) {
    scope.fill(&reviews(&scope)).await;
    let terms = terms(&scope, Text::default()).await;
    assert_eq!((terms.low, terms.all), (30, 300), "{terms:?}");
    let first = terms.terms.first().expect("a term");
    assert_eq!((first.term.as_str(), first.all), ("sour", 30), "{terms:?}");
    assert!((25..=30).contains(&first.low), "{terms:?}");
    let milk = terms.terms.iter().find(|term| term.term == "milk").expect("milk is telling too");
    assert_eq!((milk.low, milk.all), (first.low, 60), "{milk:?}");
    assert!(terms.terms.is_sorted_by(|one, other| one.score >= other.score), "{terms:?}");
    assert!(terms.terms.iter().all(|term| term.low >= 3 && term.score > 0.0), "{terms:?}");
    let text = Text { clauses: vec![must(word("butter"))] };
    assert!(self::terms(&scope, text).await.all <= 60, "only what matches is looked at");
}

/// A campaign does not drown the others.
pub async fn a_text_sent_many_times_counts_once(scope: Scope) {
    let campaign =
        "boycott this awful company everybody should boycott them because they are really terrible people";
    let mut reviews = reviews(&scope);
    reviews.extend((300..360).map(|number| Review { rating: Some(1), ..scope.review(number, campaign) }));
    scope.fill(&reviews).await;
    let terms = terms(&scope, Text::default()).await;
    assert_eq!(terms.terms.first().expect("a term").term, "sour", "{terms:?}");
    assert!(terms.terms.iter().all(|term| term.term != "boycott"), "{terms:?}");
}

/// Nothing to compare.
pub async fn without_bad_reviews_there_are_no_terms(scope: Scope) {
    scope.texts(&["good milk", "good bread", "good eggs"]).await;
    let terms = terms(&scope, Text::default()).await;
    assert!(terms.terms.is_empty() && terms.low == 0, "{terms:?}");
}
