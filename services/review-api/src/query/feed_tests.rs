//! Nothing is lost that becomes visible late, and nothing is given twice by one stream.

use super::*;

fn now() -> Timestamp {
    "2026-11-21T10:00:00Z".parse().expect("a time")
}

fn stored(seconds: i64, id: &str) -> Stored {
    let stored_at = now() + SignedDuration::from_secs(seconds);
    let json = serde_json::json!({
        "id": id, "delivery_id": "d", "text": "t", "written_at": stored_at, "received_at": stored_at, "stored_at": stored_at,
    });
    serde_json::from_value(json).expect("a review")
}

fn ids(seen: &Seen) -> Vec<&str> {
    seen.fresh.iter().map(|stored| stored.review.id.as_str()).collect()
}

/// What a store answers: everything after `next`, in order, a page at most.
fn page(all: &[Stored], next: &Position) -> Vec<Stored> {
    let mut after: Vec<_> = all.iter().filter(|stored| Position::of(stored) > *next).cloned().collect();
    after.sort_by_key(Position::of);
    after.truncate(PAGE);
    after
}

#[test]
fn what_becomes_visible_late_is_given_and_the_rest_not_again() {
    let mut feed = Feed::new(None, now());
    let mut all = vec![stored(-6, "old"), stored(-4, "just-before"), stored(1, "a")];
    assert_eq!(ids(&feed.take(page(&all, feed.next()))), ["just-before", "a"]);
    all.extend([stored(-3, "late"), stored(2, "b")]);
    assert_eq!(ids(&feed.take(page(&all, feed.next()))), ["late", "b"]);
    assert_eq!(ids(&feed.take(page(&all, feed.next()))), Vec::<&str>::new());
}

#[test]
fn a_client_that_comes_back_loses_nothing() {
    let all = [stored(-100, "a"), stored(-99, "b"), stored(-50, "c")];
    let last = Position::of_event(&Position::of(&all[0]).event_id()).expect("an id");
    let mut feed = Feed::new(Some(last), now());
    assert_eq!(ids(&feed.take(page(&all, feed.next()))), ["a", "b", "c"]);
}

#[test]
fn many_come_page_by_page_each_once() {
    let all: Vec<_> = (0..3 * PAGE + 7).map(|index| stored(1, &format!("r{index:05}"))).collect();
    let mut feed = Feed::new(None, now());
    let (mut given, mut pages) = (Vec::new(), 0);
    loop {
        let seen = feed.take(page(&all, feed.next()));
        given.extend(ids(&seen).into_iter().map(str::to_owned));
        pages += 1;
        if !seen.more {
            break;
        }
    }
    assert_eq!(pages, 4);
    assert_eq!(given.len(), all.len());
    assert!(feed.take(page(&all, feed.next())).fresh.is_empty());
}

#[test]
fn what_is_remembered_is_bounded_by_the_look_back() {
    let mut feed = Feed::new(None, now());
    for second in 0..100 {
        feed.take(vec![stored(second, "x")]);
    }
    assert!(feed.given.len() <= 6, "{}", feed.given.len());

    let all: Vec<_> =
        (0..10 * i64::try_from(PAGE).expect("small")).map(|second| stored(second, "x")).collect();
    let (mut feed, mut given) = (Feed::new(Some(Position::of(&all[0])), now()), 0);
    while given < all.len() {
        given += feed.take(page(&all, feed.next())).fresh.len();
        assert!(feed.given.len() <= 6, "{} after {given}", feed.given.len());
    }
}

#[test]
fn a_time_to_come_is_now() {
    let last = Position::of_event("999999999999999:x").expect("an id");
    let mut feed = Feed::new(Some(last), now());
    assert_eq!(ids(&feed.take(page(&[stored(1, "a")], feed.next()))), ["a"]);
}

#[test]
fn an_events_id_is_read_strictly() {
    let position = Position::of(&stored(0, "r:1"));
    assert_eq!(Position::of_event(&position.event_id()), Ok(position));
    assert!(Position::of_event("1:.").is_ok(), "no review's, but a place in the order");
    for text in ["", ":", "1", "1:", ":x", "-1:x", "+1:x", "1e3:x", "1234567890123456:x", "1:a b", "1:ü"] {
        assert!(Position::of_event(text).is_err(), "{text:?}");
    }
}
