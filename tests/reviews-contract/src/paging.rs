//! Cursors: a walk through pages sees the moment of its first one.

use std::collections::HashSet;

use review_api::query::{Place, Search, Sort, Text};
use review_api::review::Review;
use serde_json::json;

use crate::scope::{BASE, HOUR, MINUTE, Scope, must, number, time, word};

/// Reviews there are before the walk.
const REVIEWS: usize = 2_300;
/// Hits of a page: the last page is not full.
const PAGE: usize = 97;
/// Reviews that come between two pages.
const COMING: usize = 7;

/// By time, the last first.
pub async fn newest_pages_meet_every_review_once_while_others_come(scope: Scope) {
    let met = walk(&scope, Sort::Newest).await;
    let written: Vec<_> = met.iter().map(|&number| written_at(number)).collect();
    assert!(written.is_sorted_by(|one, other| one >= other), "newest first");
}

/// By time, the first first.
pub async fn oldest_pages_meet_every_review_once_while_others_come(scope: Scope) {
    let met = walk(&scope, Sort::Oldest).await;
    let places: Vec<_> = met.iter().map(|&number| (written_at(number), number)).collect();
    assert!(places.is_sorted(), "oldest first, then by id");
}

/// By score, then by time.
pub async fn relevance_pages_meet_every_review_once_while_others_come(scope: Scope) {
    walk(&scope, Sort::Relevance).await;
}

/// Ten reviews share each moment, so that pages end among equals.
fn written_at(number: usize) -> i64 {
    BASE + i64::try_from(number / 10).expect("a small number") * MINUTE
}

fn review(scope: &Scope, number: usize) -> Review {
    let text = "milk ".repeat(number % 5 + 1);
    Review { written_at: time(written_at(number)), ..scope.review(number, &text) }
}

/// Walks through all pages while others come: at the head, at the tail and in the middle. The numbers met, in order.
async fn walk(scope: &Scope, sort: Sort) -> Vec<usize> {
    let reviews: Vec<Review> = (0..REVIEWS).map(|number| review(scope, number)).collect();
    scope.fill(&reviews).await;
    let text = Text { clauses: vec![must(word("milk"))] };
    let mut search = Search { text, sort, size: PAGE, ..scope.search() };
    let (mut met, mut next_number) = (Vec::new(), REVIEWS);
    loop {
        let page = scope.page(&search).await;
        if met.is_empty() {
            assert_eq!(page.total.value, u64::try_from(REVIEWS).expect("small"), "{:?}", page.total);
        }
        met.extend(page.hits.iter().map(number));
        let Some(next) = page.next else { break };
        assert_eq!(page.hits.len(), PAGE, "only the last page is not full");
        search.after = Some(next);
        let coming: Vec<Review> = (next_number..next_number + COMING)
            .zip([0, REVIEWS / 4, REVIEWS / 2, REVIEWS - 1])
            .map(|(number, beside)| Review { id: scope.id(number), ..review(scope, beside) })
            .collect();
        scope.write(&coming).await;
        next_number += COMING;
    }
    assert_eq!(met.iter().collect::<HashSet<_>>().len(), met.len(), "none twice");
    assert_eq!(met.len(), REVIEWS, "none missing, and none that came later");
    met
}

/// And one that holds all has no next one.
pub async fn a_page_is_never_larger_than_asked_for(scope: Scope) {
    scope.texts(&["a", "b", "c"]).await;
    for (size, more) in [(1, true), (2, true), (3, false), (4, false)] {
        let page = scope.page(&Search { size, ..scope.search() }).await;
        assert_eq!((page.hits.len(), page.next.is_some()), (size.min(3), more), "size {size}");
    }
}

/// Whatever it looks like.
pub async fn a_made_up_point_is_an_error(scope: Scope) {
    scope.texts(&["a", "b"]).await;
    let values = vec![json!(BASE + HOUR), json!(scope.id(0).as_str())];
    for point in
        [String::new(), "0".repeat(32), "☃\0\"}".to_owned(), "../../_all".to_owned(), "A".repeat(20_000)]
    {
        let after = Some(Place { point: point.clone(), values: values.clone() });
        let answer = scope.store.search(&Search { after, ..scope.search() }).await;
        assert!(answer.is_err(), "{point:?}");
    }
}

/// The point is good, but the values are none that the store gave.
pub async fn senseless_values_are_an_error(scope: Scope) {
    scope.texts(&["a", "b"]).await;
    let search = Search { size: 1, ..scope.search() };
    let good = scope.page(&search).await.next.expect("a second page");
    let id = json!(scope.id(0).as_str());
    let senseless = [
        vec![],
        vec![json!(null), json!(null)],
        vec![json!(BASE)],
        vec![json!({"a": 1}), id.clone()],
        vec![json!("yesterday"), id.clone()],
        vec![json!([BASE]), id.clone()],
        vec![json!(BASE), json!({"match_all": {}})],
        vec![json!(1.5e300), id.clone()],
        vec![json!(0.5), json!(BASE), id.clone(), id.clone(), id.clone(), id],
    ];
    for values in senseless {
        let after = Some(Place { values: values.clone(), ..good.clone() });
        let answer = scope.store.search(&Search { after, ..search.clone() }).await;
        assert!(answer.is_err(), "{values:?}");
    }
    let page = scope.page(&Search { after: Some(good), ..search }).await;
    assert_eq!(page.hits.iter().map(number).collect::<Vec<_>>(), [0], "the good place still goes on");
}
