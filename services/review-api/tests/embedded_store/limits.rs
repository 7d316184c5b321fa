//! What bounds questions: their time, and how many cursors there are and how long.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use review_api::query::{
    Filter, Interval, Place, Position, Search, StatsQuery, StreamQuery, TermsQuery, Text,
};
use review_api::store::embedded::{Embedded, Options};
use review_api::store::{ReadError, ReviewStore as _};
use tempfile::TempDir;

use crate::support::{everything, fill, holds, open};

/// A store of three reviews with these bounds.
async fn store(options: Options) -> (TempDir, Embedded) {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Embedded::open(folder.path(), options).expect("an empty folder opens");
    fill(&store, 0..3).await;
    (folder, store)
}

/// Where the first page of one review ends.
async fn first_page(store: &Embedded) -> Place {
    store.search(&everything(1)).await.expect("an answer").next.expect("there are three")
}

async fn next_page(store: &Embedded, place: Place) -> Result<Vec<String>, ReadError> {
    let page = store.search(&Search { after: Some(place), ..everything(10) }).await?;
    Ok(page.hits.iter().map(|hit| hit.stored.review.id.to_string()).collect())
}

#[tokio::test]
async fn the_cursor_that_was_idle_longest_makes_room_for_a_new_one() {
    let (_folder, store) = store(Options { cursors: 2, ..Options::default() }).await;
    let (first, second) = (first_page(&store).await, first_page(&store).await);
    assert_eq!(next_page(&store, first.clone()).await.expect("both are held"), ["r-0001", "r-0002"]);
    let third = first_page(&store).await;
    let gone = next_page(&store, second).await;
    assert!(matches!(gone, Err(ReadError::CursorExpired)), "{gone:?}");
    for place in [first, third] {
        assert_eq!(next_page(&store, place).await.expect("held"), ["r-0001", "r-0002"]);
    }
}

#[tokio::test]
async fn a_cursor_that_is_idle_for_too_long_has_expired() {
    let (_folder, store) = store(Options { cursor_idle: Duration::ZERO, ..Options::default() }).await;
    let place = first_page(&store).await;
    let gone = next_page(&store, place).await;
    assert!(matches!(gone, Err(ReadError::CursorExpired)), "{gone:?}");
}

#[tokio::test]
async fn a_cursor_does_not_outlive_its_process() {
    let (folder, store) = store(Options::default()).await;
    let place = first_page(&store).await;
    drop(store);
    let store = open(folder.path()).expect("free");
    let gone = next_page(&store, place).await;
    assert!(matches!(gone, Err(ReadError::CursorExpired)), "{gone:?}");
}

#[tokio::test]
async fn a_question_without_time_is_given_up() {
    let (folder, store) = store(Options { query_timeout: Duration::ZERO, ..Options::default() }).await;
    let now = Timestamp::now();
    let period =
        Filter { from: Some(now - SignedDuration::from_hours(24)), to: Some(now), ..Filter::default() };
    let stats = StatsQuery {
        text: Text::default(),
        filter: period.clone(),
        interval: Interval::Hour,
        min_count: 0,
        hubs: 10,
    };
    let terms = TermsQuery { text: Text::default(), filter: period, size: 10 };
    let start = Position { stored_at: Timestamp::UNIX_EPOCH, id: String::new() };
    let id = review_api::review::ReviewId::parse("r-0001").expect("an id");
    let answers = [
        store.search(&everything(1)).await.err(),
        store.stats(&stats).await.err(),
        store.terms(&terms).await.err(),
        store.since(&StreamQuery::default(), &start, 10).await.err(),
        store.get(&id).await.err(),
    ];
    for (answer, question) in answers.iter().zip(["search", "stats", "terms", "since", "get"]) {
        assert!(matches!(answer, Some(ReadError::TimedOut)), "{question}: {answer:?}");
    }
    drop(store);
    holds(&open(folder.path()).expect("free"), 0..3).await;
}
