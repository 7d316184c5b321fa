//! The order of a page.

use review_api::query::{Search, Sort, Text};
use review_api::review::Review;

use crate::scope::{BASE, Scope, must, number, time, word};

async fn numbers(scope: &Scope, sort: Sort) -> Vec<usize> {
    scope.page(&Search { sort, ..scope.search() }).await.hits.iter().map(number).collect()
}

/// By the time of writing, not of coming.
pub async fn newest_and_oldest_are_each_others_reverse(scope: Scope) {
    let written = [3, 1, 2, 0, 5, 4];
    let reviews: Vec<Review> = written.map(|number| scope.review(number, "milk")).to_vec();
    scope.fill(&reviews).await;
    assert_eq!(numbers(&scope, Sort::Newest).await, [5, 4, 3, 2, 1, 0]);
    assert_eq!(numbers(&scope, Sort::Oldest).await, [0, 1, 2, 3, 4, 5]);
}

/// The lower id first, in every order.
pub async fn equal_times_are_ordered_by_id(scope: Scope) {
    let written = [7, 2, 9, 4];
    let reviews: Vec<Review> =
        written.map(|number| Review { written_at: time(BASE), ..scope.review(number, "milk") }).to_vec();
    scope.fill(&reviews).await;
    for sort in [Sort::Newest, Sort::Oldest, Sort::Relevance] {
        assert_eq!(numbers(&scope, sort).await, [2, 4, 7, 9], "{sort:?}");
    }
}

/// With scores, which only this order has.
pub async fn the_better_match_comes_first(scope: Scope) {
    let filler = "and then there was a lot of other things to say about it all day long";
    scope.texts(&[&format!("sour {filler}"), "sour sour sour", &format!("{filler} fine")]).await;
    let text = Text { clauses: vec![must(word("sour"))] };
    let page = scope.page(&Search { text: text.clone(), sort: Sort::Relevance, ..scope.search() }).await;
    assert_eq!(page.hits.iter().map(number).collect::<Vec<_>>(), [1, 0]);
    let scores: Vec<f32> = page.hits.iter().map(|hit| hit.score.expect("a score")).collect();
    assert!(scores[0] > scores[1] && scores[1] > 0.0, "{scores:?}");
    let page = scope.page(&Search { text, ..scope.search() }).await;
    assert!(page.hits.iter().all(|hit| hit.score.is_none()), "no score by time");
}
