//! Exact conditions.

use review_api::query::Filter;
use review_api::review::Review;

use crate::scope::{BASE, MINUTE, Scope, time};

/// To the millisecond.
pub async fn a_period_has_its_beginning_and_not_its_end(scope: Scope) {
    scope.texts(&["a", "b", "c", "d"]).await;
    let period = |from: Option<i64>, to: Option<i64>| Filter {
        from: from.map(time),
        to: to.map(time),
        ..Filter::default()
    };
    let (second, third) = (BASE + MINUTE, BASE + 2 * MINUTE);
    assert_eq!(scope.filtered(period(Some(second), None)).await, [1, 2, 3]);
    assert_eq!(scope.filtered(period(Some(second + 1), None)).await, [2, 3]);
    assert_eq!(scope.filtered(period(None, Some(third))).await, [0, 1]);
    assert_eq!(scope.filtered(period(None, Some(third + 1))).await, [0, 1, 2]);
    assert_eq!(scope.filtered(period(Some(second), Some(third))).await, [1]);
    assert!(scope.filtered(period(Some(third), Some(second))).await.is_empty());
}

/// A review without a rating has none.
pub async fn ratings_are_bounded_on_both_sides(scope: Scope) {
    let rated = |number: usize, rating: Option<u8>| Review { rating, ..scope.review(number, "milk") };
    let mut reviews: Vec<Review> = (1..=5).map(|rating| rated(usize::from(rating), Some(rating))).collect();
    reviews.push(rated(6, None));
    scope.fill(&reviews).await;
    let bounds = |min_rating, max_rating| Filter { min_rating, max_rating, ..Filter::default() };
    assert_eq!(scope.filtered(bounds(None, Some(2))).await, [1, 2]);
    assert_eq!(scope.filtered(bounds(Some(4), None)).await, [4, 5]);
    assert_eq!(scope.filtered(bounds(Some(2), Some(4))).await, [2, 3, 4]);
    assert!(scope.filtered(bounds(Some(4), Some(2))).await.is_empty());
    assert_eq!(scope.filtered(bounds(None, None)).await, [1, 2, 3, 4, 5, 6]);
}

/// Hubs, languages and tags; delivery and tour are one value each. None is read as text.
pub async fn exact_values_are_any_of_a_list(scope: Scope) {
    let (north, south) = (scope.hub("North One"), scope.hub("south"));
    let mut reviews: Vec<Review> = (0..4).map(|number| scope.review(number, "milk")).collect();
    reviews[0].hub = Some(north.clone());
    reviews[1].hub = Some(south.clone());
    reviews[1].language = Some("de".to_owned());
    reviews[2].hub = None;
    reviews[2].language = None;
    reviews[2].tour = Some("Tour 1".to_owned());
    reviews[3].tags.push(scope.hub("Cold Chain"));
    scope.fill(&reviews).await;
    let hubs = |hubs: &[&String]| Filter {
        hubs: hubs.iter().map(|hub| (*hub).clone()).collect(),
        ..Filter::default()
    };
    assert_eq!(scope.filtered(hubs(&[&north])).await, [0]);
    assert_eq!(scope.filtered(hubs(&[&north, &south])).await, [0, 1]);
    assert!(scope.filtered(hubs(&[&north.to_lowercase()])).await.is_empty());
    let languages = |codes: &[&str]| Filter {
        languages: codes.iter().map(|&code| code.to_owned()).collect(),
        ..Filter::default()
    };
    assert_eq!(scope.filtered(languages(&["de"])).await, [1]);
    assert_eq!(scope.filtered(languages(&["de", "en"])).await, [0, 1, 3]);
    let tagged =
        Filter { tags: vec![scope.hub("Cold Chain"), "no such tag".to_owned()], ..Filter::default() };
    assert_eq!(scope.filtered(tagged).await, [3]);
    let delivery = Filter { delivery_id: Some(reviews[2].delivery_id.clone()), ..Filter::default() };
    assert_eq!(scope.filtered(delivery).await, [2]);
    assert_eq!(scope.filtered(Filter { tour: Some("Tour 1".to_owned()), ..Filter::default() }).await, [2]);
    assert!(scope.filtered(Filter { tour: Some("Tour".to_owned()), ..Filter::default() }).await.is_empty());
}

/// One review matches all, and one fails each.
pub async fn all_filters_hold_at_once(scope: Scope) {
    let whole = Review { tour: Some("t".to_owned()), ..scope.review(0, "milk") };
    let mut reviews = vec![whole.clone(); 7];
    for (number, review) in reviews.iter_mut().enumerate() {
        review.id = scope.id(number);
    }
    reviews[1].written_at = time(BASE - 1);
    reviews[2].rating = Some(5);
    reviews[3].hub = Some(scope.hub("other"));
    reviews[4].language = Some("de".to_owned());
    "other".clone_into(&mut reviews[5].delivery_id);
    reviews[6].tour = Some("u".to_owned());
    scope.fill(&reviews).await;
    let filter = Filter {
        from: Some(time(BASE)),
        to: Some(time(BASE + 1)),
        min_rating: Some(3),
        max_rating: Some(4),
        hubs: whole.hub.into_iter().collect(),
        languages: vec!["en".to_owned()],
        tags: vec![scope.name.clone()],
        delivery_id: Some(whole.delivery_id),
        tour: whole.tour,
    };
    assert_eq!(scope.filtered(filter).await, [0]);
}
