//! A store on a folder, and what is in it.

use std::path::Path;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use review_api::query::{Filter, Search, Sort, Text};
use review_api::review::{Document, Review, ReviewId};
use review_api::store::embedded::{Embedded, OpenError, Options};
use review_api::store::{ReviewStore as _, Verdict};

/// A store with what it has by default.
pub fn open(folder: &Path) -> Result<Embedded, OpenError> {
    Embedded::open(folder, Options::default())
}

/// A review that was written so many minutes ago.
pub fn document(number: i64) -> Arc<Document> {
    let received_at = Timestamp::now();
    let review = Review {
        id: ReviewId::parse(&id(number)).expect("an id"),
        delivery_id: format!("d-{number}"),
        text: format!("The milk of delivery {number} was warm."),
        rating: Some(2),
        language: Some("en".to_owned()),
        written_at: received_at - SignedDuration::from_mins(number),
        hub: Some("berlin-nord".to_owned()),
        tour: None,
        tags: vec!["milk".to_owned()],
    };
    Arc::new(Document { review, received_at })
}

fn id(number: i64) -> String {
    format!("r-{number:04}")
}

/// Stores the reviews of these numbers, a commit each.
pub async fn fill(store: &Embedded, numbers: std::ops::Range<i64>) {
    for number in numbers {
        assert_eq!(store.write(&[document(number)]).await.expect("taken"), [Verdict::Created]);
    }
}

/// A search for everything, the newest first.
pub fn everything(size: usize) -> Search {
    let (text, filter, sort) = (Text::default(), Filter::default(), Sort::Newest);
    Search { text, filter, sort, size, highlight: false, after: None }
}

/// Holds that the reviews of `numbers` are there, and no others.
pub async fn holds(store: &Embedded, numbers: std::ops::Range<i64>) {
    let page = store.search(&everything(100)).await.expect("an answer");
    let found: Vec<_> = page.hits.iter().map(|hit| hit.stored.review.id.to_string()).collect();
    assert_eq!(found, numbers.map(id).collect::<Vec<_>>());
    assert!(page.next.is_none());
}
