//! What came after a position.

use std::collections::HashSet;

use review_api::query::{Filter, Position, StreamQuery, Text};
use review_api::review::{Review, Stored};

use crate::scope::{Scope, must, time, word};

/// Reviews of one answer.
const LIMIT: usize = 17;

fn position(stored: &Stored) -> Position {
    Position { stored_at: stored.stored_at, id: stored.review.id.to_string() }
}

/// All of a query from the beginning, in answers of [`LIMIT`].
async fn all(scope: &Scope, query: &StreamQuery) -> Vec<Stored> {
    let mut after = Position { stored_at: time(0), id: String::new() };
    let mut all: Vec<Stored> = Vec::new();
    loop {
        let next = scope.store.since(query, &after, LIMIT).await.expect("the store answers");
        assert!(next.len() <= LIMIT, "{} at once", next.len());
        let Some(last) = next.last() else { return all };
        after = position(last);
        all.extend(next);
    }
}

/// By the time of storing, then by id, whatever the order of writing.
pub async fn everything_comes_once_and_in_order(scope: Scope) {
    let reviews: Vec<Review> = (0..200).rev().map(|number| scope.review(number, "milk")).collect();
    for batch in reviews.chunks(40) {
        scope.write(batch).await;
    }
    scope.shows(reviews.len()).await;
    let query = StreamQuery { text: Text::default(), filter: scope.filter() };
    let came = all(&scope, &query).await;
    let positions: Vec<Position> = came.iter().map(position).collect();
    assert!(positions.is_sorted_by(|one, other| one < other), "in order, none twice");
    let ids: HashSet<&str> = came.iter().map(|stored| stored.review.id.as_str()).collect();
    assert_eq!(ids.len(), reviews.len(), "none missing");
    let last = positions.last().expect("some came");
    assert!(scope.store.since(&query, last, LIMIT).await.expect("an answer").is_empty());
    let late = scope.review(1_000, "late");
    scope.write(std::slice::from_ref(&late)).await;
    scope.shows(reviews.len() + 1).await;
    let next = scope.store.since(&query, last, LIMIT).await.expect("an answer");
    assert_eq!(next.iter().map(|stored| &stored.review).collect::<Vec<_>>(), [&late]);
}

/// By text and filter.
pub async fn only_what_matches_comes(scope: Scope) {
    let mut reviews: Vec<Review> = (0..60)
        .map(|number| scope.review(number, if number % 2 == 0 { "cold milk" } else { "water" }))
        .collect();
    for review in reviews.iter_mut().take(10) {
        review.rating = Some(1);
    }
    scope.fill(&reviews).await;
    let text = Text { clauses: vec![must(word("milk"))] };
    let filter = Filter { max_rating: Some(2), ..scope.filter() };
    let came = all(&scope, &StreamQuery { text, filter }).await;
    let ids: HashSet<&str> = came.iter().map(|stored| stored.review.id.as_str()).collect();
    let expected: Vec<String> = [0, 2, 4, 6, 8].map(|number| scope.id(number).to_string()).to_vec();
    assert_eq!(ids, expected.iter().map(String::as_str).collect());
}
