//! A review is stored once, and given back as it was.

use std::collections::HashSet;
use std::sync::Arc;

use review_api::review::{Review, ReviewId, TEXT_MAX};
use review_api::store::Verdict;

use crate::scope::{Scope, taken};

/// The same id again is a duplicate, whatever it says, and the first copy stays.
pub async fn a_review_is_created_once(scope: Scope) {
    let review = scope.review(1, "warm milk");
    assert_eq!(scope.write(std::slice::from_ref(&review)).await, [Verdict::Created]);
    let first = scope.store.get(&review.id).await.expect("an answer").expect("found at once");
    assert_eq!(first.review, review);
    let repeat = Review { text: "something else".to_owned(), ..review.clone() };
    assert_eq!(scope.write(&[repeat]).await, [Verdict::Duplicate]);
    let again = scope.store.get(&review.id).await.expect("an answer").expect("still there");
    assert_eq!(again, first);
    scope.shows(1).await;
}

/// Fields that are there, fields that are not, and a text as long as one may be.
pub async fn every_field_comes_back(scope: Scope) {
    let long: String = "Ünïcödé \"quotes\" <b>\\ \n\t 牛奶 👎🏽 ".chars().cycle().take(TEXT_MAX).collect();
    let full = Review {
        rating: Some(1),
        language: Some("de".to_owned()),
        hub: Some(scope.hub("Köln/1 \"süd\"")),
        tour: Some("tour 7 ☃".to_owned()),
        tags: vec![scope.name.clone(), "cold chain".to_owned(), "ñ".to_owned()],
        ..scope.review(1, &long)
    };
    let bare = Review { rating: None, language: None, hub: None, tour: None, ..scope.review(2, "x") };
    for review in [full, bare] {
        let document = taken(&review);
        let verdicts = scope.store.write(&[Arc::clone(&document)]).await.expect("taken");
        assert_eq!(verdicts, [Verdict::Created]);
        let stored = scope.store.get(&review.id).await.expect("an answer").expect("found at once");
        assert_eq!(stored.review, review);
        assert_eq!(stored.received_at, document.received_at);
        assert!(stored.stored_at >= stored.received_at, "{stored:?}");
    }
    scope.shows(2).await;
}

/// New, old, and twice in one batch.
pub async fn verdicts_are_in_the_order_of_the_batch(scope: Scope) {
    let reviews: Vec<Review> = (0..6).map(|number| scope.review(number, "milk")).collect();
    scope.write(&[reviews[1].clone(), reviews[4].clone()]).await;
    let mut batch = reviews.clone();
    batch.push(reviews[0].clone());
    let verdicts = scope.write(&batch).await;
    let expected = [false, true, false, false, true, false, true];
    let expected = expected.map(|known| if known { Verdict::Duplicate } else { Verdict::Created });
    assert_eq!(verdicts, expected);
    assert!(scope.write(&[]).await.is_empty());
    scope.shows(6).await;
}

/// At the same time, in batches of their own.
pub async fn of_many_writers_one_creates(scope: Scope) {
    let writers: Vec<_> = (0..16)
        .map(|_| {
            let scope = scope.clone();
            tokio::spawn(async move { scope.write(&[scope.review(1, "milk")]).await })
        })
        .collect();
    let mut created = 0;
    for writer in writers {
        let verdicts = writer.await.expect("a writer ends");
        created += verdicts.iter().filter(|verdict| **verdict == Verdict::Created).count();
        assert!(verdicts.iter().all(|verdict| matches!(verdict, Verdict::Created | Verdict::Duplicate)));
    }
    assert_eq!(created, 1);
    scope.shows(1).await;
}

/// Eight writers, each with reviews that its neighbour has too.
pub async fn many_writers_lose_and_double_nothing(scope: Scope) {
    let (writers, step, each) = (8, 100, 150);
    let tasks: Vec<_> = (0..writers)
        .map(|writer| {
            let scope = scope.clone();
            tokio::spawn(async move {
                let mut created = Vec::new();
                let numbers: Vec<usize> = (writer * step..writer * step + each).collect();
                for batch in numbers.chunks(30) {
                    let reviews: Vec<Review> =
                        batch.iter().map(|&number| scope.review(number, "warm milk")).collect();
                    let verdicts = scope.write(&reviews).await;
                    let fresh =
                        reviews.iter().zip(verdicts).filter(|(_, verdict)| *verdict == Verdict::Created);
                    created.extend(fresh.map(|(review, _)| review.id.clone()));
                }
                created
            })
        })
        .collect();
    let mut created: Vec<ReviewId> = Vec::new();
    for task in tasks {
        created.extend(task.await.expect("a writer ends"));
    }
    let total = (writers - 1) * step + each;
    assert_eq!(created.len(), total);
    assert_eq!(created.iter().collect::<HashSet<_>>().len(), total);
    scope.shows(total).await;
}

/// Also while the scope has others.
pub async fn an_unknown_review_is_none(scope: Scope) {
    assert!(scope.store.get(&scope.id(1)).await.expect("an answer").is_none());
    scope.texts(&["milk"]).await;
    assert!(scope.store.get(&scope.id(1)).await.expect("an answer").is_none());
}

/// And is no review by that.
pub async fn a_document_can_be_buried(scope: Scope) {
    let review = scope.review(1, "refused");
    scope.store.bury(&taken(&review), "a reason with \"quotes\"").await.expect("buried");
    assert!(scope.store.get(&review.id).await.expect("an answer").is_none());
    scope.store.check().await.expect("the store is well");
}
